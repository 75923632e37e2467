//! Device authorization (RFC 8628): the endpoint of devices, the page for the user code, and the question to the
//! person.

use axum::http::header;
use axum::response::Response;

use super::{consent, interaction};
use crate::flows::authorize::device::{self, Decided, Entered, Question, Shown};
use crate::flows::authorize::pending::Interaction;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::{client_endpoint, cookies, csrf, html};
use crate::messages::{self, Message};
use crate::pages::{ClientCard, DeviceConfirmPage, DeviceDonePage, DevicePage, DevicePlace, ScopeLine};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::next_step::InteractiveRequest;
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::language::Language;
use signet_protocol::time::Span;
use signet_protocol::token::device_authorization::{Answer, DeviceRequest, Place, UserCode};

/// The code form's name in its CSRF token.
const CODE_FORM: &str = "device";
/// The question's name in its CSRF token.
const CONFIRM_FORM: &str = "device-confirm";
/// The key of the error for every code without a live device, whatever the reason.
const UNKNOWN_CODE: &str = "device-unknown-code";

/// `POST /device_authorization`
pub async fn authorize(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::DEVICE_AUTHORIZATION, device::authorize).await
}

/// `GET /device`: a code in the query is filled in, and nothing else (RFC 8628 §5.4).
pub async fn get(call: Call) -> Response {
    match call.query() {
        Ok(query) => {
            let code = query.get("user_code").and_then(UserCode::parse);
            code_page(&call, code.map(|code| code.to_string()).unwrap_or_default(), None)
        }
        Err(error) => html::rejected(&call, &error),
    }
}

/// `POST /device`
pub async fn post(call: Call) -> Response {
    let params = match call.form() {
        Ok(params) => params,
        Err(error) => return html::rejected(&call, &error),
    };
    if csrf::check(&call, params.get("csrf"), CODE_FORM).is_err() {
        return html::forged(&call, None);
    }
    let typed = params.get("user_code").unwrap_or_default();
    match device::enter(&call.app.provider, &call.context, typed, call.browser).await {
        Ok(Entered::Found { next, cookie }) => html::go(&call, next, cookie.as_ref()),
        Ok(Entered::Unknown) => {
            let shown = typed.chars().filter(|letter| !letter.is_control()).take(16).collect();
            code_page(&call, shown, Some(html::page(&call).text(UNKNOWN_CODE)))
        }
        Err(failure) => html::failed(&call, failure),
    }
}

/// `GET /device/confirm`
pub async fn question(call: Call) -> Response {
    let (_, interaction) = match interaction::shown(&call).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    match device::show(&call.app.provider, &call.context, &interaction, call.browser).await {
        Ok(Shown::Question(question)) => {
            call.learned.note_locale(question.person.locale.as_deref());
            confirm_page(&call, &interaction, question)
        }
        Ok(Shown::Next(next)) => html::go(&call, next, None),
        Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
    }
}

/// `POST /device/confirm`
pub async fn answer(call: Call) -> Response {
    let (params, interaction) = match interaction::answered(&call, CONFIRM_FORM).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let answer = match (params.get("device-allow"), params.get("device-deny")) {
        (Some(_), None) => Answer::Allowed,
        (None, Some(_)) => Answer::Denied,
        (Some(_), Some(_)) | (None, None) => {
            return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
        }
    };
    match device::answer(&call.app.provider, &call.context, &interaction, call.browser, answer).await {
        Ok(Decided::Done) => done_page(&call, answer),
        Ok(Decided::Next(next)) => html::go(&call, next, None),
        Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
    }
}

fn code_page(call: &Call, user_code: String, error: Option<String>) -> Response {
    let bound = match csrf::bind(call) {
        Ok(bound) => bound,
        Err(failure) => return html::failed(call, failure.into()),
    };
    let template = DevicePage {
        page: html::page(call),
        action: format!("{}{}", call.app.base_path(), endpoint::DEVICE.path),
        csrf: csrf::token(&call.app, bound.browser, CODE_FORM, call.context.now),
        user_code,
        error,
    };
    let mut response = html::render(&template, None);
    let cookie = bound.name.and_then(|name| cookies::of(&call.app).identify_browser(&name));
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

fn confirm_page(call: &Call, interaction: &Interaction, question: Question) -> Response {
    let InteractiveRequest::Device(request) = &interaction.pending.request else {
        return html::rejected(call, &OAuthError::invalid_request("There is no device to decide about."));
    };
    let base = call.app.base_path();
    let id = &interaction.pending.id;
    let language = call.viewer().language;
    let asked = Consent { scope: request.scope.clone(), claims: Vec::new() };
    let template = DeviceConfirmPage {
        page: html::page(call),
        action: html::step(base, &endpoint::DEVICE_CONFIRM, id),
        csrf: csrf::token(&call.app, call.browser, CONFIRM_FORM, call.context.now),
        client: ClientCard::new(&interaction.client, None).with_logo(logo::path(base, &interaction.client)),
        who: question.person.username,
        switch_url: format!("{}&switch=yes", html::step(base, &endpoint::LOGIN, id)),
        user_code: request.user_code.to_string(),
        place: in_words(language, question.place),
        asked: asked_in_words(call, request),
        scopes: ScopeLine::all(language, &asked, &asked),
        lifetime: consent::lifetime(language, &request.scope, call.app.settings.tokens.refresh_token_lifetime),
    };
    html::render(&template, None)
}

fn in_words(language: Language, place: Place) -> DevicePlace {
    let (sentence, is_doubtful) = match place {
        Place::SameNetwork => (messages::text(language, "device-place-same"), false),
        Place::Elsewhere(network) => {
            (Message::new(language, "device-place-elsewhere").with("network", network.to_string()).text(), true)
        }
        Place::Unknown => (messages::text(language, "device-place-unknown"), true),
    };
    DevicePlace { sentence, is_doubtful }
}

fn asked_in_words(call: &Call, request: &DeviceRequest) -> String {
    let ago = call.context.now.since(request.asked_at).max(Span::from_secs(1));
    html::wait(call.viewer().language, "device-asked", ago).text
}

fn done_page(call: &Call, answer: Answer) -> Response {
    let page = html::page(call);
    let template = match answer {
        Answer::Allowed => DeviceDonePage {
            page,
            heading: "device-allowed-heading",
            sentence: "device-allowed-sentence",
            is_allowed: true,
        },
        Answer::Denied => DeviceDonePage {
            page,
            heading: "device-denied-heading",
            sentence: "device-denied-sentence",
            is_allowed: false,
        },
    };
    html::render(&template, None)
}
