//! Client authentication with and without secrets (RFC 6749 §2.3): by a registered method, once, strictly parsed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{RelyingParty, Reply, TestServer};

/// A request that succeeds in authenticating with `invalid_grant`, and fails with `invalid_client`.
const PROBE: [(&str, &str); 2] = [("grant_type", "refresh_token"), ("refresh_token", "x")];
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Sends the probe with these headers and parameters.
async fn probe(server: &TestServer, headers: &[&str], params: &[(&str, &str)]) -> Reply {
    let mut request = server.http.post(server.url("/token"));
    for value in headers {
        request = request.header("authorization", *value);
    }
    let params: Vec<(&str, &str)> = PROBE.iter().chain(params).copied().collect();
    let reply = Reply::of(request.form(&params).send().await.unwrap()).await;
    let challenge = reply.header("www-authenticate").unwrap_or_default();
    let is_challenged = challenge.starts_with("Basic realm=");
    assert_eq!(is_challenged, reply.status == 401, "{reply:?}");
    let failed = reply.json()["error"] == "invalid_client";
    assert_eq!(is_challenged, failed && !headers.is_empty(), "RFC 6749 §5.2: only who used the header: {reply:?}");
    reply
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Checks the form of an error response (RFC 6749 §5.2) and returns its error.
fn outcome(reply: &Reply) -> String {
    let error = reply.json()["error"].as_str().unwrap().to_owned();
    let is_challenged = reply.headers.contains_key("www-authenticate");
    reply.assert_error(if is_challenged { 401 } else { 400 }, &error);
    error
}

#[tokio::test]
async fn a_client_authenticates_by_its_registered_method_only() {
    let server = TestServer::start().await;
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    for registered in ["client_secret_basic", "client_secret_post", "none", "client_secret"] {
        let rp = server.client(registered, json!({"token_endpoint_auth_method": registered})).await;
        let secret = rp.secret.clone().unwrap_or("sgcs_made_up_by_somebody_who_has_none".to_owned());
        let id = rp.id.as_str();
        let secret = secret.as_str();
        for used in methods {
            let reply = match used {
                "client_secret_basic" => probe(&server, &[&basic(id, secret)], &[]).await,
                "client_secret_post" => probe(&server, &[], &[("client_id", id), ("client_secret", secret)]).await,
                _ => probe(&server, &[], &[("client_id", id)]).await,
            };
            let either = registered == "client_secret" && used != "none";
            let expected = if used == registered || either { "invalid_grant" } else { "invalid_client" };
            assert_eq!(outcome(&reply), expected, "{registered} by {used}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn basic_credentials_are_read_strictly() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let secret = rp.secret.clone().unwrap();
    let pair = format!("rp:{secret}");
    let good = STANDARD.encode(&pair);
    // Credentials that the two alphabets of base64 encode differently.
    assert_ne!(STANDARD.encode("rp:~~~???"), URL_SAFE.encode("rp:~~~???"));
    let unpadded = STANDARD_NO_PAD.encode(&pair);
    let padded = if unpadded == good { format!("{good}=") } else { unpadded };
    let rows = [
        ("RFC 7617 §2", format!("Basic {good}"), "invalid_grant"),
        ("RFC 9110 §11.1: the scheme in any case", format!("bAsIc {good}"), "invalid_grant"),
        ("another secret", basic("rp", &secret.replace("sgcs", "sgcx")), "invalid_client"),
        ("a secret that begins the same", basic("rp", &secret[..secret.len() - 1]), "invalid_client"),
        ("a longer secret", basic("rp", &format!("{secret}x")), "invalid_client"),
        ("no secret", basic("rp", ""), "invalid_client"),
        ("no client", basic("", &secret), "invalid_client"),
        ("an unknown client", basic("rp2", &secret), "invalid_client"),
        ("client ids are case-sensitive", basic("RP", &secret), "invalid_client"),
        ("no colon", format!("Basic {}", STANDARD.encode("rp")), "invalid_client"),
        ("a secret that is a form again", basic("rp", &format!("{secret}%00")), "invalid_client"),
        ("a broken escape", basic("rp", &format!("{secret}%z1")), "invalid_client"),
        ("escapes that are not UTF-8", basic("rp%ff", &secret), "invalid_client"),
        ("wrong padding", format!("Basic {padded}"), "invalid_client"),
        ("too much padding", format!("Basic {good}===="), "invalid_client"),
        ("white space within", format!("Basic {} {}", &good[..8], &good[8..]), "invalid_client"),
        ("the other alphabet", format!("Basic {}", URL_SAFE.encode("rp:~~~???")), "invalid_client"),
        ("not base64", "Basic !!!".to_owned(), "invalid_client"),
        ("nothing", "Basic".to_owned(), "invalid_client"),
        ("an access token is no client", "Bearer sgat_x".to_owned(), "invalid_client"),
        ("another scheme", "Digest username=rp".to_owned(), "invalid_client"),
    ];
    for (rule, header, expected) in rows {
        let reply = probe(&server, &[&header], &[]).await;
        assert_eq!(outcome(&reply), expected, "{rule}: {reply:?}");
    }
    let twice = probe(&server, &[&basic("rp", &secret), &basic("rp", &secret)], &[]).await;
    assert_eq!(outcome(&twice), "invalid_request", "two headers: {twice:?}");
}

#[tokio::test]
async fn basic_credentials_are_form_encoded() {
    let server = TestServer::start().await;
    let id = "https://rp.example/x?y";
    let mut rp = server.client(id, json!({})).await;
    server.rotate_secret(&mut rp, Some("a secret: 100%+safe & sound, or so they say")).await;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let encoded_id = encode(id);
    let secret = rp.secret.clone().unwrap();
    let by_percent = encode(&secret).replace('+', "%20");
    let rows = [
        ("RFC 6749 §2.3.1: both encoded", basic(&encoded_id, &encode(&secret)), "invalid_grant"),
        ("a space as %20", basic(&encoded_id, &by_percent), "invalid_grant"),
        ("hexadecimal digits in lower case", basic(&encoded_id.to_lowercase(), &encode(&secret)), "invalid_grant"),
        ("a colon of the secret as it is", basic(&encoded_id, &encode(&secret).replace("%3A", ":")), "invalid_grant"),
        ("the id as it is: the first colon divides", basic(id, &encode(&secret)), "invalid_client"),
        ("the secret as it is: + is a space", basic(&encoded_id, &secret), "invalid_client"),
    ];
    for (rule, header, expected) in rows {
        assert_eq!(outcome(&probe(&server, &[&header], &[]).await), expected, "{rule}");
    }
}

/// A rule, headers, parameters, and the outcome.
type Row<'a> = (&'a str, &'a [&'a str], Vec<(&'a str, &'a str)>, &'a str);

#[tokio::test]
async fn a_request_uses_one_method_for_one_client() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let post = server.client("post", json!({"token_endpoint_auth_method": "client_secret_post"})).await;
    let header = basic("rp", rp.secret.as_ref().unwrap());
    let others = other.secret.as_deref().unwrap();
    let posts = post.secret.as_deref().unwrap();
    let assertion = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", "eyJhbGciOiJub25lIn0.e30.AA")];
    let own = rp.secret.as_deref().unwrap();
    let rows: [Row<'_>; 14] = [
        ("Basic, and its own client_id", &[&header], vec![("client_id", "rp")], "invalid_grant"),
        ("Basic, and another client_id", &[&header], vec![("client_id", "other")], "invalid_client"),
        (
            "RFC 6749 §2.3: Basic and body",
            &[&header],
            vec![("client_id", "rp"), ("client_secret", own)],
            "invalid_request",
        ),
        (
            "Basic, and another client's body",
            &[&header],
            vec![("client_id", "other"), ("client_secret", others)],
            "invalid_request",
        ),
        ("Basic and a secret alone", &[&header], vec![("client_secret", own)], "invalid_client"),
        ("Basic and an assertion", &[&header], assertion.to_vec(), "invalid_client"),
        ("Basic and half an assertion", &[&header], assertion[1..].to_vec(), "invalid_request"),
        ("body", &[], vec![("client_id", "post"), ("client_secret", posts)], "invalid_grant"),
        ("body without client_id", &[], vec![("client_secret", posts)], "invalid_client"),
        ("body with another's secret", &[], vec![("client_id", "post"), ("client_secret", others)], "invalid_client"),
        ("body with an empty secret", &[], vec![("client_id", "post"), ("client_secret", "")], "invalid_client"),
        (
            "two client_ids",
            &[],
            vec![("client_id", "post"), ("client_id", "post"), ("client_secret", posts)],
            "invalid_request",
        ),
        ("nothing at all", &[], vec![], "invalid_client"),
        (
            "an unknown assertion type",
            &[],
            vec![("client_assertion_type", "x"), ("client_assertion", "x")],
            "invalid_client",
        ),
    ];
    for (rule, headers, params, expected) in rows {
        let reply = probe(&server, headers, &params).await;
        assert_eq!(outcome(&reply), expected, "{rule}: {reply:?}");
    }
}

#[tokio::test]
async fn failures_do_not_reveal_which_clients_exist() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    server.client("public", json!({"token_endpoint_auth_method": "none"})).await;
    server.client("gone", json!({})).await;
    server.set_client_standing("gone", Standing::Disabled).await;
    let secret = rp.secret.as_ref().unwrap();
    server.client("either", json!({"token_endpoint_auth_method": "client_secret"})).await;
    let first = probe(&server, &[&basic("nobody", secret)], &[]).await;
    assert_eq!(outcome(&first), "invalid_client");
    let in_body = probe(&server, &[], &[("client_id", "nobody"), ("client_secret", secret)]).await;
    for id in ["rp", "public", "gone", "either"] {
        let reply = probe(&server, &[&basic(id, "sgcs_wrong")], &[]).await;
        assert_eq!((reply.status, &reply.body), (first.status, &first.body), "{id}");
        assert_eq!(reply.header("www-authenticate"), first.header("www-authenticate"), "{id}");
        let reply = probe(&server, &[], &[("client_id", id), ("client_secret", "sgcs_wrong")]).await;
        assert_eq!((reply.status, &reply.body), (in_body.status, &in_body.body), "{id}, in the body");
    }
}

#[tokio::test]
async fn a_client_of_either_method_keeps_one_secret_and_presents_it_once() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"token_endpoint_auth_method": "client_secret"})).await;
    let other = server.client("other", json!({"token_endpoint_auth_method": "client_secret"})).await;
    let secret = rp.secret.as_deref().unwrap();
    let others = other.secret.as_deref().unwrap();
    let header = basic("rp", secret);
    let wrong = basic("rp", others);
    let empty = basic("rp", "");
    let rows: [Row<'_>; 9] = [
        ("the header and its own client_id", &[&header], vec![("client_id", "rp")], "invalid_grant"),
        ("the header and another client_id", &[&header], vec![("client_id", "other")], "invalid_client"),
        ("both", &[&header], vec![("client_id", "rp"), ("client_secret", secret)], "invalid_request"),
        (
            "both, of two clients",
            &[&header],
            vec![("client_id", "other"), ("client_secret", others)],
            "invalid_request",
        ),
        ("another's secret in the header", &[&wrong], vec![], "invalid_client"),
        ("another's in the body", &[], vec![("client_id", "rp"), ("client_secret", others)], "invalid_client"),
        ("no secret in the header", &[&empty], vec![], "invalid_client"),
        (
            "none there, one in the body",
            &[&empty],
            vec![("client_id", "rp"), ("client_secret", secret)],
            "invalid_request",
        ),
        ("its name alone", &[], vec![("client_id", "rp")], "invalid_client"),
    ];
    for (rule, headers, params, expected) in rows {
        let reply = probe(&server, headers, &params).await;
        assert_eq!(outcome(&reply), expected, "{rule}: {reply:?}");
    }
}

