//! HTML responses: the content security policy of each page, and the browser's next step. `fault` has the error pages.

use std::collections::BTreeSet;

use askama::Template;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};

use super::call::Call;
pub use super::fault::{Fault, as_page, back_to, failed, fault_page, forged, interrupted, rejected, wait};
use super::viewer::Viewer;
use super::{assets, cookies, refusal};
use crate::app::App;
use crate::config;
use crate::flows::authorize::browser_step::{BrowserStep, ErrorResponse};
use crate::pages::{
    DeviceDonePage, FORM_POST_SCRIPT, FormPostPage, Legal, Link, Page, SIGNED_OUT_SCRIPT, SignedOutPage,
};
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::authorize::response::Delivery;
use signet_protocol::endpoint::{self, Endpoint};
use signet_protocol::ids::RequestId;
use signet_protocol::secret::BrowserCookie;

/// The values that every page needs, in the language of the person who sees it.
pub fn page(call: &Call) -> Page {
    page_for(&call.app, &call.viewer())
}

pub(super) fn page_for(app: &App, viewer: &Viewer) -> Page {
    Page {
        css: assets::path(app, &app.branding.style),
        language: viewer.language,
        language_url: viewer.address.as_deref().map(|address| language_url(app.base_path(), address)),
        brand: app.branding.settings.name.clone(),
        logo: app.branding.logo.as_ref().map(|logo| assets::path(app, logo)),
        legal: legal(app),
        development: app.is_development(),
    }
}

fn legal(app: &App) -> Legal {
    let config::Branding { imprint_url, privacy_url, terms_url, .. } = &app.branding.settings;
    Legal {
        imprint: imprint_url.clone(),
        privacy: privacy_url.clone(),
        terms: terms_url.clone(),
        contact: app.settings.contact.as_deref().map(|contact| Link::to_contact(contact).href),
    }
}

/// The URL of the language menu, to which a tag is appended.
fn language_url(base: &str, address: &str) -> String {
    let at: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("at", address).finish();
    format!("{base}{}?{at}&to=", endpoint::LANGUAGE.path)
}

/// An HTML response. Its forms may be posted to this server and, because browsers also apply the rule to redirects
/// after a form, lead on to the origin of `then`.
pub fn render(template: &impl Template, then: Option<&str>) -> Response {
    render_with(template, then, "")
}

/// Like [`render`], for a page with this script.
pub fn render_with_script(template: &impl Template, then: Option<&str>, script: &str) -> Response {
    render_with(template, then, &format!("; script-src {script}"))
}

fn render_with(template: &impl Template, then: Option<&str>, directives: &str) -> Response {
    let origin = then.and_then(RedirectUri::origin_for_csp).map(|origin| format!(" {origin}")).unwrap_or_default();
    let mut response = respond(template, &format!("form-action 'self'{origin}{directives}"));
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
        heading: "device-left-heading",
        sentence: "device-left-sentence",
        is_allowed: false,
    };
    render(&template, None)
}
