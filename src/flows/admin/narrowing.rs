//! The effect of a client's registration on its grants: they never allow more than the client may have.

use crate::flows::Context;
use crate::flows::client::cut_off::cut_off;
use signet_protocol::client::GrantEffect;
use signet_protocol::ids::ClientId;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Target;
use signet_store::token::{authorization_codes, token_families};
use signet_store::{StoreError, Tx};

/// Removes from the client's grants what a change takes away, in the transaction of the change.
pub(crate) async fn narrow(
    tx: &mut Tx,
    context: &Context,
    client: &ClientId,
    narrowing: GrantEffect,
    horizon: Timestamp,
) -> Result<(), StoreError> {
    let realm = &context.realm.id;
    if narrowing == GrantEffect::Grants {
        // Codes first: a concurrent redemption is waited for, and its family is revoked with the others.
        authorization_codes::drop_unused(tx, realm, client).await?;
        token_families::revoke_client(tx, realm, client, "client changed", context.now).await?;
    }
    match narrowing {
        GrantEffect::Nothing => Ok(()),
        GrantEffect::AccessTokens | GrantEffect::Grants => {
            cut_off(tx, context, Target::Client, client.as_str(), horizon).await
        }
    }
}
