//! A server in this process, with its own port, its own database, and a clock that the test controls.

use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use serde_json::{Value, json};
use signet::app::App;
use signet::config::{DatabaseUrl, Settings};
use signet::flows::Context;
use signet::flows::admin::{Person, SecretSource};
use signet::http::edge::serve::{ConnectionLimits, serve};
use signet::http::edge::tls;
use signet::jobs::{self, Jobs};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::ids::{ClientId, UserId};
use signet_protocol::secret::Password;
use signet_protocol::time::Span;
use signet_store::StoreError;
use signet_store::clock::Clock;

use super::database::{self, Database};
use super::{Browser, RelyingParty, Reply};

/// The password of every test user.
pub const PASSWORD: &str = "correct horse battery";

/// A running server.
pub struct TestServer {
    pub app: Arc<App>,
    pub issuer: String,
    pub clock: Clock,
    pub http: reqwest::Client,
    jobs: Mutex<Option<Jobs>>,
    _database: Arc<Database>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestServer {
    /// A server with the default settings and the users alice and bob.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A server whose settings the test changes.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = Self::on(Arc::new(Database::new().await), change).await;
        server.add_user("alice").await;
        server.add_user("bob").await;
        server
    }

    /// A server whose clock moves only when the test moves it, for tests in which a second matters.
    pub async fn stopped_with(change: impl FnOnce(&mut Settings)) -> Self {
        let server = Self::launch(Arc::new(Database::new().await), Clock::stopped(), change).await;
        server.add_user("alice").await;
        server.add_user("bob").await;
        server
    }

    /// A second node on the database of this one, with the same clock.
    pub async fn second_node(&self) -> Self {
        Self::launch(self._database.clone(), self.clock.clone(), |_| {}).await
    }

    /// A server with this clock, without users.
    pub async fn by(clock: Clock) -> Self {
        Self::launch(Arc::new(Database::new().await), clock, |_| {}).await
    }

    /// A server on this database, without users.
    pub async fn on(database: Arc<Database>, change: impl FnOnce(&mut Settings)) -> Self {
        Self::launch(database, Clock::shifted(), change).await
    }

    pub async fn launch(database: Arc<Database>, clock: Clock, change: impl FnOnce(&mut Settings)) -> Self {
        install_crypto();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut settings = database::settings();
        settings.listen = address;
        settings.issuer = format!("http://127.0.0.1:{}", address.port());
        settings.database.url = DatabaseUrl::parse(&database.url).unwrap();
        settings.database.max_connections = 12;
        settings.database.migrate = true;
        // A temporary cluster need not survive a power cut.
        settings.database.allow_lossy_commits = true;
        change(&mut settings);
        let issuer = settings.issuer.clone();
        let app = App::open(settings, clock.clone()).await.unwrap();
        let service = signet::http::entrance(app.clone());
        let limits = ConnectionLimits::new(&app.settings.limits, &app.settings.proxy);
        let acceptor = app.settings.tls.as_ref().map(|tls| tls::acceptor(&tls.cert, &tls.key).unwrap());
        let task = tokio::spawn(async move {
            serve(listener, acceptor, service, limits, std::future::pending()).await.unwrap();
        });
        let jobs = Mutex::new(Some(jobs::start(&app)));
        Self { app, issuer, clock, http: http_client(), jobs, _database: database, task }
    }

    /// Stops the background jobs, so that only the test delivers messages.
    pub async fn stop_jobs(&mut self) {
        *self.jobs.lock().unwrap() = None;
        let store = &self.app.provider.store;
        // A write that a job had begun would otherwise be done at some later time.
        store.settled().await;
        // Other nodes do not wait for it either, since it polls only when the test makes it.
        let id = store.membership().id();
        self.database().execute(&format!("DELETE FROM nodes WHERE id = '{id}'")).await;
    }

    /// Stops the jobs as a shutdown does, which deregisters the node.
    pub async fn end_jobs(&self) {
        let jobs = self.jobs.lock().unwrap().take();
        jobs.expect("jobs that run").end().await;
    }

