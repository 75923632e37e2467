//! `signet user list`

use clap::Args;
use serde_json::{Value, json};

use crate::cli::command_context::CommandContext;
use crate::cli::output::{instant, note, note_if_empty, print_json, printable, say};
use crate::flows::admin::UserQuery;
use signet_protocol::time::Timestamp;
use signet_store::account::directory::{Listed, Wanted};

/// Options of a list.
#[derive(Args)]
pub struct List {
    /// Only users whose name or e-mail address contains this text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    query: String,
    /// Only disabled users
    #[arg(long)]
    disabled: bool,
    /// The number of users to list
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// List the users after this name, which the previous page shows
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    after: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let query = UserQuery {
            containing: &self.query,
            after: &self.after,
            standing: if self.disabled { Wanted::Disabled } else { Wanted::All },
            limit: self.limit,
        };
        let page = context.operator().people().list(&query).await?;
        let now = context.context.now;
        if self.json {
            let users: Vec<Value> = page.users.iter().map(|user| to_json(user, now)).collect();
            return print_json(&json!({ "users": users, "next": page.next }));
        }
        note_if_empty(&page.users, "users");
        for user in &page.users {
            say(&printable(&line(user, now)));
        }
        if let Some(next) = &page.next {
            note(&format!("There are more; continue with --after {}", quoted(next)));
        }
        Ok(())
    }
}

/// Names the state of a user.
pub(super) fn state(enabled: bool, valid_from: Timestamp, now: Timestamp) -> &'static str {
    match (enabled, valid_from > now) {
        (false, _) => "disabled",
        (true, true) => "banned",
        (true, false) => "enabled",
    }
}

fn to_json(user: &Listed, now: Timestamp) -> Value {
    let address = user.email.as_ref();
    json!({
        "sub": user.id,
        "username": user.username,
        "email": address.map(|(address, _)| address),
        "email_verified": address.map(|(_, verified)| verified),
        "state": state(user.enabled, user.valid_from, now),
        "created_at": user.created_at.as_secs(),
    })
}

fn line(user: &Listed, now: Timestamp) -> String {
    let state = state(user.enabled, user.valid_from, now);
    let address = match &user.email {
        Some((address, true)) => address.clone(),
        Some((address, false)) => format!("{address} (not verified)"),
        None => String::new(),
    };
    let name = &user.username;
    let since = instant(user.created_at.as_secs());
    format!("{state:<8}  {name:<24}  {}  since {since}  {address}", user.id).trim_end().to_owned()
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
