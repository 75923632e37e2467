//! The two engines: connections, transactions, the group-committing writer, migrations and the cache of rows.

pub mod condition;
pub(crate) mod db;
pub(crate) mod embedded;
pub(crate) mod error;
pub mod lanes;
pub(crate) mod migrations;
pub(crate) mod postgres;
pub(crate) mod row_cache;
pub(crate) mod rows;
pub(crate) mod setup;
pub(crate) mod sqlite;
pub(crate) mod statement;
pub(crate) mod store;
pub(crate) mod timing;
pub(crate) mod tx;
pub(crate) mod writer;