    /// Waits until this server sees this number of nodes and answers from memory.
    pub async fn is_one_of(&self, nodes: usize) {
        let begun = std::time::Instant::now();
        let membership = self.app.provider.store.membership();
        while membership.count() != nodes || !membership.has_lease() {
            let count = membership.count();
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{count} of {nodes} nodes, holds: {}",
                membership.has_lease()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts the background jobs again.
    pub fn start_jobs(&self) {
        *self.jobs.lock().unwrap() = Some(jobs::start(&self.app));
    }

    /// A round of the minutely upkeep, as the node that holds the lease.
    pub async fn upkeep(&self) {
        let ends = self.clock.now().plus(Span::from_minutes(1)).as_millis();
        let take = format!(
            "INSERT INTO leases (name, holder, expires_at) VALUES ('upkeep', 'test', {ends}) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at"
        );
        self.database().execute(&take).await;
        jobs::run_upkeep(&self.app, "test").await.unwrap();
    }

    /// A context as the commands have it.
    pub fn context(&self) -> Context {
        Context {
            realm: self.app.realm.clone(),
            now: self.app.clock.now(),
            entropy: self.app.entropy.clone(),
            origin: Default::default(),
        }
    }

    /// Moves the clock forward.
    pub async fn advance(&self, span: Span) {
        self.clock.advance(span);
        // Work that waits for time to pass is due now.
        self.app.rotate_keys().await.unwrap();
    }

    /// Registers a client: RFC 7591 metadata over sensible defaults. Returns it with its secret, if it has one.
    pub async fn client(&self, id: &str, changes: Value) -> RelyingParty {
        let mut metadata = json!({
            "client_name": "Test application",
            "redirect_uris": ["https://rp.example/cb"],
            "post_logout_redirect_uris": ["https://rp.example/bye"],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email address phone offline_access",
        });
        for (name, value) in changes.as_object().expect("an object") {
            metadata[name] = value.clone();
        }
        let metadata = serde_json::from_value(metadata).expect("client metadata");
        let id = ClientId::parse(id).unwrap();
        let context = self.context();
        let operator = self.operator(&context);
        let made = self.registrar(&operator).add(id.clone(), metadata, SecretSource::Generated).await;
        let secret = made.unwrap();
        self.app.follow().await.unwrap();
        RelyingParty::new(self, id.as_str(), secret.map(|secret| secret.expose().to_owned()), changes)
    }

    /// A confidential client with everything that most stories need.
    pub async fn relying_party(&self) -> RelyingParty {
        self.client("rp", json!({})).await
    }

    /// Adds a user with every standard claim and [`PASSWORD`].
    pub async fn add_user(&self, username: &str) -> UserId {
        let claims = json!({
            "name": format!("{username} Example"), "given_name": username, "family_name": "Example",
            "middle_name": "Q", "nickname": username, "profile": "https://example.org/p",
            "picture": "https://example.org/p.png", "website": "https://example.org", "gender": "other",
            "birthdate": "1990-01-31", "zoneinfo": "Europe/Berlin", "locale": "en-GB",
            "phone_number": "+49 30 123456", "phone_number_verified": true,
            "address": {"formatted": "1 Main St\nBerlin", "locality": "Berlin", "country": "DE"},
        });
        let person = Person {
            username: username.to_owned(),
            email: Some(format!("{username}@example.org")),
            email_verified: true,
            password: Some(Password::new(PASSWORD.to_owned())),
            claims: PersonClaims::from_json(&claims.to_string()).unwrap(),
            attributes: serde_json::Map::new(),
            roles: Vec::new(),
        };
        self.add_person(person).await
    }

    /// A browser with an empty cookie jar.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.issuer)
    }

    /// The address of a path of this server.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// A GET of a path.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }

    /// Userinfo with this token.
    pub async fn userinfo(&self, token: &str) -> reqwest::Response {
        self.http.get(self.url("/userinfo")).bearer_auth(token).send().await.unwrap()
    }

    /// The number of SQL statements that this server runs during `work`. Its jobs do not run meanwhile.
    pub async fn statements<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let jobs = self.jobs.lock().unwrap().take();
        let rested = jobs.is_some();
        if let Some(jobs) = jobs {
            jobs.end().await;
        }
        let store = &self.app.provider.store;
        // Writes that jobs have begun end first, even if they are still waiting for a connection.
        let mut before = u64::MAX;
        let mut quiet = 0;
        while quiet < 3 {
            store.write(|_| Box::pin(async { Ok::<_, StoreError>(()) })).await.unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
            let is_quiet = before == store.statements() && store.connections().1 == 0;
            (before, quiet) = (store.statements(), if is_quiet { quiet + 1 } else { 0 });
        }
        let result = work.await;
        let statements = store.statements() - before;
        if rested {
            self.start_jobs();
        }
        (result, statements)
    }

    /// A further node for the same issuer on the same database and clock. Its `issuer` is the address that it is
    /// reached at; what it issues names the common one, `app.settings.issuer`.
    pub async fn twin(&self) -> Self {
        self.twin_with(|_| {}).await
    }

    /// A further node for the same issuer, with other settings.
    pub async fn twin_with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        self.twin_by(self.clock.clone(), change).await
    }

    /// A further node for the same issuer on a host with another clock.
    pub async fn twin_by(&self, clock: Clock, change: impl FnOnce(&mut Settings)) -> Self {
        let issuer = self.app.settings.issuer.clone();
        let common = move |settings: &mut Settings| {
            settings.issuer = issuer;
            change(settings);
        };
        let mut node = Self::launch(self._database.clone(), clock, common).await;
        node.issuer = format!("http://{}{}", node.app.settings.listen, node.app.base_path());
        node
    }

    /// The settings with which another process would open this server's database.
    pub fn settings(&self) -> Settings {
        let mut settings = database::settings();
        settings.issuer = self.app.settings.issuer.clone();
        settings.database.url = DatabaseUrl::parse(&self._database.url).unwrap();
        settings
    }

    /// Direct access to the database, beside the server.
    pub fn database(&self) -> &Database {
        &self._database
    }

    /// A POST of a form without client authentication.
    pub async fn post(&self, path: &str, params: &[(&str, &str)]) -> Reply {
        Reply::of(self.http.post(self.url(path)).form(params).send().await.unwrap()).await
    }
}

/// A client that follows no redirects.
pub fn http_client() -> reqwest::Client {
    install_crypto();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

pub fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
}
