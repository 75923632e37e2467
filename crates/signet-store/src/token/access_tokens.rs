//! Opaque access tokens by digest, for clients that have chosen them. JWTs are not stored.

use crate::engine::rows::{from_json, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::RealmId;
use signet_protocol::secret::Digest;
use signet_protocol::token::access_token::AccessTokenClaims;

statements! {
    INSERT = "
        INSERT INTO opaque_access_tokens (digest, realm_id, client_id, claims, expires_at)
        VALUES ($1, $2, $3, $4, $5)
    ";
    FIND = "SELECT claims FROM opaque_access_tokens WHERE digest = $1 AND realm_id = $2";
}

pub async fn insert(tx: &mut Tx, realm: &RealmId, token: Digest, claims: &AccessTokenClaims) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            token.as_bytes(),
            realm.as_str(),
            claims.client_id.as_str(),
            to_json(claims)?,
            claims.exp.saturating_mul(1000)
        ]
    )
    .map(|_| ())
}

/// Returns the claims of a token, even if it has expired: the caller must check `exp`.
pub async fn find(tx: &mut Tx, realm: &RealmId, token: Digest) -> Result<Option<AccessTokenClaims>, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, FIND, [token.as_bytes(), realm.as_str()])?;
    row.map(|(claims,)| from_json(&claims, "access token claims")).transpose()
}
