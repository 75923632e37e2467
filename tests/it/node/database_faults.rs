//! A database that is slow, contended, unreachable, silent or no longer the primary: requests that need it get 503,
//! others are served, unconfirmed writes are never reported as done, and no server needs a restart.
//!
//! All tests run on PostgreSQL, because an embedded database has no connection that could fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use signet::http::admin::management;
use signet::http::edge::serve::{ConnectionLimits, serve};
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};
use signet_store::token::used_once;
use signet_store::{LossyCommits, Setup, Store, StoreError};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::Barrier;

use crate::support::database::Database;
use crate::support::{Line, Proxy, Reply, TestServer};

/// The connections of a server in these stories.
const CONNECTIONS: u32 = 8;
/// The maximum time until a server recovers after its database.
const RECOVERY: Duration = Duration::from_secs(10);

/// A server that reaches its database through a proxy.
struct Story {
    server: TestServer,
    proxy: Proxy,
    database: Arc<Database>,
    management: String,
}

impl Story {
    /// Starts server and proxy, on PostgreSQL only.
    async fn begin() -> Option<Self> {
        if !Database::is_postgres() {
            return None;
        }
        let database = Arc::new(Database::new().await);
        let proxy = Proxy::before(&database.url).await;
        let reached = Arc::new(Database::at(proxy.url.clone()));
        let change = |settings: &mut signet::config::Settings| settings.database.max_connections = CONNECTIONS;
        let server = TestServer::on(reached, change).await;
        server.add_user("alice").await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let management = format!("http://{}", listener.local_addr().unwrap());
        let limits = ConnectionLimits::new(&server.app.settings.limits, &server.app.settings.proxy);
        let router = management::router(server.app.clone());
        tokio::spawn(async move { serve(listener, None, router, limits, std::future::pending()).await.unwrap() });
        Some(Self { server, proxy, database, management })
    }

    async fn status(&self, url: &str) -> u16 {
        self.server.http.get(url).send().await.unwrap().status().as_u16()
    }

    async fn is_ready(&self) -> bool {
        self.status(&format!("{}/ready", self.management)).await == 200
    }

