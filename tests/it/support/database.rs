//! A database for each test, copied from one in which the signing keys have been made already.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use signet::app::App;
use signet::clock::Clock;
use signet::config::{DatabaseUrl, Settings};
use sqlx::{Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::sync::OnceCell;

/// Where the tests' PostgreSQL is; without it they use SQLite.
const VARIABLE: &str = "TEST_POSTGRES_URL";

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

enum Template {
    Sqlite(tempfile::TempDir),
    Postgres { admin: String, name: String },
}

/// A database of a test's own.
pub struct Database {
    pub url: String,
    _directory: Option<tempfile::TempDir>,
}

/// The settings of every test: cheap passwords, a fixed master key.
pub fn settings() -> Settings {
    let mut settings = Settings::development();
    settings.passwords.memory_kib = 64;
    settings.passwords.iterations = 1;
    settings.passwords.workers = 4;
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
                Self { url: format!("sqlite://{}", file.display()), _directory: Some(directory) }
            }
            Template::Postgres { admin, name } => {
                let copy = format!("{name}_{number}");
                let mut connection = PgConnection::connect(admin).await.unwrap();
                let statement = format!("CREATE DATABASE {copy} TEMPLATE {name}");
                connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
                Self { url: with_database(admin, &copy), _directory: None }
            }
        }
    }

    /// Whether the tests run on PostgreSQL.
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
                Self { url, _directory: Some(directory) }
            }
            Ok(admin) => {
                let name = format!("signet_empty_{}_{number}", std::process::id());
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
                Self { url: with_database(&admin, &name), _directory: None }
            }
        }
    }

    /// The names of the events in the audit log, oldest first.
    pub async fn audit_events(&self) -> Vec<String> {
        const EVENTS: &str = "SELECT event FROM audit_events ORDER BY at, id";
        if Self::is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(EVENTS).fetch_all(&mut connection).await.unwrap()
        } else {
            let mut connection = SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::query_scalar(EVENTS).fetch_all(&mut connection).await.unwrap()
        }
    }

    /// Whether this text stands anywhere in the database, as whoever steals it would find it.
    pub async fn holds(&self, text: &str) -> bool {
        if !Self::is_postgres() {
            let file = self.url.strip_prefix("sqlite://").unwrap();
            let files = [file.to_owned(), format!("{file}-wal")];
            let found = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            return files.iter().filter_map(|file| std::fs::read(file).ok()).any(found);
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        for table in tables {
            let statement =
                format!("SELECT count(*) FROM {table} t WHERE strpos(t::text, $1) + strpos(t::text, $2) > 0");
            let count = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).bind(text).bind(&hex);
            let count: i64 = count.fetch_one(&mut connection).await.unwrap();
            if count > 0 {
                return true;
            }
        }
        false
    }
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
                connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
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

fn with_database(admin: &str, name: &str) -> String {
    let mut url = url::Url::parse(admin).unwrap();
    url.set_path(name);
    url.to_string()
}
