//! The setup of every browser test: a server, an application on another site, and a browser.

use serde_json::{Value, json};
use signet::config::{Settings, Tls};
use signet::http::edge::tls;

use super::site::Visit;
use super::{Chromium, Frames, Scripts, Site};
use crate::support::server::{PASSWORD, install_crypto};
use crate::support::{RelyingParty, TestServer};

pub struct Stage {
    pub chromium: Chromium,
    pub server: TestServer,
    pub site: Site,
    pub rp: RelyingParty,
}

impl Stage {
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
