//! The end session endpoint (OpenID Connect RP-Initiated Logout §2), by GET and by POST.

use axum::http::header;
use axum::response::Response;

use crate::flows::session::Addressee;
use crate::flows::session::logout::{self, Ended, LogoutRequest, Over, Plan};
use crate::http::edge::call::Call;
use crate::http::edge::{cookies, csrf, html};
use crate::pages::{ClientCard, LogoutPage, SignedOutPage};
use signet_crypto::entropy::EntropyError;
use signet_protocol::endpoint;
use signet_protocol::params::Params;

/// The form's name in its CSRF token.
const FORM: &str = "logout";
/// The parameters that the question passes on.
const PARAMETERS: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

/// `GET /logout`
pub async fn get(call: Call) -> Response {
    match call.query() {
        Ok(params) => begin(&call, &params).await,
        Err(error) => html::rejected(&call, &error),
    }
}

/// `POST /logout`: a client's request, or the person's answer.
pub async fn post(call: Call) -> Response {
    let params = match call.form() {
        Ok(params) => params,
        Err(error) => return html::rejected(&call, &error),
    };
    let confirmed = params.get("logout-confirm").is_some();
    let cancelled = params.get("logout-cancel").is_some();
    if !confirmed && !cancelled {
        // A form posted from another site has an `Origin` but no cookie; the GET that follows the redirect has it. An
        // application that posts without a browser has neither, and does not follow redirects.
        let is_foreign_form = call.browser.session.is_none() && call.headers.contains_key(header::ORIGIN);
        return if is_foreign_form { html::see_other(&own_url(&call, &params)) } else { begin(&call, &params).await };
    }
    if csrf::check(&call, params.get("csrf"), FORM).is_err() {
        return html::forged(&call, None);
    }
    if cancelled {
        return html::see_other(&format!("{}/", call.app.base_path()));
    }
    let request = match check(&call, &params).await {
        Ok(request) => request,
        Err(response) => return *response,
    };
    match logout::confirm(&call.app.provider, &call.context, &request, call.browser).await {
        Ok(end) => ended(&call, &request, end),
        Err(failure) => html::failed(&call, failure),
    }
}

/// The same request as a GET.
fn own_url(call: &Call, params: &Params) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in PARAMETERS {
        if let Some(value) = params.get(name) {
            query.append_pair(name, value);
        }
    }
    format!("{}{}?{}", call.app.base_path(), endpoint::LOGOUT.path, query.finish())
}

async fn begin(call: &Call, params: &Params) -> Response {
    let request = match check(call, params).await {
        Ok(request) => request,
        Err(response) => return *response,
    };
    match logout::begin(&call.app.provider, &call.context, &request, call.browser).await {
        Ok(Plan::Ended(end)) => ended(call, &request, end),
        Ok(Plan::Ask { person }) => match ask(call, params, &request, person) {
            Ok(response) => response,
            Err(failure) => html::failed(call, failure.into()),
        },
        Err(failure) => html::failed(call, failure),
    }
}

async fn check(call: &Call, params: &Params) -> Result<LogoutRequest, Box<Response>> {
    let checked = logout::check(&call.app.provider, &call.context, params).await;
    checked.map_err(|failure| Box::new(html::failed(call, failure)))
}

/// The question. Its form is bound to the browser, so a browser without cookies gets one first.
fn ask(
    call: &Call,
    params: &Params,
    request: &LogoutRequest,
    person: Option<Addressee>,
) -> Result<Response, EntropyError> {
    let csrf::BoundBrowser { browser, name } = csrf::bind(call)?;
    let field = |name: &str| Some((name.to_owned(), params.get(name)?.to_owned()));
    let return_to = request.return_to.as_deref();
    call.learned.note_locale(person.as_ref().and_then(|person| person.locale.as_deref()));
    let template = LogoutPage {
        page: html::page(call),
        action: format!("{}{}", call.app.base_path(), endpoint::LOGOUT.path),
        csrf: csrf::token(&call.app, browser, FORM, call.context.now),
        who: person.map(|person| person.username),
        client: request.client.as_ref().map(|client| ClientCard::new(client, return_to)),
        fields: PARAMETERS.into_iter().filter_map(field).collect(),
    };
    let mut response = html::render(&template, return_to);
    if let Some(cookie) = name.and_then(|name| cookies::of(&call.app).identify_browser(&name)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn ended(call: &Call, request: &LogoutRequest, end: Ended) -> Response {
    let Ended { session, frames } = end;
    let sentence = match session {
        Over::Current => "signed-out-here",
        Over::Named => "signed-out-named",
        Over::None => "signed-out-nothing",
    };
    let mut response = match &request.return_to {
        Some(location) if frames.is_empty() => html::see_other(location),
        Some(_) | None => {
            let language = call.viewer().language;
            let back = request.client.as_deref().and_then(|client| html::back_to(language, client));
            let onward = request.return_to.clone();
            html::render_signed_out(&SignedOutPage { page: html::page(call), sentence, back, onward, frames })
        }
    };
    for cookie in cookies::of(&call.app).end_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
