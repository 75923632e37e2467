//! `signet user`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::audit::time;
use super::desk::Desk;
use super::output::{instant, note, read_secret, say, say_json};
use super::revoking::Order;
use crate::app;
use crate::config::Settings;
use crate::flows::administer::{self, Person, UserChange};
use crate::protocol::claims::PersonClaims;
use crate::protocol::jws::strict_object;
use crate::protocol::secret::Password;
use crate::protocol::time::Timestamp;

/// The most attributes that a user may have, in bytes of JSON.
const MAX_ATTRIBUTES: usize = 16 * 1024;

/// Commands about users.
#[derive(Subcommand)]
pub enum User {
    /// Add a user; the first administrator too, with --role admin
    Add(Box<Add>),
    /// Disable a user: blocks sign-in and revokes all their sessions and tokens
    Disable(Named),
    /// Enable a user again, or end a ban; what was void stays void
    Enable(Named),
    /// End all sessions and grants of a user; with --until they may not sign in before then
    SignOut(SignOut),
}

/// Who is signed out.
#[derive(Args)]
pub struct SignOut {
    /// The name or the email address
    #[arg(long)]
    username: String,
    /// Ban the user until then: 2026-01-31 or 2026-01-31T12:00:00Z; `user enable` ends a ban early
    #[arg(long, value_parser = time, value_name = "TIME")]
    until: Option<Timestamp>,
    #[command(flatten)]
    order: Order,
}

/// Who is added.
#[derive(Args)]
pub struct Add {
    /// The name to sign in with
    #[arg(long)]
    username: String,
    /// The email address, which can be used to sign in too
    #[arg(long)]
    email: Option<String>,
    /// The address is known to be theirs
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// A file with standard claims as JSON (OpenID Connect Core §5.1)
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// A file with further values as a JSON object, for claim mappers
    #[arg(long, value_name = "FILE")]
    attributes: Option<PathBuf>,
    /// A role (repeatable)
    #[arg(long)]
    role: Vec<String>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

/// Which user.
#[derive(Args)]
pub struct Named {
    /// The name or the email address
    #[arg(long)]
    username: String,
}

impl User {
    /// Runs the command.
    ///
    /// # Errors
    /// Where something is refused, or the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&desk, settings).await,
            Self::Disable(named) => named.change(&desk, settings, UserChange::Disable).await,
            Self::Enable(named) => named.change(&desk, settings, UserChange::Enable).await,
            Self::SignOut(sign_out) => sign_out.run(&desk, settings).await,
        };
        desk.close().await;
        done
    }
}

impl Add {
    async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let claims = match &self.claims {
            Some(file) => {
                let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
                PersonClaims::from_json(&text).with_context(|| file.display().to_string())?
            }
            None => PersonClaims::default(),
        };
        let password = if self.password_stdin { Some(Password::new(read_secret()?)) } else { None };
        if password.is_none() {
            note("The user has no password and cannot sign in with one.");
        }
        let person = Person {
            username: self.username.clone(),
            email: self.email,
            email_verified: self.email_verified,
            password,
            claims,
            attributes: read_attributes(self.attributes.as_deref())?,
            roles: self.role,
            min_password: settings.passwords.min_length,
        };
        let passwords = app::open_passwords(settings)?;
        let id = administer::add_user(&desk.store, &passwords, &desk.context, person).await?;
        if self.json {
            return say_json(&json!({ "sub": id, "username": self.username }));
        }
        say(&format!("Added the user {} with sub {id}.", self.username));
        Ok(())
    }
}

/// The attributes of a file: a JSON object of at most 16 KB that repeats no member.
fn read_attributes(file: Option<&Path>) -> anyhow::Result<Map<String, Value>> {
    let Some(file) = file else { return Ok(Map::new()) };
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let object = strict_object(&bytes).filter(|_| bytes.len() <= MAX_ATTRIBUTES);
    object.with_context(|| format!("{}: attributes must be a JSON object of at most 16 KB", file.display()))
}

impl SignOut {
    async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let revoker = self.order.revoker(desk, settings);
        let ended = administer::sign_out_user(&revoker, &self.username, self.until).await?;
        let until = self.until.map(|until| format!(" and may not sign in before {}", instant(until.as_secs())));
        let done = format!("The user {} is signed out everywhere{}.", self.username, until.unwrap_or_default());
        self.order.answer(ended, &done)
    }
}

impl Named {
    async fn change(self, desk: &Desk, settings: &Settings, change: UserChange) -> anyhow::Result<()> {
        let horizon = desk.horizon(settings);
        administer::change_user(&desk.store, &desk.context, &self.username, change, horizon).await?;
        let done = match change {
            UserChange::Disable => "is disabled",
            UserChange::Enable => "is enabled",
            UserChange::SignOut => "is signed out",
        };
        say(&format!("The user {} {done}.", self.username));
        Ok(())
    }
}
