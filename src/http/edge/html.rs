//! HTML responses: the content security policy of each page, error pages, and the browser's next step.

use std::collections::BTreeSet;

use askama::Template;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};

use super::call::Call;
use super::viewer::Viewer;
use super::{assets, cookies, error, refusal, retry};
use crate::app::App;
use crate::flows::FlowError;
use crate::flows::authorize::browser_step::{BrowserStep, ErrorResponse};
use crate::flows::authorize::pending::{Interaction, InteractionError, PendingFault};
use crate::messages::Message;
use crate::pages::{
    DeviceDonePage, ErrorPage, FORM_POST_SCRIPT, FormPostPage, Link, Page, SIGNED_OUT_SCRIPT, SignedOutPage,
};
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::authorize::response::Delivery;
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::endpoint::{self, Endpoint};
use signet_protocol::error::OAuthError;
use signet_protocol::ids::RequestId;
use signet_protocol::secret::BrowserCookie;
use signet_protocol::time::{Amount, Span, format_wait};

/// The values that every page needs, in the language of the person who sees it.
pub fn page(call: &Call) -> Page {
    page_for(&call.app, &call.viewer())
}

fn page_for(app: &App, viewer: &Viewer) -> Page {
    Page {
        css: assets::style_path(app),
        language: viewer.language,
        language_url: viewer.address.as_deref().map(|address| language_url(app.base_path(), address)),
        brand: "Signet".to_owned(),
        development: app.is_development(),
    }
}

/// A message about a waiting time.
pub fn wait(call: &Call, key: &str, wait: Span) -> String {
    let Amount { count, unit } = Amount::of_wait(wait);
    Message::new(call.viewer().language, key).with("count", count).with("unit", unit).text()
}

/// The URL of the language menu, to which a tag is appended.
fn language_url(base: &str, address: &str) -> String {
    let at: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("at", address).finish();
    format!("{base}{}?{at}&to=", endpoint::LANGUAGE.path)
}

/// An HTML response. Its forms may be posted to this server and, because browsers also apply the rule to redirects
/// after a form, lead on to the origin of `then`.
pub fn render(template: &impl Template, then: Option<&str>) -> Response {
    let origin = then.and_then(RedirectUri::origin_for_csp).map(|origin| format!(" {origin}")).unwrap_or_default();
    let mut response = respond(template, &format!("form-action 'self'{origin}"));
    if then.is_none() {
        // Not on the pages of a sign-in: applications open it in a pop-up that must keep its opener.
        keep_apart(&mut response);
    }
    response
}

/// The page after a logout, with the frames of exactly these clients, and the script that continues.
pub fn render_signed_out(template: &SignedOutPage) -> Response {
    let origins: BTreeSet<String> =
        template.frames.iter().filter_map(|frame| RedirectUri::origin_for_csp(frame)).collect();
    let mut directives = "form-action 'self'".to_owned();
    if !origins.is_empty() {
        directives += &format!("; frame-src {}", Vec::from_iter(origins).join(" "));
    }
    if template.onward.is_some() {
        directives += &format!("; script-src {}", *SIGNED_OUT_SCRIPT);
    }
    let mut response = respond(template, &directives);
    keep_apart(&mut response);
    response
}

/// Separates the page from windows of other sites.
fn keep_apart(response: &mut Response) {
    let policy = HeaderValue::from_static("same-origin");
    response.headers_mut().insert(HeaderName::from_static("cross-origin-opener-policy"), policy);
}

/// The page that posts an authorization response, by its script.
fn render_form_post(template: &FormPostPage) -> Response {
    let origin = RedirectUri::origin_for_csp(&template.action).unwrap_or_default();
    respond(template, &format!("form-action {origin}; script-src {FORM_POST_SCRIPT}"))
}

fn respond(template: &impl Template, directives: &str) -> Response {
    let Ok(html) = template.render() else {
        tracing::error!("a page could not be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; {directives}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut response = Html(html).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The contents of an error page.
pub struct Fault<'a> {
    pub status: StatusCode,
    /// One sentence, below the heading.
    pub message: &'a str,
    /// The advice below the message.
    pub hint: Option<&'a str>,
    /// The link that leads away from the error.
    pub back: Option<Link>,
}

pub fn fault(call: &Call, fault: Fault<'_>) -> Response {
    fault_page(&call.app, &call.viewer(), &call.context.origin.request_id, fault)
}

/// An error page for the request with this id, under the heading of its status.
pub fn fault_page(app: &App, viewer: &Viewer, id: &str, fault: Fault<'_>) -> Response {
    headed(app, viewer, id, heading(fault.status), fault)
}

/// The heading of an error page. A rejected authorization request is a 400.
fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::MISDIRECTED_REQUEST => "This page cannot be opened this way",
        StatusCode::REQUEST_TIMEOUT => "The request took too long",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => "The request is too large",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::SERVICE_UNAVAILABLE => "Please try again in a moment",
        status if status.is_server_error() => "Something went wrong",
        _ => "Request rejected",
    }
}

