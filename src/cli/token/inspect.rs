//! `signet token inspect`

use clap::Args;
use serde_json::{Value, json};

use crate::cli::command_context::CommandContext;
use crate::cli::output::{print_json, read_token, say};
use crate::config::Settings;
use crate::keys::VerifyError;
use signet_protocol::events::security_event;
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jws::{self, UnverifiedJws};
use signet_protocol::time::Timestamp;
use signet_protocol::token::size::{Size, describe_largest_claims, largest_claims};
use signet_store::StoreError;
use signet_store::client::clients;

/// Expectations of the token.
#[derive(Args)]
pub struct Inspect {
    /// The required audience [default: the issuer, a client, or a resource of the token's client]
    #[arg(long, value_name = "AUD")]
    audience: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let token = read_token()?;
        let token = token.trim();
        let jws = UnverifiedJws::parse(token)?;
        let context = CommandContext::open(settings).await?;
        let keyring = context.keyring(settings).await?;
        let now = context.context.now;
        let verdict = keyring.of(&context.context.realm.id).verify(token, &jws, now);
        let audience = self.audience_finding(&context, &settings.issuer, &jws).await;
        context.close().await;
        let mut findings = findings(&jws, verdict, &settings.issuer, now);
        findings.extend(audience?);
        findings.extend(size_finding(token));
        let answer = json!({
            "header": { "alg": jws.alg(), "kid": jws.kid(), "typ": jws.typ() },
            "claims": jws.payload(),
            "size": { "bytes": token.len(), "largest_claims": largest_claims(token) },
            "signature": if verdict.is_ok() { "valid" } else { "INVALID" },
            "findings": findings,
        });
        if self.json { print_json(&answer) } else { print(&answer) }
    }

    /// Returns the fault of the token's audience, if any. Webhooks choose the audience of their security events.
    async fn audience_finding(
        &self,
        context: &CommandContext,
        issuer: &str,
        jws: &UnverifiedJws<'_>,
    ) -> Result<Option<String>, StoreError> {
        let claims = jws.payload();
        let held = jws::audiences(claims).unwrap_or_default();
        if let Some(expected) = &self.audience {
            let fits = held.contains(&expected.as_str());
            return Ok((!fits).then(|| format!("the token is not for the audience {expected}")));
        }
        let mut known = held.contains(&issuer) || jws.typ() == Some(security_event::TYP);
        let mut tx = context.store.read().await?;
        let realm = &context.context.realm.id;
        if let Some(id) = client_id(claims.get("client_id").and_then(Value::as_str)) {
            let client = clients::find(&mut tx, realm, &id).await?;
            let resources = client.map(|client| client.metadata.audiences).unwrap_or_default();
            known |= resources.iter().any(|resource| held.contains(&resource.as_str()));
        }
        for id in held.iter().filter_map(|audience| client_id(Some(audience))) {
            known = known || clients::exists(&mut tx, realm, &id).await?;
        }
        let fault = "the audience is neither the issuer, nor a client, nor a resource of the token's client";
        Ok((!known).then(|| fault.to_owned()))
    }
}

fn client_id(text: Option<&str>) -> Option<ClientId> {
    text.and_then(ClientId::parse)
}

/// Lists faults of the signature, issuer and lifetime.
fn findings(jws: &UnverifiedJws<'_>, verdict: Result<(), VerifyError>, issuer: &str, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if let Err(error) = verdict {
        found.push(error.to_string());
    }
    if jws::string(jws.payload(), "iss").ok().flatten() != Some(issuer) {
        found.push("the issuer is not this server".to_owned());
    }
    match jws::numeric_date(jws.payload(), "exp") {
        Ok(Some(end)) if end <= now => found.push("the token has expired".to_owned()),
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => found.push("the token has no valid exp".to_owned()),
    }
    found
}

/// Names the largest claims of a large token.
fn size_finding(token: &str) -> Option<String> {
    let large = || format!("the token is large: its largest claims are {} bytes", describe_largest_claims(token));
    (Size::of(token) != Size::Fine).then(large)
}

fn print(answer: &Value) -> anyhow::Result<()> {
    say(&format!("header     {}", answer["header"]));
    say(&format!("claims     {}", serde_json::to_string_pretty(&answer["claims"])?));
    let bytes = answer.pointer("/size/bytes").and_then(Value::as_u64).unwrap_or_default();
    say(&format!("size       {bytes} bytes"));
    say(&format!("signature: {}", answer["signature"].as_str().unwrap_or_default()));
    for finding in answer["findings"].as_array().into_iter().flatten() {
        say(&format!("- {}", finding.as_str().unwrap_or_default()));
    }
    Ok(())
}
