//! `/account/tokens`: the personal access tokens of the person. The page does not exist unless the settings allow such
//! tokens.

use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::frame::{self, Submitted};
use super::person;
use crate::flows::FlowError;
use crate::flows::account::person::{FreshPerson, Person};
use crate::flows::account::tokens::{self, Creation};
use crate::http::edge::call::Call;
use crate::http::edge::{error, html};
use crate::pages::account::{Choice, Flash, Lifetime, TokenForm, TokenLine, TokensPage};
use signet_protocol::account::personal_token::{Offer, Wish, WishError};
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::PersonalTokenId;
use signet_protocol::params::Params;
use signet_protocol::secret::PersonalAccessToken;
use signet_protocol::time::{Span, Timestamp, seconds_up};

/// What a form has led to, as the page shows it.
#[derive(Default)]
struct Outcome {
    /// The keys of the words for what is wrong.
    errors: Vec<&'static str>,
    value: Option<PersonalAccessToken>,
    typed: Params,
}

/// `GET /account/tokens`
pub async fn get(call: Call) -> Response {
    if !call.app.settings.accounts.tokens.enabled {
        return error::plain(StatusCode::NOT_FOUND, "There is no page at this address.");
    }
    match person::fresh(&call, &endpoint::ACCOUNT_TOKENS).await {
        Ok(person) => page(&call, person.person(), Outcome::default()).await,
        Err(response) => *response,
    }
}

/// `POST /account/tokens`
pub async fn post(call: Call) -> Response {
    if !call.app.settings.accounts.tokens.enabled {
        return error::plain(StatusCode::NOT_FOUND, "There is no page at this address.");
    }
    let Submitted { person, form } = match frame::submitted_fresh(&call, &endpoint::ACCOUNT_TOKENS).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    let answer = if form.get("token-create").is_some() {
        create(&call, &person, form).await
    } else if form.get("token-revoke").is_some() {
        revoke(&call, person.person(), &form).await
    } else {
        Ok(html::rejected(&call, &OAuthError::invalid_request("The form is not complete.")))
    };
    answer.unwrap_or_else(|failure| html::failed(&call, failure))
}

async fn create(call: &Call, person: &FreshPerson, form: Params) -> Result<Response, FlowError> {
    let wish = Wish {
        name: form.get("token-name").unwrap_or_default(),
        scopes: chosen(&form, "scope-").collect(),
        resources: chosen(&form, "resource-").collect(),
        lifetime: form.get("lifetime"),
    };
    let created = tokens::create(&call.app.provider, &call.context, person, &wish).await?;
    let person = person.person();
    Ok(match created {
        // The value must be neither in a URL nor in a cookie, so this page is the answer to the form. Sending the form
        // again is refused by the quota.
        Creation::Created(value) => page(call, person, Outcome { value: Some(value), ..Outcome::default() }).await,
        Creation::Refused(errors) => {
            let errors = errors.into_iter().map(in_words).collect();
            let again = page(call, person, Outcome { errors, typed: form, value: None }).await;
            (StatusCode::UNPROCESSABLE_ENTITY, again).into_response()
        }
        Creation::NotBefore(next) => {
            let again = page(call, person, Outcome { errors: vec!["tokens-too-many"], typed: form, value: None }).await;
            let wait = seconds_up(next.since(call.context.now)).to_string();
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)], again).into_response()
        }
    })
}

/// The values of the boxes that are checked. Their names are numbered, since no parameter may be repeated.
fn chosen<'f>(form: &'f Params, prefix: &'f str) -> impl Iterator<Item = &'f str> {
    form.pairs().filter(move |(name, _)| name.starts_with(prefix)).map(|(_, value)| value)
}

const fn in_words(error: WishError) -> &'static str {
    match error {
        WishError::Name(_) => "tokens-error-name",
        WishError::Resource => "tokens-error-resource",
        WishError::Scope => "tokens-error-scope",
        WishError::Lifetime => "tokens-error-lifetime",
    }
}

async fn revoke(call: &Call, person: &Person, form: &Params) -> Result<Response, FlowError> {
    let id = form.get("token").and_then(PersonalTokenId::parse);
    let is_revoked = match id {
        Some(id) => tokens::revoke(&call.app.provider, &call.context, person, &id).await?,
        None => false,
    };
    let flash = if is_revoked { Flash::TOKEN_REVOKED } else { Flash::NO_SUCH_TOKEN };
    Ok(frame::done(call, &endpoint::ACCOUNT_TOKENS, flash))
}

async fn page(call: &Call, person: &Person, outcome: Outcome) -> Response {
    let held = match tokens::list(&call.app.provider, &call.context, person).await {
        Ok(held) => held,
        Err(failure) => return html::failed(call, failure),
    };
    let template = TokensPage {
        page: html::page(call),
        console: frame::console(call, person, &endpoint::ACCOUNT_TOKENS),
        tokens: held.live.into_iter().map(TokenLine::from).collect(),
        form: form(call, &held.resources, &outcome.typed),
        errors: outcome.errors,
        value: outcome.value.map(|value| value.expose().to_owned()),
        next: held.next.map(|next: Timestamp| next.into()),
    };
    frame::render(call, &template)
}

fn form(call: &Call, resources: &[String], typed: &Params) -> TokenForm {
    let policy = &call.app.settings.accounts.tokens;
    let choices = |prefix: &str, all: &[String]| -> Vec<Choice> {
        let choice = |value: &String| Choice {
            value: value.clone(),
            is_chosen: chosen(typed, prefix).any(|chosen| chosen == value) || all.len() == 1,
        };
        all.iter().map(choice).collect()
    };
    let offer = Offer { scopes: &policy.scopes, resources, lifetime: policy.lifetime };
    let picked = typed.get("lifetime").map_or_else(|| policy.lifetime.as_secs().to_string(), str::to_owned);
    TokenForm {
        name: typed.get("token-name").unwrap_or_default().to_owned(),
        resources: choices("resource-", resources),
        scopes: choices("scope-", &policy.scopes),
        lifetimes: offer.lifetimes().into_iter().map(|span| lifetime(span, &picked)).collect(),
    }
}

fn lifetime(span: Span, chosen: &str) -> Lifetime {
    let seconds = span.as_secs();
    let (count, unit) = match seconds % 86_400 {
        0 => (seconds / 86_400, "tokens-days"),
        _ => (seconds / 3_600, "tokens-hours"),
    };
    Lifetime { seconds, count, unit, is_chosen: seconds.to_string() == chosen }
}
