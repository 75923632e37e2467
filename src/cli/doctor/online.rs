//! Check that the issuer is reachable as clients reach it and publishes the expected metadata.

use std::time::Duration;

use serde_json::Value;

use super::finding::Finding;
use crate::config::Settings;
use crate::fetch;

const CHECK: &str = "discovery";
const TIMEOUT: Duration = Duration::from_secs(10);

/// Requests the discovery document and the keys of the issuer (OpenID Connect Discovery §4).
pub(super) async fn examine(settings: &Settings) -> Finding {
    match ask(settings).await {
        Ok(keys) => Finding::ok(CHECK, format!("{} publishes {keys} keys", settings.issuer)),
        Err(wrong) => Finding::fail(CHECK, wrong),
    }
}

async fn ask(settings: &Settings) -> Result<usize, String> {
    let issuer = &settings.issuer;
    let tls = fetch::trust(&settings.outbound).map_err(|error| error.to_string())?;
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(TIMEOUT).no_proxy();
    let client = client.redirect(reqwest::redirect::Policy::none()).build().map_err(|error| error.to_string())?;
    let document = document(&client, &format!("{issuer}/.well-known/openid-configuration")).await?;
    let named = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if named != issuer {
        return Err(format!("the server there calls itself {named:?}, not {issuer}; set the same issuer on all nodes"));
    }
    let keys = document.get("jwks_uri").and_then(Value::as_str).unwrap_or_default();
    let keys = self::document(&client, keys).await?;
    match keys.get("keys").and_then(Value::as_array).map_or(0, Vec::len) {
        0 => Err("the server there publishes no keys; check its log".to_owned()),
        count => Ok(count),
    }
}

async fn document(client: &reqwest::Client, url: &str) -> Result<Value, String> {
    let fix = "check DNS, the proxy, its certificate and that the server runs";
    let answer = client.get(url).send().await;
    let answer = answer.map_err(|error| format!("{url} cannot be reached: {}; {fix}", deepest(&error)))?;
    let status = answer.status();
    if !status.is_success() {
        return Err(format!("{url} answers {status}; does the proxy forward Host and the path to this server?"));
    }
    let body = answer.json().await;
    body.map_err(|_| format!("{url} does not answer with JSON; does the proxy forward to this server?"))
}

/// Returns the innermost cause; the outer ones only add the URL.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string().replace(['\n', '\r'], " ")
}
