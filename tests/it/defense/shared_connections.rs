//! Pages that hold all of their database connections: reads that the whole node waits for do not wait for one of these.

use std::time::{Duration, Instant};

use signet_store::engine::lanes::Lane;
use signet_store::node::changes::{self, Kind};
use signet_store::{Store, StoreError, Tx};

use crate::support::TestServer;
use crate::support::database::Database;

/// The maximum duration of a page: less than the store waits for a connection.
const SOON: Duration = Duration::from_secs(1);

/// All connections that pages may have.
async fn take_all(store: &Store) -> Vec<Tx> {
    let mut held = Vec::new();
    while let Ok(taken) = tokio::time::timeout(Duration::from_millis(200), Lane::Shared.run(store.read())).await {
        held.push(taken.unwrap());
    }
    held
}

#[tokio::test]
async fn a_page_polls_for_changes_though_other_pages_hold_all_their_connections() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let provider = &server.app.provider;
    let held = take_all(&provider.store).await;
    assert!(!held.is_empty());

    let begun = Instant::now();
    let (page, refreshed) = tokio::join!(Lane::Shared.run(provider.catch_up()), rp.refresh(tokens.refresh_token()));
    assert!(page.is_ok(), "{page:?}");
    assert_eq!(refreshed.status, 200);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_revoking_page_reads_acknowledgements_though_pages_hold_all_their_connections() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    one.is_one_of(2).await;
    two.is_one_of(2).await;
    let store = &one.app.provider.store;
    let mut held = take_all(store).await;
    if Database::is_postgres() {
        // A transaction takes one of them.
        drop(held.pop());
    }

    let begun = Instant::now();
    let realm = one.app.realm.id.clone();
    let now = one.clock.now();
    let ended = store.write(move |tx| {
        let realm = realm.clone();
        Box::pin(async move { changes::publish(tx, &realm, Kind::Revocation, "a revocation", now).await })
    });
    let ended: Result<_, StoreError> = Lane::Shared.run(ended).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}
