//! `/account/profile`: the profile of the person, by the policy of each field.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::frame::{self, Submitted};
use super::person;
use crate::flows::account::person::Person;
use crate::flows::account::profile::{self, Edit, Saved};
use crate::flows::admin::RegisteredUser;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::{FieldLine, Flash, ProfilePage, field_error, field_hint, field_label};
use signet_protocol::account::person::PersonError;
use signet_protocol::account::profile::{ADDRESS, ADDRESS_PARTS, FIELDS, FieldPolicy, Refused};
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::params::Params;

/// The errors of a form, and the text that was typed.
#[derive(Default)]
struct Faults {
    /// The key of the words above the form.
    alert: Option<&'static str>,
    /// The fields with the keys of the words for their errors.
    fields: Vec<(&'static str, &'static str)>,
    typed: Params,
}

impl Faults {
    fn of_fields(refused: &[Refused], typed: Params) -> Self {
        let fields = refused.iter().map(|refused| (refused.field, field_error(refused.error))).collect();
        Self { alert: Some("profile-check"), fields, typed }
    }

    fn of_username(error: &'static str, typed: Params) -> Self {
        Self { alert: Some("profile-check"), fields: vec![("username", error)], typed }
    }
}

/// `GET /account/profile`
pub async fn get(call: Call) -> Response {
    match person::signed_in(&call, &endpoint::ACCOUNT_PROFILE).await {
        Ok(person) => page(&call, &person, Faults::default()).await,
        Err(response) => *response,
    }
}

/// `POST /account/profile`
pub async fn post(call: Call) -> Response {
    let Submitted { person, form } = match frame::submitted(&call, &endpoint::ACCOUNT_PROFILE).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    if form.get("profile-submit").is_none() {
        return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
    }
    let policy = |field: &str| call.app.settings.accounts.fields.policy(field);
    let version = form.get("version").and_then(|version| version.parse().ok());
    let edit = Edit { version, policy, form: &form };
    let saved = match profile::save(&call.app.provider, &call.context, &person, edit).await {
        Ok(saved) => saved,
        Err(failure) => return html::failed(&call, failure),
    };
    let (status, faults) = match saved {
        Saved::Changed => return frame::done(&call, &endpoint::ACCOUNT_PROFILE, Flash::PROFILE_SAVED),
        Saved::Unchanged => return frame::done(&call, &endpoint::ACCOUNT_PROFILE, Flash::PROFILE_UNCHANGED),
        // The form is shown with the values of now, since those that were typed may undo another change.
        Saved::Stale => (StatusCode::CONFLICT, Faults { alert: Some("profile-stale"), ..Faults::default() }),
        Saved::Refused(refused) => (StatusCode::UNPROCESSABLE_ENTITY, Faults::of_fields(&refused, form)),
        Saved::Username(error) => (StatusCode::UNPROCESSABLE_ENTITY, Faults::of_username(username_error(error), form)),
        Saved::Taken => (StatusCode::CONFLICT, Faults::of_username("profile-error-taken", form)),
    };
    (status, page(&call, &person, faults).await).into_response()
}

fn username_error(error: PersonError) -> &'static str {
    match error {
        PersonError::UsernameAt => "profile-error-at",
        PersonError::UsernameCharacter => "profile-error-character",
        PersonError::SurroundingSpace => "profile-error-space",
        _ => "profile-error-length",
    }
}

async fn page(call: &Call, person: &Person, faults: Faults) -> Response {
    let held = match profile::load(&call.app.provider, &call.context, person).await {
        Ok(held) => held,
        Err(failure) => return html::failed(call, failure),
    };
    let fields = lines(call, &held, &faults);
    let template = ProfilePage {
        page: html::page(call),
        console: frame::console(call, person, &endpoint::ACCOUNT_PROFILE),
        is_form: fields.iter().any(|field| field.is_editable),
        fields,
        version: held.history.version,
        alert: faults.alert,
    };
    frame::render(call, &template)
}

/// The fields that are not off, with their values.
fn lines(call: &Call, held: &RegisteredUser, faults: &Faults) -> Vec<FieldLine> {
    let claims = &held.user.claims;
    let address = claims.value(ADDRESS).and_then(|address| address.as_object());
    let part = |name: &str| address.and_then(|address| address.get(name)).and_then(|part| part.as_str());
    let texts = FIELDS.into_iter().map(|(name, _)| (name, name, claims.get(name)));
    let parts = ADDRESS_PARTS.into_iter().map(|name| (name, ADDRESS, part(name)));
    let username = ("username", "username", Some(held.user.username.as_str()));
    let mut lines = Vec::new();
    for (name, ruled_by, value) in std::iter::once(username).chain(texts).chain(parts) {
        let policy = call.app.settings.accounts.fields.policy(ruled_by);
        if policy == FieldPolicy::Off {
            continue;
        }
        let is_editable = policy == FieldPolicy::Edit;
        let typed = faults.typed.get(name).filter(|_| is_editable);
        let (label, autocomplete) = field_label(name);
        lines.push(FieldLine {
            name,
            label,
            autocomplete,
            hint: field_hint(name),
            value: typed.or(value).unwrap_or_default().to_owned(),
            is_editable,
            is_long: name == "street_address",
            error: faults.fields.iter().find(|(field, _)| *field == name).map(|(_, error)| *error),
            has_focus: false,
        });
    }
    if let Some(first) = lines.iter_mut().find(|line| line.error.is_some()) {
        first.has_focus = true;
    }
    lines
}
