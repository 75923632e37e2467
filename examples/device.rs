//! A command-line tool that signs a person in without a browser of its own: the device authorization grant (RFC 8628).
//!
//! Register the tool, start it, and open the address that it prints in any browser, on any host:
//!
//! ```sh
//! signet client add --id tool --name "Deploy tool" --auth-method none \
//!     --grant device_code --grant refresh_token
//! cargo run --example device -- http://localhost:8000 tool
//! ```
//!
//! The tool never sees the password. The person checks in the browser that the code is the one that the tool shows.
#![allow(clippy::print_stdout, reason = "it talks to a person at a terminal")]

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The endpoints that this tool needs, of those that the server publishes (RFC 8414).
#[derive(Deserialize)]
struct Metadata {
    device_authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
}

/// The answer of the device authorization endpoint (RFC 8628 §3.2).
#[derive(Deserialize)]
pub struct Codes {
    /// The secret of this tool; it is never shown.
    device_code: String,
    /// The code that the person enters.
    pub user_code: String,
    /// The page where the person enters it.
    pub verification_uri: String,
    /// The same page with the code filled in, for a QR code.
    pub verification_uri_complete: Option<String>,
    expires_in: u64,
    /// Seconds between two polls; five where the server names none.
    #[serde(default = "five")]
    interval: u64,
}

const fn five() -> u64 {
    5
}

/// The tokens of a successful poll (RFC 6749 §5.1).
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

/// An error of the token endpoint (RFC 6749 §5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Signs a person in; the name of the person. `show` gets the codes, `wait` waits.
pub async fn sign_in(
    issuer: &str,
    client_id: &str,
    show: impl FnOnce(&Codes),
    mut wait: impl AsyncFnMut(Duration),
) -> anyhow::Result<String> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    let metadata = http.get(format!("{issuer}/.well-known/oauth-authorization-server")).send().await?;
    let metadata: Metadata = metadata.error_for_status()?.json().await?;

    // 1. Ask for codes. Only the user code is shown: the device code is what gets the tokens.
    let form = [("client_id", client_id), ("scope", "openid profile")];
    let codes = http.post(&metadata.device_authorization_endpoint).form(&form).send().await?;
    let codes: Codes = codes.error_for_status().context("the server gives this client no codes")?.json().await?;
    show(&codes);

    // 2. Poll until the person has decided.
    let mut interval = codes.interval;
    let mut waited = 0;
    let form = [("client_id", client_id), ("grant_type", GRANT), ("device_code", codes.device_code.as_str())];
    let tokens: Tokens = loop {
        wait(Duration::from_secs(interval)).await;
        waited += interval;
        let answer = http.post(&metadata.token_endpoint).form(&form).send().await?;
        if answer.status().is_success() {
            break answer.json().await?;
        }
        match answer.json::<Refusal>().await?.error.as_str() {
            "authorization_pending" if waited < codes.expires_in => {}
            // For this poll and all that follow (RFC 8628 §3.5).
            "slow_down" if waited < codes.expires_in => interval += 5,
            "access_denied" => bail!("the person did not allow it"),
            "authorization_pending" | "slow_down" | "expired_token" => bail!("the code was not entered in time"),
            other => bail!("the server refused: {other}"),
        }
    };

    // 3. Use the access token.
    let person = http.get(&metadata.userinfo_endpoint).bearer_auth(&tokens.access_token).send().await?;
    let person: serde_json::Value = person.error_for_status()?.json().await?;
    Ok(person.get("preferred_username").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned())
}

#[allow(dead_code, reason = "a test calls `sign_in` alone")]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().context("the first argument is the issuer")?;
    let client_id = arguments.next().context("the second argument is the client id")?;
    let show = |codes: &Codes| {
        println!("Open {} and enter {}", codes.verification_uri, codes.user_code);
        if let Some(complete) = &codes.verification_uri_complete {
            println!("or open {complete}");
        }
    };
    let name = sign_in(&issuer, &client_id, show, async |time| tokio::time::sleep(time).await).await?;
    println!("Signed in as {name}");
    Ok(())
}
