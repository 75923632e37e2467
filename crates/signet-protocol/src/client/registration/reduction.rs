//! Reduction of requested grant and response types to those that this server grants. RFC 7591 §3.2.1 allows replacing
//! requested values; the response lists what was registered.

use serde_json::{Map, Value};

use super::{Policy, refused};
use crate::authorize::response_type::{IMPLICIT, ResponseType};
use crate::client::{AUTH_NONE, AUTHORIZATION_CODE, CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN};
use crate::error::OAuthError;

/// Leaves out grant types and response types that the client cannot have. An empty rest is `invalid_client_metadata`.
pub(crate) fn reduce(members: &mut Map<String, Value>, policy: &Policy) -> Result<(), OAuthError> {
    let allowed = policy.profile.rules().response_types;
    let kinds = texts(members, "response_types").map(|asked| {
        let kinds = asked.iter().filter_map(|text| ResponseType::parse(text).ok());
        kinds.filter(|kind| allowed.contains(kind)).collect::<Vec<_>>()
    });
    let has_implicit = allowed.iter().any(|kind| kind.needs_implicit());
    let is_public = members.get("token_endpoint_auth_method").is_some_and(|method| method == AUTH_NONE);
    let grants = texts(members, "grant_types").map(|asked| {
        let has_code = asked.iter().any(|grant| grant == AUTHORIZATION_CODE || grant == DEVICE_CODE);
        let granted = |grant: &String| match grant.as_str() {
            IMPLICIT => has_implicit,
            REFRESH_TOKEN => has_code,
            CLIENT_CREDENTIALS => !is_public,
            other => policy.grants.contains(&other),
        };
        asked.into_iter().filter(granted).collect::<Vec<_>>()
    });
    let holds = |grant: &str| match &grants {
        Some(grants) => grants.iter().any(|held| held == grant),
        None => grant == AUTHORIZATION_CODE,
    };
    if let Some(kinds) = kinds {
        let has_grants = |kind: &ResponseType| {
            (!kind.has_code() || holds(AUTHORIZATION_CODE)) && (!kind.needs_implicit() || holds(IMPLICIT))
        };
        let kept = kinds.into_iter().filter(has_grants).map(|kind| kind.as_str().to_owned()).collect();
        replace(members, "response_types", kept)?;
    }
    match grants {
        Some(grants) => replace(members, "grant_types", grants),
        None => Ok(()),
    }
}

/// Returns the strings of a list. A member that is not such a list is refused later.
fn texts(members: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    members.get(name)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Replaces a list by its reduction.
fn replace(members: &mut Map<String, Value>, name: &'static str, left: Vec<String>) -> Result<(), OAuthError> {
    let was_empty = members.get(name).and_then(Value::as_array).is_some_and(Vec::is_empty);
    if left.is_empty() && !was_empty {
        return Err(refused(name));
    }
    members.insert(name.to_owned(), left.into());
    Ok(())
}
