//! Hostile input at every endpoint: nothing breaks, no browser is redirected, and nothing is issued.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use reqwest::header::{CONTENT_TYPE, COOKIE, HOST};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use signet::flows::admin::Person;
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Password;

use crate::support::relying_party::{CHALLENGE, VERIFIER};
use crate::support::{RelyingParty, Reply, TestServer};

const FORM: &str = "application/x-www-form-urlencoded";

/// Every endpoint, with parameters that get a request as far as possible without a sign-in.
pub fn endpoints() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let authorize = vec![
        ("response_type", "code"),
        ("client_id", "rp"),
        ("redirect_uri", "https://rp.example/cb"),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("response_mode", "query"),
        ("prompt", "login"),
        ("max_age", "10"),
        ("ui_locales", "en"),
        ("id_token_hint", "a.b.c"),
        ("login_hint", "alice"),
        ("acr_values", "1"),
        ("display", "page"),
        ("claims", "{}"),
        ("resource", "https://api.example"),
        ("request", "a.b.c"),
    ];
    let token = vec![
        ("grant_type", "authorization_code"),
        ("code", "sgac_AAAA"),
        ("redirect_uri", "https://rp.example/cb"),
        ("code_verifier", VERIFIER),
        ("client_id", "rp"),
        ("client_secret", "guessed"),
        ("scope", "openid"),
        ("refresh_token", "sgrt_AAAA"),
        ("client_assertion", "a.b.c"),
        ("resource", "https://api.example"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ];
    let about_a_token =
        vec![("token", "sgat_AAAA"), ("token_type_hint", "access_token"), ("client_id", "rp"), ("client_secret", "x")];
    let logout = vec![
        ("id_token_hint", "a.b.c"),
        ("client_id", "rp"),
        ("post_logout_redirect_uri", "https://rp.example/bye"),
        ("state", "s"),
        ("logout-confirm", "yes"),
        ("csrf", "AAAA"),
        ("ui_locales", "en"),
    ];
    let login = vec![("request", "AAAA"), ("csrf", "AAAA"), ("username", "alice"), ("password", "guessed")];
    vec![
        ("/authorize", authorize),
        ("/token", token),
        ("/login", login),
        ("/consent", vec![("request", "AAAA"), ("csrf", "AAAA"), ("consent-allow", "yes")]),
        ("/logout", logout),
        ("/userinfo", vec![("access_token", "a.b.c")]),
        ("/introspect", about_a_token.clone()),
        ("/revoke", about_a_token),
        ("/.well-known/openid-configuration", vec![("a", "b")]),
        ("/.well-known/jwks.json", vec![("a", "b")]),
        ("/", vec![("a", "b")]),
        ("/assets/signet.css", vec![("a", "b")]),
        ("/nowhere", vec![("a", "b")]),
    ]
}

