//! The refresh token grant (RFC 6749 §6, RFC 9700 §4.14.2): the live leaf is replaced, a lost answer is repeated, and
//! a token that was used before revokes its family.

use async_trait::async_trait;

use super::{Decision, Evidence, Grant, GrantError, Issuance, RefreshPlan, TokenRequest, UserGrant};
use crate::adapters::oxide_auth;
use crate::adapters::oxide_auth::refresh::Granted;
use crate::flows::session::idle_end_after_use;
use signet_protocol::cause::Cause;
use signet_protocol::client::REFRESH_TOKEN;
use signet_protocol::client::resource;
use signet_protocol::token::access_token::Subject;
use signet_protocol::token::refresh::{self, RefreshToken, Verdict};
use signet_store::Tx;
use signet_store::events::audit::Event;
use signet_store::token::token_families;
use signet_store::token::token_families::{Family, Rotation, SessionTouch};

/// The grant type `refresh_token`.
pub struct Refresh;

#[async_trait]
impl Grant for Refresh {
    fn name(&self) -> &'static str {
        REFRESH_TOKEN
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["refresh_token", "scope", "resource"]
    }

    async fn redeem(&self, request: &TokenRequest, _: &Evidence, tx: &mut Tx) -> Result<Decision, GrantError> {
        let TokenRequest { client, params, context, lifetimes, mac, .. } = request;
        let text = params.require("refresh_token", "refresh_token is required.")?;
        let token = RefreshToken::parse(text, mac).ok_or(Cause::RefreshUnknown)?;
        let family = token_families::find(tx, &context.realm.id, &token.family(), context.now).await?;
        let family = family.ok_or(Cause::RefreshGrantGone)?;
        match refresh::decide(&token, &family.state, &client.id, context.now, lifetimes.refresh_grace) {
            Verdict::Refuse(cause) => Err(cause.into()),
            Verdict::Reuse => {
                Ok(Decision::RevokeFamily { family: family.id, user: family.user_id, event: Event::RefreshReuse })
            }
            Verdict::Repeat => {
                let successor = token.successor(mac);
                issue(request, family, RefreshPlan::Repeat(successor))
            }
            Verdict::Rotate => {
                let successor = token.successor(mac);
                let rotation = Rotation {
                    old: token.digest(),
                    new: successor.digest(),
                    idle_expires_at: context.now.plus(lifetimes.refresh_idle),
                    session: session_touch(request, &family),
                };
                let plan = RefreshPlan::Rotate(family.id.clone(), rotation, successor);
                issue(request, family, plan)
            }
        }
    }
}

/// The use of the session by a family that is bound to it: it moves the idle end, never the absolute one.
fn session_touch(request: &TokenRequest, family: &Family) -> Option<SessionTouch> {
    let used = family.session_use.filter(|_| !family.offline)?;
    let idle_expires_at = idle_end_after_use(&request.lifetimes, &used, request.context.now)?;
    Some(SessionTouch { id: family.session_id.clone(), idle_expires_at })
}

fn issue(request: &TokenRequest, family: Family, refresh: RefreshPlan) -> Result<Decision, GrantError> {
    let TokenRequest { client, params, context, .. } = request;
    // What the client has lost since, its grant has lost too; that is not stored, so that it may come back.
    let remaining = client.remaining_scope(&family.scope)?;
    let scope = refresh::narrow_scope(params, &remaining)?;
    let granted = Granted { client: &family.state.client_id, scope: &remaining };
    oxide_auth::refresh::confirm(params, client, granted, &scope)?;
    let family = Family { resources: client.remaining_resources(family.resources)?, ..family };
    let asked = client.resources(params.get_all("resource"), &context.realm.issuer)?;
    let resources = resource::narrowed(&family.resources, asked)?;
    Ok(Decision::Issue(Box::new(Issuance {
        subject: Subject::User(family.user_id.clone()),
        scope,
        resources,
        grant: Some(UserGrant {
            user: family.user_id,
            family: family.id,
            session: family.session_id,
            session_over: family.session_use.is_none(),
            authentication: family.authentication,
            nonce: None,
            claims: family.claims,
        }),
        confirmation: request.confirmation.clone(),
        refresh,
    })))
}
