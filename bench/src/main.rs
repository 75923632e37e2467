//! Drives an OpenID Connect provider over loopback and measures what it costs:
//! requests per second, latency, memory, SQL statements and server CPU time per request.

mod coldstart;
mod cookies;
mod floor;
mod flow;
mod http;
mod measure;
mod procstat;
mod profile;
mod run;
mod rush;
mod scenario;
mod stats;
mod suite;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use url::Url;

use http::Client;
use measure::Window;
use profile::{ClientAuth, Profile};
use run::{Rounds, connect};
use scenario::Scenario;
use suite::SuiteArgs;

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start servers of this project and measure everything; a table comes last
    Suite(SuiteArgs),
    /// Start a server, and let two hundred people sign in at once; fails where one has to wait for too long
    Rush(SuiteArgs),
    /// Measure scenarios; one line of JSON for each, then one with the medians
    Run(RunArgs),
    /// Run a scenario once and show the tokens or the reply
    Try {
        #[arg(long)]
        profile: PathBuf,
        #[arg(value_enum)]
        scenario: Scenario,
    },
    /// Start a server several times and measure the time to its first good answer
    Coldstart {
        /// Polled until it answers 200
        #[arg(long)]
        url: Url,
        #[arg(long, default_value_t = 5)]
        times: u32,
        /// The server's command line, after `--`
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

#[derive(Args)]
struct RunArgs {
    #[arg(long)]
    profile: PathBuf,
    /// Scenarios, comma-separated
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    scenario: Vec<Scenario>,
    /// Server processes whose CPU time and memory count, with all their descendants
    #[arg(long, value_delimiter = ',')]
    pid: Vec<u32>,
    /// Concurrent connections, one worker each
    #[arg(long, default_value_t = 32)]
    conns: usize,
    /// Seconds measured
    #[arg(long, default_value_t = 10.0)]
    secs: f64,
    /// Seconds of load before that
    #[arg(long, default_value_t = 2.0)]
    warmup: f64,
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Threads of the load generator
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Overrides how the client of `cc` authenticates
    #[arg(long, value_enum)]
    cc_auth: Option<ClientAuth>,
    /// Seconds the bare axum server is measured before every scenario; 0 for not at all
    #[arg(long, default_value_t = 4.0)]
    floor_secs: f64,
    /// Where a Signet tells its metrics, for the number of SQL statements
    #[arg(long)]
    metrics: Option<Url>,
    /// Put into every line, such as the variant measured
    #[arg(long, default_value = "")]
    label: String,
}

fn main() -> ExitCode {
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("signet-bench: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<()> {
    let threads = if let Command::Run(args) = &cli.command { args.threads } else { 1 };
    let mut builder = match threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(threads.max(1)).enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Suite(args) => suite::suite(&args).await,
            Command::Rush(args) => rush::rush(&args).await,
            Command::Run(args) => run(args).await,
            Command::Try { profile, scenario } => {
                let (op, origin) = connect(Profile::load(&profile)?).await?;
                let text = scenario::try_once(scenario, &op, || Client::new(origin.clone())).await?;
                println!("{text}");
                Ok(())
            }
            Command::Coldstart { url, times, command } => coldstart::coldstart(&url, times, &command, &[]).await,
        }
    })
}

async fn run(args: RunArgs) -> Result<()> {
    let mut profile = Profile::load(&args.profile)?;
    if let Some(auth) = args.cc_auth {
        if auth == ClientAuth::ClientSecretPost && profile.cc_post.is_some() {
            profile.cc = profile.cc_post.take();
        }
        profile.cc.get_or_insert_with(|| profile.client.clone()).auth = auth;
    }
    let rounds = Rounds {
        scenarios: args.scenario,
        pids: args.pid,
        window: Window { conns: args.conns, warmup: args.warmup, metrics: args.metrics },
        secs: args.secs,
        floor_secs: args.floor_secs,
        rounds: args.rounds,
        label: args.label,
    };
    rounds.run(profile).await.map(|_| ())
}
