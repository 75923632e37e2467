//! The two engines behind the store.

use super::embedded::Readers;
use super::lanes::Lanes;
use super::postgres::Pool;
use super::writer::Writer;

/// The engines. All differences between them are in this folder.
#[derive(Clone)]
pub(crate) enum Db {
    /// An SQLite file: a few read connections and one writer thread.
    Sqlite { read: Readers, lanes: Lanes, writer: Writer },
    /// PostgreSQL, or a database with its wire protocol.
    Postgres(Pool),
}
