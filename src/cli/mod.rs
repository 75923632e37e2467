//! L4: the command line, one file per command. Commands work while the server runs, which applies their changes within
//! a second. Exit status: 0, 1 after a refusal or a failure of any kind (with one line on standard error), 2 for wrong
//! usage.

mod audit;
mod backup;
mod block;
mod certificate;
mod client;
mod command_context;
mod completions;
mod config;
mod confirm;
mod consent;
mod database;
mod demo_directory;
mod doctor;
mod explain;
mod grant;
mod healthcheck;
mod help;
mod init;
mod json_line;
mod keys;
mod lifecycle;
mod lines;
mod mail;
mod mapper;
mod migrate;
mod operator;
mod output;
mod prompt;
mod realm;
mod resource;
mod revocations;
mod revoking;
mod serve;
mod session;
mod target;
mod telemetry;
mod token;
mod token_header;
mod user;
mod webhook;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{Settings, named_file};

/// An OAuth 2.0 and OpenID Connect authorization server.
///
/// Settings come from ./signet.toml, or the file named by --config or SIGNET_CONFIG, and from the environment; `signet
/// config reference` describes each, `signet config print` shows the effective values. Commands can run while the
/// server runs. When a command that revokes something returns, every node enforces it.
#[derive(Parser)]
#[command(name = "signet", version, propagate_version = true)]
struct Cli {
    /// The settings file instead of ./signet.toml; overrides SIGNET_CONFIG
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write signet.toml and create the database, the master key and the first administrator; overwrites nothing
    Init(init::Init),
    /// Run the server
    Serve(serve::Serve),
    /// Migrate the database schema
    Migrate,
    /// Manage clients: the applications that users sign in to
    #[command(subcommand)]
    Client(client::Client),
    /// Manage users: the people who sign in
    #[command(subcommand)]
    User(user::User),
    /// List and end browser sessions
    #[command(subcommand)]
    Session(session::Session),
    /// List and revoke grants, from which refresh tokens are issued
    #[command(subcommand)]
    Grant(grant::Grant),
    /// List and withdraw consents of users to clients
    #[command(subcommand)]
    Consent(consent::Consent),
    /// Void everything issued so far
    #[command(subcommand)]
    Realm(realm::Realm),
    /// Count and sweep revocations
    #[command(subcommand)]
    Revocations(revocations::Revocations),
    /// Add custom claims to tokens and userinfo
    #[command(subcommand)]
    Mapper(mapper::Mapper),
    /// Manage resources that clients request tokens for, such as APIs
    #[command(subcommand)]
    Resource(resource::Resource),
    /// Block addresses for some time
    #[command(subcommand)]
    Block(block::Block),
    /// Send a test mail and preview mails to users
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Send security events to other servers
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// List and rotate signing keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Read and verify the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Explain a refused request by its request ID
    Explain(explain::Explain),
    /// Inspect or revoke a token
    #[command(subcommand)]
    Token(token::Token),
    /// Back up the database while the server runs
    Backup(backup::Backup),
    /// Restore the database from a backup; everything issued before is void
    Restore(backup::Restore),
    /// Check this installation and its data; changes nothing
    Doctor(doctor::Doctor),
    /// Check that a running server is ready; exits with 1 if it is not
    Healthcheck,
    /// Show the effective settings or a reference of all settings
    #[command(subcommand)]
    Config(config::Config),
    /// Print a shell completion script
    Completions(completions::Completions),
}

/// Returns the definition of the command line, for the help and the documentation.
pub fn command() -> clap::Command {
    help::complete(Cli::command())
}

pub fn main() -> ExitCode {
    let matches = command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    // Fails only if a provider is installed already, which is the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if let Command::Completions(completions) = &cli.command {
        completions.run();
        return Ok(());
    }
    let file = named_file(cli.config, |name| std::env::var_os(name));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Command::Init(init) = cli.command {
        return runtime.block_on(init.run(file));
    }
    if let Command::Serve(serve) = cli.command {
        let settings = serve.settings(file.as_deref())?;
        return runtime.block_on(serve.run(settings));
    }
    let settings = Settings::load(file.as_deref(), variables(std::env::vars_os()))?;
    runtime.block_on(async {
        match cli.command {
            Command::Migrate => migrate::run(&settings).await,
            Command::Client(client) => client.run(&settings).await,
            Command::User(user) => user.run(&settings).await,
            Command::Session(session) => session.run(&settings).await,
            Command::Grant(grant) => grant.run(&settings).await,
            Command::Consent(consent) => consent.run(&settings).await,
            Command::Realm(realm) => realm.run(&settings).await,
            Command::Revocations(revocations) => revocations.run(&settings).await,
            Command::Mapper(mapper) => mapper.run(&settings).await,
            Command::Resource(resource) => resource.run(&settings).await,
            Command::Block(block) => block.run(&settings).await,
            Command::Webhook(webhook) => webhook.run(&settings).await,
            Command::Mail(mail) => mail.run(&settings).await,
            Command::Keys(keys) => keys.run(&settings).await,
            Command::Audit(audit) => audit.run(&settings).await,
            Command::Explain(explain) => explain.run(&settings).await,
            Command::Token(token) => token.run(settings).await,
            Command::Backup(backup) => backup.run(&settings).await,
            Command::Restore(restore) => restore.run(&settings).await,
            Command::Doctor(doctor) => doctor.run(&settings, file.as_deref()).await,
            Command::Healthcheck => healthcheck::run(&settings).await,
            Command::Config(config) => config.run(&settings),
            // Handled above, since these need no settings or others.
            Command::Completions(_) | Command::Init(_) | Command::Serve(_) => Ok(()),
        }
    })
}

/// Returns the variables that are Unicode, as all names of settings are.
fn variables(all: impl Iterator<Item = (OsString, OsString)>) -> impl Iterator<Item = (String, String)> {
    all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
