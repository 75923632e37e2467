//! Resources (protected APIs) of a realm, with the header of their access tokens.

use std::collections::HashMap;

use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::client::resource::{AccessTokenTyp, HeaderChoice, Resource};
use signet_protocol::ids::RealmId;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO resources (realm_id, uri, access_token_alg, access_token_typ, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $5)
    ";
    NAME = "
        INSERT INTO resources (realm_id, uri, created_at, updated_at)
        VALUES ($1, $2, $3, $3)
        ON CONFLICT (realm_id, uri)
        DO UPDATE SET created_at = resources.created_at
    ";
    UPDATE = "
        UPDATE resources
        SET access_token_alg = $3, access_token_typ = $4, updated_at = $5
        WHERE realm_id = $1 AND uri = $2
    ";
    REMOVE = "DELETE FROM resources WHERE realm_id = $1 AND uri = $2";
    FIND = "SELECT uri, access_token_alg, access_token_typ FROM resources WHERE realm_id = $1 AND uri = $2";
    LIST = "
        SELECT uri, access_token_alg, access_token_typ
        FROM resources
        WHERE realm_id = $1 AND uri > $2
        ORDER BY uri LIMIT $3
    ";
    CHOOSY = "
        SELECT realm_id, uri, access_token_alg, access_token_typ
        FROM resources
        WHERE access_token_alg IS NOT NULL OR access_token_typ IS NOT NULL
    ";
}

type Row = (String, Option<String>, Option<String>);

/// # Errors
/// [`StoreError::Conflict`] if a resource has this URI.
pub async fn insert(tx: &mut Tx, realm: &RealmId, resource: &Resource, now: Timestamp) -> Result<(), StoreError> {
    let alg = resource.header.alg.map(SigningAlgorithm::as_str);
    let typ = resource.header.typ.map(AccessTokenTyp::as_str);
    execute!(tx, INSERT, [realm.as_str(), resource.uri.as_str(), alg, typ, now.as_millis()]).map(|_| ())
}

/// Adds the missing resources of a client and locks the rows of all, so that none is removed before the client is
/// written. Callers pass the URIs in order, so that two transactions lock rows in the same order.
pub(crate) async fn name(tx: &mut Tx, realm: &RealmId, uris: &[&str], now: Timestamp) -> Result<(), StoreError> {
    for uri in uris {
        execute!(tx, NAME, [realm.as_str(), *uri, now.as_millis()])?;
    }
    Ok(())
}

/// Replaces the header of a resource's tokens. Returns false if there is no such resource.
pub async fn update(tx: &mut Tx, realm: &RealmId, resource: &Resource, now: Timestamp) -> Result<bool, StoreError> {
    let alg = resource.header.alg.map(SigningAlgorithm::as_str);
    let typ = resource.header.typ.map(AccessTokenTyp::as_str);
    execute!(tx, UPDATE, [realm.as_str(), resource.uri.as_str(), alg, typ, now.as_millis()]).map(one)
}

/// Removes a resource. Returns false if there was none.
pub async fn remove(tx: &mut Tx, realm: &RealmId, uri: &str) -> Result<bool, StoreError> {
    execute!(tx, REMOVE, [realm.as_str(), uri]).map(one)
}

pub async fn find(tx: &mut Tx, realm: &RealmId, uri: &str) -> Result<Option<Resource>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), uri])?;
    row.map(resource).transpose()
}

/// Returns the resources after `after`, ordered by URI.
pub async fn list(tx: &mut Tx, realm: &RealmId, after: &str, most: i64) -> Result<Vec<Resource>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, LIST, [realm.as_str(), after, most])?;
    rows.into_iter().map(resource).collect()
}

/// The headers that resources have chosen. Operators make them, so they all fit in memory.
#[derive(Debug, Default)]
pub struct Headers(HashMap<RealmId, HashMap<String, HeaderChoice>>);

impl Headers {
    /// Returns the choice of a resource, or the default if there is no such resource.
    pub fn of(&self, realm: &RealmId, uri: &str) -> HeaderChoice {
        self.0.get(realm).and_then(|resources| resources.get(uri)).copied().unwrap_or_default()
    }
}

/// Returns the headers that the resources of all realms have chosen.
pub async fn headers(tx: &mut Tx) -> Result<Headers, StoreError> {
    let rows: Vec<(String, String, Option<String>, Option<String>)> = fetch_all!(tx, CHOOSY, [])?;
    let mut headers = Headers::default();
    for (realm, uri, alg, typ) in rows {
        let resource = resource((uri, alg, typ))?;
        headers.0.entry(RealmId::from_stored(realm)).or_default().insert(resource.uri, resource.header);
    }
    Ok(headers)
}

fn resource(row: Row) -> Result<Resource, StoreError> {
    let (uri, alg, typ) = row;
    let unknown = || StoreError::Corrupt("the header of a resource");
    let alg = alg.map(|alg| SigningAlgorithm::named(&alg).ok_or_else(unknown)).transpose()?;
    let typ = typ.map(|typ| AccessTokenTyp::named(&typ).ok_or_else(unknown)).transpose()?;
    Ok(Resource { uri, header: HeaderChoice { alg, typ } })
}
