//! Failures of addresses and their networks.

use futures_util::future::join_all;

use super::{Guesser, assert_locked, locking};
use crate::support::TestServer;
use crate::support::server::PASSWORD;

#[tokio::test]
async fn an_address_has_a_counter_that_its_own_successes_do_not_clear() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.address_failures = 6;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let guesser = Guesser::at(&server, &rp, "2001:db8:1:2::1").await;
    for name in ["u1", "u2", "u3"] {
        assert_eq!(guesser.fails(name, 1).await, 1);
    }
    assert!(Guesser::at(&server, &rp, "2001:db8:1:2::2").await.gets_in("bob").await);
    let neighbor = Guesser::at(&server, &rp, "2001:db8:1:2:ffff::9").await;
    for name in ["u4", "u5", "u6", "u7"] {
        assert_eq!(neighbor.fails(name, 1).await, 1, "{name}");
    }
    assert_locked(&guesser.tries("alice", PASSWORD).await, "1");
    let elsewhere = Guesser::at(&server, &rp, "2001:db8:1:3::1").await;
    assert!(elsewhere.gets_in("alice").await, "the network beside it is another customer's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn people_of_one_address_who_sign_in_at_once_are_no_failures() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.address_failures = 2;
        settings.limits.account_failures = 100;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let people = join_all((0..20).map(|_| Guesser::at(&server, &rp, "192.0.2.1"))).await;
    let signed_in = join_all(people.iter().map(|person| person.gets_in("alice"))).await;
    assert!(signed_in.into_iter().all(|got_in| got_in));
}

#[tokio::test]
async fn a_customer_with_many_networks_has_one_counter_for_all_of_them() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.address_failures = 3;
        settings.limits.spray_accounts = 100_000;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    for (own, beside) in [("2001:db8:1:{}::1", "2001:db8:2::1"), ("192.0.2.{}", "192.0.3.1")] {
        let mut looked_at = 0;
        for number in 0..20 {
            let guesser = Guesser::at(&server, &rp, &own.replace("{}", &number.to_string())).await;
            looked_at += guesser.fails(&format!("user{number}"), 1).await;
        }
        assert_eq!(looked_at, 13, "{own}: four times what one address may fail, and one");
        let neighbor = Guesser::at(&server, &rp, &own.replace("{}", "99")).await;
        assert_locked(&neighbor.tries("alice", PASSWORD).await, "1");
        assert!(Guesser::at(&server, &rp, beside).await.gets_in("alice").await, "{beside}");
        server.database().execute("DELETE FROM login_failures").await;
    }
}

#[tokio::test]
async fn a_region_that_fails_at_many_accounts_is_blocked_from_signing_in() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.spray_accounts = 5;
        settings.limits.address_failures = 1_000;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    for number in 0..20 {
        let guesser = Guesser::at(&server, &rp, &format!("2001:db8:1:{number}::1")).await;
        assert_eq!(guesser.fails(&format!("user{number}"), 1).await, 1, "{number}");
    }
    server.app.follow().await.unwrap();
    let neighbor = Guesser::at(&server, &rp, "2001:db8:1:ff::1").await;
    let page = neighbor.tries("alice", PASSWORD).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (429, Some("3600")));
    assert!(page.has("Try again in 60 minutes."), "{page:?}");
    assert!(Guesser::at(&server, &rp, "2001:db8:2::1").await.gets_in("alice").await);
}

#[tokio::test]
async fn a_forged_address_changes_nothing() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.address_failures = 3;
        settings.proxy.trusted = Vec::new();
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let mut looked_at = 0;
    for number in 0..8 {
        let guesser = Guesser::at(&server, &rp, &format!("198.51.100.{number}")).await;
        looked_at += guesser.fails(&format!("user{number}"), 1).await;
    }
    assert_eq!(looked_at, 4, "all came from one address, whatever they claim");
}
