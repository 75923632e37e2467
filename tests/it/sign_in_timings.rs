//! How long failed sign-ins take, told apart by why they fail (CWE-208): nobody should learn from it which accounts there
//! are. Only where `SIGN_IN_TIMINGS` says how many of each; it prints medians, which a person compares.

use std::time::{Duration, Instant};

use signet::config::Settings;
use signet::flows::administer::UserChange;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, TestServer};

/// A server that hashes passwords as a real one does.
async fn server(change: impl FnOnce(&mut Settings)) -> TestServer {
    let server = TestServer::stopped_with(|settings| {
        settings.passwords = Settings::development().passwords;
        change(settings);
    });
    server.await
}

/// One sign-in after another in turns, and how long each kind takes.
async fn measure(browser: &Browser, login: &Page, kinds: &[(&str, &str, &str)], turns: usize, status: u16) {
    let mut times = vec![Vec::new(); kinds.len()];
    for turn in 0..turns {
        for at in 0..kinds.len() {
            // Each kind comes after every other one.
            let at = (at * (1 + turn % (kinds.len() - 1)) + turn) % kinds.len();
            let (_, username, password) = kinds[at];
            let begun = Instant::now();
            let page = browser.submit_once(login, &[("username", username), ("password", password)]).await;
            times[at].push(begun.elapsed());
            assert_eq!(page.status, status, "{page:?}");
        }
    }
    for ((kind, ..), mut times) in kinds.iter().zip(times) {
        times.sort_unstable();
        let part = |tenths: usize| times.get(times.len() * tenths / 10).copied().unwrap_or(Duration::ZERO);
        println!(
            "{kind}: median {:?}, from {:?} to {:?} in eight of ten, {} tries",
            part(5),
            part(1),
            part(9),
            times.len()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failed_sign_ins_take_as_long_as_each_other() {
    let Ok(turns) = std::env::var("SIGN_IN_TIMINGS") else { return };
    let turns = turns.parse().expect("a number");
    let server = self::server(|_| {}).await;
    let rp = server.relying_party().await;
    server.add_user("carol").await;
    server.change_user("carol", UserChange::Disable).await;
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    let kinds = [
        ("unknown", "nobody", "wrong"),
        ("wrong password", "alice", "wrong"),
        ("disabled, right password", "carol", PASSWORD),
        ("disabled, wrong password", "carol", "wrong"),
        ("unknown again", "nobody@example.org", "wrong"),
    ];
    measure(&browser, &login, &kinds, turns, 200).await;

    let server = self::server(|settings| {
        settings.limits.enabled = true;
        (settings.limits.login, settings.limits.address_failures) = (1_000_000, 1_000_000);
    })
    .await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    for username in ["alice", "nobody"] {
        for _ in 0..6 {
            browser.submit_once(&login, &[("username", username), ("password", "wrong")]).await;
        }
    }
    let kinds = [
        ("locked, right password", "alice", PASSWORD),
        ("locked, wrong password", "alice", "wrong"),
        ("locked, unknown", "nobody", "wrong"),
    ];
    measure(&browser, &login, &kinds, turns, 429).await;
}
