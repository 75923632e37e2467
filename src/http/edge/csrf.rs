//! Protection against cross-site request forgery. Each form has a token, bound to the browser, its session and the
//! form, and valid for an hour. If the browser states the origin of a request, it must be this server.

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::call::Call;
use super::cookies;
use super::peer::is_loopback;
use crate::app::App;
use crate::flows::session::Browser;
use signet_crypto::entropy::EntropyError;
use signet_protocol::secret::BrowserCookie;
use signet_protocol::time::{Span, Timestamp};

/// The lifetime of a form.
const LIFETIME: Span = Span::from_secs(3600);
/// The tolerated difference to the clock of another node that made the form.
const SKEW: Span = Span::from_secs(-60);

pub fn token(app: &App, browser: Browser, form: &str, now: Timestamp) -> String {
    let tag = hmac::sign(&app.provider.browsers.csrf_key, &message(browser, form, now));
    URL_SAFE_NO_PAD.encode([now.as_millis().to_be_bytes().as_slice(), tag.as_ref()].concat())
}

/// A browser that a form can be bound to, with a new cookie if it had none.
pub struct BoundBrowser {
    pub browser: Browser,
    /// The cookie that the response must set.
    pub name: Option<BrowserCookie>,
}

/// Binds a form to the browser, which gets a cookie if it has none.
pub fn bind(call: &Call) -> Result<BoundBrowser, EntropyError> {
    if cookies::is_bound(call.browser) {
        return Ok(BoundBrowser { browser: call.browser, name: None });
    }
    let name = BrowserCookie::from_random(call.context.entropy.bytes()?);
    Ok(BoundBrowser { browser: Browser { id: Some(name.digest()), ..call.browser }, name: Some(name) })
}

/// A form that was not sent from this server's own page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forged;

/// Checks that a form was sent recently, by this browser, from this server's own page.
pub fn check(call: &Call, token: Option<&str>, form: &str) -> Result<(), Forged> {
    check_source(&call.app, &call.headers)?;
    if !cookies::is_bound(call.browser) {
        return Err(Forged);
    }
    let bytes = token.and_then(|token| URL_SAFE_NO_PAD.decode(token).ok()).ok_or(Forged)?;
    let (time, tag) = bytes.split_first_chunk::<8>().ok_or(Forged)?;
    let made = Timestamp::from_millis(i64::from_be_bytes(*time));
    let age = call.context.now.since(made);
    let genuine = hmac::verify(&call.app.provider.browsers.csrf_key, &message(call.browser, form, made), tag).is_ok();
    if genuine && age <= LIFETIME && age >= SKEW { Ok(()) } else { Err(Forged) }
}

fn message(browser: Browser, form: &str, made: Timestamp) -> Vec<u8> {
    [&made.as_millis().to_be_bytes()[..], &cookies::binding(browser), form.as_bytes()].concat()
}

/// Checks the origin of a form as stated by the browser. The pages send no referrer, so their `Origin` is `null`.
fn check_source(app: &App, headers: &HeaderMap) -> Result<(), Forged> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(Forged);
    }
    match text("origin") {
        None | Some("null") => Ok(()),
        Some(origin) if is_own_origin(app, headers, origin) => Ok(()),
        Some(_) => Err(Forged),
    }
}

fn is_own_origin(app: &App, headers: &HeaderMap, origin: &str) -> bool {
    let issuer = url::Url::parse(&app.settings.issuer).map(|url| url.origin().ascii_serialization());
    if issuer.is_ok_and(|issuer| issuer == origin) {
        return true;
    }
    // In development the server answers on any loopback name.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    app.is_development()
        && host.is_some_and(|host| is_loopback(host) && origin.split_once("://").is_some_and(|(_, o)| o == host))
}
