//! Browser sessions: their cookies, the change of their ids, and their end.

use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer};

const SESSION: &str = "signet-session";

/// Signs alice in, remembered or not, and consents; the browser and the last answer of the sign-in.
async fn signed_in(server: &TestServer, rp: &RelyingParty, remember: bool) -> (Browser, Page) {
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let mut fields = vec![("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    if remember {
        fields.push(("remember", "yes"));
    }
    let answer = browser.submit_once(&page, &fields).await;
    let consent = browser.visit(&rp.authorization_url(&[])).await;
    if consent.location().is_none() {
        browser.allow(&consent).await.code();
    }
    (browser, answer)
}

/// True if the browser's session is accepted without a page.
async fn is_signed_in(browser: &Browser, rp: &RelyingParty) -> bool {
    let page = browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    match page.parameter("error") {
        None => !page.code().is_empty(),
        Some(error) => {
            assert_eq!(error, "login_required");
            false
        }
    }
}

/// The lines with which an answer sets cookies.
fn set_cookies(page: &Page) -> Vec<String> {
    page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_survive_a_link_from_a_client() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let page = server.browser().get(&rp.authorization_url(&[])).await;
    let lines = set_cookies(&page);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (pair, attributes) = lines[0].split_once(';').unwrap();
    assert!(pair.starts_with("signet-browser=") && pair.len() > 40, "{pair}");
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax");

    let (_, answer) = signed_in(&server, &rp, false).await;
    let lines = set_cookies(&answer);
    assert_eq!(lines.len(), 2, "the session and the device: {lines:?}");
    let expected = [
        ("signet-session=", " Path=/; HttpOnly; SameSite=Lax"),
        ("signet-device=", " Path=/; HttpOnly; SameSite=Lax; Max-Age=15552000"),
    ];
    for (line, (name, expected)) in lines.iter().zip(expected) {
        let (pair, attributes) = line.split_once(';').unwrap();
        assert!(pair.starts_with(name) && (40..200).contains(&pair.len()), "{pair}");
        assert_eq!(attributes, expected);
    }
    let (_, answer) = signed_in(&server, &rp, true).await;
    assert!(set_cookies(&answer)[0].ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000"), "{answer:?}");
}

#[tokio::test]
async fn with_an_https_issuer_cookies_are_bound_to_the_host() {
    let server = TestServer::start_with(|settings| settings.issuer = "https://id.example".to_owned()).await;
    let rp = server.relying_party().await;
    let browser = Browser::new(&format!("http://{}", server.app.settings.listen));
    let url = rp.authorization_url(&[]).replace("https://id.example", "");
    let host = [("host", "id.example")];
    let page = browser.get_with(&host, &url).await;
    let named = set_cookies(&page);
    assert!(named[0].starts_with("__Host-signet-browser="), "{named:?}");
    assert!(named[0].ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{named:?}");
    let page = browser.get_with(&host, &page.location().unwrap()).await;
    let form = page.form();
    let csrf = form.field("csrf").unwrap();
    let fields = [("csrf", csrf), ("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    let headers = [("host", "id.example"), ("origin", "https://id.example")];
    let page = browser.post_with(&headers, &form.action, &fields).await;
    let session = set_cookies(&page);
    assert!(session[0].starts_with("__Host-signet-session="), "{session:?}");
    assert!(session[0].ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{session:?}");
    assert!(session[1].starts_with("__Host-signet-device="), "{session:?}");
    assert!(session[1].ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=15552000"), "{session:?}");
    assert!(session.iter().all(|line| !line.contains("Domain")), "{session:?}");
}

#[tokio::test]
async fn every_login_makes_a_new_session_id_and_kills_the_old_one() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&server, &rp, false).await;
    let old = browser.cookie(SESSION).unwrap();
    let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    browser.sign_in(&page, "alice").await.code();
    let new = browser.cookie(SESSION).unwrap();
    assert_ne!(old, new);
    assert!(is_signed_in(&browser, &rp).await);
    browser.set_cookie(SESSION, &old);
    assert!(!is_signed_in(&browser, &rp).await, "the cookie of before the second login is dead");
}

#[tokio::test]
async fn a_planted_session_id_is_not_adopted() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (attacker, _) = signed_in(&server, &rp, false).await;
    let planted = attacker.cookie(SESSION).unwrap();
    let invented = format!("{}{}", &planted[..5], "A".repeat(planted.len() - 5));
    for value in [invented.as_str(), "1", planted.as_str()] {
        let victim = server.browser();
        victim.set_cookie(SESSION, value);
        let page = victim.visit(&rp.authorization_url(&[("prompt", "login")])).await;
        let page = victim.sign_in(&page, "bob").await;
        if page.has("id=\"consent-allow\"") {
            victim.allow(&page).await.code();
        }
        assert_ne!(victim.cookie(SESSION).as_deref(), Some(value));
        let thief = server.browser();
        thief.set_cookie(SESSION, value);
        assert!(!is_signed_in(&thief, &rp).await, "{value} opens nothing");
    }
}

#[tokio::test]
async fn a_session_ends_after_an_hour_without_use() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (used, _) = signed_in(&server, &rp, false).await;
    let (left, _) = signed_in(&server, &rp, false).await;
    server.advance(Span::from_secs(3590)).await;
    assert!(is_signed_in(&used, &rp).await);
    server.advance(Span::from_secs(11)).await;
    assert!(is_signed_in(&used, &rp).await, "use prolongs it");
    assert!(!is_signed_in(&left, &rp).await);
    server.advance(Span::from_secs(3601)).await;
    assert!(!is_signed_in(&used, &rp).await);
}

#[tokio::test]
async fn a_session_ends_after_a_day_however_much_it_is_used() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&server, &rp, false).await;
    for hour in 1..32 {
        server.clock.advance(Span::from_minutes(45));
        assert!(is_signed_in(&browser, &rp).await, "after {} minutes", hour * 45);
    }
    server.clock.advance(Span::from_minutes(45));
    assert!(!is_signed_in(&browser, &rp).await, "after a day");
}

#[tokio::test]
async fn a_remembered_session_ends_after_thirty_days() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&server, &rp, true).await;
    server.clock.advance(Span::from_secs(30 * 86_400 - 60));
    assert!(is_signed_in(&browser, &rp).await);
    server.clock.advance(Span::from_secs(61));
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_malformed_cookie_counts_as_none() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&server, &rp, false).await;
    let good = browser.cookie(SESSION).unwrap();
    let url = rp.authorization_url(&[("prompt", "none")]);
    let large = "x".repeat(6000);
    let doubled = format!("{good}; {SESSION}={good}");
    let mut rows =
        vec!["", "=", "\"", "%00", ";;;", "a=b=c", "üü", "null", "../../etc/passwd", large.as_str(), &doubled];
    let longer = format!("{good}A");
    let shorter = &good[..good.len() - 1];
    let case = good.to_uppercase();
    rows.extend([longer.as_str(), shorter, case.as_str()]);
    for value in rows {
        for cookie in [format!("{SESSION}={value}"), format!("signet-browser={value}; {SESSION}={value}")] {
            let page = server.browser().get_with(&[("cookie", &cookie)], &url).await;
            crate::authorize::requests::assert_error_at_client(
                &cookie,
                &rp,
                &page,
                "login_required",
                Some("the-state"),
            );
            for path in ["/", "/login?request=x", "/consent?request=x", "/logout"] {
                let page = server.browser().get_with(&[("cookie", &cookie)], path).await;
                assert!(page.status.as_u16() <= 400, "{path} with {cookie}: {page:?}");
            }
        }
    }
    let page = server.browser().get_with(&[("cookie", &format!("a=b; {SESSION}={good}; c"))], &url).await;
    page.code();
}
