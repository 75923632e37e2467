//! `signet healthcheck`

use std::time::Duration;

use anyhow::{Context as _, bail};

use super::output::say;
use crate::config::Settings;

/// Asks the management listener whether the server is ready.
///
/// # Errors
/// Where it is not, or does not answer within five seconds.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let Some(address) = settings.management.listen else {
        bail!("management.listen is off; there is no listener to ask");
    };
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
    let answer = client.get(format!("http://{address}/ready")).send().await;
    let answer = answer.with_context(|| format!("there is no answer from {address}"))?;
    let (status, body) = (answer.status(), answer.text().await.unwrap_or_default());
    if !status.is_success() {
        bail!("the server is not ready: {body}");
    }
    say("ready");
    Ok(())
}
