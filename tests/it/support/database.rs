//! A database for each test, copied from one that already has signing keys.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};

use signet::app::App;
use signet::config::{DatabaseUrl, Settings};
use signet_protocol::client::profile::Profile;
use signet_store::clock::Clock;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row, SqliteConnection};
use tokio::sync::OnceCell;

use super::proxy::{Line, NO_LISTEN, Proxy};

/// The variable with the URL of the tests' PostgreSQL; without it they use SQLite.
const VARIABLE: &str = "TEST_POSTGRES_URL";
/// The isolation of every transaction, where it is not PostgreSQL's own default.
const ISOLATION: &str = "TEST_ISOLATION";
/// The variable that makes the tests use PostgreSQL through a proxy that refuses notifications.
const WITHOUT_NOTIFICATIONS: &str = "TEST_WITHOUT_NOTIFICATIONS";

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
static PROXY: OnceLock<String> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);
static FINISHED: OnceLock<mpsc::Sender<String>> = OnceLock::new();

enum Template {
    Sqlite(tempfile::TempDir),
    Postgres { admin: String, name: String },
}

/// A database of a test's own, removed with the value.
pub struct Database {
    pub url: String,
    _storage: Option<Storage>,
}

/// Where the rows of a test's own database lie. Removes them when it is dropped.
enum Storage {
    Directory { _directory: tempfile::TempDir },
    Postgres { admin: String, name: String },
}

/// The settings of every test: cheap passwords, a fixed master key.
pub fn settings() -> Settings {
    let mut settings = Settings::development();
    settings.passwords.memory_kib = 64;
    settings.passwords.iterations = 1;
    settings.passwords.workers = 4;
    // Stories about limits enable them.
    settings.limits.enabled = false;
    // Many stories need the classic profile; those about the setting itself change it.
    settings.profiles.allowed = Profile::ALL.to_vec();
    settings.keys.master_key = Some(signet::config::MasterKey::new([7; 32]));
    settings
}

impl Database {
    /// A fresh copy of the template.
    pub async fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        match TEMPLATE.get_or_init(Template::make).await {
            Template::Sqlite(source) => {
                let directory = tempfile::tempdir().unwrap();
                let file = directory.path().join("signet.db");
                std::fs::copy(source.path().join("signet.db"), &file).unwrap();
                Self { url: format!("sqlite://{}", file.display()), _storage: Some(Storage::in_directory(directory)) }
            }
            Template::Postgres { admin, name } => {
                let copy = format!("{name}_{number}");
                let mut connection = PgConnection::connect(admin).await.unwrap();
                let statement = format!("CREATE DATABASE {copy} TEMPLATE {name}");
                connection.execute(AssertSqlSafe(statement)).await.unwrap();
                let url = make_distributed(admin, &copy).await;
                Self { url, _storage: Some(Storage::Postgres { admin: admin.clone(), name: copy }) }
            }
        }
    }

    /// An existing database.
    pub fn at(url: String) -> Self {
        Self { url, _storage: None }
    }

    /// Runs statements beside the server that foreign keys or triggers would refuse.
    pub async fn tamper(&self, sql: &str) -> u64 {
        if !self.url.starts_with("sqlite:") {
            return self.execute(&format!("SET session_replication_role = replica; {sql}")).await;
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let triggers = self.query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").await;
        let drop: String = triggers.iter().map(|row| format!("DROP TRIGGER {}; ", text(&row[0]))).collect();
        let restore: String = triggers.iter().map(|row| format!("; {}", text(&row[1]))).collect();
        self.execute(&format!("PRAGMA foreign_keys = OFF; {drop}{sql}{restore}")).await
    }

    /// Runs a statement beside the server. The error is the database's message.
    pub async fn attempt(&self, sql: &str) -> Result<u64, String> {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = if self.url.starts_with("sqlite:") {
            SqliteConnection::connect(&self.url).await.unwrap().execute(sql).await.map(|done| done.rows_affected())
        } else {
            PgConnection::connect(&self.url).await.unwrap().execute(sql).await.map(|done| done.rows_affected())
        };
        done.map_err(|error| error.to_string())
    }

    /// True if the tests run on PostgreSQL.
    pub fn is_postgres() -> bool {
        std::env::var_os(VARIABLE).is_some()
    }

    /// An empty database, without even a schema.
    pub async fn empty() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        match std::env::var(VARIABLE) {
            Err(_) => {
                let directory = tempfile::tempdir().unwrap();
                let url = format!("sqlite://{}", directory.path().join("signet.db").display());
                Self { url, _storage: Some(Storage::in_directory(directory)) }
            }
            Ok(admin) => {
                let name = format!("signet_empty_{}_{number}", std::process::id());
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
                let url = make_distributed(&admin, &name).await;
                Self { url, _storage: Some(Storage::Postgres { admin, name }) }
            }
        }
    }

    /// Runs a statement beside the server and returns the number of changed rows. Retries after a serialization
    /// failure, which a database that is serializable by default reports if a background job writes the same rows.
    pub async fn execute(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            return connection.execute(sql).await.unwrap().rows_affected();
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        loop {
            match connection.execute(AssertSqlSafe(sql.0.clone())).await {
                Ok(done) => return done.rows_affected(),
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("40001") => {}
                Err(error) => panic!("{error}: {}", sql.0),
            }
        }
    }

    /// Begins a transaction beside the server with this statement. It ends when the sender sends or is dropped.
    pub async fn begin(&self, sql: &str) -> tokio::sync::oneshot::Sender<()> {
        let (commit, committed) = tokio::sync::oneshot::channel();
        let begin = format!("BEGIN; {sql}");
        if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            connection.execute(AssertSqlSafe(begin)).await.unwrap();
            tokio::spawn(async move {
                let _ = committed.await;
                connection.execute("COMMIT").await.unwrap();
            });
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            connection.execute(AssertSqlSafe(begin)).await.unwrap();
            tokio::spawn(async move {
                let _ = committed.await;
                connection.execute("COMMIT").await.unwrap();
            });
        }
        commit
    }

    /// The values of a query by row and column, as bytes; NULL is empty.
    pub async fn query(&self, sql: &str) -> Vec<Vec<Vec<u8>>> {
        let query = AssertSqlSafe(sql.to_owned());
        if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query(query).fetch_all(&mut connection).await.unwrap().iter().map(bytes).collect()
        } else {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query(query).fetch_all(&mut connection).await.unwrap().iter().map(bytes).collect()
        }
    }

    /// Every value of every table, with the table's name.
    pub async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        let tables = if self.url.starts_with("sqlite:") {
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        } else {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        };
        let mut dump = Vec::new();
        for table in self.query(tables).await.concat() {
            let table = String::from_utf8(table).unwrap();
            let rows = self.query(&format!("SELECT * FROM {table}")).await;
            dump.extend(rows.concat().into_iter().map(|value| (table.clone(), value)));
        }
        dump
    }

    /// The names of the events in the audit log, oldest first.
    pub async fn audit_events(&self) -> Vec<String> {
        let rows = self.query("SELECT event FROM audit_events ORDER BY at, id").await;
        rows.into_iter().map(|mut row| String::from_utf8(row.remove(0)).unwrap()).collect()
    }

    /// True if any value in the database contains this text.
    pub async fn holds(&self, text: &str) -> bool {
        let found = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        self.dump().await.iter().any(|(_, bytes)| found(bytes))
    }
}

