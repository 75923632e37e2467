//! One or more servers of the built binary on one database.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::disks::Disk;
use crate::support::database::Database;
use crate::support::server::{PASSWORD, http_client};

const BINARY: &str = env!("CARGO_BIN_EXE_signet");
/// The maximum time until a server is ready.
pub const STARTS_WITHIN: Duration = Duration::from_secs(5);

/// The servers.
pub struct Cluster {
    folder: tempfile::TempDir,
    http: reqwest::Client,
    pub nodes: Vec<Node>,
    /// The working directory of the servers, if not the folder.
    disk: Option<Disk>,
    pub database: Option<Database>,
}

/// One server.
pub struct Node {
    pub port: u16,
    pub management: u16,
    config: String,
    /// The binary for the next start and for commands.
    binary: std::sync::Mutex<String>,
    child: Mutex<Option<Child>>,
    /// The state of the node in the load balancer.
    pub in_rotation: AtomicBool,
}

impl Cluster {
    /// So many servers, all ready, with the user alice and the client rp; what the configuration says besides.
    pub async fn start(count: usize, more: &str) -> Self {
        Self::prepare(count, more).await.begin().await
    }

    /// The same for one server, whose files are on a disk of so many MiB; nothing where no disk can be mounted.
    pub async fn start_on_disk(size: u32) -> Option<Self> {
        let mut cluster = Self::prepare(1, "").await;
        cluster.disk = Some(Disk::mount(cluster.path(), size).await?);
        Some(cluster.begin().await)
    }

    /// Starts the servers that were prepared.
    pub async fn begin(self) -> Self {
        let cluster = self;
        cluster.launch(0).await;
        let arguments = ["user", "add", "--username", "alice", "--email", "alice@example.org", "--password-stdin"];
        assert!(cluster.run_with_input(&arguments, PASSWORD).await.status.success());
        let arguments = ["client", "add", "--id", "rp", "--redirect-uri", "https://rp.example/cb", "--skip-consent"];
        let grants = [
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--scope",
            "openid offline_access",
            "--secret-stdin",
        ];
        let added = cluster.run_with_input(&[&arguments[..], &grants[..]].concat(), &secret()).await;
        assert!(added.status.success(), "{added:?}");
        for index in 1..cluster.nodes.len() {
            cluster.launch(index).await;
        }
        cluster
    }

    /// The same without anything running yet.
    pub async fn prepare(count: usize, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = if Database::is_postgres() { Some(Database::empty().await) } else { None };
        let url = database.as_ref().map(|held| format!("url = \"{}\"\nmigrate = true\n", held.url));
        let ports: Vec<(u16, u16)> = (0..count).map(|_| (free_port(), free_port())).collect();
        let issuer = ports[0].0;
        let mut nodes = Vec::new();
        for (index, (port, management)) in ports.into_iter().enumerate() {
            let config = folder.path().join(format!("node{index}.toml"));
            let settings = format!(
                "listen = \"127.0.0.1:{port}\"\nissuer = \"http://localhost:{issuer}\"\n\
                 [management]\nlisten = \"127.0.0.1:{management}\"\n[limits]\nenabled = false\n\
                 [log]\nlevel = \"warn\"\n[database]\n{}\n{more}\n",
                url.as_deref().unwrap_or_default()
            );
            std::fs::write(&config, settings).unwrap();
            let in_rotation = AtomicBool::new(true);
            let config = config.to_str().unwrap().to_owned();
            let binary = std::sync::Mutex::new(BINARY.to_owned());
            nodes.push(Node { port, management, config, binary, child: Mutex::default(), in_rotation });
        }
        Self { folder, http: http_client(), nodes, disk: None, database }
    }

