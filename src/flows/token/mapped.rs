//! The claims that an operator's mappers add to a token or response.

use serde_json::{Map, Value};

use crate::flows::{Context, Provider};
use signet_protocol::claims::mapper::{ClaimMapper, Person, ReleaseContext, Target};
use signet_protocol::ids::ClientId;
use signet_protocol::token::access_token::AccessTokenClaims;
use signet_store::account::users::User;

/// The mapped claims of an ID token or of userinfo.
pub fn claims(
    provider: &Provider,
    context: &Context,
    client: &ClientId,
    user: &User,
    release: &ReleaseContext<'_>,
) -> Map<String, Value> {
    evaluate(provider, context, client, release, Some(user))
}

/// The mapped claims of an access token and of its introspection response.
pub fn of_access_token(
    provider: &Provider,
    context: &Context,
    claims: &AccessTokenClaims,
    user: Option<&User>,
) -> Map<String, Value> {
    let release = ReleaseContext { target: Target::AccessToken, scope: &claims.scope, audience: Some(&claims.aud) };
    evaluate(provider, context, &claims.client_id, &release, user)
}

fn evaluate(
    provider: &Provider,
    context: &Context,
    client: &ClientId,
    release: &ReleaseContext<'_>,
    user: Option<&User>,
) -> Map<String, Value> {
    let person = user.map(|user| Person {
        username: &user.username,
        email: user.email.as_ref().map(|(address, _)| address.as_str()),
        claims: &user.claims,
        attributes: &user.attributes,
        roles: &user.roles,
    });
    let mappers = provider.view.mappers(&context.realm.id, client);
    let value = |mapper: ClaimMapper| {
        let value = mapper.value(release, person.as_ref())?;
        Some((mapper.claim, value))
    };
    mappers.into_iter().filter_map(value).collect()
}
