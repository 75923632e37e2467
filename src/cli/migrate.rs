//! `signet migrate`

use super::output::say;
use crate::config::Settings;
use signet_store::{Migrated, Store};

/// Applies the missing migrations.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let database = &settings.database;
    let store = Store::open(database.url.expose(), database.max_connections).await?;
    let migrated = store.migrate().await?;
    store.close().await;
    say(&describe(&migrated));
    Ok(())
}

/// Describes the applied migrations and the number of the schema.
pub fn describe(migrated: &Migrated) -> String {
    let Migrated { was_empty, applied, schema } = migrated;
    match (was_empty, applied.len()) {
        (true, _) => format!("Created the tables, with schema {schema}."),
        (false, 0) => format!("The schema is up to date: {schema}."),
        (false, 1) => format!("Applied migration {}.", applied.join(", ")),
        (false, count) => format!("Applied {count} migrations: {}.", applied.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_applied_is_named() {
        let rows: [(bool, &[&str], &str); 4] = [
            (true, &["1 (house)", "2 (openid)"], "Created the tables, with schema 8."),
            (false, &[], "The schema is up to date: 8."),
            (false, &["8 (mail)"], "Applied migration 8 (mail)."),
            (false, &["7 (webhooks)", "8 (mail)"], "Applied 2 migrations: 7 (webhooks), 8 (mail)."),
        ];
        for (was_empty, applied, expected) in rows {
            let applied = applied.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(describe(&Migrated { was_empty, applied, schema: 8 }), expected);
        }
    }
}
