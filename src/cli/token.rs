//! `signet token`

use clap::Subcommand;
use serde_json::{Value, json};

use super::database;
use super::desk::Desk;
use super::output::{read_secret, read_token, say, say_json};
use super::revoking::Order;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Settings;
use crate::flows::administer;
use crate::keys::VerifyError;
use crate::protocol::ids::TokenId;
use crate::protocol::jws::{self, UnverifiedJws};
use crate::protocol::time::Timestamp;

/// Commands about tokens.
#[derive(Subcommand)]
pub enum Token {
    /// Decode a JWT from standard input and verify it with this server's keys; it is neither stored nor logged
    Inspect {
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Revoke the token on standard input, or the access token that --jti names; a refresh token takes its grant along
    Revoke {
        /// The jti of an access token, where the token itself is not at hand
        #[arg(long, allow_hyphen_values = true)]
        jti: Option<String>,
        #[command(flatten)]
        order: Order,
    },
}

impl Token {
    /// Runs the command.
    ///
    /// # Errors
    /// Where the token is no JWT, or the keys cannot be opened.
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        match self {
            Self::Inspect { json } => inspect(&settings, json).await,
            Self::Revoke { jti: Some(jti), order } => revoke_named(&settings, jti, &order).await,
            Self::Revoke { jti: None, order } => revoke_presented(settings, &order).await,
        }
    }
}

async fn inspect(settings: &Settings, json: bool) -> anyhow::Result<()> {
    let token = read_secret()?;
    let jws = UnverifiedJws::parse(token.trim())?;
    let desk = Desk::open(settings).await?;
    let keyring = desk.keyring(settings).await?;
    let now = desk.context.now;
    let verdict = keyring.of(&desk.context.realm.id).verify(token.trim(), &jws, now);
    let findings = findings(&jws, verdict, &settings.issuer, now);
    desk.close().await;
    let answer = json!({
        "header": { "alg": jws.alg(), "kid": jws.kid(), "typ": jws.typ() },
        "claims": jws.payload(),
        "signature": if verdict.is_ok() { "valid" } else { "INVALID" },
        "findings": findings,
    });
    if json { say_json(&answer) } else { print(&answer) }
}

async fn revoke_named(settings: &Settings, jti: String, order: &Order) -> anyhow::Result<()> {
    let (desk, jti) = (Desk::open(settings).await?, TokenId::from_stored(jti));
    let skew = settings.tokens.clock_skew;
    let ended = administer::revoke_named(&order.revoker(&desk, settings), &jti, skew).await;
    desk.close().await;
    order.answer(ended?, "The token is revoked.")
}

/// Opens all that the server has, since a token is verified here as it is there.
async fn revoke_presented(settings: Settings, order: &Order) -> anyhow::Result<()> {
    let token = read_token()?;
    database::require(&settings)?;
    app::open_existing_store(&settings).await?.close().await;
    let app = App::open(settings, Clock::System).await?;
    let desk = Desk::at(app.provider.store.clone(), &app.settings).await?;
    let revoker = order.revoker(&desk, &app.settings);
    let ended = administer::revoke_presented(&app.provider, &revoker, token.trim()).await;
    desk.close().await;
    order.answer(ended?, "The token is revoked.")
}

/// What is wrong with the token, in words.
fn findings(jws: &UnverifiedJws<'_>, verdict: Result<(), VerifyError>, issuer: &str, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if let Err(error) = verdict {
        found.push(error.to_string());
    }
    if jws::string(jws.payload(), "iss").ok().flatten() != Some(issuer) {
        found.push("the issuer is another one".to_owned());
    }
    match jws::numeric_date(jws.payload(), "exp") {
        Ok(Some(end)) if end <= now => found.push("the token has expired".to_owned()),
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => found.push("the token has no usable end".to_owned()),
    }
    found
}

fn print(answer: &Value) -> anyhow::Result<()> {
    say(&format!("header     {}", answer["header"]));
    say(&format!("claims     {}", serde_json::to_string_pretty(&answer["claims"])?));
    say(&format!("signature: {}", answer["signature"].as_str().unwrap_or_default()));
    for finding in answer["findings"].as_array().into_iter().flatten() {
        say(&format!("- {}", finding.as_str().unwrap_or_default()));
    }
    Ok(())
}
