//! `signet user show`

use clap::Args;
use serde_json::{Map, Value, json};

use super::summary::Summary;
use super::target::UserTarget;
use crate::app;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{instant, print_json, printable, say};
use crate::config::Settings;
use crate::flows::admin::RegisteredUser;
use crate::flows::sign_in::soft_lock;
use signet_protocol::account::attributes::in_words;
use signet_protocol::time::Timestamp;

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    user: UserTarget,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let operator = context.operator();
        let registered = operator.people().read(self.user.as_str()).await?;
        let paused_until = match app::existing_master_key(settings) {
            Ok(master) => {
                let rules = soft_lock::Rules::new(&settings.limits, master.failure_key());
                operator.people().paused_until(&rules, &registered.user).await?
            }
            // Counters of failed sign-ins have keyed digests, which need the master key.
            Err(_) => None,
        };
        if self.json {
            return print_json(&document(&registered, paused_until, context.context.now));
        }
        print(&registered, paused_until, context.context.now);
        Ok(())
    }
}

fn document(registered: &RegisteredUser, paused_until: Option<Timestamp>, now: Timestamp) -> Map<String, Value> {
    let RegisteredUser { user, history, holds } = registered;
    let secs = |at: Option<Timestamp>| json!(at.map(Timestamp::as_secs));
    let mut document = Summary::of(user, history, now).members();
    let more = [
        ("banned_until", secs(Some(user.valid_from).filter(|at| *at > now))),
        ("paused_until", secs(paused_until)),
        ("roles", json!(user.roles)),
        ("claims", json!(user.claims)),
        ("attributes", json!(user.attributes)),
        ("updated_at", json!(history.updated_at.as_secs())),
        ("version", json!(history.version)),
        ("password_set_at", secs(history.password_set_at)),
        ("last_login_at", secs(history.last_login_at)),
        ("sessions", json!(holds.sessions)),
        ("grants", json!(holds.grants)),
        ("consents", json!(holds.consents)),
        ("known_devices", json!(holds.devices)),
    ];
    document.extend(more.map(|(name, value)| (name.to_owned(), value)));
    document
}

fn print(registered: &RegisteredUser, paused_until: Option<Timestamp>, now: Timestamp) {
    let RegisteredUser { user, history, holds } = registered;
    let line = |name: &str, value: &str| say(&printable(&format!("{:<14}  {value}", format!("{name}:"))));
    let time = |at: Option<Timestamp>, without: &str| at.map_or_else(|| without.to_owned(), |at| instant(at.as_secs()));
    line("user", &user.username);
    line("sub", user.id.as_str());
    match &user.email {
        Some((address, true)) => line("email", &format!("{address} (verified)")),
        Some((address, false)) => line("email", &format!("{address} (not verified)")),
        None => line("email", "none"),
    }
    line("state", Summary::of(user, history, now).state);
    if user.valid_from > now {
        line("banned until", &time(Some(user.valid_from), ""));
    }
    if paused_until.is_some() {
        line("paused until", &format!("{} after failed sign-ins", time(paused_until, "")));
    }
    line("roles", &in_words(&json!(user.roles)));
    line("added", &time(Some(history.created_at), ""));
    line("changed", &time(Some(history.updated_at), ""));
    line("password set", &time(history.password_set_at, "never"));
    line("last sign-in", &time(history.last_login_at, "not known"));
    let numbers = [
        ("sessions", holds.sessions),
        ("grants", holds.grants),
        ("consents", holds.consents),
        ("known devices", holds.devices),
    ];
    numbers.iter().for_each(|(name, number)| line(name, &number.to_string()));
    if let Value::Object(claims) = json!(user.claims) {
        let shown = claims.iter().filter(|(name, _)| *name != "updated_at");
        shown.for_each(|(name, value)| say(&printable(&format!("  {name}: {}", in_words(value)))));
    }
    if !user.attributes.is_empty() {
        say(&printable(&format!("  attributes: {}", in_words(&json!(user.attributes)))));
    }
}
