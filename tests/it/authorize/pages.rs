//! The common properties of all responses: security headers, caching, titles and phrases, and the Host check.

use reqwest::Method;
use serde_json::json;
use signet::config::Mode;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, TestServer};

/// One response of each kind, with its description.
async fn one_of_each(server: &TestServer) -> Vec<(String, Page)> {
    let rp = server.client("rp", json!({"client_uri": "https://rp.example/"})).await;
    let browser = server.browser();
    let mut answers = Vec::new();
    let mut keep = |rule: &str, page: Page| answers.push((rule.to_owned(), page));
    for path in ["/", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        keep(path, browser.get(path).await);
    }
    for path in ["/.well-known/jwks.json", "/jwks", "/oauth/jwks", "/favicon.ico", "/nothing", "/assets/nothing.css"] {
        keep(path, browser.get(path).await);
    }
    for path in ["/authorize", "/login", "/consent", "/userinfo", "/token", "/introspect", "/revoke"] {
        keep(&format!("GET {path}"), browser.get(path).await);
        keep(&format!("POST {path}"), browser.post(path, &[("a", "b")]).await);
    }
    let redirect = browser.get(&rp.authorization_url(&[])).await;
    let login = browser.get(&redirect.location().unwrap()).await;
    let style = login.body.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    keep("style sheet", browser.get(style).await);
    keep("forged form", browser.post(&login.form().action, &[]).await);
    let fields = [("username", "alice"), ("password", "wrong"), ("login-submit", "yes")];
    keep("wrong password", browser.submit_once(&login, &fields).await);
    let fields = [("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    keep("POST, then GET", browser.submit_once(&login, &fields).await);
    let consent = browser.get(&login.form().action.replace("/login", "/consent")).await;
    keep("code", browser.submit_once(&consent, &[("consent-allow", "yes")]).await);
    keep("answered before", browser.get(&consent.form().action).await);
    keep("code by form", browser.get(&rp.authorization_url(&[("response_mode", "form_post")])).await);
    keep("redirect to /login", redirect);
    keep("sign-in page", login);
    keep("consent page", consent);
    keep("unregistered", browser.get(&rp.authorization_url(&[("redirect_uri", "https://evil.example/")])).await);
    keep("logout refused", browser.get("/logout?id_token_hint=x").await);
    let question = browser.get("/logout").await;
    keep("signed out", browser.submit_once(&question, &[("logout-confirm", "yes")]).await);
    keep("logout question", question);
    keep("wrong method", browser.post("/jwks", &[]).await);
    keep("too large", browser.post("/token", &[("a", &"x".repeat(70_000))]).await);
    keep("too large for a page", browser.post("/authorize", &[("a", &"x".repeat(70_000))]).await);
    keep("too long", browser.get(&format!("/authorize?a={}", "x".repeat(9000))).await);
    keep("another host", browser.get_with(&[("host", "evil.example")], "/").await);
    answers
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = TestServer::start().await;
    let answers = one_of_each(&server).await;
    let statuses: Vec<u16> = answers.iter().map(|(_, page)| page.status.as_u16()).collect();
    for status in [200, 303, 400, 401, 403, 404, 405, 413, 414, 421] {
        assert!(statuses.contains(&status), "{status} is among the answers: {statuses:?}");
    }
    for (rule, page) in &answers {
        let expected = [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("x-xss-protection", "0"),
        ];
        for (name, value) in expected {
            assert_eq!(page.header(name), Some(value), "{rule}: {page:?}");
        }
        let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("{rule}: {page:?}"));
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{rule}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{rule}: {policy}");
        assert!(page.header("permissions-policy").unwrap().contains("camera=()"), "{rule}");
        assert!(page.header("x-request-id").unwrap().len() >= 12, "{rule}");
        assert!(page.header("cross-origin-resource-policy").is_some(), "{rule}");
        for banner in ["server", "x-powered-by", "via", "strict-transport-security"] {
            assert_eq!(page.header(banner), None, "{rule}: {page:?}");
        }
        assert_eq!(page.headers.get_all("content-security-policy").iter().count(), 1, "{rule}");
    }
}

#[tokio::test]
async fn only_public_responses_may_be_cached() {
    let server = TestServer::start().await;
    let public = ["/.well-known", "/jwks", "/oauth/jwks", "/favicon.ico", "style sheet"];
    for (rule, page) in one_of_each(&server).await {
        let cache = page.header("cache-control").unwrap();
        if public.iter().any(|prefix| rule.starts_with(prefix)) {
            assert!(cache.starts_with("public, max-age="), "{rule}: {cache}");
        } else {
            assert_eq!(cache, "no-store", "{rule}: {page:?}");
        }
    }
    let rp = server.client("other", json!({})).await;
    let code = rp.authorize_as("alice").await.code();
    assert_eq!(rp.redeem(&code).await.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_run_no_script() {
    let server = TestServer::start().await;
    for (rule, page) in one_of_each(&server).await {
        if !page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            continue;
        }
        let scripts = if rule == "code by form" { 1 } else { 0 };
        assert_eq!(page.body.matches("<script").count(), scripts, "{rule}");
        for (tag, attribute) in [("<link", "href=\""), ("<img", "src=\""), ("<script", "src=\"")] {
            for element in page.body.split(tag).skip(1) {
                let element = element.split('>').next().unwrap();
                let source = element.split(attribute).nth(1);
                assert!(source.is_none_or(|source| source.starts_with("/assets/")), "{rule}: {tag}{element}");
            }
        }
        for forbidden in ["<iframe", "<object", "<embed", "<style", " style=\"", "javascript:", " onclick"] {
            assert!(!page.has(forbidden), "{rule}: {forbidden}");
        }
        assert!(page.has("<html lang=\"en\">") && page.has("name=\"viewport\""), "{rule}");
    }
}

#[tokio::test]
async fn pages_have_their_titles_and_phrases() {
    let server = TestServer::start().await;
    let answers = one_of_each(&server).await;
    let rows = [
        ("sign-in page", 200, "<title>Sign in</title>", "<h1>Sign in</h1>"),
        ("wrong password", 200, "<title>Sign in</title>", "id=\"login-cancel\""),
        ("consent page", 200, "<title>Allow access? · Signet</title>", "id=\"consent-deny\""),
        ("logout question", 200, "<title>Do you want to sign out? · Signet</title>", "id=\"logout-cancel\""),
        ("signed out", 200, "<title>You are signed out · Signet</title>", "<h1>You are signed out</h1>"),
        ("unregistered", 400, "<h1>Request rejected</h1>", "redirect_uri is not registered"),
        ("GET /authorize", 400, "<h1>Request rejected</h1>", "client_id is not registered"),
        ("logout refused", 400, "<h1>Request rejected</h1>", "id_token_hint is not valid"),
        ("forged form", 403, "<h1>This form has expired</h1>", "was not sent from this site"),
        ("answered before", 400, "<h1>This sign-in is finished</h1>", "This sign-in is already done."),
        (
            "GET /login",
            400,
            "<title>This sign-in cannot continue · Signet</title>",
            "This sign-in was not started in this browser",
        ),
    ];
    for (rule, status, title, phrase) in rows {
        let (_, page) = answers.iter().find(|(name, _)| name == rule).unwrap();
        assert_eq!(page.status.as_u16(), status, "{rule}: {page:?}");
        assert!(page.has(title) && page.has(phrase), "{rule}: {page:?}");
    }
}

#[tokio::test]
async fn an_error_page_names_the_request() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for path in ["/authorize", "/login?request=x", "/logout?id_token_hint=x", "/consent"] {
        let page = server.browser().get(path).await;
        let shown = page.body.split("<code id=\"request-id\">").nth(1).unwrap().split('<').next().unwrap();
        assert_eq!(page.header("x-request-id"), Some(shown), "{path}");
        ids.push(shown.to_owned());
    }
    let page = server.browser().get_with(&[("x-request-id", "chosen")], "/authorize").await;
    assert!(!page.has("chosen") && page.header("x-request-id") != Some("chosen"), "{page:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn forms_may_lead_to_the_client_and_nowhere_else() {
    let server = TestServer::start().await;
    let rows = [
        ("https://rp.example/cb", "form-action 'self' https://rp.example;"),
        ("https://rp.example:8443/cb?a=b", "form-action 'self' https://rp.example:8443;"),
        ("http://127.0.0.1:7777/cb", "form-action 'self' http://127.0.0.1:7777;"),
        ("com.example.app:/cb", "form-action 'self' com.example.app:;"),
    ];
    for (number, (uri, directive)) in rows.into_iter().enumerate() {
        let rp = server.client(&format!("rp{number}"), json!({"redirect_uris": [uri]})).await;
        let browser = server.browser();
        let login = browser.visit(&rp.authorization_url(&[])).await;
        let consent = browser.sign_in(&login, "alice").await;
        for page in [&login, &consent] {
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.contains(directive), "{uri}: {policy}");
        }
        assert!(browser.allow(&consent).await.location().unwrap().starts_with(uri));
    }
    let error = server.browser().get("/authorize").await;
    assert!(error.header("content-security-policy").unwrap().contains("form-action 'self';"), "{error:?}");
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_have_their_status() {
    let server = TestServer::start().await;
    let long = format!("/authorize?a={}", "x".repeat(9000));
    let rows = [
        (Method::GET, "/nothing", 404),
        (Method::GET, "//authorize", 404),
        (Method::GET, "/authorize/", 404),
        (Method::GET, "/AUTHORIZE", 404),
        (Method::GET, "/authorize;x", 404),
        (Method::GET, "/%61uthorize%2f", 404),
        (Method::GET, "/assets/..%2f..%2fCargo.toml", 404),
        (Method::GET, "/token", 405),
        (Method::PUT, "/authorize", 405),
        (Method::DELETE, "/login", 405),
        (Method::TRACE, "/", 405),
        (Method::PATCH, "/userinfo", 405),
        (Method::GET, &long, 414),
    ];
    for (method, path, status) in rows {
        let answer = server.http.request(method.clone(), server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.headers().contains_key("allow"), status == 405, "{method} {path}");
    }
    for path in ["/token", "/authorize", "/login", "/logout", "/userinfo", "/revoke"] {
        let body = server.http.post(server.url(path)).form(&[("a", "x".repeat(70_000))]);
        assert_eq!(body.send().await.unwrap().status(), 413, "{path}");
    }
}

#[tokio::test]
async fn the_server_answers_for_its_own_host_only() {
    let server = TestServer::start_with(|settings| {
        settings.mode = Mode::Production;
        settings.issuer = "https://id.example".to_owned();
    })
    .await;
    let browser = Browser::new(&format!("http://{}", server.app.settings.listen));
    for host in
        ["evil.example", "id.example.evil.example", "id.example:444", "localhost", "127.0.0.1", "", "id.example@x"]
    {
        for path in ["/", "/authorize", "/.well-known/openid-configuration", "/nothing"] {
            let page = browser.get_with(&[("host", host)], path).await;
            assert!(matches!(page.status.as_u16(), 400 | 421), "{host} {path}: {page:?}");
            assert!(!page.has("evil.example"), "{host} {path}: {page:?}");
        }
    }
    for host in ["id.example", "ID.example"] {
        let page = browser.get_with(&[("host", host)], "/.well-known/openid-configuration").await;
        assert_eq!(page.status, 200, "{host}");
        assert!(page.has("\"issuer\":\"https://id.example\""), "{page:?}");
    }

    let development = TestServer::start().await;
    for (host, status) in [("localhost:1", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("evil.example", 421)] {
        assert_eq!(development.browser().get_with(&[("host", host)], "/").await.status, status, "{host}");
    }
}

#[tokio::test]
async fn production_does_not_reveal_the_version() {
    let server = TestServer::start_with(|settings| {
        settings.mode = Mode::Production;
        settings.issuer = "https://id.example".to_owned();
        settings.hsts.include_subdomains = true;
    })
    .await;
    let browser = Browser::new(&format!("http://{}", server.app.settings.listen));
    for path in ["/", "/authorize", "/nothing", "/.well-known/openid-configuration", "/token", "/health", "/metrics"] {
        let page = browser.get_with(&[("host", "id.example")], path).await;
        assert!(!page.has(env!("CARGO_PKG_VERSION")) && !page.has("Development mode"), "{path}: {page:?}");
        assert_eq!(page.header("server"), None, "{path}");
        let hsts = page.header("strict-transport-security");
        assert_eq!(hsts, Some("max-age=31536000; includeSubDomains"), "{path}");
        assert_eq!(page.status == 404, ["/nothing", "/health", "/metrics"].contains(&path), "{path}: {page:?}");
    }
}

#[tokio::test]
async fn forwarding_headers_are_trusted_only_from_trusted_proxies() {
    let forwarded = [
        ("host", "id.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-url", "/evil"),
    ];
    for (trusted, status) in [("10.0.0.0/8", 200), ("127.0.0.0/8", 308)] {
        let server = TestServer::start_with(|settings| {
            settings.issuer = "https://id.example".to_owned();
            settings.proxy.trusted = vec![trusted.parse().unwrap()];
        })
        .await;
        let browser = Browser::new(&format!("http://{}", server.app.settings.listen));
        let page = browser.get_with(&forwarded, "/?a=b").await;
        assert_eq!(page.status.as_u16(), status, "{trusted}: {page:?}");
        assert!(!format!("{page:?}").contains("evil"), "{trusted}: {page:?}");
        if status == 308 {
            assert_eq!(page.location().as_deref(), Some("https://id.example/?a=b"));
            let token = browser.post_with(&forwarded, "/token", &[("client_secret", "s")]).await;
            assert_eq!(token.status, 400, "what was sent in the clear is not sent on: {token:?}");
        }
        let secure = [("host", "id.example"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")];
        let page = browser.get_with(&secure, "/.well-known/openid-configuration").await;
        assert_eq!(page.status, 200, "{trusted}: {page:?}");
        assert!(!page.has("evil"), "{trusted}: {page:?}");
    }
}
