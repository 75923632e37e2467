//! The commands, run as separate processes in a folder of their own.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::database::Database;
use super::server::http_client;

const BINARY: &str = env!("CARGO_BIN_EXE_signet");

/// A temporary folder with a configuration, whose ports were free when it was made.
pub struct Place {
    folder: tempfile::TempDir,
    pub port: u16,
    _database: Option<Database>,
}

/// The environment variable that allows clients of both profiles.
pub const ALLOWED: (&str, &str) = ("SIGNET_PROFILES__ALLOWED", "oauth21,oidc_classic");

impl Place {
    /// A folder with a migrated database.
    pub async fn new() -> Self {
        let place = Self::empty().await;
        succeeded(&place.run(&["migrate"]).await);
        place
    }

    /// A folder with settings and no database.
    pub async fn empty() -> Self {
        let free = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = free();
        let management = free();
        let folder = tempfile::tempdir().unwrap();
        let database = if Database::is_postgres() { Some(Database::empty().await) } else { None };
        let postgres =
            database.as_ref().map(|database| format!("[database]\nurl = \"{}\"\nmigrate = true\n", database.url));
        let settings = format!(
            "listen = \"127.0.0.1:{port}\"\nissuer = \"http://localhost:{port}\"\n\
             [management]\nlisten = \"127.0.0.1:{management}\"\n{}",
            postgres.unwrap_or_default()
        );
        std::fs::write(folder.path().join("signet.toml"), settings).unwrap();
        Self { folder, port, _database: database }
    }

    /// A connection of the test's own, beside the server's.
    pub fn database(&self) -> Database {
        let file = format!("sqlite://{}", self.path().join("signet.db").display());
        Database::at(self._database.as_ref().map_or(file, |database| database.url.clone()))
    }

    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(arguments).current_dir(self.path()).env_remove("RUST_LOG").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().await.unwrap()
    }

    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        child.wait_with_output().await.unwrap()
    }

    /// Starts the server, and returns when it responds.
    pub async fn serve(&self) -> Child {
        self.serve_with(&[]).await
    }

    /// [`Self::serve`] with these environment variables.
    pub async fn serve_with(&self, variables: &[(&str, &str)]) -> Child {
        let mut command = self.command(&["serve"]);
        let child =
            command.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let http = http_client();
        let url = format!("http://localhost:{}/.well-known/openid-configuration", self.port);
        for _ in 0..400 {
            if http.get(&url).send().await.is_ok() {
                return child;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the server did not start");
    }

    /// Waits for the running server to publish a key set without this key.
    pub async fn published_without(&self, kid: &str) {
        let http = http_client();
        let url = format!("http://localhost:{}/.well-known/jwks.json", self.port);
        for _ in 0..100 {
            if !http.get(&url).send().await.unwrap().text().await.unwrap().contains(kid) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the key is still published");
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
pub fn succeeded(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    stdout(output)
}

/// Checks for a refusal: exit code 1 and exactly one line, which has the reason in it.
#[track_caller]
pub fn refused(output: &Output, why: &str) {
    let error = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(why), "{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    assert_eq!(stdout(output), "");
}
