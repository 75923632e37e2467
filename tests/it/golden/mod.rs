//! Databases filled by earlier releases (`make`, one folder for each release): each is migrated and used, and the
//! release's own statements still run after the migration, so that nodes of both versions can run at the same time.

mod schema;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use serde_json::Value;
use signet::flows::events::audit;
use signet_protocol::time::Span;
use signet_store::clock::Clock;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use crate::support::database::Database;
use crate::support::{RelyingParty, TestServer};

/// The releases, oldest first.
pub const RELEASES: [&str; 1] = ["78908b3"];

/// The database and notes of a release.
pub struct Golden {
    folder: PathBuf,
    engine: &'static str,
    pub facts: Value,
}

impl Golden {
    pub fn of(release: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(release);
        let engine = if Database::is_postgres() { "postgres" } else { "sqlite" };
        let facts = std::fs::read_to_string(folder.join(format!("{engine}.json"))).unwrap();
        Self { folder, engine, facts: serde_json::from_str(&facts).unwrap() }
    }

    /// A database as the release has left it.
    pub async fn database(&self) -> Database {
        let database = Database::empty().await;
        let dump = std::fs::read_to_string(self.folder.join(format!("{}.sql", self.engine))).unwrap();
        if Database::is_postgres() {
            let mut connection = PgConnection::connect(&database.url).await.unwrap();
            connection.execute(sqlx::raw_sql(AssertSqlSafe(dump))).await.unwrap();
            return database;
        }
        let mut connection = SqliteConnection::connect(&format!("{}?mode=rwc", database.url)).await.unwrap();
        let dump = format!("PRAGMA foreign_keys = OFF; {dump}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(dump))).await.unwrap();
        connection.close().await.unwrap();
        let file = database.url.trim_start_matches("sqlite://");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        database
    }

    /// A server of this version on such a database, a second after the release stopped.
    async fn server(&self) -> (TestServer, tempfile::TempDir) {
        let keys = tempfile::tempdir().unwrap();
        let key = keys.path().join("master.key");
        std::fs::copy(self.folder.join(format!("{}.key", self.engine)), &key).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let then = self.facts["made_at"].as_i64().unwrap() + 1000;
        let clock = Clock::Shifted(Arc::new(AtomicI64::new(then - Clock::System.now().as_millis())));
        let issuer = self.text("/issuer").to_owned();
        let folder = keys.path().to_str().unwrap().to_owned();
        let server = TestServer::launch(Arc::new(self.database().await), clock, move |settings| {
            settings.issuer = issuer;
            settings.keys.master_key = None;
            settings.registration.mode = signet::config::RegistrationMode::Token;
            settings.keys.dir = folder.into();
        });
        let mut server = server.await;
        server.issuer = format!("http://{}", server.app.settings.listen);
        (server, keys)
    }

    /// A value in the release's notes.
    pub fn text(&self, pointer: &str) -> &str {
        self.facts.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}"))
    }

    fn client(&self, server: &TestServer, id: &str) -> RelyingParty {
        let secret = (id != "spa").then(|| self.text("/secret").to_owned());
        let method = if id == "spa" { "none" } else { "client_secret_basic" };
        let metadata = serde_json::json!({ "token_endpoint_auth_method": method });
        RelyingParty::new(server, id, secret, metadata)
    }
}

#[tokio::test]
async fn tokens_of_a_release_stay_valid_after_an_upgrade() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (server, _keys) = golden.server().await;
        let client = |id| golden.client(&server, id);
        let web = client("web");

        client("first-party").redeem(golden.text("/code")).await.tokens();
        for id in ["web", "first-party", "spa", "opaque", "pairwise"] {
            // A public client has no secret.
            if id != "spa" {
                assert!(client(id).is_active(golden.text(&format!("/{id}/access_token"))).await, "{id}");
            }
            assert_eq!(server.userinfo(golden.text(&format!("/{id}/access_token"))).await.status(), 200, "{id}");
            let renewed = client(id).refresh(golden.text(&format!("/{id}/refresh_token"))).await.tokens();
            assert_eq!(server.userinfo(&renewed.access_token).await.status(), 200, "{id}");
        }
        assert!(client("service").is_active(golden.text("/service/access_token")).await);
        client("service").client_credentials(&[]).await.tokens();
        let person: Value = server.userinfo(golden.text("/web/access_token")).await.json().await.unwrap();
        assert_eq!((&person["tier"], &person["email"]), (&"gold".into(), &"alice@example.org".into()));

        for id in ["revoked", "denied", "bob", "carol"] {
            assert!(!client("first-party").is_active(golden.text(&format!("/{id}/access_token"))).await, "{id}");
        }
        for id in ["revoked", "bob", "carol"] {
            let refused = client("first-party").refresh(golden.text(&format!("/{id}/refresh_token"))).await;
            refused.assert_error(400, "invalid_grant");
        }
        client("gone").client_credentials(&[]).await.assert_error(401, "invalid_client");

        // Past the grace period of a retried refresh.
        server.advance(Span::from_secs(20)).await;
        web.refresh(golden.text("/parent")).await.assert_error(400, "invalid_grant");
        assert!(!web.is_active(golden.text("/web/access_token")).await, "a replay ends the family");
        client("spa").redeem(golden.text("/spa/used_code")).await.assert_error(400, "invalid_grant");
        assert_eq!(server.userinfo(golden.text("/spa/access_token")).await.status(), 401);
    }
}