/// Values that are invalid for every parameter, encoded.
fn values() -> Vec<(&'static str, String)> {
    vec![
        ("NUL", "%00".to_owned()),
        ("NUL within", "a%00b".to_owned()),
        ("not UTF-8", "%FF%FE".to_owned()),
        ("an overlong slash", "%C0%AF".to_owned()),
        ("half a surrogate", "%ED%A0%80".to_owned()),
        ("a broken escape", "%".to_owned()),
        ("another broken escape", "%zz%4".to_owned()),
        ("line feeds", "a%0d%0aSet-Cookie:%20x=y".to_owned()),
        ("10 KB", "a".repeat(10_240)),
        ("3 KB of dots", ".".repeat(3_000)),
        ("3 KB of brackets", "%5B".repeat(1_000)),
        ("SQL", "%27%20OR%201=1%20--".to_owned()),
        ("HTML", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E".to_owned()),
        ("a template", "%7B%7B7*7%7D%7D".to_owned()),
        ("another site", "https://evil.example/".to_owned()),
        ("another site without a scheme", "//evil.example".to_owned()),
        ("a script", "javascript:alert(1)".to_owned()),
        ("a user in front of another site", "https://rp.example@evil.example/cb".to_owned()),
        ("a path", "../../etc/passwd".to_owned()),
        ("a negative number", "-9223372036854775808".to_owned()),
        ("a large number", "99999999999999999999999".to_owned()),
        ("bidirectional marks", "%E2%80%AE%E2%80%8B".to_owned()),
        ("an emoji", "%F0%9F%92%A9".to_owned()),
        ("nothing", String::new()),
    ]
}

fn joined(params: &[(&str, &str)]) -> String {
    params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Sends the request and checks the response for anything that hostile input must never cause.
async fn survive(server: &TestServer, case: &str, request: RequestBuilder) -> Reply {
    let reply = Reply::of(request.send().await.unwrap()).await;
    assert!(reply.status.as_u16() < 500, "{case}: {reply:?}");
    if let Some(location) = reply.header("location") {
        let own = location.starts_with('/') && !location.starts_with("//");
        let known = ["https://rp.example/cb?", "https://rp.example/bye"].iter().any(|uri| location.starts_with(uri));
        assert!(own || known || location.starts_with(&format!("{}/", server.issuer)), "{case}: {location}");
        assert!(!location.contains("code="), "{case}: {location}");
    }
    assert!(!reply.body.contains("access_token\":") && !reply.body.contains("<script>alert"), "{case}: {reply:?}");
    assert!(
        !reply.headers.contains_key("set-cookie") || !reply.header("set-cookie").unwrap().contains("x=y"),
        "{case}"
    );
    reply
}

/// The number of rows that would show an issued token or a sign-in.
async fn issued(server: &TestServer) -> usize {
    let mut rows = 0;
    for table in ["authorization_codes", "token_families", "opaque_access_tokens", "sessions", "consents"] {
        rows += server.database().query(&format!("SELECT realm_id FROM {table}")).await.len();
    }
    rows
}

#[tokio::test]
async fn hostile_values_break_nothing_and_yield_nothing() {
    let server = TestServer::start().await;
    server.relying_party().await;
    for (path, params) in endpoints() {
        for (at, (name, _)) in params.iter().enumerate() {
            for (kind, value) in values() {
                let mut changed = params.clone();
                changed[at].1 = &value;
                let query = joined(&changed);
                let case = format!("{path} {name}: {kind}");
                survive(&server, &case, server.http.get(server.url(&format!("{path}?{query}")))).await;
                let post = server.http.post(server.url(path)).header(CONTENT_TYPE, FORM);
                survive(&server, &case, post.body(query)).await;
            }
        }
    }
    assert_eq!(issued(&server).await, 0);
}

#[tokio::test]
async fn repeated_and_too_many_parameters_are_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for (path, params) in endpoints() {
        let mut many = joined(&params);
        (params.len()..101).for_each(|number| many.push_str(&format!("&extra{number}=x")));
        let mut rows = vec![("101 parameters".to_owned(), many)];
        for (name, value) in &params {
            rows.push((format!("{name} twice"), format!("{}&{name}={value}", joined(&params))));
            rows.push((format!("{name} twice, once empty"), format!("{}&{name}=", joined(&params))));
        }
        for (kind, query) in rows {
            let case = format!("{path}: {kind}");
            survive(&server, &case, server.http.get(server.url(&format!("{path}?{query}")))).await;
            let post = server.http.post(server.url(path)).header(CONTENT_TYPE, FORM).body(query);
            let reply = survive(&server, &case, post).await;
            let bounded = ["/token", "/introspect", "/revoke"].contains(&path) && !kind.starts_with("resource");
            assert!(!bounded || reply.json()["error"] == "invalid_request", "{case}: {reply:?}");
        }
    }
    let twice = [("grant_type", "authorization_code"), ("code", "a"), ("code", "b")];
    rp.post("/token", &twice).await.assert_error(400, "invalid_request");
    assert_eq!(issued(&server).await, 0);
}

#[tokio::test]
async fn bodies_of_the_wrong_kind_or_size_are_refused() {
    let server = TestServer::start().await;
    server.relying_party().await;
    for (path, params) in endpoints() {
        let form = joined(&params);
        let object: serde_json::Map<_, _> = params.iter().map(|(n, v)| ((*n).to_owned(), json!(v))).collect();
        let post = || server.http.post(server.url(path));
        let typed = |kind: &'static str| post().header(CONTENT_TYPE, kind).body(form.clone());
        let rows = [
            ("JSON", post().json(&object)),
            ("JSON that nests", post().header(CONTENT_TYPE, "application/json").body("[".repeat(20_000))),
            ("no type", post().body(form.clone())),
            ("text", typed("text/plain")),
            ("several parts", typed("multipart/form-data; boundary=x")),
            (
                "XML",
                post()
                    .header(CONTENT_TYPE, "application/xml")
                    .body("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>"),
            ),
            ("a type that is no text", post().header(CONTENT_TYPE, &b"\xff\xfe"[..]).body(form.clone())),
            ("compressed", typed(FORM).header("content-encoding", "gzip")),
        ];
        for (kind, request) in rows {
            survive(&server, &format!("{path}: {kind}"), request).await;
        }
    }
    for path in ["/token", "/introspect", "/revoke", "/userinfo", "/authorize", "/login", "/consent", "/logout"] {
        for (size, status) in [(65_537, 413), (1_048_576, 413)] {
            let post = server.http.post(server.url(path)).header(CONTENT_TYPE, FORM).body("a".repeat(size));
            assert_eq!(post.send().await.unwrap().status(), status, "{path}: {size}");
        }
    }
    assert_eq!(server.get(&format!("/authorize?a={}", "a".repeat(8_192))).await.status(), 414);
    assert_eq!(issued(&server).await, 0);
}

#[tokio::test]
async fn random_bytes_break_nothing() {
    let server = TestServer::start().await;
    server.relying_party().await;
    let mut runner = TestRunner::default();
    let bytes = proptest::collection::vec(proptest::num::u8::ANY, 0..300);
    let text = "[a-z_]{1,20}=[ -~]{0,60}(&[a-z_]{1,20}=\\PC{0,30}){0,5}";
    let text = proptest::string::string_regex(text).unwrap();
    for (path, params) in endpoints() {
        for _ in 0..24 {
            let raw = bytes.new_tree(&mut runner).unwrap().current();
            let junk = text.new_tree(&mut runner).unwrap().current();
            let case = format!("{path}: {raw:?} {junk:?}");
            let post = || server.http.post(server.url(path)).header(CONTENT_TYPE, FORM);
            survive(&server, &case, post().body(raw.clone())).await;
            survive(&server, &case, post().body(format!("{}&{junk}", joined(&params)))).await;
            let header: Vec<u8> = raw.iter().copied().filter(|byte| *byte >= 0x20 && *byte != 0x7f).collect();
            for name in ["authorization", "origin", "user-agent", "if-none-match", "x-forwarded-for", "accept"] {
                survive(&server, &format!("{case} {name}"), post().header(name, &header[..])).await;
            }
        }
    }
    assert_eq!(issued(&server).await, 0);
}

#[tokio::test]
async fn a_malformed_cookie_is_no_cookie() {
    let server = TestServer::start().await;
    let rp: RelyingParty = server.relying_party().await;
    let browser = rp.authorize_as("alice").await.browser;
    let session = browser.cookie("signet-session").unwrap();
    let url = rp.authorization_url(&[("prompt", "none")]);
    let good = format!("signet-session={session}");
    let ask = |lines: Vec<Vec<u8>>| {
        let request = lines.iter().fold(server.http.get(&url), |request, line| request.header(COOKIE, &line[..]));
        async move { request.send().await.unwrap() }
    };
    let location = |reply: &reqwest::Response| reply.headers()["location"].to_str().unwrap().to_owned();
    assert!(location(&ask(vec![good.clone().into_bytes()]).await).contains("code="), "the genuine one works");
    let rows: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("none", vec![]),
        ("twice in a line", vec![format!("{good}; {good}").into_bytes()]),
        ("twice in two lines", vec![good.clone().into_bytes(), good.clone().into_bytes()]),
        ("beside another", vec![format!("{good}; signet-session=x").into_bytes()]),
        ("cut", vec![good.as_bytes()[..good.len() - 1].to_vec()]),
        ("longer", vec![format!("{good}A").into_bytes()]),
        ("quoted", vec![format!("signet-session=\"{session}\"").into_bytes()]),
        ("another name", vec![format!("SIGNET-SESSION={session}").into_bytes()]),
        ("the name for https", vec![format!("__Host-signet-session={session}").into_bytes()]),
        ("another kind", vec![format!("signet-session={}", session.replace("sgss_", "sgbr_")).into_bytes()]),
        ("not text", vec![[b"signet-session=", &[0xff, 0xfe][..]].concat()]),
        ("large", vec![format!("signet-session={}", "x".repeat(6_000)).into_bytes()]),
        ("many", vec!["a=b; ".repeat(1_000).into_bytes()]),
        ("separators", vec![b";;;===;; ;=".to_vec()]),
    ];
    for (kind, lines) in rows {
        let reply = ask(lines).await;
        assert_eq!(reply.status(), 303, "{kind}");
        assert!(location(&reply).contains("error=login_required"), "{kind}: {}", location(&reply));
    }
}

