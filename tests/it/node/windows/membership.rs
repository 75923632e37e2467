//! Nodes that start, stop, or lose the database while a revocation is under way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use signet::config::DatabaseUrl;

use crate::support::database::Database;
use crate::support::{Line, Proxy, TestServer, rounds};

#[tokio::test]
async fn a_node_that_has_just_started_accepts_nothing_that_has_ended() {
    let one = TestServer::start().await;
    let rp = one.relying_party().await;
    for _ in 0..rounds(5) {
        let token = rp.sign_in("alice").await.access_token;
        let two = one.twin().await;
        assert_eq!(two.userinfo(&token).await.status(), 200);
        assert_eq!(rp.revoke(&token).await.status, 200);
        assert_eq!(two.userinfo(&token).await.status(), 401);
        two.end_jobs().await;
    }
}

#[tokio::test]
async fn a_node_gets_its_first_lease_once_it_knows_who_joined_meanwhile() {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    let store = &server.app.provider.store;
    let membership = store.membership();
    membership.register("first".to_owned(), String::new());
    server.app.follow().await.unwrap();
    server.app.follow().await.unwrap();
    // The next step reads the rows, and waits for this transaction before it writes its own with a lease. A node that
    // joins in between finds that row without a lease, and does not wait for it.
    let commit = server
        .database()
        .begin(
            "UPDATE nodes SET advertise = advertise; \
             INSERT INTO nodes (id, started_at, heard_seq, heard_at, lease_ms, channel, advertise) \
             SELECT 'second', started_at, heard_seq, heard_at, 0, channel, advertise FROM nodes; \
             UPDATE change_counter SET value = value + 1; \
             INSERT INTO changes (seq, realm_id, kind, subject, at) \
             SELECT value, '', 'revocation', 'node:second', 0 FROM change_counter",
        )
        .await;
    let join = async {
        while tokio::time::timeout(Duration::from_millis(1), store.settled()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        commit.send(()).unwrap();
    };
    let (step, ()) = tokio::join!(server.app.follow(), join);
    step.unwrap();
    assert_eq!(membership.count(), 1, "it has read the rows before");
    assert!(!membership.has_lease(), "with one, it would not wait for the second node");
    server.app.follow().await.unwrap();
    assert_eq!(membership.count(), 2);
    assert!(membership.has_lease());
}

#[tokio::test]
async fn a_node_that_stops_is_not_waited_for_and_gives_back_its_lease() {
    let one = TestServer::start().await;
    one.is_one_of(1).await;
    let held = async |rows: &str| one.database().query(&format!("SELECT 1 FROM {rows}")).await.len();
    let upkeep = || format!("leases WHERE name = 'upkeep' AND expires_at > {}", one.app.clock.now().as_millis());
    let begun = Instant::now();
    while held(&upkeep()).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "no server does the upkeep");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(held("nodes").await, 1);
    one.end_jobs().await;
    assert_eq!((held("nodes").await, held(&upkeep()).await), (0, 0), "the next to start does the upkeep at once");
}

#[tokio::test]
async fn a_single_node_does_not_wait() {
    let one = TestServer::start().await;
    let rp = one.relying_party().await;
    one.is_one_of(1).await;
    let tokens = rp.sign_in("alice").await;
    let histogram = "signet_revocation_wait_seconds_count";
    let waited = || {
        let text = one.app.metrics().unwrap();
        let line = text.lines().find(|line| line.starts_with(histogram)).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let before = waited();
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
    assert_eq!(waited(), before);
}

/// Two nodes on PostgreSQL, the second of which reaches it through a proxy.
async fn with_proxy() -> Option<(TestServer, TestServer, Proxy)> {
    if !Database::is_postgres() {
        return None;
    }
    let one = TestServer::start().await;
    let proxy = Proxy::before(&one.database().url).await;
    let url = proxy.url.clone();
    let two = one.twin_with(|settings| settings.database.url = DatabaseUrl::parse(&url).unwrap()).await;
    one.is_one_of(2).await;
    two.is_one_of(2).await;
    Some((one, two, proxy))
}

#[tokio::test]
async fn a_node_that_is_cut_off_is_dropped_and_answers_503_until_it_has_caught_up() {
    let Some((one, two, proxy)) = with_proxy().await else { return };
    let rp = one.relying_party().await;
    let there = rp.at(&two);
    let tokens = rp.sign_in("alice").await;
    let other = rp.sign_in("alice").await;
    assert!(there.is_active(&tokens.access_token).await);
    let dropped = async || one.database().query("SELECT id FROM nodes WHERE dropped_at IS NOT NULL").await.len();

    proxy.set(Line::Silent);
    let begun = Instant::now();
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
    let took = begun.elapsed();
    println!("a revocation beside a node that is cut off took {took:.1?}");
    assert!(took >= Duration::from_millis(200), "it waits for the node: {took:?}");
    assert!(took < Duration::from_secs(2), "and not for long: {took:?}");
    assert_eq!(dropped().await, 1);
    let missed = "signet_nodes_missed_total 1";
    assert!(one.app.metrics().unwrap().contains(missed), "{missed}");

    let form = [("token", tokens.access_token.as_str())];
    let (userinfo, introspected, refreshed) = tokio::join!(
        two.userinfo(&tokens.access_token),
        there.post("/introspect", &form),
        there.refresh(tokens.refresh_token())
    );
    let statuses = [userinfo.status(), introspected.status, refreshed.status].map(|status| status.as_u16());
    assert_eq!(statuses, [503; 3]);

    let begun = Instant::now();
    assert_eq!(rp.revoke(&other.access_token).await.status, 200);
    println!("the next one took {:.1?}", begun.elapsed());

    proxy.set(Line::Open);
    let begun = Instant::now();
    while two.userinfo(&tokens.access_token).await.status() != 401 {
        assert!(begun.elapsed() < Duration::from_secs(15), "it catches up");
    }
    assert_eq!(two.userinfo(&other.access_token).await.status(), 401);
    two.is_one_of(2).await;
    assert_eq!(dropped().await, 0, "it is waited for again");
}

#[tokio::test]
async fn nodes_without_notifications_are_woken_at_the_address_that_they_advertise() {
    let address = |server: &TestServer| server.app.settings.management.advertise.clone();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let advertised = format!("http://{}", listener.local_addr().unwrap());
    let one = TestServer::start().await;
    let two = one.twin_with(|settings| settings.management.advertise = Some(advertised.clone())).await;
    assert_eq!(address(&two), Some(advertised));
    let limits = signet::http::edge::serve::ConnectionLimits::new(&two.app.settings.limits, &two.app.settings.proxy);
    let router = signet::http::admin::management::router(Arc::clone(&two.app));
    tokio::spawn(async move {
        signet::http::edge::serve::serve(listener, None, router, limits, std::future::pending()).await.unwrap();
    });
    one.is_one_of(2).await;
    two.is_one_of(2).await;
    let rp = one.relying_party().await;
    for _ in 0..rounds(5) {
        let token = rp.sign_in("alice").await.access_token;
        assert_eq!(two.userinfo(&token).await.status(), 200);
        assert_eq!(rp.revoke(&token).await.status, 200);
        assert_eq!(two.userinfo(&token).await.status(), 401);
    }
}
