//! `signet healthcheck`

use std::time::Duration;

use anyhow::{Context as _, bail};

use super::output::say;
use crate::config::Settings;

/// Requests `/ready` from the management listener, with a timeout of five seconds.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let Some(address) = settings.management.listen else {
        bail!("management.listen is off, so there is no listener to query");
    };
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
    let answer = client.get(format!("http://{address}/ready")).send().await;
    let answer = answer.with_context(|| format!("no response from {address}"))?;
    let status = answer.status();
    let body = answer.text().await.unwrap_or_default();
    if !status.is_success() {
        bail!("the server is not ready: {body}");
    }
    say("ready");
    Ok(())
}
