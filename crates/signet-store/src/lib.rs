//! The database. Functions over a connection, one file per aggregate; [`engine`] alone knows the two engines.
//!
//! Every statement is a constant, written once for SQLite and PostgreSQL. Reads take a connection from a pool; all
//! writes go through [`Store::write`], which returns when the commit is durable. Nothing here decides whether a
//! request is allowed: a consuming write is guarded in SQL, and its caller checks whether it changed a row.

pub mod account;
pub mod authorize;
pub mod client;
pub mod clock;
pub mod defense;
pub mod engine;
pub mod events;
pub mod metrics;
pub mod node;
pub mod realm;
pub mod session;
pub mod token;

pub use engine::error::StoreError;
pub use engine::migrations::Migrated;
pub use engine::setup::{ACQUIRE_TIMEOUT, LossyCommits, Setup};
pub use engine::statement::{Statement, embedded_text};
pub use engine::store::Store;
pub use engine::tx::Tx;

/// Returns every statement that runs on both engines.
pub fn all_statements() -> Vec<&'static Statement> {
    [
        token::access_tokens::STATEMENTS,
        defense::address_blocks::STATEMENTS,
        events::audit::STATEMENTS,
        events::audit_log::STATEMENTS,
        token::authorization_codes::STATEMENTS,
        authorize::authorization_requests::STATEMENTS,
        node::changes::STATEMENTS,
        client::claim_mappers::STATEMENTS,
        client::client_profiles::STATEMENTS,
        client::clients::STATEMENTS,
        node::clock_steps::STATEMENTS,
        authorize::consents::STATEMENTS,
        token::device_authorizations::STATEMENTS,
        account::directory::STATEMENTS,
        realm::hint_keys::STATEMENTS,
        account::holdings::STATEMENTS,
        account::imported_users::STATEMENTS,
        account::personal_tokens::STATEMENTS,
        node::invariants::STATEMENTS,
        session::known_devices::STATEMENTS,
        node::leases::STATEMENTS,
        defense::login_failures::STATEMENTS,
        authorize::pushed_requests::STATEMENTS,
        defense::rate_exchanges::STATEMENTS,
        client::logos::STATEMENTS,
        engine::migrations::STATEMENTS,
        node::nodes::STATEMENTS,
        client::origins::STATEMENTS,
        events::outbox::STATEMENTS,
        realm::realms::STATEMENTS,
        defense::refusals::STATEMENTS,
        client::registrations::STATEMENTS,
        client::resources::STATEMENTS,
        node::restore_epochs::STATEMENTS,
        token::revocations::STATEMENTS,
        node::row_locks::STATEMENTS,
        node::samples::STATEMENTS,
        session::session_clients::STATEMENTS,
        session::sessions::STATEMENTS,
        realm::signing_keys::STATEMENTS,
        node::sweep::STATEMENTS,
        token::token_families::STATEMENTS,
        token::token_families::list::STATEMENTS,
        token::used_once::STATEMENTS,
        account::users::STATEMENTS,
        events::webhooks::STATEMENTS,
    ]
    .concat()
}
