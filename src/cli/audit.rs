//! `signet audit`

use std::net::IpAddr;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};

use super::command_context::CommandContext;
use super::output::{note_if_empty, print_json, printable, say};
use crate::config::Settings;
use crate::flows::admin::FindError;
use crate::flows::events::audit;
use signet_protocol::events::audit_chain::Row;
use signet_protocol::time::Timestamp;
use signet_store::events::audit_log::{self, PAGE, Selection};

/// Commands for the audit log.
#[derive(Subcommand)]
pub enum Audit {
    /// List rows in readable form, the oldest first
    List(Which),
    /// Export rows as JSON, one object per line, or CSV
    Export {
        #[command(flatten)]
        which: Which,
        /// The format
        #[arg(long, value_enum, default_value_t = Format::Json)]
        format: Format,
    },
    /// Check that no row was changed, removed or inserted; exits with 1 and names the first wrong row
    Verify {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Filter for rows.
#[derive(Args)]
pub struct Which {
    /// Only rows from this time on: 2026-01-31 or 2026-01-31T12:00:00Z
    #[arg(long, value_parser = time, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Only rows before this time
    #[arg(long, value_parser = time, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Only this event, such as login
    #[arg(long)]
    event: Option<String>,
    /// Only rows about this user: a user name, an e-mail address or an id
    #[arg(long)]
    user: Option<String>,
    /// Only rows about this client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only requests from this address
    #[arg(long, value_name = "IP")]
    address: Option<IpAddr>,
}

/// Format of exported rows.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object per line.
    Json,
    /// Comma-separated values (RFC 4180), with a header.
    Csv,
}

/// The columns of CSV, in the order of [`cells`].
const COLUMNS: &str = "seq,at,event,outcome,actor,user,client,session,address,user_agent,request_id,reason,id,details";

/// The characters that begin a formula in a spreadsheet, their full-width forms included.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

impl Audit {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::List(which) => print(&context, which, line).await,
            Self::Export { which, format: Format::Json } => {
                print(&context, which, |row| serde_json::to_string(row).unwrap_or_default()).await
            }
            Self::Export { which, format: Format::Csv } => {
                say(COLUMNS);
                print(&context, which, csv).await
            }
            Self::Verify { json } => verify(&context, settings, json).await,
        };
        context.close().await;
        done
    }
}

async fn verify(context: &CommandContext, settings: &Settings, json: bool) -> anyhow::Result<()> {
    let realm = &context.context.realm.id;
    let keys = context.keyring(settings).await?.of(realm);
    let checked = audit::verify(&context.store, &keys, realm).await?;
    if json {
        return print_json(&checked);
    }
    say(&format!("The audit log is intact: {} rows up to row {}.", checked.rows, checked.last));
    if checked.unchained > 0 {
        say(&format!("{} older rows are from before the chain.", checked.unchained));
    }
    match checked.checkpoint {
        Some(newest) => say(&format!("Signed up to row {} at {}.", newest.last.seq, written(newest.at))),
        None => say("No checkpoint has been signed yet."),
    }
    Ok(())
}

async fn print(context: &CommandContext, which: Which, write: impl Fn(&Row) -> String) -> anyhow::Result<()> {
    let user = match which.user {
        // Rows about deleted users are found by id.
        Some(named) => match context.operator().people().find(&named).await {
            Ok(id) => id.as_str().to_owned(),
            Err(FindError::NotFound(_)) => named,
            Err(error) => return Err(error.into()),
        },
        None => String::new(),
    };
    let wanted = Selection {
        from: which.from.unwrap_or(Timestamp::from_millis(i64::MIN)),
        to: which.to.unwrap_or(Timestamp::from_millis(i64::MAX)),
        event: which.event.unwrap_or_default(),
        user,
        client: which.client.unwrap_or_default(),
        address: which.address.map(|address| address.to_canonical().to_string()).unwrap_or_default(),
    };
    let mut last: Option<Row> = None;
    let mut is_first_page = true;
    loop {
        let mut tx = context.store.read().await?;
        let mut rows = audit_log::select(&mut tx, &context.context.realm.id, &wanted, last.as_ref()).await?;
        drop(tx);
        if std::mem::take(&mut is_first_page) {
            note_if_empty(&rows, "rows");
        }
        rows.iter().for_each(|row| say(&write(row)));
        if rows.len() < PAGE {
            return Ok(());
        }
        last = rows.pop();
    }
}

/// Formats a row for people.
fn line(row: &Row) -> String {
    let named = [("user", &row.user), ("client", &row.client), ("session", &row.session)];
    let named = named.iter().filter_map(|(name, id)| id.as_ref().map(|id| format!(" {name}={id}")));
    let named: String = named.collect();
    let details = format!("{named} {} {}", row.address, row.reason);
    let outcome = if row.outcome == "success" { "ok" } else { "FAILED" };
    let actor = actor(&row.actor);
    printable(&format!("{}  {:<28} {outcome:<6}  by {actor}{details}", written(row.at), row.event))
}

/// Formats an actor for people: `command:alice` is a command that alice ran.
fn actor(stored: &str) -> String {
    match stored.split_once(':') {
        Some(("command", account)) => format!("command ({account})"),
        _ => stored.to_owned(),
    }
}

fn csv(row: &Row) -> String {
    cells(row).map(|cell| quoted(&cell)).join(",")
}

fn cells(row: &Row) -> [String; 14] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        row.seq.map(|seq| seq.to_string()).unwrap_or_default(),
        row.at.to_chrono().to_rfc3339(),
        row.event.clone(),
        row.outcome.clone(),
        row.actor.clone(),
        text(&row.user),
        text(&row.client),
        text(&row.session),
        row.address.clone(),
        row.user_agent.clone(),
        row.request_id.clone(),
        row.reason.clone(),
        row.id.clone(),
        text(&row.details),
    ]
}

/// Quotes a cell. Text that a spreadsheet would evaluate as a formula gets an apostrophe, since browsers choose their
/// `User-Agent`.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(FORMULA);
    format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
}

fn written(at: Timestamp) -> String {
    at.to_chrono().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Parses a time (RFC 3339), or a day, which means its start in UTC.
pub(super) fn time(text: &str) -> anyhow::Result<Timestamp> {
    Timestamp::parse(text).context("write 2026-01-31 or 2026-01-31T12:00:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_or_a_point() {
        assert_eq!(time("1970-01-02").unwrap(), Timestamp::from_secs(86_400));
        assert_eq!(time("1970-01-01T01:00:00+01:00").unwrap(), Timestamp::from_secs(0));
        for bad in ["", "yesterday", "1970-13-01", "1970-01-01T00:00:00"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cell_is_neither_a_formula_nor_two_cells() {
        let rows = [("a", "\"a\""), ("a,\"b\"", "\"a,\"\"b\"\"\""), ("=1+1", "\"'=1+1\""), ("@x", "\"'@x\"")];
        for (cell, expected) in rows {
            assert_eq!(quoted(cell), expected);
        }
    }
}
