//! Blocked addresses and networks. Expired rows have no effect.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::node::changes;
use crate::{StoreError, Tx};
use signet_protocol::defense::address_block::{Block, Blocks, Reach, parse_network};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;

statements! {
    PUT = "
        INSERT INTO address_blocks (realm_id, network, reach, reason, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, network)
        DO UPDATE SET reach = excluded.reach, reason = excluded.reason, created_at = excluded.created_at,
            expires_at = excluded.expires_at
    ";
    PUT_UNLESS = "
        INSERT INTO address_blocks (realm_id, network, reach, reason, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, network)
        DO UPDATE SET reach = excluded.reach, reason = excluded.reason, created_at = excluded.created_at,
            expires_at = excluded.expires_at
        WHERE address_blocks.expires_at <= excluded.created_at
    ";
    REMOVE = "DELETE FROM address_blocks WHERE realm_id = $1 AND network = $2 AND expires_at > $3";
    FIND = "SELECT realm_id, network, reach, expires_at FROM address_blocks WHERE realm_id = $1 AND network = $2";
    IN_FORCE = "SELECT realm_id, network, reach, expires_at FROM address_blocks WHERE expires_at > $1";
    LIST = "
        SELECT realm_id, network, reach, expires_at, reason, created_at
        FROM address_blocks
        WHERE realm_id = $1 AND expires_at > $2
        ORDER BY expires_at, network
    ";
}

type Row = (String, String, String, i64);

/// Rule for a network that is blocked already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// The new block replaces the old one: an operator has decided.
    New,
    /// The block in force stays: the server must not shorten a block made by an operator.
    InForce,
}

/// Blocks a network and publishes the change. Returns false if a block in force stays.
pub async fn put(
    tx: &mut Tx,
    block: &Block,
    reason: &str,
    precedence: Precedence,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let statement = match precedence {
        Precedence::New => PUT,
        Precedence::InForce => PUT_UNLESS,
    };
    let network = block.network.to_string();
    let realm = block.realm.as_str();
    let reach = block.reach.as_str();
    let end = block.expires_at.as_millis();
    if execute!(tx, statement, [realm, &network, reach, reason, now.as_millis(), end])? == 0 {
        return Ok(false);
    }
    changes::publish(tx, &block.realm, changes::Kind::Block, &network, now).await?;
    Ok(true)
}

/// Removes a block and publishes the change. Returns false if there was none in force.
pub async fn remove(tx: &mut Tx, realm: &RealmId, network: &str, now: Timestamp) -> Result<bool, StoreError> {
    if execute!(tx, REMOVE, [realm.as_str(), network, now.as_millis()])? == 0 {
        return Ok(false);
    }
    changes::publish(tx, realm, changes::Kind::Block, network, now).await?;
    Ok(true)
}

/// A block as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub block: Block,
    /// Reason given for it.
    pub reason: String,
    pub created_at: Timestamp,
}

/// Returns the blocks in force of a realm, ordered by their end.
pub async fn list(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
    type Row = (String, String, String, i64, String, i64);
    let rows: Vec<Row> = fetch_all!(tx, LIST, [realm.as_str(), now.as_millis()])?;
    let listed = |(realm, network, reach, end, reason, created): Row| {
        let block = block((realm, network, reach, end))?;
        Ok(Listed { block, reason, created_at: Timestamp::from_millis(created) })
    };
    rows.into_iter().map(listed).collect()
}

/// Returns the blocks in force of all realms.
pub(crate) async fn in_force(tx: &mut Tx, now: Timestamp) -> Result<Blocks, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, IN_FORCE, [now.as_millis()])?;
    let mut blocks = Blocks::default();
    for row in rows {
        blocks.add(block(row)?);
    }
    Ok(blocks)
}

/// Updates the in-memory blocks from the row of one network.
pub(crate) async fn apply(tx: &mut Tx, realm: &RealmId, network: &str, blocks: &mut Blocks) -> Result<(), StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), network])?;
    match row {
        Some(row) => blocks.add(block(row)?),
        None => {
            let network = parse_network(network).ok_or(StoreError::Corrupt("network"))?;
            blocks.remove(realm, network);
        }
    }
    Ok(())
}

fn block(row: Row) -> Result<Block, StoreError> {
    let (realm, network, reach, expires_at) = row;
    Ok(Block {
        realm: RealmId::from_stored(realm),
        network: parse_network(&network).ok_or(StoreError::Corrupt("network"))?,
        reach: Reach::named(&reach).ok_or(StoreError::Corrupt("reach of a block"))?,
        expires_at: Timestamp::from_millis(expires_at),
    })
}