    /// Waits until readiness has this value, and returns the time that it took.
    async fn until_ready(&self, ready: bool) -> Duration {
        let begun = Instant::now();
        while self.is_ready().await != ready {
            assert!(begun.elapsed() < RECOVERY, "ready: {ready} takes too long");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        begun.elapsed()
    }
}

/// The length of an outage: 5 seconds, unless the environment sets it.
fn outage() -> Duration {
    let seconds = std::env::var("TEST_OUTAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.header("retry-after").is_some(), "{reply:?}");
}

/// Asserts that the server survives an outage of this kind under load.
async fn outlives(line: Line) {
    let Some(story) = Story::begin().await else { return };
    let server = &story.server;
    let rp = story.server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let code = rp.authorize_as("alice").await.code();
    assert!(story.is_ready().await);

    story.proxy.set(line);
    story.until_ready(false).await;
    // A node may answer from memory as long as its view is fresh.
    let lost = Instant::now();
    while rp.post("/introspect", &[("token", &tokens.access_token)]).await.status != 503 {
        assert!(lost.elapsed() < Duration::from_secs(5), "the revocation status is unknown");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    while begun.elapsed() < outage() {
        let asked = Instant::now();
        let (refreshed, redeemed) = tokio::join!(rp.refresh(tokens.refresh_token()), rp.redeem(&code));
        assert_unavailable(&refreshed);
        assert_unavailable(&redeemed);
        assert_unavailable(&rp.revoke(tokens.refresh_token()).await);
        assert_unavailable(&rp.post("/introspect", &[("token", &tokens.access_token)]).await);
        let page = server.http.get(rp.authorization_url(&[])).send().await.unwrap();
        assert_eq!(page.status(), 503);
        longest = longest.max(asked.elapsed());
        for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
            assert_eq!(server.get(path).await.status(), 200, "{path}");
        }
        assert_eq!(story.status(&format!("{}/health", story.management)).await, 200);
        assert!(!story.is_ready().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(longest < Duration::from_secs(15), "{longest:?}");

    let before = story.proxy.accepted();
    story.proxy.set(Line::Open);
    let took = story.until_ready(true).await;
    println!("{line:?}: slowest round {longest:?}, ready {took:?} after the database");
    // Requests during the outage had no effect: the code and the token are still valid.
    let expected = if outage() < Duration::from_secs(50) { 200 } else { 400 };
    assert_eq!(rp.redeem(&code).await.status, expected, "unless it has expired");
    assert_eq!(rp.refresh(tokens.refresh_token()).await.status, 200);
    let many = join_all((0..40).map(|_| rp.authorize_as("alice"))).await;
    assert_eq!(many.len(), 40);
    let opened = story.proxy.accepted() - before;
    // Two more for notifications, whose subscription is retried once a second.
    assert!(opened <= usize::try_from(CONNECTIONS).unwrap() + 2, "a herd: {opened} connections");
}

#[tokio::test]
async fn the_server_recovers_from_a_database_that_refuses_connections() {
    outlives(Line::Cut).await;
}

#[tokio::test]
async fn the_server_recovers_from_a_database_that_stops_answering() {
    outlives(Line::Silent).await;
}

#[tokio::test]
async fn nothing_is_issued_for_an_unconfirmed_commit() {
    let Some(story) = Story::begin().await else { return };
    let rp = story.server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let code = rp.authorize_as("alice").await.code();
    let revoked = rp.sign_in("alice").await;

    story.proxy.set(Line::LosesCommits);
    let redeemed = rp.redeem(&code).await;
    let refreshed = rp.refresh(tokens.refresh_token()).await;
    let ended = rp.revoke(revoked.refresh_token()).await;
    for reply in [&redeemed, &refreshed, &ended] {
        assert_unavailable(reply);
        assert!(!reply.body.contains("_token"), "{reply:?}");
    }

    story.proxy.set(Line::Open);
    story.until_ready(true).await;
    // The commits were durable: the code is consumed, and the retried refresh gets the same successor.
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    let successor = rp.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(rp.refresh(successor.refresh_token()).await.status, 200);
    assert_eq!(rp.revoke(revoked.refresh_token()).await.status, 200);
    rp.refresh(revoked.refresh_token()).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_primary_that_was_demoted_is_left_for_its_successor() {
    let Some(story) = Story::begin().await else { return };
    let rp = story.server.relying_party().await;
    let code = rp.authorize_as("alice").await.code();
    let name = story.database.url.rsplit('/').next().unwrap().to_owned();

    // Both open and new connections reach a read-only database.
    let admin = |read_only: &str| {
        format!(
            "BEGIN READ WRITE; ALTER DATABASE {name} SET default_transaction_read_only = {read_only}; COMMIT; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'signet'"
        )
    };
    story.database.execute(&admin("on")).await;
    story.until_ready(false).await;
    assert_unavailable(&rp.redeem(&code).await);

    story.database.execute(&admin("off")).await;
    story.until_ready(true).await;
    assert_eq!(rp.redeem(&code).await.status, 200);
}

#[tokio::test]
async fn a_flood_of_pages_leaves_connections_to_the_token_endpoint() {
    if !Database::is_postgres() {
        return;
    }
    let server = TestServer::start_with(|settings| {
        settings.database.max_connections = 4;
        settings.database.reserved_connections = 2;
        settings.database.statement_timeout = Span::from_secs(6);
        settings.database.lock_timeout = Span::from_secs(6);
    })
    .await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;

    // A request for a page waits for a table that another connection has locked.
    let mut holder = PgConnection::connect(&server.database().url).await.unwrap();
    holder.execute("BEGIN; LOCK TABLE authorization_requests IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let flood = (0..20).map(|_| {
        let request = server.http.get(rp.authorization_url(&[]));
        async move { Reply::of(request.send().await.unwrap()).await }
    });
    let flood = tokio::spawn(join_all(flood.collect::<Vec<_>>()));
    let taken = Instant::now();
    while server.database().query("SELECT 1 FROM pg_locks WHERE NOT granted").await.len() < 2 {
        assert!(taken.elapsed() < Duration::from_secs(5), "the flood does not wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let asked = Instant::now();
    let refreshed = rp.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(rp.revoke(refreshed.refresh_token()).await.status, 200);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert!(server.app.readiness().await.is_ok());

    let replies = flood.await.unwrap();
    replies.iter().for_each(assert_unavailable);
    holder.close().await.unwrap();
}

/// A store on an empty database with these settings.
async fn store(change: impl FnOnce(&mut Setup)) -> (Database, Result<Store, StoreError>) {
    let database = Database::empty().await;
    let mut setup = Setup::for_commands(8);
    change(&mut setup);
    let store = Store::open_with(&database.url, &setup).await;
    if let Ok(store) = &store {
        store.migrate().await.unwrap();
    }
    (database, store)
}

async fn uses(
    store: &Store,
    ids: [String; 3],
    met: &'static Barrier,
    runs: &'static AtomicUsize,
) -> Result<bool, StoreError> {
    let first_run = AtomicUsize::new(0);
    let first_run = Arc::new(first_run);
    let job = store.write(move |tx| {
        let ids = ids.clone();
        let first_run = first_run.clone();
        Box::pin(async move {
            runs.fetch_add(1, Ordering::Relaxed);
            let [own, here, there] = ids.map(|id| Digest::of(id.as_bytes()));
            let until = Timestamp::from_secs(1);
            let is_new = used_once::first_use(tx, "test", own, until).await?;
            used_once::first_use(tx, "test", here, until).await?;
            // Each holds the lock that the other needs next.
            if first_run.fetch_add(1, Ordering::Relaxed) == 0 {
                met.wait().await;
            }
            used_once::first_use(tx, "test", there, until).await?;
            Ok::<_, StoreError>(is_new)
        })
    });
    job.await
}

#[tokio::test]
async fn conflicting_transactions_are_retried_and_each_applies_once() {
    if !Database::is_postgres() {
        return;
    }
    let (database, store) = store(|_| {}).await;
    let store = store.unwrap();
    let runs: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
    let pairs = (0..3).flat_map(|pair| {
        let met: &'static Barrier = Box::leak(Box::new(Barrier::new(2)));
        let x = format!("x{pair}");
        let y = format!("y{pair}");
        let one = uses(&store, [format!("one{pair}"), x.clone(), y.clone()], met, runs);
        [one, uses(&store, [format!("other{pair}"), y, x], met, runs)]
    });
    let outcomes = join_all(pairs.collect::<Vec<_>>()).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(true))), "{outcomes:?}");
    assert!(runs.load(Ordering::Relaxed) >= 9, "one of each pair was run again");
    assert_eq!(database.query("SELECT digest FROM used_once").await.len(), 12);
}

#[tokio::test]
async fn a_job_that_overlooks_a_failed_statement_has_not_succeeded() {
    if !Database::is_postgres() {
        return;
    }
    let (database, store) = store(|_| {}).await;
    let store = store.unwrap();
    let job = store.write(|tx| {
        Box::pin(async move {
            let id = Digest::of(b"an id");
            let until = Timestamp::from_secs(1);
            used_once::first_use(tx, "test", id, until).await?;
            // PostgreSQL refuses NUL in a text; the failed statement aborts the transaction.
            let _ = used_once::first_use(tx, "te\0st", id, until).await;
            Ok::<_, StoreError>(())
        })
    });
    assert!(matches!(job.await, Err(StoreError::Unavailable(_))));
    assert!(database.query("SELECT digest FROM used_once").await.is_empty());
}

#[tokio::test]
async fn a_database_that_may_lose_commits_is_refused_where_that_was_not_allowed() {
    if !Database::is_postgres() {
        return;
    }
    for value in ["off", "local"] {
        let (database, _) = store(|_| {}).await;
        let name = database.url.rsplit('/').next().unwrap();
        database.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = {value}")).await;
        let mut setup = Setup { lossy_commits: LossyCommits::Refused, ..Setup::for_commands(2) };
        let Err(StoreError::Schema(said)) = Store::open_with(&database.url, &setup).await else {
            panic!("a database with synchronous_commit = {value} was used");
        };
        assert!(said.contains("synchronous_commit") && said.contains("allow_lossy_commits"), "{said}");
        setup.lossy_commits = LossyCommits::Warned;
        assert!(Store::open_with(&database.url, &setup).await.is_ok());
    }
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_not_opened() {
    if !Database::is_postgres() {
        return;
    }
    let (database, _) = store(|_| {}).await;
    let name = database.url.rsplit('/').next().unwrap();
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let Err(StoreError::Unavailable(said)) = Store::open_with(&database.url, &Setup::for_commands(2)).await else {
        panic!("a standby was used");
    };
    assert!(said.contains("read-only"), "{said}");
}
