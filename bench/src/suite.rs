//! The whole benchmark of Signet: servers of our own, each with an empty database, one scenario after the other, and a
//! table.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use url::Url;

use crate::coldstart::{coldstart, terminate};
use crate::measure::Window;
use crate::profile::Profile;
use crate::run::Rounds;
use crate::scenario::Scenario;
use crate::table::markdown;

const SECRET: &str = "bench-secret-bench-secret-bench-secret";
const PASSWORD: &str = "bench-Passw0rd-bench";

/// The options of the whole benchmark.
#[derive(Args)]
pub struct SuiteArgs {
    /// The server's binary
    #[arg(long)]
    binary: PathBuf,
    /// An empty PostgreSQL database in place of an embedded one
    #[arg(long)]
    database: Option<String>,
    /// Measure with so many users in the database, with ten sessions and refresh tokens each, made by bench/fill
    #[arg(long, default_value_t = 0)]
    fill: u32,
    /// Seconds measured of each scenario and round
    #[arg(long, default_value_t = 7.0)]
    secs: f64,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Concurrent connections
    #[arg(long, default_value_t = 32)]
    conns: usize,
}

/// One configuration and what is measured of it.
pub struct Part {
    pub label: &'static str,
    pub algorithm: &'static str,
    pub opaque: bool,
    pub scenarios: &'static [Scenario],
    /// The most connections. More sign-ins at once than a queue holds are told to come again.
    pub conns: usize,
    /// Settings beside the suite's own.
    pub settings: &'static [(&'static str, &'static str)],
}

/// The least that a password's hash can cost: what a sign-in takes then is everything but the hash.
const NO_HASH: &[(&str, &str)] = &[("SIGNET_PASSWORDS__MEMORY_KIB", "8"), ("SIGNET_PASSWORDS__ITERATIONS", "1")];

const PARTS: [Part; 6] = {
    use Scenario::{Cc, Code, Discovery, Fresh, Introspect, Jwks, Login, Refresh, Userinfo};
    let main = &[Discovery, Jwks, Cc, Introspect, Fresh, Userinfo, Code, Refresh];
    let usual = Part { label: "", algorithm: "ES256", opaque: false, scenarios: &[], conns: usize::MAX, settings: &[] };
    [
        Part { label: "ES256", scenarios: main, ..usual },
        Part { label: "RS256", algorithm: "RS256", scenarios: &[Cc], ..usual },
        Part { label: "EdDSA", algorithm: "EdDSA", scenarios: &[Cc], ..usual },
        Part { label: "opaque", opaque: true, scenarios: &[Introspect], ..usual },
        Part { label: "ES256, 16 at once", scenarios: &[Login], conns: 16, ..usual },
        Part {
            label: "ES256, 16 at once, without the hash",
            scenarios: &[Login],
            conns: 16,
            settings: NO_HASH,
            ..usual
        },
    ]
};

/// Measures everything and prints the table last.
pub async fn suite(args: &SuiteArgs) -> Result<()> {
    let mut medians: Vec<Value> = vec![];
    // There is one database of others, and filling one takes its time.
    let parts = if args.fill > 0 || args.database.is_some() { &PARTS[..1] } else { &PARTS[..] };
    for (index, part) in parts.iter().enumerate() {
        let mut server = Server::start(args, part).await?;
        server.populate(part).await?;
        if args.fill > 0 {
            server.fill(args.fill).await?;
        }
        let rounds = Rounds {
            scenarios: part.scenarios.to_vec(),
            pids: vec![server.pid()?],
            window: Window {
                conns: args.conns.min(part.conns),
                warmup: 1.5,
                metrics: Some(server.management("/metrics")?),
            },
            secs: args.secs,
            floor_secs: args.secs.min(4.0),
            rounds: args.rounds,
            label: part.label.to_owned(),
        };
        medians.extend(rounds.run(server.profile()?).await?);
        server.stop().await?;
        if index == 0 {
            coldstart(&server.discovery()?, 5, &server.command_line(), &server.settings).await?;
        }
    }
    println!("\n{}", markdown(&medians));
    Ok(())
}

/// A server that ends with this process.
pub struct Server {
    child: Child,
    binary: PathBuf,
    directory: tempfile::TempDir,
    settings: Vec<(String, String)>,
    port: u16,
    management_port: u16,
}

