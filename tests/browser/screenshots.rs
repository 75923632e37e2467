//! Every page, narrow and wide, light and dark: nothing is wider than the window, axe-core finds nothing, and
//! screenshots are saved in the directory that `TEST_SCREENSHOTS` names.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use signet::config::Language;

use super::{Axe, Chromium, Scripts, Stage};
use crate::support::server::PASSWORD;

/// Widths in CSS pixels, and heights.
const WINDOWS: [(u32, u32); 2] = [(375, 812), (1280, 900)];

#[tokio::test]
async fn no_page_is_wider_than_the_window() {
    visit_every_page(Scripts::Off).await;
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page() {
    visit_every_page(Scripts::On).await;
}

/// Takes a picture of each page, and lets axe-core look at it where scripts run, which it is one of.
async fn visit_every_page(scripts: Scripts) {
    let changes = json!({
        "client_name": "Field notes for ornithologists",
        "client_uri": "https://rp.example/", "policy_uri": "https://rp.example/privacy",
        "tos_uri": "https://rp.example/terms",
    });
    let Some(stage) = Stage::set_with(scripts, changes).await else { return };
    let album = Album::open(&stage.chromium, scripts);

    stage.authorize(&[]).await;
    album.take("login").await;
    stage.sign_in("alice", "wrong").await;
    album.take("login-error").await;
    stage.sign_in("alice", PASSWORD).await;
    album.take("consent").await;
    stage.chromium.click("consent-allow").await;
    stage.returned().await;
    let more = "openid profile email phone offline_access https://birds.example/scopes/observations.read-and-write";
    let wider = stage.site.client(&stage.server, "wider", json!({ "scope": more })).await;
    stage.follow(&wider.authorization_url(&[("scope", "openid email")])).await;
    stage.chromium.click("consent-allow").await;
    stage.returned().await;
    stage.follow(&wider.authorization_url(&[("scope", more)])).await;
    stage.chromium.find_any("summary").await.click().await.unwrap();
    album.take("consent-new-scope").await;
    let single = stage.site.client(&stage.server, "single", json!({ "client_name": "Small print" })).await;
    let claims = r#"{"userinfo":{"name":null,"birthdate":null,"phone_number":{"essential":true}}}"#;
    stage.follow(&single.authorization_url(&[("scope", "openid email"), ("claims", claims)])).await;
    album.take("consent-claims").await;
    stage.chromium.click("consent-deny").await;
    stage.returned().await;
    stage.authorize(&[("prompt", "login")]).await;
    album.take("reauthentication").await;
    // With scripts it sends itself.
    if scripts == Scripts::Off {
        stage.authorize(&[("response_mode", "form_post")]).await;
        album.take("form-post").await;
    }
    visit_pages_of_a_device(&stage, &album).await;
    stage.chromium.goto(&stage.server.url("/authorize?client_id=unknown")).await;
    album.take("error").await;
    let elsewhere = format!("https://rp.example/{}?state=1", "a-long-path/".repeat(9));
    let refused = stage.rp.authorization_url(&[("redirect_uri", &elsewhere)]);
    stage.chromium.goto(&refused).await;
    album.take("error-redirect-uri").await;
    stage.chromium.goto(&stage.server.url("/nothing")).await;
    album.take("not-found").await;
    stage.chromium.goto(&stage.server.url("/login?request=unknown")).await;
    album.take("sign-in-over").await;
    stage.chromium.goto(&stage.server.url("/")).await;
    album.take("home-signed-in").await;
    stage.follow(&stage.server.url("/logout?client_id=rp")).await;
    album.take("logout").await;
    stage.chromium.click("logout-confirm").await;
    album.take("signed-out").await;
    stage.chromium.goto(&stage.server.url("/")).await;
    album.take("home").await;
}

#[tokio::test]
async fn no_page_is_wider_than_the_window_in_any_language() {
    let changes = json!({ "client_name": "Field notes for ornithologists", "client_uri": "https://rp.example/" });
    let Some(stage) = Stage::set_with(Scripts::On, changes).await else { return };
    let album = Album::open(&stage.chromium, Scripts::On);
    for language in Language::ALL {
        let tag = language.tag();
        let in_language = [("ui_locales", tag), ("prompt", "login consent"), ("scope", "openid profile email phone")];
        stage.authorize(&in_language).await;
        album.take(&format!("login-{tag}")).await;
        stage.sign_in("alice", "wrong").await;
        let direction = stage.chromium.evaluate("getComputedStyle(document.querySelector('label')).direction").await;
        assert_eq!(direction == "rtl", language.is_right_to_left(), "{tag}");
        stage.sign_in("alice", PASSWORD).await;
        let shown = stage.chromium.find("consent-deny").await.text().await.unwrap();
        assert_eq!(shown == "Do not allow", tag == "en", "{tag}: {shown}");
        album.take(&format!("consent-{tag}")).await;
        stage.chromium.click("consent-deny").await;
        stage.returned().await.parameter("error");
    }
}

#[tokio::test]
async fn a_branded_page_passes_as_well() {
    let Some(stage) = Stage::set_branded().await else { return };
    let album = Album::open(&stage.chromium, Scripts::On);
    stage.authorize(&[]).await;
    let color =
        stage.chromium.evaluate("getComputedStyle(document.getElementById('login-submit')).backgroundColor").await;
    assert!(["rgb(122, 31, 92)", "rgb(240, 176, 216)"].iter().any(|accent| color == *accent), "{color}");
    assert_eq!(stage.chromium.evaluate("document.querySelector('.brand img').complete").await, true);
    album.take("login-branded").await;
    assert_eq!(stage.chromium.violations().await, [] as [&str; 0]);
}

/// Takes the pages of the device authorization grant (RFC 8628) in a browser that is signed in.
async fn visit_pages_of_a_device(stage: &Stage, album: &Album<'_>) {
    let grants = json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]);
    let television =
        stage.site.client(&stage.server, "tv", json!({ "client_name": "Television", "grant_types": grants })).await;
    let codes = television.post("/device_authorization", &[("scope", "openid profile")]).await.json();
    stage.chromium.goto(&stage.server.url("/device?user_code=BBBB-BBBB")).await;
    stage.chromium.click("device-submit").await;
    album.take("device-unknown-code").await;
    stage.chromium.goto(codes["verification_uri_complete"].as_str().unwrap()).await;
    album.take("device").await;
    stage.chromium.click("device-submit").await;
    album.take("device-confirm").await;
    stage.chromium.click("device-allow").await;
    album.take("device-done").await;
}