#[tokio::test]
async fn a_node_that_only_verifies_accepts_tokens_of_a_release_after_an_upgrade() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (server, _keys) = golden.server().await;
        let node = server.twin_with(|settings| {
            settings.keys.master_key = None;
            settings.keys.verify_only = true;
        });
        let node = node.await;
        for id in ["web", "opaque"] {
            assert_eq!(node.userinfo(golden.text(&format!("/{id}/access_token"))).await.status(), 200, "{id}");
        }
        let keys = |body: String| serde_json::from_str::<Value>(&body).unwrap();
        let published = keys(node.get("/jwks").await.text().await.unwrap());
        assert_eq!(published, keys(server.get("/jwks").await.text().await.unwrap()));
    }
}

#[tokio::test]
async fn people_of_a_release_sign_in_with_their_password_and_keep_their_consent() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (server, _keys) = golden.server().await;
        let web = golden.client(&server, "web");
        assert_eq!(golden.text("/password"), crate::support::server::PASSWORD);
        let scope = ("scope", "openid email offline_access");
        let login = server.browser().visit(&web.authorization_url(&[scope])).await;
        assert!(login.has("id=\"login-submit\""), "{login:?}");
        let authorized = web.authorize_with("alice", &[scope]).await;
        let tokens = web.redeem(&authorized.code()).await.tokens();
        let subject = |token: &str| crate::support::claims(token)["sub"].clone();
        assert_eq!(subject(tokens.id_token()), subject(golden.text("/web/id_token")));

        let hint = [("prompt", "none"), ("id_token_hint", golden.text("/web/id_token")), scope];
        let page = authorized.browser.get(&web.authorization_url(&hint)).await;
        assert!(!page.code().is_empty(), "the hint is known, and so is the consent: {page:?}");

        let refused = golden.client(&server, "first-party").authorize_as("bob").await;
        assert!(refused.page.location().is_none(), "bob was disabled: {:?}", refused.page);
    }
}

#[tokio::test]
async fn clients_of_a_release_keep_the_rules_that_they_had() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (server, _keys) = golden.server().await;
        let web = golden.client(&server, "web");
        let bare = web.authorization_url(&[("code_challenge", ""), ("code_challenge_method", "")]);
        assert_eq!(server.browser().visit(&bare).await.error(), "invalid_request", "PKCE is required as before");
        let probe = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        web.post("/token", &probe).await.assert_error(400, "invalid_grant");
        let by_body = RelyingParty { auth_method: "client_secret_post".to_owned(), ..web.at(&server) };
        by_body.post("/token", &probe).await.assert_error(400, "invalid_client");
        let stored = server.database().query("SELECT metadata FROM clients").await;
        assert!(stored.len() > 5);
        for row in stored {
            let metadata: Value = serde_json::from_slice(&row[0]).unwrap();
            assert_eq!(metadata.get("pkce"), None, "a node of the release can read it: {metadata}");
        }
    }
}

#[tokio::test]
async fn clients_requests_and_the_audit_log_of_a_release_are_kept() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (server, _keys) = golden.server().await;
        let url = golden.text("/registered/registration_client_uri").replace(golden.text("/issuer"), &server.issuer);
        let token = golden.text("/registered/registration_access_token");
        let read = server.http.get(url).bearer_auth(token).send().await.unwrap();
        assert_eq!(read.status(), 200, "a client reads its registration");

        let request = golden.text("/pushed/request_uri");
        let pushed = [("client_id", "web"), ("request_uri", request)];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pushed).finish();
        let page = server.browser().visit(&server.url(&format!("/authorize?{query}"))).await;
        assert!(page.has("id=\"login-submit\""), "a pushed request is taken: {page:?}");

        let provider = &server.app.provider;
        let realm = &server.app.realm.id;
        let checked = audit::verify(&provider.store, &provider.keys.of(realm), realm).await.unwrap();
        assert!(checked.rows > 30, "{checked:?}");
        assert_eq!(crate::node::doctor::broken(&server).await, [""; 0]);
        assert_eq!(provider.view.held().1, 1, "the block of a network");
    }
}
