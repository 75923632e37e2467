//! Decisions on the pages of the device flow: only the person at the browser makes one.

use serde_json::json;

use super::{Device, INTERVAL, allow, television};
use crate::support::{Browser, Page, Reply, TestServer};

async fn deny(browser: &Browser, page: &Page) -> Page {
    browser.submit(page, &[("device-deny", "yes")]).await
}

#[tokio::test]
async fn nothing_but_the_person_answers_the_question() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({ "skip_consent": true })).await;
    let browser = server.browser();
    let first = Device::of(&tv, "openid").await;
    let page = first.question(&browser, "alice").await;
    allow(&browser, &page).await;
    let second = Device::of(&tv, "openid").await;
    let page = browser.visit(&second.complete).await;
    assert!(page.has(&format!("value=\"{}\"", second.user_code)), "the link fills the form in: {page:?}");
    second.poll(&tv).await.assert_error(400, "authorization_pending");
    let page = browser.submit(&page, &[("user_code", &second.user_code), ("device-submit", "yes")]).await;
    assert!(page.has("<h1>Is this your device?</h1>"), "consent on record and a session skip nothing: {page:?}");
    server.advance(INTERVAL).await;
    second.poll(&tv).await.assert_error(400, "authorization_pending");
    let consent = page.url.replace("/device/confirm", "/consent");
    for path in [consent.clone(), consent.replace("/consent", "/login")] {
        let page = browser.visit(&path).await;
        assert!(page.has("<h1>Is this your device?</h1>"), "{path}: {page:?}");
    }
    let posted = browser.post(&consent, &[("consent-allow", "yes")]).await;
    assert_eq!(posted.status, 403, "{posted:?}");
    for fields in [vec![], vec![("device-allow", "yes"), ("device-deny", "yes")]] {
        browser.submit(&page, &fields).await.assert_rejected("neither or both", 400, "The form is not complete.");
    }
    server.advance(INTERVAL).await;
    second.poll(&tv).await.assert_error(400, "authorization_pending");
}

#[tokio::test]
async fn a_denied_device_gets_no_tokens_and_is_written_down_once() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    let denied = deny(&browser, &page).await;
    assert!(denied.has("<h1>The device gets no access</h1>"), "{denied:?}");
    deny(&browser, &page).await.assert_rejected("a second click", 400, "This sign-in is already done.");
    device.poll(&tv).await.assert_error(400, "access_denied");
    let events = server.database().audit_events().await;
    assert_eq!(events.iter().filter(|event| *event == "device.denied").count(), 1, "{events:?}");
    let again = device.enter(&server.browser()).await;
    assert!(again.has("No device waits for this code."), "{again:?}");
}

#[tokio::test]
async fn a_person_who_cancels_the_sign_in_leaves_the_device_waiting() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = device.enter(&browser).await;
    let page = browser.submit(&page, &[("login-cancel", "yes")]).await;
    assert!(page.has("<h1>You did not sign in</h1>"), "{page:?}");
    let page = device.question(&browser, "alice").await;
    allow(&browser, &page).await;
    device.poll(&tv).await.tokens();
}

#[tokio::test]
async fn a_device_in_another_network_is_a_warning() {
    let server =
        TestServer::stopped_with(|settings| settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let tv = television(&server, json!({})).await;
    let at = |address: &'static str| [("x-forwarded-for", address)];
    let ask = async |address: &'static str| {
        let request = server.http.post(server.url("/device_authorization")).header("x-forwarded-for", address);
        let form = [("client_id", "tv"), ("scope", "openid")];
        let json = Reply::of(request.form(&form).send().await.unwrap()).await.json();
        json["user_code"].as_str().unwrap().to_owned()
    };
    let rows = [
        ("203.0.113.7", "203.0.113.9", "in the same network as this browser", false),
        ("198.51.100.7", "203.0.113.9", "in another network (198.51.100.0/24) than this browser", true),
        ("2001:db8:1::1", "203.0.113.9", "in another network (2001:db8:1::/48) than this browser", true),
    ];
    let browser = server.browser();
    let signed_in = server.relying_party().await;
    browser.authorize(&signed_in.authorization_url(&[]), "alice").await;
    for (device, person, sentence, is_doubtful) in rows {
        let user_code = ask(device).await;
        let page = browser.get_with(&at(person), "/device").await;
        let csrf = page.form().field("csrf").unwrap().to_owned();
        let fields = [("csrf", csrf.as_str()), ("user_code", &user_code), ("device-submit", "yes")];
        let entered = browser.post_with(&at(person), "/device", &fields).await;
        let page = browser.get_with(&at(person), &entered.location().unwrap()).await;
        assert!(page.has(sentence), "{sentence}: {page:?}");
        assert_eq!(page.has("class=\"alert\""), is_doubtful, "{sentence}: {page:?}");
    }
    drop(tv);
}

#[tokio::test]
async fn guesses_at_user_codes_are_limited() {
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.user_codes = 3;
    })
    .await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = browser.visit("/device").await;
    for guess in ["BBBB-BBBB", "nothing", "CCCC-CCCC"] {
        let wrong = browser.submit(&page, &[("user_code", guess), ("device-submit", "yes")]).await;
        assert!(wrong.has("No device waits for this code.") && wrong.has("role=\"alert\""), "{guess}: {wrong:?}");
    }
    let limited = browser.submit(&page, &[("user_code", &device.user_code), ("device-submit", "yes")]).await;
    assert_eq!(limited.status, 429, "the right one too: {limited:?}");
}

#[tokio::test]
async fn a_form_that_another_site_sends_enters_no_code() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = browser.visit("/device").await;
    let csrf = page.form().field("csrf").unwrap().to_owned();
    let fields = [("csrf", csrf.as_str()), ("user_code", &device.user_code)];
    let foreign = browser.post_from("https://evil.example", "/device", &fields).await;
    assert_eq!(foreign.status, 403, "{foreign:?}");
    let unbound = server.browser().post("/device", &fields).await;
    assert_eq!(unbound.status, 403, "{unbound:?}");
}