    /// Has a server run another binary from its next start on; without one, the built one.
    pub fn replace_binary(&self, index: usize, binary: Option<&str>) {
        *self.nodes[index].binary.lock().unwrap() = binary.unwrap_or(BINARY).to_owned();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.nodes[0].port)
    }

    /// The disk that the files are on.
    pub fn disk(&self) -> &Disk {
        self.disk.as_ref().unwrap()
    }

    fn command(&self, index: usize, arguments: &[&str]) -> Command {
        let Node { config, binary, .. } = &self.nodes[index];
        let binary = binary.lock().unwrap().clone();
        let mut command = match &self.disk {
            Some(disk) => disk.command(&binary),
            None => Command::new(&binary),
        };
        command.args(arguments).args(["--config", config]).current_dir(self.path()).env_remove("RUST_LOG");
        command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        self.command(0, arguments).output().await.unwrap()
    }

    /// Like [`Self::run`], as an unprivileged user, to whom file modes apply.
    pub async fn run_unprivileged(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(0, arguments);
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            let mut plain = Command::new("setpriv");
            plain.args(["--bounding-set", "-dac_override,-dac_read_search", BINARY]).args(arguments);
            plain.args(["--config", &self.nodes[0].config]).current_dir(self.path()).env_remove("RUST_LOG");
            command = plain;
        }
        command.kill_on_drop(true).stdin(Stdio::null()).output().await.unwrap()
    }

    /// Starts a command and ends it after a while without a word.
    pub async fn kill_after(&self, arguments: &[&str], time: Duration) {
        let mut child = self.command(0, arguments).spawn().unwrap();
        tokio::time::sleep(time).await;
        child.kill().await.unwrap();
    }

    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(0, arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        child.wait_with_output().await.unwrap()
    }

    /// Starts a server and waits until it is ready; how long that took.
    pub async fn launch(&self, index: usize) -> Duration {
        let log = std::fs::File::create(self.path().join(format!("node{index}.log"))).unwrap();
        let mut command = self.command(index, &["serve"]);
        self.launch_as(index, command.stdout(Stdio::null()).stderr(log)).await
    }

    /// The same through a shell, which can set limits before.
    pub async fn launch_after(&self, index: usize, shell: &str) -> Duration {
        let line = format!("{shell}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &line, BINARY, "serve", "--config", &self.nodes[index].config]).current_dir(self.path());
        command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.launch_as(index, &mut command).await
    }

    async fn launch_as(&self, index: usize, command: &mut Command) -> Duration {
        let started = Instant::now();
        *self.nodes[index].child.lock().await = Some(command.spawn().unwrap());
        while self.ready(index).await != Some(200) {
            assert!(started.elapsed() < 6 * STARTS_WITHIN, "node {index} is not ready: {}", self.log(index));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        started.elapsed()
    }

    pub fn log(&self, index: usize) -> String {
        std::fs::read_to_string(self.path().join(format!("node{index}.log"))).unwrap_or_default()
    }

    /// The status of `/ready`, or `None` without an answer.
    pub async fn ready(&self, index: usize) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}/ready", self.nodes[index].management);
        self.http.get(url).send().await.ok().map(|answer| answer.status().as_u16())
    }

    pub async fn pid(&self, index: usize) -> u32 {
        self.nodes[index].child.lock().await.as_ref().unwrap().id().unwrap()
    }

    /// Ends a server without a word.
    pub async fn kill(&self, index: usize) {
        let mut child = self.nodes[index].child.lock().await.take().unwrap();
        child.kill().await.unwrap();
    }

    /// Sends SIGTERM.
    pub async fn terminate(&self, index: usize) {
        let pid = self.pid(index).await.to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    }

    /// Waits for the end of a server after a signal, and returns its exit code.
    pub async fn ended(&self, index: usize) -> Option<i32> {
        let mut child = self.nodes[index].child.lock().await.take().unwrap();
        child.wait().await.unwrap().code()
    }

    /// Looks at every node again and again, as a balancer does.
    pub async fn keep_watching(&self) {
        loop {
            for (index, node) in self.nodes.iter().enumerate() {
                node.in_rotation.store(self.ready(index).await == Some(200), Ordering::SeqCst);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The stored data and the audit log hold what they promise. How full a disk is, is another story.
    pub async fn assert_invariants(&self) {
        let output = self.run(&["doctor", "--invariants", "--json"]).await;
        let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let failed = found.iter().filter(|finding| finding["ok"] != true && finding["check"] != "disk");
        let failed: Vec<_> = failed.collect();
        assert!(failed.is_empty() && found.len() > 20, "{failed:?} of {}", found.len());
        let output = self.run(&["audit", "verify"]).await;
        assert!(output.status.success(), "{output:?}");
    }
}

/// A port that stays free while its server is down: outside the range of ephemeral ports.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id().wrapping_mul(1009) % 12_000).unwrap();
    let mut ports = std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, Ordering::SeqCst)) % 12_000);
    ports.find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// The secret of the client.
pub fn secret() -> String {
    "s".repeat(40)
}
