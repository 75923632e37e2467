//! `signet migrate`

use super::output::say;
use crate::config::Settings;
use crate::store::Store;

/// Brings the schema up to date.
///
/// # Errors
/// Where the database cannot be reached, or is newer than this binary.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = &settings.database;
    let store = Store::open(database.url.expose(), database.max_connections).await?;
    store.migrate().await?;
    store.close().await;
    say("The schema is up to date.");
    Ok(())
}