#[tokio::test]
async fn a_public_client_may_use_basic_with_an_empty_password() {
    let server = TestServer::start().await;
    let public = server.client("public", json!({"token_endpoint_auth_method": "none"})).await;
    let rp = server.relying_party().await;
    let secret = rp.secret.as_deref().unwrap();
    let empty = basic("public", "");
    let confidential = basic("rp", "");
    let password = basic("public", secret);
    let assertion = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", "eyJhbGciOiJub25lIn0.e30.AA")];
    let rows: [Row<'_>; 7] = [
        ("alone", &[&empty], vec![], "invalid_grant"),
        ("and its client_id", &[&empty], vec![("client_id", "public")], "invalid_grant"),
        ("and another client_id", &[&empty], vec![("client_id", "rp")], "invalid_client"),
        ("and a secret of another", &[&empty], vec![("client_id", "rp"), ("client_secret", secret)], "invalid_request"),
        ("and an assertion", &[&empty], assertion.to_vec(), "invalid_client"),
        ("a confidential client", &[&confidential], vec![], "invalid_client"),
        ("a password all the same", &[&password], vec![], "invalid_client"),
    ];
    for (rule, headers, params, expected) in rows {
        let reply = probe(&server, headers, &params).await;
        assert_eq!(outcome(&reply), expected, "{rule}: {reply:?}");
    }
    let code = public.authorize_as("alice").await.code();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", public.redirect_uri.as_str()),
        ("code_verifier", crate::support::relying_party::VERIFIER),
    ];
    let request = server.http.post(server.url("/token")).header("authorization", &empty).form(&form);
    let tokens = Reply::of(request.send().await.unwrap()).await.tokens();
    let introspect = server.http.post(server.url("/introspect")).header("authorization", &empty);
    let reply = introspect.form(&[("token", &tokens.access_token)]).send().await.unwrap();
    assert_eq!(reply.status(), 401, "it introspects nothing");
}

