//! The pause of the realm, which slows a guesser who keeps changing addresses.

use signet_protocol::time::Span;

use super::{Guesser, locking, start};
use crate::support::TestServer;
use crate::support::server::PASSWORD;

#[tokio::test]
async fn a_flood_over_many_addresses_and_accounts_meets_the_pause_of_the_realm() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.realm_failures = 100;
        settings.limits.spray_accounts = 100_000;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let owner = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert!(owner.gets_in("alice").await);
    let mut guesser = Guesser::at(&server, &rp, "").await;
    let mut locked = 0;
    for number in 0..140 {
        guesser.address = format!("198.51.{number}.7");
        locked += usize::from(guesser.tries(&format!("user{number}"), "wrong").await.status == 429);
    }
    assert!(locked > 0, "no attempt was paused");
    let pause = async |lasting: Span| {
        let until = server.clock.now().plus(lasting).as_millis();
        let longer = format!("UPDATE login_failures SET locked_until = {until} WHERE kind = 'realm'");
        server.database().query(&longer).await;
    };
    pause(Span::from_minutes(1)).await;
    let stranger = Guesser::at(&server, &rp, "203.0.113.1").await;
    assert_eq!(stranger.tries("bob", PASSWORD).await.status, 429);
    let owner = Guesser::with(owner.browser, &rp, "192.0.2.1").await;
    assert!(owner.gets_in("alice").await, "who is known does not wait for strangers");
    server.clock.advance(Span::from_minutes(1));
    assert!(stranger.gets_in("bob").await);
    pause(Span::from_days(1)).await;
    let stranger = Guesser::at(&server, &rp, "203.0.113.2").await;
    assert!(stranger.gets_in("bob").await, "a clock that was set back has left it");
}

#[tokio::test]
async fn a_flood_from_ever_new_networks_does_not_keep_out_people_with_new_browsers() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        settings.limits.realm_failures = 100;
        settings.limits.spray_accounts = 100_000;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    assert!(Guesser::at(&server, &rp, "192.0.2.1").await.gets_in("alice").await, "the network is familiar now");
    let mut guesser = Guesser::at(&server, &rp, "").await;
    let mut refused = 0;
    let mut kept_out = 0;
    for number in 0..140 {
        // A hundred and twenty-five guesses a second.
        server.clock.advance(Span::from_millis(8));
        guesser.address = format!("198.51.{number}.7");
        refused += usize::from(guesser.tries(&format!("user{number}"), "wrong").await.status == 429);
        if number > 100 && number % 4 == 0 {
            let person = Guesser::at(&server, &rp, "192.0.2.200").await;
            kept_out += usize::from(!person.gets_in("bob").await);
        }
    }
    assert!(refused > 20, "the pause holds for networks without a success: {refused}");
    assert_eq!(kept_out, 0, "and not where people of the realm have signed in");

    let mut attacker = Guesser::at(&server, &rp, "192.0.2.66").await;
    let mut passed = 0;
    for number in 0..60 {
        attacker.address = format!("192.0.2.{number}");
        let later = server.clock.now().plus(Span::from_secs(1)).as_millis();
        let pause = format!("UPDATE login_failures SET locked_until = {later} WHERE kind = 'realm'");
        server.database().execute(&pause).await;
        passed += attacker.fails(&format!("name{number}"), 1).await;
    }
    assert!(passed <= 31, "a familiar network that fails is a stranger again: {passed}");
}

#[tokio::test]
async fn a_pause_of_the_realm_that_a_clock_ahead_has_left_is_over() {
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("alice", 1).await, 1);
    let ahead = server.clock.now().plus(Span::from_hours(24)).as_millis();
    let pause = format!("UPDATE login_failures SET locked_until = {ahead} WHERE kind = 'realm'");
    assert_eq!(server.database().execute(&pause).await, 1);
    assert!(guesser.gets_in("bob").await);
}