#[tokio::test]
async fn no_page_of_the_demo_is_wider_than_the_window() {
    let Some(stage) = Stage::set().await else { return };
    let demo = signet::demo::start(&stage.server.app, std::future::pending()).await.unwrap();
    let album = Album::open(&stage.chromium, Scripts::On);
    stage.chromium.goto(&demo.url).await;
    album.take("demo-home").await;
    stage.chromium.click("demo-start").await;
    stage.sign_in(demo.username, &demo.password).await;
    stage.chromium.click("consent-allow").await;
    stage.chromium.click("demo-refresh").await;
    stage.chromium.find("demo-message").await;
    for summary in
        stage.chromium.client.find_all(fantoccini::Locator::Css("details:not([open])>summary")).await.unwrap()
    {
        summary.click().await.unwrap();
    }
    album.take("demo-result").await;
    stage.chromium.goto(&format!("{}/callback?error=access_denied", demo.url)).await;
    album.take("demo-error").await;
}

/// The directory of the screenshots.
struct Album<'a> {
    chromium: &'a Chromium,
    directory: PathBuf,
    axe: Option<Axe>,
    _temporary: Option<tempfile::TempDir>,
}

impl<'a> Album<'a> {
    fn open(chromium: &'a Chromium, scripts: Scripts) -> Self {
        let axe = (scripts == Scripts::On).then(Axe::installed).flatten();
        match std::env::var_os("TEST_SCREENSHOTS") {
            Some(directory) => {
                std::fs::create_dir_all(&directory).unwrap();
                Self { chromium, directory: directory.into(), axe, _temporary: None }
            }
            None => {
                let temporary = tempfile::tempdir().unwrap();
                Self { chromium, directory: temporary.path().to_owned(), axe, _temporary: Some(temporary) }
            }
        }
    }

    /// Looks at the page in every window and color scheme.
    async fn take(&self, page: &str) {
        self.chromium.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
        for scheme in ["light", "dark"] {
            let features = json!([
                { "name": "prefers-color-scheme", "value": scheme },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ]);
            self.chromium.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
            for (width, height) in WINDOWS {
                let window = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
                self.chromium.devtools("Emulation.setDeviceMetricsOverride", window).await;
                let inner = self.chromium.evaluate("window.innerWidth").await;
                assert_eq!(inner, width, "the window has the width that was asked for");
                let content = self.chromium.evaluate("document.documentElement.scrollWidth").await.as_u64().unwrap();
                assert!(content <= u64::from(width), "{page} is {content} wide in a window of {width}");
                self.save(&format!("{page}-{width}-{scheme}.png")).await;
                if let Some(axe) = &self.axe {
                    axe.check(self.chromium, &format!("{page}, {width} wide, {scheme}")).await;
                }
            }
        }
        self.chromium.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    async fn save(&self, name: &str) {
        let whole = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.chromium.devtools("Page.captureScreenshot", whole).await;
        let bytes = STANDARD.decode(picture["data"].as_str().expect("a picture")).unwrap();
        std::fs::write(self.directory.join(name), bytes).unwrap();
    }
}