#[tokio::test]
async fn a_public_client_has_no_secret_and_nothing_that_needs_one() {
    let server = TestServer::start().await;
    let rp = server.client("public", json!({"token_endpoint_auth_method": "none"})).await;
    assert_eq!(rp.secret, None);
    let tokens = rp.sign_in("alice").await;
    rp.post("/introspect", &[("token", &tokens.access_token)]).await.assert_error(400, "invalid_client");
    rp.client_credentials(&[]).await.assert_error(400, "unauthorized_client");
    let empty = probe(&server, &[], &[("client_id", "public"), ("client_secret", "")]).await;
    assert_eq!(outcome(&empty), "invalid_grant", "RFC 6749 §3.2: an empty parameter counts as omitted");
    assert_eq!(rp.revoke(tokens.refresh_token()).await.status, 200);
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
}

/// True if the client can authenticate.
async fn works(rp: &RelyingParty) -> bool {
    let reply = rp.post("/token", &PROBE).await;
    outcome(&reply) == "invalid_grant"
}

#[tokio::test]
async fn a_replaced_secret_works_for_a_day_beside_the_new_one() {
    let server = TestServer::start().await;
    for method in ["client_secret_basic", "client_secret_post"] {
        let mut rp = server.client(method, json!({"token_endpoint_auth_method": method})).await;
        let node = server.second_node().await;
        let old = rp.at(&server);
        assert!(works(&old.at(&node)).await);
        server.rotate_secret(&mut rp, None).await;
        assert_ne!(rp.secret, old.secret);
        node.app.follow().await.unwrap();
        for at in [&server, &node] {
            assert!(works(&old.at(at)).await && works(&rp.at(at)).await, "{method}: both");
        }
        server.advance(Span::from_hours(24).plus(Span::from_secs(-60))).await;
        assert!(works(&old).await && works(&rp).await, "{method}: both, until the end of the day");
        server.advance(Span::from_secs(60)).await;
        for at in [&server, &node] {
            assert!(!works(&old.at(at)).await && works(&rp.at(at)).await, "{method}: the new one alone");
        }
        let second = rp.at(&server);
        server.rotate_secret(&mut rp, None).await;
        assert!(!works(&old).await, "{method}: another rotation does not bring the expired one back");
        assert!(works(&second).await && works(&rp).await, "{method}");
    }
}

