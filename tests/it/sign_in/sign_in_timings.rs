//! The duration of failed sign-ins by cause (CWE-208): it must not reveal which accounts exist. Samples of all kinds
//! are interleaved and compared by rank, which is robust on a busy machine, unlike averages. `SIGN_IN_TIMINGS` sets the
//! number of samples, at the real cost of a hash, for comparison by a person.

use std::time::{Duration, Instant};

use signet::config::Settings;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, TestServer, UserChange};

/// The number of samples of each kind, unless the environment sets it.
const TURNS: usize = 40;
/// The tolerated distance of the probability that one kind takes longer than another from one half. With forty samples
/// each, equal kinds differ by 0.07 on average and by 0.3 once in a hundred thousand runs; an omitted hash makes it
/// 0.5.
const BOUND: f64 = 0.3;

/// A kind of sign-in.
struct Kind {
    name: &'static str,
    username: &'static str,
    password: &'static str,
}

const fn kind(name: &'static str, username: &'static str, password: &'static str) -> Kind {
    Kind { name, username, password }
}

fn turns() -> usize {
    std::env::var("SIGN_IN_TIMINGS").map_or(TURNS, |text| text.parse().expect("a number"))
}

/// Enables limits without pauses. A hash costs enough to be measurable on a busy machine, or as much as in production.
fn timed(settings: &mut Settings) {
    match std::env::var_os("SIGN_IN_TIMINGS") {
        Some(_) => settings.passwords = Settings::development().passwords,
        None => (settings.passwords.memory_kib, settings.passwords.iterations) = (16_384, 2),
    }
    settings.limits.enabled = true;
    settings.limits.login = 1_000_000;
    settings.limits.address_failures = 100_000;
    settings.limits.spray_accounts = 100_000;
    settings.limits.realm_failures = 100_000;
    settings.limits.account_failures = 1_000_000;
}

/// The times of all kinds, one sign-in after another in turns.
async fn measure(browser: &Browser, login: &Page, kinds: &[Kind], status: u16) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::new(); kinds.len()];
    for turn in 0..turns() {
        for at in 0..kinds.len() {
            // Each kind comes after every other one.
            let at = (at * (1 + turn % (kinds.len() - 1)) + turn) % kinds.len();
            let Kind { username, password, .. } = kinds[at];
            let begun = Instant::now();
            let page = browser.submit_once(login, &[("username", username), ("password", password)]).await;
            times[at].push(begun.elapsed());
            assert_eq!(page.status, status, "{username}: {page:?}");
        }
    }
    for (kind, times) in kinds.iter().zip(&times) {
        let mut times = times.clone();
        times.sort_unstable();
        let part = |tenths: usize| times.get(times.len() * tenths / 10).copied().unwrap_or_default();
        println!("{}: median {:?}, from {:?} to {:?} in eight of ten", kind.name, part(5), part(1), part(9));
    }
    times
}

/// The probability that a sample of the one kind is larger than one of the other: the statistic of Mann and Whitney.
fn superiority(one: &[Duration], other: &[Duration]) -> f64 {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| a.cmp(b)));
    let points: i32 = pairs.map(|order| 1 + order as i32).sum();
    f64::from(points) / 2.0 / (one.len() * other.len()) as f64
}

fn assert_equal(kinds: &[Kind], times: &[Vec<Duration>]) {
    for (at, first) in kinds.iter().enumerate() {
        for (other, second) in kinds.iter().enumerate().skip(at + 1) {
            let longer = superiority(&times[at], &times[other]);
            let difference = (longer - 0.5).abs();
            assert!(difference < BOUND, "{} takes longer than {} in {longer:.2} of all pairs", first.name, second.name);
        }
    }
}

#[test]
fn ranks_tell_a_shift_from_noise() {
    let times = |from: u64| (0..40).map(|n| Duration::from_micros(from + n * 7 % 40)).collect::<Vec<_>>();
    let close = (superiority(&times(100), &times(100)) - 0.5).abs();
    assert!(close < 0.01, "{close}");
    assert!(superiority(&times(140), &times(100)) > 0.99);
    assert!(superiority(&times(100), &times(140)) < 0.01);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failed_sign_ins_take_as_long_as_each_other() {
    let server = TestServer::stopped_with(timed).await;
    let rp = server.relying_party().await;
    server.add_user("carol").await;
    server.change_user("carol", UserChange::Disable).await;
    server.add_user("dave").await;
    let cheaper = server.twin_with(|settings| {
        timed(settings);
        // The stored hash is cheap, so nearly the whole cost must be added: half a hash would be lost in noise.
        settings.passwords.memory_kib /= 16;
    });
    cheaper.await.add_user("erin").await;
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    browser.submit_once(&login, &[("username", "dave"), ("password", "wrong")]).await;
    let later = server.clock.now().as_millis() + 60_000;
    let pause = format!("UPDATE login_failures SET locked_until = {later} WHERE kind = 'account'");
    assert_eq!(server.database().execute(&pause).await, 1);
    let kinds = [
        kind("unknown", "nobody", "wrong"),
        kind("wrong password", "alice", "wrong"),
        kind("disabled, right password", "carol", PASSWORD),
        kind("disabled, wrong password", "carol", "wrong"),
        kind("a hash of a lower cost", "erin", "wrong"),
        kind("paused under another name, right password", "dave@example.org", PASSWORD),
        kind("unknown address", "nobody@example.org", "wrong"),
    ];
    let times = measure(&browser, &login, &kinds, 200).await;
    assert_equal(&kinds, &times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn failed_sign_ins_take_as_long_for_imported_people() {
    let server = TestServer::stopped_with(timed).await;
    let rp = server.relying_party().await;
    let hash = "$2b$10$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2";
    server.import(serde_json::json!({"external_id": "1", "username": "frida", "password_hash": hash})).await;
    // As within a minute after an import by command.
    server.app.follow_hashes().await.unwrap();
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    let kinds = [
        kind("unknown", "nobody", "wrong"),
        kind("wrong password", "alice", "wrong"),
        kind("an imported hash, wrong password", "frida", "wrong"),
    ];
    let times = measure(&browser, &login, &kinds, 200).await;
    assert_equal(&kinds, &times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pause_takes_as_long_for_an_account_as_for_none() {
    let server = TestServer::stopped_with(|settings| {
        timed(settings);
        settings.limits.account_failures = 1;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    for username in ["alice", "nobody"] {
        for _ in 0..2 {
            browser.submit_once(&login, &[("username", username), ("password", "wrong")]).await;
        }
    }
    let kinds = [
        kind("paused, right password", "alice", PASSWORD),
        kind("paused, wrong password", "alice", "wrong"),
        kind("paused, unknown", "nobody", "wrong"),
    ];
    let times = measure(&browser, &login, &kinds, 429).await;
    assert_equal(&kinds, &times);
}
