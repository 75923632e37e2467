//! What the pages of the console have in common: their frame, their forms, and the message after a form.

use askama::Template;
use axum::http::header;
use axum::response::Response;

use super::person;
use crate::flows::account::person::{FreshPerson, Person};
use crate::http::edge::call::Call;
use crate::http::edge::{cookies, csrf, html};
use crate::pages::account::{Console, Flash};
use signet_protocol::endpoint::{self, Endpoint};
use signet_protocol::params::Params;

/// A form that the person sent from a page of the console.
pub struct Submitted<P> {
    pub person: P,
    pub form: Params,
}

/// The frame of a page. Its forms are those of the page.
pub fn console(call: &Call, person: &Person, page: &Endpoint) -> Console {
    let cookies = cookies::of(&call.app);
    let frame = Console::new(call.app.base_path(), &person.user.username, page);
    let has_tokens = call.app.settings.accounts.tokens.enabled;
    Console {
        flash: cookies.flash(&call.headers).and_then(Flash::named),
        csrf: csrf::token(&call.app, call.browser, page.path, call.context.now),
        ..if has_tokens { frame } else { frame.without(&endpoint::ACCOUNT_TOKENS) }
    }
}

/// The response with a page of the console, which has shown the message.
pub fn render(call: &Call, template: &impl Template) -> Response {
    with_message_shown(call, html::render(template, None))
}

/// A response with a page that has shown the message, which the browser drops.
pub fn with_message_shown(call: &Call, mut response: Response) -> Response {
    let cookies = cookies::of(&call.app);
    if cookies.flash(&call.headers).is_some() {
        response.headers_mut().extend(cookies.drop_flash().map(|cookie| (header::SET_COOKIE, cookie)));
    }
    response
}

/// The form of a page, sent by the signed-in person.
pub async fn submitted(call: &Call, page: &'static Endpoint) -> Result<Submitted<Person>, Box<Response>> {
    let form = checked_form(call, page)?;
    Ok(Submitted { person: person::signed_in(call, page).await?, form })
}

/// The form of a page that requires a fresh authentication.
pub async fn submitted_fresh(call: &Call, page: &'static Endpoint) -> Result<Submitted<FreshPerson>, Box<Response>> {
    let form = checked_form(call, page)?;
    Ok(Submitted { person: person::fresh(call, page).await?, form })
}

fn checked_form(call: &Call, page: &Endpoint) -> Result<Params, Box<Response>> {
    let form = call.form().map_err(|error| Box::new(html::rejected(call, &error)))?;
    match csrf::check(call, form.get("csrf"), page.path) {
        Ok(()) => Ok(form),
        Err(csrf::Forged) => Err(Box::new(html::forged(call, None))),
    }
}

/// Leads to a page of the console after a form, with a message.
pub fn done(call: &Call, page: &Endpoint, flash: Flash) -> Response {
    let mut response = html::see_other(&format!("{}{}", call.app.base_path(), page.path));
    let cookie = cookies::of(&call.app).leave_flash(flash.key);
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// Leads out of the console after the session of this browser has ended.
pub fn left(call: &Call) -> Response {
    let mut response = html::see_other(&format!("{}/", call.app.base_path()));
    for cookie in cookies::of(&call.app).end_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
