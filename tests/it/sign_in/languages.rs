//! The language of pages: the request's, the person's, the chosen one, the browser's, the realm's.

use signet::config::Language;
use signet_protocol::time::Span;

use crate::support::{Browser, Page, RelyingParty, TestServer};

const GERMAN: &[(&str, &str)] = &[("accept", "text/html"), ("accept-language", "de-AT,de;q=0.9,en;q=0.5")];

#[track_caller]
fn assert_language(page: &Page, language: &str) {
    assert!(page.has(&format!("<html lang=\"{language}\"")), "not in {language}: {page:?}");
}

/// The sign-in page of a request for these languages.
async fn login(rp: &RelyingParty, browser: &Browser, ui_locales: &str) -> Page {
    let page = browser.visit(&rp.authorization_url(&[("ui_locales", ui_locales)])).await;
    assert!(page.has("id=\"login-submit\""), "{page:?}");
    page
}

/// The address in the language menu for this language.
fn menu(page: &Page, language: &str) -> String {
    let link = page.body.split("<a href=\"").find(|link| link.contains(&format!("hreflang=\"{language}\"")));
    let address = link.unwrap_or_else(|| panic!("no link to {language}: {page:?}")).split('"').next().unwrap();
    address.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_browser() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let page = browser.get_with(GERMAN, "/").await;
    assert_language(&page, "de");
    let arabic = browser.get_with(&[("accept-language", "ar")], "/").await;
    assert!(arabic.has("<html lang=\"ar\" dir=\"rtl\">"), "{arabic:?}");
    assert_language(&browser.get_with(&[("accept-language", "tlh")], "/").await, "en");
    let lost = browser.get_with(GERMAN, "/nowhere").await;
    assert_eq!(lost.status, 404);
    assert_language(&lost, "de");
}

#[tokio::test]
async fn a_person_without_a_known_language_gets_the_realms() {
    let server = TestServer::start_with(|settings| settings.branding.language = Language::Japanese).await;
    assert_language(&server.browser().get("/").await, "ja");
    assert_language(&server.browser().get_with(GERMAN, "/").await, "de");
}

#[tokio::test]
async fn the_language_of_an_authorization_request_counts_on_all_its_pages() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = login(&rp, &browser, "se fr-CA en").await;
    assert_language(&page, "fr");
    let failed = browser.submit(&page, &[("username", "alice"), ("password", "wrong")]).await;
    assert_language(&failed, "fr");
    assert!(failed.has("role=\"alert\"") && !failed.has("Incorrect"), "{failed:?}");
    assert_language(&browser.sign_in(&page, "alice").await, "fr");
    assert_language(&browser.get("/").await, "en");
}

#[tokio::test]
async fn a_choice_counts_at_once_and_for_later_pages() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = login(&rp, &browser, "de").await;
    assert_language(&page, "de");
    let address = page.url.clone();
    server.advance(Span::from_secs(5)).await;
    let page = browser.visit(&menu(&page, "es")).await;
    assert_eq!(page.url, address, "the menu leads back");
    assert_language(&page, "es");
    assert_language(&browser.get("/").await, "es");
    assert_language(&browser.get_with(GERMAN, "/").await, "es");
    server.advance(Span::from_secs(5)).await;
    assert_language(&login(&rp, &browser, "fr").await, "fr");
}

#[tokio::test]
async fn the_language_menu_leads_to_no_other_site() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let elsewhere = [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/%09/evil.example",
        "/\t/evil.example",
        "///evil.example",
        "/.//evil.example/",
        "/x/..//evil.example/",
        "javascript:alert(1)",
        "login",
        "",
        "/token",
        "/clients",
        "/login\r\nset-cookie: a=b",
    ];
    for address in elsewhere {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("at", address)
            .append_pair("to", "de")
            .finish();
        let page = browser.get(&format!("/language?{query}")).await;
        assert_eq!(page.status, 303, "{address:?}");
        let location = page.header("location").unwrap();
        assert!(location == "/" || location.starts_with("/login"), "{address:?}: {location}");
        assert!(page.headers.get_all("set-cookie").iter().count() == 1, "{address:?}");
    }
    let page = browser.get("/language?at=%2Flogin%3Frequest%3Dx&to=tlh").await;
    assert_eq!((page.header("location"), page.header("set-cookie")), (Some("/login?request=x"), None));
}

/// The wording in English is part of the protocol's interface; on a page it is translated.
#[tokio::test]
async fn a_refusal_is_translated_on_a_page_and_stays_english_for_programs() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let page = server.browser().get_with(GERMAN, "/authorize?client_id=unknown").await;
    assert!(page.has("<h1>Anfrage abgelehnt</h1>") && page.has("client_id ist nicht registriert."), "{page:?}");
    let rare = rp.authorization_url(&[("state", &"x".repeat(5000))]);
    let page = server.browser().get_with(GERMAN, &rare).await;
    let marked = !page.has("class=\"message\"") || page.has("class=\"message\" lang=\"en\" dir=\"ltr\"");
    assert!(marked, "a sentence without a translation is marked: {page:?}");
    let elsewhere = [("response_type", "code"), ("redirect_uri", "https://elsewhere.example/")];
    let form = server.http.post(server.url("/par")).basic_auth(&rp.id, rp.secret.as_ref()).form(&elsewhere);
    let body = form.header("accept-language", "de").send().await.unwrap().text().await.unwrap();
    assert!(body.contains("redirect_uri is not registered for this application."), "{body}");
}