impl Server {
    pub async fn start(args: &SuiteArgs, part: &Part) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let (port, management_port) = (free_port()?, free_port()?);
        let embedded = format!("sqlite://{}", directory.path().join("signet.db").display());
        let algorithms = if part.algorithm == "ES256" { "RS256,ES256" } else { part.algorithm };
        let settings = [
            ("SIGNET_LISTEN", format!("127.0.0.1:{port}")),
            ("SIGNET_ISSUER", format!("http://127.0.0.1:{port}")),
            ("SIGNET_MANAGEMENT__LISTEN", format!("127.0.0.1:{management_port}")),
            ("SIGNET_DATABASE__URL", args.database.clone().unwrap_or(embedded)),
            ("SIGNET_DATABASE__MIGRATE", "true".to_owned()),
            ("SIGNET_KEYS__DIR", directory.path().join("keys").display().to_string()),
            ("SIGNET_KEYS__ALGORITHMS", algorithms.to_owned()),
            // A line a request, as in production.
            ("SIGNET_LOG__FORMAT", "json".to_owned()),
            // One address sends everything here.
            ("SIGNET_LIMITS__ENABLED", "false".to_owned()),
        ];
        let of_part = part.settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let settings: Vec<_> = settings.into_iter().chain(of_part).map(|(n, value)| (n.to_owned(), value)).collect();
        let binary = args.binary.canonicalize().with_context(|| args.binary.display().to_string())?;
        let child = launch(&binary, &settings, directory.path())?;
        let server = Self { child, binary, directory, settings, port, management_port };
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Fills the database while the server is down.
    async fn fill(&mut self, users: u32) -> Result<()> {
        self.stop().await?;
        let url = self.settings.iter().find(|(name, _)| name == "SIGNET_DATABASE__URL").map(|(_, url)| url.as_str());
        let url = url.context("no database")?;
        let begun = Instant::now();
        let filled = Command::new("bench/fill").args([url, &users.to_string()]).status().await?;
        ensure!(filled.success(), "bench/fill {url} {users}");
        eprintln!("filled with {users} users in {:.0} s", begun.elapsed().as_secs_f64());
        self.child = launch(&self.binary, &self.settings, self.directory.path())?;
        self.wait_until_ready().await
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let (url, begun) = (self.management("/ready")?, Instant::now());
        let origin = std::sync::Arc::new(crate::http::Origin::new(&url, None, vec![])?);
        loop {
            let reply = crate::http::Client::new(origin.clone()).send(&crate::http::Req::get(&url)).await;
            if reply.is_ok_and(|reply| reply.status.is_success()) {
                return Ok(());
            }
            let log = self.directory.path().join("log");
            ensure!(begun.elapsed() < Duration::from_secs(30), "not ready: {}", std::fs::read_to_string(log)?);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Registers the clients and the user.
    pub async fn populate(&self, part: &Part) -> Result<()> {
        let format = if part.opaque { "opaque" } else { "jwt" };
        let scope = "openid profile email offline_access";
        let metadata = serde_json::json!({
            "redirect_uris": ["http://127.0.0.1:9999/cb"], "scope": scope,
            "grant_types": ["authorization_code", "refresh_token"],
            "id_token_signed_response_alg": part.algorithm, "access_token_format": format,
        });
        let file = self.directory.path().join("client.json");
        std::fs::write(&file, metadata.to_string())?;
        let file = file.display().to_string();
        self.command(&["client", "add", "--id", "bench", "--metadata", &file, "--secret-stdin"], SECRET).await?;
        let own = ["client", "add", "--id", "bench-cc", "--grant", "client_credentials", "--scope", "api:read"];
        self.command(&[&own[..], &["--id-token-alg", part.algorithm, "--secret-stdin"]].concat(), SECRET).await?;
        let user = ["user", "add", "--username", "user1", "--email", "user1@example.org", "--password-stdin"];
        self.command(&user, PASSWORD).await?;
        // The running server hears of them within a second.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok(())
    }

    async fn command(&self, arguments: &[&str], input: &str) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).envs(self.settings.clone()).current_dir(self.directory.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        stdin.write_all(input.as_bytes()).await?;
        drop(stdin);
        ensure!(child.wait().await?.success(), "signet {}", arguments.join(" "));
        Ok(())
    }

    pub fn profile(&self) -> Result<Profile> {
        let text = include_str!("../profiles/signet.toml").replace(":8000", &format!(":{}", self.port));
        toml::from_str(&text).context("the profile of this server")
    }

    fn discovery(&self) -> Result<Url> {
        Ok(format!("http://127.0.0.1:{}/.well-known/openid-configuration", self.port).parse()?)
    }

    fn management(&self, path: &str) -> Result<Url> {
        Ok(format!("http://127.0.0.1:{}{path}", self.management_port).parse()?)
    }

    fn command_line(&self) -> Vec<String> {
        vec![self.binary.display().to_string(), "serve".to_owned()]
    }

    fn pid(&self) -> Result<u32> {
        self.child.id().context("the server ended")
    }

    pub async fn stop(&mut self) -> Result<()> {
        let pid = self.pid()?;
        terminate(&mut self.child, pid).await
    }
}

fn launch(binary: &Path, settings: &[(String, String)], directory: &Path) -> Result<Child> {
    let mut command = Command::new(binary);
    command.arg("serve").envs(settings.iter().cloned()).current_dir(directory).kill_on_drop(true);
    let log = std::fs::File::create(directory.join("log"))?;
    let child = command.stdout(Stdio::null()).stderr(log).spawn();
    child.with_context(|| binary.display().to_string())
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