#[tokio::test]
async fn a_disabled_client_cannot_authenticate() {
    let server = TestServer::start().await;
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        let rp = server.client(method, json!({"token_endpoint_auth_method": method})).await;
        assert!(works(&rp).await, "{method}");
        server.set_client_standing(method, Standing::Disabled).await;
        assert!(!works(&rp).await, "{method}");
        for path in ["/revoke", "/introspect"] {
            let status = if method == "client_secret_basic" { 401 } else { 400 };
            rp.post(path, &[("token", "x")]).await.assert_error(status, "invalid_client");
        }
        server.set_client_standing(method, Standing::Enabled).await;
        assert!(works(&rp).await, "{method}");
    }
}

#[tokio::test]
async fn generated_secrets_are_random() {
    let server = TestServer::start().await;
    let mut secrets = Vec::new();
    for index in 0..50 {
        secrets.push(server.client(&format!("rp{index}"), json!({})).await.secret.unwrap());
    }
    assert!(secrets.iter().all(|secret| secret.starts_with("sgcs_") && secret.len() == 48), "{secrets:?}");
    // 43 characters of an alphabet of 64: in 50 secrets nearly every position varies.
    for place in 5..47 {
        let mut seen: Vec<u8> = secrets.iter().map(|secret| secret.as_bytes()[place]).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 15, "place {place} has {} characters", seen.len());
    }
}