fn headed(app: &App, viewer: &Viewer, id: &str, heading: &str, fault: Fault<'_>) -> Response {
    (fault.status, render(&error_page(app, viewer, id, heading, fault), None)).into_response()
}

fn error_page(app: &App, viewer: &Viewer, id: &str, heading: &str, fault: Fault<'_>) -> ErrorPage {
    ErrorPage {
        page: page_for(app, viewer),
        heading: heading.to_owned(),
        message: fault.message.to_owned(),
        received: None,
        hint: fault.hint.map(str::to_owned),
        request_id: id.to_owned(),
        contact: app.settings.contact.as_deref().map(Link::to_contact),
        back: fault.back,
    }
}

/// The refused redirect URI, if it parses: developers compare it with the registered ones.
fn received_uri(cause: &Cause) -> Option<String> {
    let (Cause::RedirectUri { received, .. } | Cause::LogoutRedirectUri { received, .. }) = cause else { return None };
    url::Url::parse(received.as_str()).ok().map(|_| received.to_string())
}

/// An error page for a refused request.
pub fn rejected(call: &Call, error: &OAuthError) -> Response {
    refusal::record(call, StatusCode::BAD_REQUEST, error);
    let hint = "Go back to the application and start again. If that does not help, contact the people who run it.";
    let message = &error.description;
    let fault = Fault { status: StatusCode::BAD_REQUEST, message, hint: Some(hint), back: None };
    let request_id = &call.context.origin.request_id;
    let page = error_page(&call.app, &call.viewer(), request_id, heading(fault.status), fault);
    let received = error.cause().and_then(received_uri);
    (StatusCode::BAD_REQUEST, render(&ErrorPage { received, ..page }, None)).into_response()
}

/// The page for a form that was not sent from this server's own page.
pub fn forged(call: &Call, client: Option<&Client>) -> Response {
    let client = client.map(|client| client.id.as_str());
    refusal::record_for(call, client, StatusCode::FORBIDDEN, &Cause::FormForged.into());
    let message = "The form has expired or was not sent from this site.";
    let hint = "Load the form again. If it keeps expiring, allow cookies for this site in the browser's settings.";
    let fault = Fault { status: StatusCode::FORBIDDEN, message, hint: Some(hint), back: Some(again("Load the form")) };
    headed(&call.app, &call.viewer(), &call.context.origin.request_id, "This form has expired", fault)
}

/// A link that reloads the current page.
fn again(label: &str) -> Link {
    Link { href: String::new(), label: label.to_owned() }
}

fn start_page(app: &App) -> Link {
    Link { href: format!("{}/", app.base_path()), label: "Go to the start page".to_owned() }
}

/// The kind of user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// A browser, which shows pages.
    Browser,
    /// A program, which reads JSON or only the status.
    Program,
}

impl Agent {
    /// The agent that sends these headers. Browsers ask for HTML when they navigate (RFC 9110 §12.5.1).
    pub fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
        if accepted.contains("text/html") { Self::Browser } else { Self::Program }
    }
}

/// Replaces an error response that a browser would show as bare text, or as an empty page. Pages and JSON responses are
/// kept.
pub fn as_page(app: &App, viewer: &Viewer, id: &str, response: Response) -> Response {
    let status = response.status();
    let sentence = response.extensions().get::<error::Sentence>().map(|sentence| sentence.0);
    if sentence.is_none() && response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let hint = match status {
        StatusCode::NOT_FOUND => Some("Check the address. To sign in, start from the application you want to use."),
        status if status.is_server_error() => Some("Try again. If the problem persists, report the request ID below."),
        _ => None,
    };
    let message = sentence.unwrap_or(match status {
        StatusCode::METHOD_NOT_ALLOWED => "This address does not accept this kind of request.",
        status if status.is_server_error() => "Something went wrong on this server.",
        _ => "This address cannot be opened in a browser.",
    });
    let page = fault_page(app, viewer, id, Fault { status, message, hint, back: Some(start_page(app)) });
    let (mut parts, body) = page.into_parts();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            parts.headers.insert(name.clone(), value.clone());
        }
    }
    Response::from_parts(parts, body)
}

