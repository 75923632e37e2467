//! The consent page.

use axum::response::Response;

use super::interaction;
use crate::flows::authorize::consent::{self, Answer, Shown};
use crate::flows::authorize::pending::Interaction;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::{csrf, html};
use crate::messages::{self, Message};
use crate::pages::{ClientCard, ConsentPage, ScopeLine};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::next_step::InteractiveRequest;
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::language::Language;
use signet_protocol::scope::{OFFLINE_ACCESS, Scope};
use signet_protocol::time::{Amount, Span};

/// The form's name in its CSRF token.
const FORM: &str = "consent";

/// `GET /consent`
pub async fn get(call: Call) -> Response {
    let (_, interaction) = match interaction::shown(&call).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    match consent::show(provider, &call.context, &interaction, call.browser).await {
        Ok(Shown::Page { person, new }) => {
            call.learned.note_locale(person.locale.as_deref());
            page(&call, &interaction, person.username, &new)
        }
        Ok(Shown::Next(next)) => html::go(&call, next, None),
        Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
    }
}

/// `POST /consent`
pub async fn post(call: Call) -> Response {
    let (params, interaction) = match interaction::answered(&call, FORM).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    let answer = match (params.get("consent-allow"), params.get("consent-deny")) {
        (Some(_), None) => Answer::Allow,
        (None, Some(_)) => Answer::Deny,
        (Some(_), Some(_)) | (None, None) => {
            return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
        }
    };
    match consent::answer(provider, &call.context, &interaction, call.browser, answer).await {
        Ok(next) => html::go(&call, next, None),
        Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
    }
}

fn page(call: &Call, interaction: &Interaction, who: String, new: &Consent) -> Response {
    let InteractiveRequest::Authorization(request) = &interaction.pending.request else {
        return html::rejected(call, &OAuthError::invalid_request("There is no request to consent to."));
    };
    let base = call.app.base_path();
    let language = call.viewer().language;
    let template = ConsentPage {
        page: html::page(call),
        action: html::step(base, &endpoint::CONSENT, &interaction.pending.id),
        csrf: csrf::token(&call.app, call.browser, FORM, call.context.now),
        client: ClientCard::new(&interaction.client, Some(&request.redirect_uri))
            .with_logo(logo::path(base, &interaction.client)),
        who,
        switch_url: format!("{}&switch=yes", html::step(base, &endpoint::LOGIN, &interaction.pending.id)),
        scopes: ScopeLine::all(language, &Consent::asked_by(request), new),
        lifetime: lifetime(language, &request.scope, call.app.settings.tokens.refresh_token_lifetime),
    };
    html::render(&template, Some(&request.redirect_uri))
}

/// The sentence about the end of the access. Refresh tokens end a fixed time after the sign-in.
pub fn lifetime(language: Language, scope: &Scope, offline: Span) -> String {
    if !scope.contains(OFFLINE_ACCESS) {
        return messages::text(language, "consent-until-sign-out");
    }
    let Amount { count, unit } = Amount::of_lifetime(offline);
    Message::new(language, "consent-after-sign-out").with("count", count).with("unit", unit).text()
}
