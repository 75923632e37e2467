//! Error pages: headings, sentences and advice by what happened.

use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::call::Call;
use super::html::{page_for, render};
use super::viewer::Viewer;
use super::{error, refusal, retry};
use crate::app::App;
use crate::flows::FlowError;
use crate::flows::authorize::pending::{Interaction, InteractionError, PendingFault};
use crate::messages::{self, Message};
use crate::pages::{ErrorPage, Link, Sentence};
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::language::Language;
use signet_protocol::time::{Amount, Span};

/// The contents of an error page.
pub struct Fault {
    pub status: StatusCode,
    /// One sentence, below the heading.
    pub message: Sentence,
    /// The key of the advice below the message.
    pub hint: Option<&'static str>,
    /// The link that leads away from the error.
    pub back: Option<Link>,
}

fn fault(call: &Call, fault: Fault) -> Response {
    fault_page(&call.app, &call.viewer(), &call.context.origin.request_id, fault)
}

/// An error page for the request with this id, under the heading of its status.
pub fn fault_page(app: &App, viewer: &Viewer, id: &str, fault: Fault) -> Response {
    headed(app, viewer, id, heading(fault.status), fault)
}

/// The key of an error page's heading. A rejected authorization request is a 400.
fn heading(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "fault-not-found-heading",
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::MISDIRECTED_REQUEST => "fault-not-this-way-heading",
        StatusCode::REQUEST_TIMEOUT => "fault-timeout-heading",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => "fault-too-large-heading",
        StatusCode::TOO_MANY_REQUESTS => "fault-too-many-heading",
        StatusCode::SERVICE_UNAVAILABLE => "fault-unavailable-heading",
        status if status.is_server_error() => "fault-internal-heading",
        _ => "fault-rejected-heading",
    }
}

fn headed(app: &App, viewer: &Viewer, id: &str, heading: &str, fault: Fault) -> Response {
    (fault.status, render(&error_page(app, viewer, id, heading, fault), None)).into_response()
}

fn error_page(app: &App, viewer: &Viewer, id: &str, heading: &str, fault: Fault) -> ErrorPage {
    ErrorPage {
        page: page_for(app, viewer),
        heading: messages::text(viewer.language, heading),
        message: fault.message,
        received: None,
        hint: fault.hint.map(|hint| messages::text(viewer.language, hint)),
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
    let viewer = call.viewer();
    let message = Sentence::known(viewer.language, &error.description);
    let hint = Some("fault-rejected-hint");
    let fault = Fault { status: StatusCode::BAD_REQUEST, message, hint, back: None };
    let page = error_page(&call.app, &viewer, &call.context.origin.request_id, heading(fault.status), fault);
    let received = error.cause().and_then(received_uri);
    (StatusCode::BAD_REQUEST, render(&ErrorPage { received, ..page }, None)).into_response()
}

/// The page for a form that was not sent from this server's own page.
pub fn forged(call: &Call, client: Option<&Client>) -> Response {
    let client = client.map(|client| client.id.as_str());
    refusal::record_for(call, client, StatusCode::FORBIDDEN, &Cause::FormForged.into());
    let viewer = call.viewer();
    let fault = Fault {
        status: StatusCode::FORBIDDEN,
        message: Sentence::new(viewer.language, "fault-form-message"),
        hint: Some("fault-form-hint"),
        back: Some(again(viewer.language, "fault-form-again")),
    };
    headed(&call.app, &viewer, &call.context.origin.request_id, "fault-form-heading", fault)
}

/// A link that reloads the current page.
fn again(language: Language, label: &str) -> Link {
    Link { href: String::new(), label: messages::text(language, label) }
}

fn start_page(app: &App, language: Language) -> Link {
    Link { href: format!("{}/", app.base_path()), label: messages::text(language, "fault-to-start-page") }
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
        StatusCode::NOT_FOUND => Some("fault-not-found-hint"),
        status if status.is_server_error() => Some("fault-internal-hint"),
        _ => None,
    };
    let message = sentence.map(|sentence| Sentence::known(viewer.language, sentence)).unwrap_or_else(|| {
        let key = match status {
            StatusCode::METHOD_NOT_ALLOWED => "fault-method-message",
            status if status.is_server_error() => "fault-internal-message",
            _ => "fault-not-for-browsers-message",
        };
        Sentence::new(viewer.language, key)
    });
    let back = Some(start_page(app, viewer.language));
    let page = fault_page(app, viewer, id, Fault { status, message, hint, back });
    let (mut parts, body) = page.into_parts();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            parts.headers.insert(name.clone(), value.clone());
        }
    }
    Response::from_parts(parts, body)
}

/// A sentence about a waiting time.
pub fn wait(language: Language, key: &str, wait: Span) -> Sentence {
    let Amount { count, unit } = Amount::of_wait(wait);
    Sentence { text: Message::new(language, key).with("count", count).with("unit", unit).text(), language }
}

/// The page for a failed use case.
pub fn failed(call: &Call, failure: FlowError) -> Response {
    let language = call.viewer().language;
    let back = Some(again(language, "try-again"));
    match failure {
        FlowError::Refused(refusal) => rejected(call, &refusal),
        FlowError::TooMany(exceeded) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let message = wait(language, "fault-too-many-message", exceeded.wait);
            retry::with_headers(fault(call, Fault { status, message, hint: None, back }), &exceeded)
        }
        FlowError::Overloaded { cause, wait: span } => {
            error::log_unavailable(cause);
            let message = wait(language, "fault-busy-message", span);
            let page = Fault { status: StatusCode::SERVICE_UNAVAILABLE, message, hint: None, back };
            error::retry_after(span, fault(call, page))
        }
        FlowError::Unavailable(cause) => {
            error::log_unavailable(&cause);
            let message = Sentence::new(language, "fault-unavailable-message");
            let hint = Some("fault-unavailable-hint");
            error::retry_later(fault(call, Fault { status: StatusCode::SERVICE_UNAVAILABLE, message, hint, back }))
        }
        FlowError::Internal(cause) => {
            error::log_broken(&cause);
            let message = Sentence::new(language, "fault-internal-message");
            let hint = Some("fault-internal-hint");
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
    let viewer = call.viewer();
    let back = client.and_then(|client| back_to(viewer.language, client));
    let error = reason.clone().into_error();
    refusal::record_for(call, client.map(|client| client.id.as_str()), StatusCode::BAD_REQUEST, &error);
    let (heading, hint) = match reason {
        PendingFault::Answered => ("fault-answered-heading", "fault-answered-hint"),
        PendingFault::Expired => ("fault-expired-heading", "fault-start-again-hint"),
        PendingFault::Unknown => ("fault-unknown-heading", "fault-unknown-hint"),
        PendingFault::Pushed | PendingFault::Withdrawn(_) => {
            (heading(StatusCode::BAD_REQUEST), "fault-start-again-hint")
        }
    };
    let back = back.or_else(|| Some(start_page(&call.app, viewer.language)));
    let message = Sentence::known(viewer.language, &error.description);
    let fault = Fault { status: StatusCode::BAD_REQUEST, message, hint: Some(hint), back };
    headed(&call.app, &viewer, &call.context.origin.request_id, heading, fault)
}

/// The link back to a client that has a home page.
pub fn back_to(language: Language, client: &Client) -> Option<Link> {
    let href = client.metadata.client_uri.clone()?;
    Some(Link { href, label: Message::new(language, "client-back-to").with("name", client.name()).text() })
}
