//! The middleware around every endpoint: request id, Host check, https behind a proxy, timeout, security headers, the
//! request log line, and a response after a panic.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, Request as HttpRequest, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::arrived::Arrived;
use super::html::{self, Fault};
use super::limits::{self, Refusal};
use super::viewer::Viewer;
use super::{error, peer, retry, trace};
use crate::app::App;
use crate::http::admin::api;
use crate::http::defense::csp_reports;
use signet_protocol::endpoint::{self, Reader};
use signet_protocol::time::seconds_up;

/// The maximum duration of a request, including its body.
const TIME: Duration = Duration::from_secs(15);
/// The maximum length of path and query, in bytes.
pub(crate) const MAX_URI: usize = 8 * 1024;

/// Marks a response that other sites may embed in a frame, which `X-Frame-Options` cannot express.
#[derive(Clone, Copy, Debug)]
pub struct Framable;

/// Guards the routes of the router.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let arrived = Arrived::now(&app, &request);
    request.extensions_mut().insert(arrived.clone());
    let route = request.extensions().get::<MatchedPath>().map(|path| Cow::Owned(path.as_str().to_owned()));
    guarded_call(&app, request, &arrived, route, |request| next.run(request)).await
}

/// Guards an endpoint. `route` is the path pattern, if one matched.
pub async fn guarded_call<B, F: Future<Output = Response>>(
    app: &App,
    request: HttpRequest<B>,
    arrived: &Arrived,
    route: Option<Cow<'static, str>>,
    endpoint: impl FnOnce(HttpRequest<B>) -> F,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // Facts learned later, such as the client, are on every log line of the request, whatever the log level.
    let span = tracing::error_span!(
        "request",
        otel.name = Empty,
        otel.kind = Empty,
        request_id = arrived.id,
        client_id = Empty,
        user_id = Empty,
        jti = Empty,
        trace_id = Empty,
        span_id = Empty
    );
    trace::begin(app, &span, known(&method), route.as_deref(), request.headers());
    let is_browser = html::Agent::of(request.headers()) == html::Agent::Browser;
    let viewer = is_browser.then(|| Viewer::of(app, &request));
    let mut response = match refuse(app, &request).or_else(|| limit(app, &request, arrived)) {
        Some(refusal) => refusal,
        None => run(endpoint(request), &arrived.id).instrument(span.clone()).await,
    };
    if let Some(viewer) = viewer.filter(|_| response.status().as_u16() >= 400) {
        response = html::as_page(app, &viewer, &arrived.id, response);
    }
    let framable = response.extensions().get::<Framable>().is_some();
    shield(app, response.headers_mut(), framable);
    name(app, response.headers_mut(), arrived);
    let status = response.status().as_u16();
    let took = started.elapsed();
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let route = route.unwrap_or(Cow::Borrowed("none"));
    let address = arrived.shown.as_deref().map(tracing::field::display);
    let asked = method.as_str();
    let path = &*route;
    span.in_scope(|| tracing::info!(address, method = asked, route = path, status, micros, "answered a request"));
    trace::end(app, &span, known(&method), &route, status);
    app.provider.metrics.http.answered(known(&method), route, status, took);
    response
}

/// Guards a prepared response to a request that needs neither the router nor its own span.
pub fn without_router<B>(app: &App, request: &HttpRequest<B>, answer: impl FnOnce() -> Response) -> Response {
    let started = Instant::now();
    let arrived = Arrived::now(app, request);
    let mut response = match refuse(app, request) {
        Some(mut refusal) => {
            shield(app, refusal.headers_mut(), false);
            refusal
        }
        None => answer(),
    };
    name(app, response.headers_mut(), &arrived);
    let method = known(request.method());
    let route = request.uri().path();
    let status = response.status().as_u16();
    let took = started.elapsed();
    let address = arrived.shown.map(tracing::field::display);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request_id = arrived.id, address, method, route, status, micros, "answered a request");
    app.provider.metrics.http.answered(method, Cow::Owned(route.to_owned()), status, took);
    response
}

/// The method as a metric label; unknown methods share one label.
fn known(method: &Method) -> &'static str {
    let all = ["GET", "POST", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH"];
    all.into_iter().find(|known| method.as_str() == *known).unwrap_or("OTHER")
}