impl Storage {
    fn in_directory(directory: tempfile::TempDir) -> Self {
        Self::Directory { _directory: directory }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Self::Postgres { admin, name } = self {
            let finished = FINISHED.get_or_init(|| start_dropping(admin.clone()));
            // Fails only while the process ends, with the thread already gone.
            let _ = finished.send(std::mem::take(name));
        }
    }
}

/// Starts the thread that drops PostgreSQL databases. No test waits for it: dropping one takes a checkpoint.
fn start_dropping(admin: String) -> mpsc::Sender<String> {
    let (finished, names) = mpsc::channel::<String>();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            for name in names {
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                connection.execute(AssertSqlSafe(drop)).await.unwrap();
            }
        });
    });
    finished
}

fn bytes<R: Row>(row: &R) -> Vec<Vec<u8>>
where
    usize: sqlx::ColumnIndex<R>,
    for<'r> Option<Vec<u8>>: sqlx::Decode<'r, R::Database>,
    Option<Vec<u8>>: sqlx::Type<R::Database>,
{
    (0..row.len()).map(|at| row.try_get_unchecked::<Option<Vec<u8>>, _>(at).unwrap().unwrap_or_default()).collect()
}

impl Template {
    async fn make() -> Self {
        let mut settings = settings();
        settings.database.migrate = true;
        let template = match std::env::var(VARIABLE) {
            Err(_) => {
                let directory = tempfile::tempdir().unwrap();
                let file: PathBuf = directory.path().join("signet.db");
                settings.database.url = DatabaseUrl::parse(&format!("sqlite://{}", file.display())).unwrap();
                Self::Sqlite(directory)
            }
            Ok(admin) => {
                let name = format!("signet_test_{}", std::process::id());
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
                settings.database.url = DatabaseUrl::parse(&with_database(&admin, &name)).unwrap();
                Self::Postgres { admin, name }
            }
        };
        // On a runtime of its own, so that no connection to the template outlives it.
        let made = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async move {
                let app = App::open(settings, Clock::System).await.unwrap();
                app.provider.store.close().await;
            });
        });
        made.join().unwrap();
        template
    }
}

/// Gives a new database the properties of distributed databases with PostgreSQL's protocol that the environment asks
/// for, and returns its URL.
async fn make_distributed(admin: &str, name: &str) -> String {
    let url = with_database(admin, name);
    if let Ok(isolation) = std::env::var(ISOLATION) {
        let set = format!("ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'");
        PgConnection::connect(admin).await.unwrap().execute(AssertSqlSafe(set)).await.unwrap();
    }
    if std::env::var_os(WITHOUT_NOTIFICATIONS).is_none() {
        return url;
    }
    PgConnection::connect(&url).await.unwrap().execute(NO_LISTEN).await.unwrap();
    with_database(PROXY.get_or_init(|| start_proxy(admin.to_owned())), name)
}

/// Starts the proxy, on a runtime of its own, since it outlives the test that starts it.
fn start_proxy(admin: String) -> String {
    let (started, url) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let proxy = Proxy::before(&admin).await;
            proxy.set(Line::WithoutNotifications);
            started.send(proxy.url.clone()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    url.recv().unwrap()
}

fn with_database(admin: &str, name: &str) -> String {
    let mut url = url::Url::parse(admin).unwrap();
    url.set_path(name);
    url.to_string()
}
