//! The setup of every browser test: a server, an application on another site, and a browser.

use serde_json::{Value, json};
use signet::config::{Branding, Settings, Tls};
use signet::http::edge::tls;
use signet_protocol::branding::Color;

use super::site::Visit;
use super::{Chromium, Frames, Scripts, Site};
use crate::support::server::{PASSWORD, install_crypto};
use crate::support::{RelyingParty, TestServer};

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

pub struct Stage {
    pub chromium: Chromium,
    pub server: TestServer,
    pub site: Site,
    pub rp: RelyingParty,
}

impl Stage {
    /// The same with a name, colors, a logo and links of the operator's.
    pub async fn set_branded() -> Option<Self> {
        let chromium = Chromium::start(Scripts::On).await?;
        let files = tempfile::tempdir().unwrap();
        let logo = files.path().join("logo.png");
        std::fs::write(&logo, PIXEL).unwrap();
        let brand = |settings: &mut Settings| {
            settings.branding = Branding {
                name: "Ornithology".to_owned(),
                logo: Some(logo),
                accent_light: Color::parse("#7a1f5c"),
                accent_dark: Color::parse("#f0b0d8"),
                imprint_url: Some("https://birds.example/imprint".to_owned()),
                privacy_url: Some("https://birds.example/privacy".to_owned()),
                terms_url: Some("https://birds.example/terms".to_owned()),
                ..Branding::default()
            }
        };
        let server = TestServer::start_with(brand).await;
        let site = Site::start().await;
        let rp = site.client(&server, "rp", json!({})).await;
        Some(Self { chromium, server, site, rp })
    }

    /// All of it, or nothing where there is no browser.
    pub async fn set() -> Option<Self> {
        Self::set_with(Scripts::On, json!({})).await
    }

    /// The same with or without scripts, and with a client whose metadata the test changes.
    pub async fn set_with(scripts: Scripts, changes: Value) -> Option<Self> {
        let chromium = Chromium::start(scripts).await?;
        let contact = |settings: &mut Settings| settings.contact = Some("help@example.org".to_owned());
        let server = TestServer::start_with(contact).await;
        let site = Site::start().await;
        let rp = site.client(&server, "rp", changes).await;
        Some(Self { chromium, server, site, rp })
    }

    /// The server and the application on different sites, both by https, since cookies go across sites only so. What
    /// `changes` says of the client depends on where the application lives.
    pub async fn across_sites(scripts: Scripts, frames: Frames, changes: impl FnOnce(&str) -> Value) -> Option<Self> {
        let chromium = Chromium::start_across_sites(scripts, frames).await?;
        install_crypto();
        let files = tempfile::tempdir().unwrap();
        let names = ["signet.test", "application.test"].map(str::to_owned).to_vec();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let cert = files.path().join("cert.pem");
        let key = files.path().join("key.pem");
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let site = Site::start_secure("application.test", tls::acceptor(&cert, &key).unwrap()).await;
        let secure = |settings: &mut Settings| {
            settings.issuer = format!("https://signet.test:{}", settings.listen.port());
            settings.tls = Some(Tls { cert, key });
            settings.sessions.management = true;
        };
        let server = TestServer::start_with(secure).await;
        let rp = site.client(&server, "rp", changes(&site.origin)).await;
        Some(Self { chromium, server, site, rp })
    }

    /// Follows a link of the application to this address.
    pub async fn follow(&self, url: &str) {
        let href = url.replace('&', "&amp;");
        self.site.show(&format!("<!doctype html><title>Application</title><a id=\"go\" href=\"{href}\">Log in</a>"));
        self.chromium.goto(&self.site.origin).await;
        self.chromium.click("go").await;
    }

    /// Follows the application's link to its authorization request.
    pub async fn authorize(&self, changes: &[(&str, &str)]) {
        self.follow(&self.rp.authorization_url(changes)).await;
    }

    /// Fills in the sign-in page and sends it.
    pub async fn sign_in(&self, username: &str, password: &str) {
        self.chromium.fill("username", username).await;
        self.chromium.fill("password", password).await;
        self.chromium.click("login-submit").await;
    }

    /// Goes through sign-in and consent as alice; returns the code.
    pub async fn log_in(&self) -> String {
        self.authorize(&[]).await;
        self.sign_in("alice", PASSWORD).await;
        self.chromium.click("consent-allow").await;
        self.returned().await.parameter("code").to_owned()
    }

    /// Waits for the browser's visit to the application.
    pub async fn returned(&self) -> Visit {
        self.chromium.find("arrived").await;
        self.site.visits().pop().expect("a visit")
    }

    /// The number of delivered codes and errors.
    pub fn deliveries(&self) -> usize {
        self.site.visits().len()
    }
}