/// Logs the location of a panic. Replaces the default hook, which would print the message: it may contain a secret.
pub fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a task panicked; its message is omitted, because it may contain a secret");
}

/// Runs the endpoint. A panic or a timeout has its own response.
async fn run(endpoint: impl Future<Output = Response>, request_id: &str) -> Response {
    match tokio::time::timeout(TIME, AssertUnwindSafe(endpoint).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a request handler panicked");
            error::panicked(request_id)
        }
        Err(_) => error::plain(StatusCode::REQUEST_TIMEOUT, "The request took too long."),
    }
}

/// Refuses requests for another host, over http if https is required, or with too long a URI.
fn refuse<B>(app: &App, request: &HttpRequest<B>) -> Option<Response> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > MAX_URI {
        return Some(error::plain(StatusCode::URI_TOO_LONG, "The address is too long."));
    }
    if !is_own_host(app, request) {
        return Some(error::plain(StatusCode::MISDIRECTED_REQUEST, "This server does not serve this host."));
    }
    if app.is_secure() && app.settings.tls.is_none() && peer::came_by_http(app, request) {
        return Some(to_https(app, request.method(), uri));
    }
    None
}

/// Refuses requests of blocked addresses, those that exceed a rate limit, and those that need keys of other nodes.
fn limit<B>(app: &App, request: &HttpRequest<B>, arrived: &Arrived) -> Option<Response> {
    let path = request.uri().path();
    let refused = limits::refuse(app, request.method(), path, arrived);
    let refusal = refused.or_else(|| limits::refuse_without_keys(app, path, arrived))?;
    let mut response = match refusal.reader {
        Reader::Program => retry::program(refusal.status, refusal.code, &refusal.message),
        Reader::Administrator => api::problem(refusal.status, &refusal.message),
        Reader::Person => {
            let viewer = Viewer::of(app, request);
            let message = html::wait(viewer.language, refusal.key, refusal.wait);
            html::fault_page(
                app,
                &viewer,
                &arrived.id,
                Fault { status: refusal.status, message, hint: None, back: None },
            )
        }
    };
    let Refusal { wait, exceeded, .. } = refusal;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)));
    Some(match exceeded {
        Some(exceeded) => retry::with_headers(response, &exceeded),
        None => response,
    })
}

/// True if the Host header, or the authority of HTTP/2, is the issuer's; in development any loopback host is accepted.
fn is_own_host<B>(app: &App, request: &HttpRequest<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (request.uri().authority(), hosts.next(), hosts.next()) {
        (Some(authority), _, None) => Some(authority.as_str()),
        (None, Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    let Some(host) = host else { return false };
    let own = app.settings.issuer.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    let default_port = if app.is_secure() { ":443" } else { ":80" };
    let named = host.strip_suffix(default_port).unwrap_or(host);
    own.is_some_and(|own| own.eq_ignore_ascii_case(host) || own.eq_ignore_ascii_case(named))
        || (app.is_development() && peer::is_loopback(host))
}

/// Redirects a browser to https; a program that used plain http is refused instead.
fn to_https(app: &App, method: &Method, uri: &Uri) -> Response {
    if *method == Method::GET && endpoint::at(app.base_path(), uri.path()).is_page() {
        let path = uri.path().strip_prefix(app.base_path()).unwrap_or(uri.path());
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let location = format!("{}{path}{query}", app.settings.issuer);
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response();
    }
    error::plain(StatusCode::BAD_REQUEST, "This server is available over https only.")
}

/// The security headers of every response.
static SHIELD: LazyLock<HeaderMap> = LazyLock::new(|| {
    let headers = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_XSS_PROTECTION, "0"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
});

/// Sets the security headers. A handler may have set a stricter value or, for public documents, a wider one.
pub(crate) fn shield(app: &App, headers: &mut HeaderMap, framable: bool) {
    let own = std::mem::replace(headers, SHIELD.clone());
    if framable {
        headers.remove(header::X_FRAME_OPTIONS);
    }
    headers.extend(own);
    csp_reports::ask_for(app, headers);
    if app.is_secure() {
        let hsts = HeaderValue::from_static(app.settings.hsts.header());
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
    }
}

/// Sets the headers about this request and its connection.
fn name(app: &App, headers: &mut HeaderMap, arrived: &Arrived) {
    if let Ok(id) = HeaderValue::from_str(&arrived.id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if arrived.ends_connection(app) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}
