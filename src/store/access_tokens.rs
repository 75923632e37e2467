//! Opaque access tokens by digest, for clients that have chosen them. JWTs are not stored.

use super::rows::{from_json, to_json};
use super::statement::statements;
use super::tx::{execute, fetch_optional};
use super::{StoreError, Tx};
use crate::protocol::access_token::AccessTokenClaims;
use crate::protocol::ids::RealmId;
use crate::protocol::secret::Digest;

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
