//! Signed requests (RFC 9101, OpenID Connect Core §6): signed parameters take effect, by value and by reference, and
//! objects that another party could have made are refused.

mod by_reference;
mod encryption;

use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::support::keys::{KeyPair, encode, sign_hs256};
use crate::support::log::{listen, logged};
use crate::support::relying_party::CHALLENGE;
use crate::support::{Browser, Page, RelyingParty, TestServer, claims};

const UNSIGNED: &str = "The request object is not signed by the client.";

/// A client that signs its requests, and a browser in which alice has granted it `openid`.
struct Signer {
    rp: RelyingParty,
    key: KeyPair,
    browser: Browser,
    now: i64,
}

async fn signer(server: &TestServer, id: &str, more: Value) -> Signer {
    let key = KeyPair::generate("ES256");
    let mut metadata = json!({"jwks": {"keys": [key.jwk]}});
    more.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    let rp = server.client(id, metadata).await;
    let browser = server.browser();
    let now = server.clock.now().as_secs();
    let signer = Signer { rp, key, browser, now };
    let first = signer.open(&[("request", &signer.object(json!({})))]);
    signer.browser.authorize(&first, "alice").await.code();
    signer
}

impl Signer {
    /// The claims of a valid object with these changes; null removes a claim.
    fn claims(&self, changes: Value) -> Value {
        let mut claims = json!({
            "iss": self.rp.id, "aud": self.rp.issuer, "exp": self.now + 300, "nbf": self.now, "client_id": self.rp.id,
            "response_type": "code", "redirect_uri": self.rp.redirect_uri, "scope": "openid", "state": "signed-state",
            "nonce": "signed-nonce", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        });
        changes.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    fn object(&self, changes: Value) -> String {
        self.key.sign(&json!({"typ": "oauth-authz-req+jwt"}), &self.claims(changes))
    }

    /// The URL of a request with `client_id` and these parameters.
    fn open(&self, beside: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("client_id", &self.rp.id).extend_pairs(beside).finish();
        format!("{}/authorize?{query}", self.rp.issuer)
    }

    async fn get(&self, object: &str) -> Page {
        self.browser.get(&self.open(&[("request", object)])).await
    }

    /// Asserts that both endpoints refuse an object: with a page, and with an error for the client that pushes it.
    async fn refuse(&self, rule: &str, object: &str, error: &str, sentence: &str) {
        self.get(object).await.assert_rejected(rule, 400, sentence);
        let reply = self.rp.post("/par", &[("request", object)]).await;
        let information = (reply.json()["error"].clone(), reply.json()["error_description"].clone());
        assert_eq!((reply.status.as_u16(), information), (400, (json!(error), json!(sentence))), "{rule}: {reply:?}");
    }
}

#[tokio::test]
async fn signed_parameters_take_effect() {
    let server = TestServer::start().await;
    for profile in ["oauth21", "oidc_classic"] {
        let signer = signer(&server, profile, json!({"profile": profile})).await;
        let page = signer.get(&signer.object(json!({}))).await;
        assert_eq!(page.parameter("state").as_deref(), Some("signed-state"), "{profile}");
        let tokens = signer.rp.redeem(&page.code()).await.tokens();
        assert_eq!(claims(tokens.id_token())["nonce"], "signed-nonce", "{profile}");
        assert_eq!(tokens.json["scope"], "openid", "{profile}");

        let reply = signer.rp.post("/par", &[("request", &signer.object(json!({})))]).await;
        let uri = reply.json()["request_uri"].as_str().unwrap().to_owned();
        let page = signer.browser.get(&signer.open(&[("request_uri", &uri)])).await;
        assert_eq!(page.parameter("state").as_deref(), Some("signed-state"), "pushed: {profile}");

        let structured = json!({"max_age": 0, "claims": {"userinfo": {"name": null}}, "prompt": "none"});
        let page = signer.get(&signer.object(structured)).await;
        assert_eq!(page.error(), "login_required", "numbers and objects count: {profile}");
        let page = signer.get(&signer.object(json!({"scope": "openid admin"}))).await;
        assert_eq!((page.error(), page.parameter("state")), ("invalid_scope".into(), Some("signed-state".into())));
        for typ in ["JWT", "oauth-authz-req+jwt", "OAuth-Authz-Req+JWT"] {
            let object = signer.key.sign(&json!({"typ": typ}), &signer.claims(json!({})));
            signer.get(&object).await.code();
        }
    }
}

#[tokio::test]
async fn another_partys_object_is_refused() {
    let server = TestServer::start().await;
    let signer = signer(&server, "rp", json!({})).await;
    let stranger = KeyPair::generate("ES256");
    let named = json!({"kid": signer.key.jwk["kid"], "typ": "oauth-authz-req+jwt"});
    let honest = signer.claims(json!({}));
    let object = signer.object(json!({}));
    let parts: Vec<&str> = object.split('.').collect();
    let with_header = |name: &str, value: Value| {
        let mut header = named.clone();
        header[name] = value;
        header
    };
    let public = signer.key.jwk.to_string();
    let evil = encode(&signer.claims(json!({"redirect_uri": "https://evil.example/cb"})));
    let flip = |text: &str| text.replace(&text[4..5], if &text[4..5] == "A" { "B" } else { "A" });
    let forgeries = [
        ("alg none", format!("{}.{}.", encode(&json!({"alg": "none"})), parts[1])),
        ("alg none over a signature", format!("{}.{}.{}", encode(&json!({"alg": "none"})), parts[1], parts[2])),
        ("HS256 keyed by the public key", sign_hs256(&public, &named, &honest)),
        ("HS256 keyed by x", sign_hs256(signer.key.jwk["x"].as_str().unwrap(), &named, &honest)),
        ("HS256 keyed by the secret", sign_hs256(signer.rp.secret.as_deref().unwrap(), &named, &honest)),
        ("another key of that name", stranger.sign(&named, &honest)),
        ("jwk in the header", stranger.sign(&with_header("jwk", stranger.jwk.clone()), &honest)),
        ("jku in the header", stranger.sign(&with_header("jku", json!("https://evil.example/jwks")), &honest)),
        ("x5u in the header", stranger.sign(&with_header("x5u", json!("https://evil.example/x5u")), &honest)),
        ("an unknown kid", signer.key.sign(&with_header("kid", json!("other")), &honest)),
        ("an extension", signer.key.sign(&with_header("crit", json!(["b64"])), &honest)),
        ("another payload", format!("{}.{evil}.{}", parts[0], parts[2])),
        ("another signature", format!("{}.{}.{}", parts[0], parts[1], flip(parts[2]))),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("an access token", signer.key.sign(&json!({"typ": "at+jwt"}), &honest)),
        ("a logout token", signer.key.sign(&json!({"typ": "logout+jwt"}), &honest)),
        ("another alg in the header", signer.key.sign(&with_header("alg", json!("ES384")), &honest)),
        ("no token", "nonsense".to_owned()),
    ];
    for (rule, forgery) in forgeries {
        signer.refuse(rule, &forgery, "invalid_request_object", UNSIGNED).await;
    }
    let large = signer.object(json!({"state": "x".repeat(9000)}));
    signer.rp.post("/par", &[("request", &large)]).await.assert_error(400, "invalid_request_object");
    assert_eq!(signer.get(&large).await.status, 414, "too large");
    let other = self::signer(&server, "other", json!({"redirect_uris": ["https://other.example/cb"]})).await;
    signer.refuse("another client's", &other.object(json!({})), "invalid_request_object", UNSIGNED).await;
    signer.get(&object).await.code();
}

#[tokio::test]
async fn a_client_that_binds_itself_to_an_algorithm_uses_no_other() {
    let server = TestServer::start().await;
    let es256 = KeyPair::generate("ES256");
    let eddsa = KeyPair::generate("EdDSA");
    let rsa = KeyPair::generate("RS256");
    let keys = json!({"keys": [es256.jwk, eddsa.jwk, rsa.jwk]});
    let metadata = json!({"jwks": keys, "request_object_signing_alg": "ES256", "skip_consent": true});
    let rp = server.client("rp", metadata).await;
    let signer = Signer { rp, key: es256, browser: server.browser(), now: server.clock.now().as_secs() };
    let first = signer.open(&[("request", &signer.object(json!({})))]);
    signer.browser.authorize(&first, "alice").await.code();
    for key in [&eddsa, &rsa] {
        let object = key.sign(&json!({}), &signer.claims(json!({})));
        signer.refuse(&key.jwk["alg"].to_string(), &object, "invalid_request_object", UNSIGNED).await;
    }
}

#[tokio::test]
async fn the_claims_of_an_object_are_checked_as_its_profile_demands() {
    let server = TestServer::start().await;
    let modern = signer(&server, "modern", json!({})).await;
    let classic = signer(&server, "classic", json!({"profile": "oidc_classic"})).await;
    let (maker, place) =
        ("The request object was made by another client.", "The request object is for another server.");
    let over = "The request object has expired.";
    let early = "The request object is not valid yet.";
    let wrong = "A member of the request object has the wrong type.";
    let now = modern.now;
    // The rule, the change, the refusal by oauth21, the refusal by oidc_classic.
    let rows: Vec<(&str, Value, Option<&str>, Option<&str>)> = vec![
        ("iss of another", json!({"iss": "other"}), Some(maker), Some(maker)),
        ("no iss", json!({"iss": null}), Some(maker), None),
        ("client_id of another", json!({"client_id": "other"}), Some(maker), Some(maker)),
        ("no client_id", json!({"client_id": null}), None, None),
        ("aud of another", json!({"aud": "https://else.example"}), Some(place), Some(place)),
        ("no aud", json!({"aud": null}), Some(place), None),
        ("several aud", json!({"aud": ["https://else.example", server.issuer]}), None, None),
        ("aud almost", json!({"aud": format!("{}/", server.issuer)}), Some(place), Some(place)),
        ("RFC 9101 §4: no exp", json!({"exp": null}), None, None),
        ("expired", json!({"exp": now - 30}), Some(over), Some(over)),
        ("within the leeway", json!({"exp": now - 20}), None, None),
        ("for a day", json!({"exp": now + 86_400}), None, None),
        ("nbf ahead", json!({"nbf": now + 60}), Some(early), Some(early)),
        ("iat ahead", json!({"iat": now + 60}), Some(early), Some(early)),
        ("exp as text", json!({"exp": "soon"}), Some(wrong), Some(wrong)),
        ("aud as number", json!({"aud": 1}), Some(wrong), Some(wrong)),
        ("a list of numbers", json!({"scope": [1]}), Some(wrong), Some(wrong)),
        (
            "nested by value",
            json!({"request": "a.b.c"}),
            Some("A request object must not contain another."),
            Some("A request object must not contain another."),
        ),
        (
            "nested by reference",
            json!({"request_uri": "https://rp.example/r"}),
            Some("A request object must not contain another."),
            Some("A request object must not contain another."),
        ),
    ];
    for (rule, changes, by_modern, by_classic) in rows {
        for (signer, sentence) in [(&modern, by_modern), (&classic, by_classic)] {
            let object = signer.object(changes.clone());
            match sentence {
                Some(sentence) => signer.refuse(rule, &object, "invalid_request_object", sentence).await,
                None => assert!(!signer.get(&object).await.code().is_empty(), "{rule}"),
            }
        }
    }
    let object = modern.object(json!({}));
    server.advance(Span::from_secs(331)).await;
    modern.refuse("kept for later", &object, "invalid_request_object", over).await;
}

#[tokio::test]
async fn parameters_beside_an_object_are_ignored_or_assembled() {
    let server = TestServer::start().await;
    let modern = signer(&server, "modern", json!({})).await;
    let classic = signer(&server, "classic", json!({"profile": "oidc_classic"})).await;
    let beside = [("state", "outside"), ("scope", "openid email"), ("prompt", "none"), ("nonce", "outside")];
    for (signer, state) in [(&modern, None), (&classic, Some("outside"))] {
        let object = signer.object(json!({"state": null}));
        let params = [&[("request", object.as_str())][..], &beside].concat();
        let page = signer.browser.get(&signer.open(&params)).await;
        assert_eq!(page.parameter("state").as_deref(), state, "{}", signer.rp.id);
        let tokens = signer.rp.redeem(&page.code()).await.tokens();
        assert_eq!(claims(tokens.id_token())["nonce"], "signed-nonce", "what is signed goes first");
        assert_eq!(tokens.json["scope"], "openid");
    }
    for (signer, works) in [(&modern, false), (&classic, true)] {
        let half = signer.object(json!({"response_type": null, "scope": null}));
        let params = [("request", half.as_str()), ("response_type", "code"), ("scope", "openid")];
        let page = signer.browser.get(&signer.open(&params)).await;
        assert_eq!(page.parameter("code").is_some(), works, "OpenID Connect Core §6.1, RFC 9101 §5: {page:?}");
    }
    let object = classic.object(json!({}));
    let page = classic.browser.get(&classic.open(&[("request", &object), ("response_type", "code id_token")])).await;
    page.assert_rejected("two response types", 400, "response_type differs between the request and its object.");
    for signer in [&modern, &classic] {
        let evil = signer.object(json!({"redirect_uri": "https://evil.example/cb"}));
        let known = signer.rp.redirect_uri.as_str();
        let page = signer.browser.get(&signer.open(&[("request", &evil), ("redirect_uri", known)])).await;
        page.assert_rejected(
            "a signed URI is checked too",
            400,
            "redirect_uri is not registered for this application.",
        );
    }
}

#[tokio::test]
async fn an_error_of_the_object_goes_to_a_registered_uri_that_stands_outside_or_to_a_page() {
    let server = TestServer::start().await;
    let signer =
        signer(&server, "rp", json!({"redirect_uris": ["https://rp.example/cb", "https://rp.example/two"]})).await;
    let at = |more: &[(&str, &str)]| signer.open(&[&[("request", "a.b.c")], more].concat());
    let page = signer.browser.get(&at(&[("redirect_uri", "https://rp.example/two"), ("state", "s")])).await;
    assert!(page.location().unwrap().starts_with("https://rp.example/two?"), "{page:?}");
    assert_eq!((page.error(), page.parameter("state").as_deref()), ("invalid_request_object".to_owned(), Some("s")));
    let page = signer.browser.get(&at(&[("redirect_uri", "https://evil.example/cb"), ("state", "s")])).await;
    page.assert_rejected("another's URI", 400, UNSIGNED);
    signer.browser.get(&at(&[])).await.assert_rejected("none", 400, UNSIGNED);
    let single = self::signer(&server, "single", json!({})).await;
    single.get("a.b.c").await.assert_rejected("the only one is not named either", 400, UNSIGNED);
}

#[tokio::test]
async fn a_client_without_keys_is_told_that_it_cannot_sign() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.get(&rp.authorization_url(&[("request", "a.b.c")])).await;
    assert_eq!(page.error(), "request_not_supported", "OpenID Connect Core §3.1.2.6");
    let page = browser.get(&rp.authorization_url(&[("request_uri", "https://rp.example/object")])).await;
    assert_eq!(page.error(), "request_uri_not_supported");
    let strict = signer(&server, "strict", json!({"require_signed_request_object": true})).await;
    let page = strict.browser.get(&strict.rp.authorization_url(&[])).await;
    assert_eq!(page.error(), "invalid_request", "RFC 9101 §10.5");
    strict.rp.post("/par", &[("response_type", "code")]).await.assert_error(400, "invalid_request");
    strict.get(&strict.object(json!({}))).await.code();
}

#[tokio::test]
async fn an_object_is_not_logged() {
    listen();
    let server = TestServer::start().await;
    let signer = signer(&server, "rp", json!({})).await;
    let canary = json!({"state": "canary-state", "nonce": "canary-nonce", "login_hint": "canary-hint"});
    let object = signer.object(canary);
    signer.get(&object).await.code();
    signer.refuse("forged", &format!("{object}AAAA"), "invalid_request_object", UNSIGNED).await;
    let log = logged();
    assert!(log.contains("answered a request"), "the log is one");
    for part in object.split('.').chain(["canary-state", "canary-nonce", "canary-hint"]) {
        assert_eq!(log.lines().find(|line| line.contains(part)), None, "{part}");
    }
}