/// The page for a failed use case.
pub fn failed(call: &Call, failure: FlowError) -> Response {
    match failure {
        FlowError::Refused(refusal) => rejected(call, &refusal),
        FlowError::TooMany(exceeded) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let message = retry::too_many(exceeded.wait);
            let page = Fault { status, message: &message, hint: None, back: Some(again("Try again")) };
            retry::with_headers(fault(call, page), &exceeded)
        }
        FlowError::Overloaded { cause, wait } => {
            error::log_unavailable(cause);
            let message = format!("The server is busy at the moment. Try again in {}.", format_wait(wait));
            let back = Some(again("Try again"));
            let page = Fault { status: StatusCode::SERVICE_UNAVAILABLE, message: &message, hint: None, back };
            error::retry_after(wait, fault(call, page))
        }
        FlowError::Unavailable(cause) => {
            error::log_unavailable(&cause);
            let message = "The server cannot answer right now.";
            let hint = Some("Nothing was lost. Wait a few seconds, then try again.");
            let back = Some(again("Try again"));
            let page = Fault { status: StatusCode::SERVICE_UNAVAILABLE, message, hint, back };
            error::retry_later(fault(call, page))
        }
        FlowError::Internal(cause) => {
            error::log_broken(&cause);
            let message = "Something went wrong on this server.";
            let hint = Some("Try again. If the problem persists, report the request ID below.");
            let back = Some(again("Try again"));
            fault(call, Fault { status: StatusCode::INTERNAL_SERVER_ERROR, message, hint, back })
        }
    }
}

/// The page for an interaction that cannot continue, with a link back to the client if it is known.
pub fn interrupted(call: &Call, failure: InteractionError, interaction: Option<&Interaction>) -> Response {
    match failure {
        InteractionError::Flow(failure) => failed(call, failure),
        InteractionError::Fault(reason) => over(call, reason, interaction.map(|interaction| &*interaction.client)),
        InteractionError::Over(reason, client) => over(call, reason, Some(&client)),
    }
}

fn over(call: &Call, reason: PendingFault, client: Option<&Client>) -> Response {
    let back = client.and_then(back_to);
    let error = reason.clone().into_error();
    refusal::record_for(call, client.map(|client| client.id.as_str()), StatusCode::BAD_REQUEST, &error);
    let (heading, hint) = match reason {
        PendingFault::Answered => {
            ("This sign-in is finished", "Continue in the application. To sign in once more, start from there.")
        }
        PendingFault::Expired => ("This sign-in has expired", "Go back to the application and start again."),
        PendingFault::Unknown => (
            "This sign-in cannot continue",
            "Go back to the application and start again. If this page comes back, allow cookies for this site in the \
             browser's settings.",
        ),
        PendingFault::Pushed | PendingFault::Withdrawn(_) => {
            (heading(StatusCode::BAD_REQUEST), "Go back to the application and start again.")
        }
    };
    let back = back.or_else(|| Some(start_page(&call.app)));
    let fault = Fault { status: StatusCode::BAD_REQUEST, message: &error.description, hint: Some(hint), back };
    headed(&call.app, &call.viewer(), &call.context.origin.request_id, heading, fault)
}

/// The link back to a client that has a home page.
pub fn back_to(client: &Client) -> Option<Link> {
    let href = client.metadata.client_uri.clone()?;
    Some(Link { href, label: format!("Back to {}", client.name()) })
}

/// Sends the browser to its next step.
pub fn go(call: &Call, next: BrowserStep, name: Option<&BrowserCookie>) -> Response {
    let app = &call.app;
    let base = app.base_path();
    let mut response = match next {
        BrowserStep::Login(request) => see_other(&step(base, &endpoint::LOGIN, &request)),
        BrowserStep::Consent(request) => see_other(&step(base, &endpoint::CONSENT, &request)),
        BrowserStep::Device(request) => see_other(&step(base, &endpoint::DEVICE_CONFIRM, &request)),
        BrowserStep::LeaveDevice => left_device(call),
        BrowserStep::Deliver(delivery) => deliver(call, delivery),
        BrowserStep::Refuse(ErrorResponse { delivery, client, error, is_probe }) => {
            let response = deliver(call, delivery);
            // Applications probe every few minutes; stored probes would displace the refusals that need explaining.
            if !is_probe {
                refusal::record_for(call, Some(client.as_str()), response.status(), &error);
            }
            response
        }
    };
    if let Some(cookie) = name.and_then(|name| cookies::of(app).identify_browser(name)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Sends an authorization response to its client.
fn deliver(call: &Call, delivery: Delivery) -> Response {
    match delivery {
        Delivery::Redirect(location) => see_other(&location),
        Delivery::FormPost { action, fields } => {
            // Not to be opened again: it holds the response.
            let page = Page { language_url: None, ..page(call) };
            render_form_post(&FormPostPage { page, action, fields })
        }
    }
}

/// The URL of a step of an interaction.
pub fn step(base: &str, endpoint: &Endpoint, request: &RequestId) -> String {
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("request", request.as_str()).finish();
    format!("{base}{}?{query}", endpoint.path)
}

/// A redirect that turns every method into GET (RFC 9110 §15.4.4), so that no password is sent on.
pub fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The page after a sign-in for a device that was cancelled.
fn left_device(call: &Call) -> Response {
    let template = DeviceDonePage {
        page: page(call),
        heading: "You did not sign in",
        sentence: "The device keeps waiting until its code expires. You can close this page.",
        is_allowed: false,
    };
    render(&template, None)
}