#[tokio::test]
async fn requests_for_another_host_are_refused() {
    let server = TestServer::start_with(|settings| settings.issuer = "https://op.example".to_owned()).await;
    let url = format!("http://{}/.well-known/openid-configuration", server.app.settings.listen);
    let rows = [
        ("op.example", 200),
        ("OP.example", 200),
        ("evil.example", 421),
        ("op.example.evil.example", 421),
        ("op.example:444", 421),
        ("op.example@evil.example", 421),
    ];
    for (host, status) in rows {
        for method in [Method::GET, Method::HEAD] {
            let request = server.http.request(method, &url).header(HOST, host);
            assert_eq!(request.send().await.unwrap().status(), status, "{host}");
        }
    }
}

#[tokio::test]
async fn typed_text_is_stored_unchanged_and_escaped_on_pages() {
    let server = TestServer::start().await;
    let name = "Conan O'Brien <b>&\"'";
    let password = " <\"'>&\u{e9}\u{1F511} with spaces ";
    let person = Person {
        username: "conan".to_owned(),
        email: None,
        email_verified: false,
        password: Some(Password::new(password.to_owned())),
        claims: PersonClaims::from_json(&json!({ "name": name }).to_string()).unwrap(),
        attributes: serde_json::Map::new(),
        roles: Vec::new(),
    };
    server.add_person(person).await;
    let rp = server.client("rp", json!({ "client_name": "<i>Shop</i> & \"Co\"" })).await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("&#60;i&#62;Shop") && !page.has("<i>Shop"), "{}", page.body);
    let submit = async |page, username, password| {
        browser.submit(page, &[("username", username), ("password", password), ("login-submit", "yes")]).await
    };
    let page = submit(&page, "\"><script>alert(1)</script>", "wrong").await;
    assert!(page.has("id=\"login-submit\"") && !page.has("<script>"), "{}", page.body);
    let page = submit(&page, "conan", password.trim()).await;
    assert!(page.has("id=\"login-submit\""), "the spaces belong to the password");
    let page = submit(&page, "conan", password).await;
    let code = browser.allow(&page).await.code();
    let token = rp.redeem(&code).await.tokens().access_token;
    let userinfo: serde_json::Value = server.userinfo(&token).await.json().await.unwrap();
    assert_eq!(userinfo["name"], name);
}
