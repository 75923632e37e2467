//! `signet user list`

use clap::Args;
use serde_json::json;

use super::summary::Summary;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{instant, note, note_if_empty, print_json, printable, say};
use crate::flows::admin::UserQuery;
use signet_store::account::directory::Wanted;

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
        let users: Vec<Summary<'_>> = page.users.iter().map(|user| Summary::of_listed(user, now)).collect();
        if self.json {
            let users: Vec<_> = users.iter().map(Summary::members).collect();
            return print_json(&json!({ "users": users, "next": page.next }));
        }
        note_if_empty(&users, "users");
        users.iter().for_each(|user| say(&printable(&line(user))));
        if let Some(next) = &page.next {
            note(&format!("There are more; continue with --after {}", quoted(next)));
        }
        Ok(())
    }
}

fn line(user: &Summary<'_>) -> String {
    let Summary { id, username, email, state, created_at } = user;
    let address = match email {
        Some((address, true)) => address.clone(),
        Some((address, false)) => format!("{address} (not verified)"),
        None => String::new(),
    };
    let since = instant(created_at.as_secs());
    format!("{state:<8}  {username:<24}  {id}  since {since}  {address}").trim_end().to_owned()
}

/// Quotes a word for a shell.
fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
