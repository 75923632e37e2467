//! Password guessing: growing pauses, shared by all nodes, the same for existing and unknown accounts, and never in the
//! owner's way.

mod networks;
mod realm;

use futures_util::future::join_all;
use reqwest::StatusCode;
use signet::config::Settings;
use signet_protocol::time::Span;

use crate::support::database::Database;
use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer, UserChange};

const WAIT: &str = "There have been too many failed attempts. Try again in ";
const FAILURE: &str = "Incorrect username or password.";

/// Enables soft locks, with rate limits and a password queue too large to matter.
fn locking(settings: &mut Settings) {
    settings.limits.enabled = true;
    settings.passwords.workers = 16;
    (settings.limits.login, settings.limits.authorize, settings.limits.api) = (100_000, 100_000, 100_000);
    (settings.limits.waiting, settings.limits.pages) = (100_000, 100_000);
    settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
}

async fn start() -> (TestServer, RelyingParty) {
    let server = TestServer::stopped_with(locking).await;
    let rp = server.relying_party().await;
    (server, rp)
}

/// A browser at this address, at the sign-in page, after any other session.
struct Guesser {
    browser: Browser,
    page: Page,
    address: String,
}

impl Guesser {
    async fn at(server: &TestServer, rp: &RelyingParty, address: &str) -> Self {
        Self::with(server.browser(), rp, address).await
    }

    async fn with(browser: Browser, rp: &RelyingParty, address: &str) -> Self {
        browser.set_cookie("signet-session", "");
        let page = browser.visit(&rp.authorization_url(&[])).await;
        assert!(page.has("id=\"login-submit\""), "{page:?}");
        Self { browser, page, address: address.to_owned() }
    }

    async fn tries(&self, username: &str, password: &str) -> Page {
        let form = self.page.form();
        let fields = [
            ("csrf", form.field("csrf").unwrap()),
            ("username", username),
            ("password", password),
            ("login-submit", "yes"),
        ];
        self.browser.post_with(&[("x-forwarded-for", &self.address)], &form.action, &fields).await
    }

    /// Makes this many wrong guesses in sequence and returns the number that were not refused by a pause.
    async fn fails(&self, username: &str, times: usize) -> usize {
        let mut checked = 0;
        for _ in 0..times {
            checked += usize::from(self.tries(username, "wrong").await.has(FAILURE));
        }
        checked
    }

    async fn gets_in(&self, username: &str) -> bool {
        self.tries(username, PASSWORD).await.status == StatusCode::SEE_OTHER
    }
}

#[track_caller]
fn assert_locked(page: &Page, seconds: &str) {
    assert_eq!(page.status, 429, "{page:?}");
    assert_eq!(page.header("retry-after"), Some(seconds), "{page:?}");
    let unit = if seconds == "1" { "second" } else { "seconds" };
    assert!(page.has(&format!("{WAIT}{seconds} {unit}.")), "{page:?}");
    assert!(page.has("id=\"login-submit\"") && !page.has(FAILURE), "{page:?}");
}

#[tokio::test]
async fn pauses_begin_with_the_fifth_failure_and_grow() {
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("alice", 5).await, 5);
    for seconds in ["1", "2", "4", "8"] {
        assert_locked(&guesser.tries("alice", "wrong").await, seconds);
        assert_locked(&guesser.tries("alice", PASSWORD).await, seconds);
        let other = Guesser::at(&server, &rp, "192.0.2.1").await;
        assert!(other.gets_in("bob").await, "another account is not concerned");
        server.clock.advance(Span::from_secs(seconds.parse().unwrap()));
        assert_eq!(guesser.fails("alice", 1).await, 1, "after {seconds} s");
    }
    server.clock.advance(Span::from_secs(16));
    assert!(guesser.gets_in("alice").await);
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("alice", 6).await, 5, "a success has reset the counter");
    let locked = server.database().query("SELECT id FROM audit_events WHERE event = 'account.soft_locked'").await;
    assert_eq!(locked.len(), 2, "noted once, not at each failure");
}

#[tokio::test]
async fn fifty_concurrent_guesses_do_not_exceed_the_limit() {
    let (server, rp) = start().await;
    let twin = server.twin_with(locking).await;
    let mut guessers = Vec::new();
    for number in 0..50 {
        let guesser = Guesser::at(&server, &rp, &format!("192.0.2.{number}")).await;
        let browser = Browser::new(if number % 2 == 0 { &server.issuer } else { &twin.issuer });
        browser.set_cookie("signet-browser", &guesser.browser.cookie("signet-browser").unwrap());
        guessers.push(Guesser { browser, ..guesser });
    }
    let pages = join_all(guessers.iter().map(|guesser| guesser.tries("alice", "wrong"))).await;
    let statuses = |status: u16| pages.iter().filter(|page| page.status == status).count();
    assert_eq!((statuses(200), statuses(429)), (5, 45), "{:?}", pages.iter().map(|p| p.status).collect::<Vec<_>>());
    let failures = server.database().query("SELECT id FROM audit_events WHERE event = 'login'").await;
    assert_eq!(failures.len(), 5, "no more passwords than that were looked at");
}

#[tokio::test]
async fn nodes_share_the_counter_and_a_restart_keeps_it() {
    let (server, rp) = start().await;
    let twin = server.twin_with(locking).await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("alice", 3).await, 3);
    let there = Browser::new(&twin.issuer);
    there.set_cookie("signet-browser", &guesser.browser.cookie("signet-browser").unwrap());
    let there = Guesser { browser: there, page: guesser.page, address: "192.0.2.1".to_owned() };
    assert_eq!(there.fails("alice", 4).await, 2);
    assert_locked(&there.tries("alice", PASSWORD).await, "1");
    drop(twin);
    let restarted = server.twin_with(locking).await;
    let browser = Browser::new(&restarted.issuer);
    browser.set_cookie("signet-browser", &there.browser.cookie("signet-browser").unwrap());
    let there = Guesser { browser, ..there };
    assert_locked(&there.tries("alice", PASSWORD).await, "1");
}

#[tokio::test]
async fn every_spelling_is_one_name() {
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    for spelling in ["alice", "ALICE", " Alice ", "\u{ff41}lice", "Alice"] {
        assert!(guesser.tries(spelling, "wrong").await.has(FAILURE), "{spelling}");
    }
    for spelling in ["alice", "aLiCe"] {
        assert_locked(&guesser.tries(spelling, PASSWORD).await, "1");
    }
    let other = Guesser::at(&server, &rp, "192.0.2.2").await;
    for spelling in ["nobody", "NOBODY", " nobody", "\u{ff4e}obody", "Nobody"] {
        assert!(other.tries(spelling, "wrong").await.has(FAILURE), "{spelling}");
    }
    assert_locked(&other.tries("nobody", "wrong").await, "1");
}

#[tokio::test]
async fn a_pause_does_not_reveal_which_names_belong_to_one_account() {
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("bob", 6).await, 5);
    for name in ["bob@example.org", "nobody@example.org"] {
        let other = Guesser::at(&server, &rp, "192.0.3.1").await;
        assert_eq!(other.fails(name, 6).await, 5, "{name}: a pause of its own");
    }
}

#[tokio::test]
async fn an_account_is_silently_paused_under_all_its_names() {
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("bob", 5).await, 5);
    let page = guesser.tries("bob@example.org", PASSWORD).await;
    assert!(page.status == 200 && page.has(FAILURE), "the right password is not looked at: {page:?}");
    let reason = "SELECT reason FROM audit_events WHERE reason = 'locked under another name'";
    assert_eq!(server.database().query(reason).await.len(), 1, "the operator finds why");
    server.clock.advance(Span::from_secs(1));
    assert!(guesser.gets_in("bob@example.org").await);
    let guesser = Guesser::at(&server, &rp, "192.0.2.2").await;
    assert!(guesser.gets_in("bob").await, "the success has ended the account's pause");
}

#[tokio::test]
async fn existing_and_unknown_names_get_the_same_answer() {
    let (server, rp) = start().await;
    server.add_user("carol").await;
    server.change_user("carol", UserChange::Disable).await;
    let mut stories = Vec::new();
    for (number, name) in ["alice", "carol", "nobody", "hunter2!"].iter().enumerate() {
        let guesser = Guesser::at(&server, &rp, &format!("192.0.2.{number}")).await;
        let mut story = Vec::new();
        for password in ["wrong", "wrong", "wrong", "wrong", "wrong", "wrong", "wrong"] {
            let page = guesser.tries(name, password).await;
            let form = page.form();
            let body = page.body.replace(form.field("csrf").unwrap(), "CSRF").replace(form.request(), "REQUEST");
            let body = body.replace(&format!("value=\"{}\"", name.replace('!', "&#33;")), "value=\"NAME\"");
            let body = body.replace(&format!("value=\"{name}\""), "value=\"NAME\"");
            let mut headers: Vec<(String, String)> = page
                .headers
                .iter()
                .filter(|(name, _)| !["x-request-id", "date", "content-length"].contains(&name.as_str()))
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            headers.sort();
            story.push((page.status, headers, body));
        }
        stories.push((*name, story));
    }
    let (_, first) = &stories[0];
    assert_eq!(first[4].0, 200);
    assert_eq!(first[5].0, 429);
    for (name, story) in &stories {
        assert_eq!(story, first, "{name}");
    }
    let names = server.database().query("SELECT kind FROM login_failures").await;
    assert!(names.len() >= 8, "{}", names.len());
}

#[tokio::test]
async fn the_owner_gets_in_from_a_known_browser_while_the_attack_goes_on() {
    let (server, rp) = start().await;
    let owner = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert!(owner.gets_in("alice").await);
    let owner = owner.browser;
    let attacker = Guesser::at(&server, &rp, "192.0.2.66").await;
    assert!(attacker.gets_in("bob").await, "the attacker's browser is known for an account of their own");
    let attacker = Guesser::with(attacker.browser, &rp, "192.0.2.66").await;
    assert_eq!(attacker.fails("alice", 6).await, 5);
    let stranger = Guesser::at(&server, &rp, "192.0.2.2").await;
    assert_locked(&stranger.tries("alice", PASSWORD).await, "1");

    let owner = Guesser::with(owner, &rp, "192.0.2.66").await;
    assert!(owner.gets_in("alice").await, "even from the attacker's address");
    assert_locked(&stranger.tries("alice", PASSWORD).await, "1");

    let owner = Guesser::with(owner.browser, &rp, "192.0.2.1").await;
    assert_eq!(owner.fails("alice", 6).await, 5, "a known browser has a counter of its own, no more");
    server.clock.advance(Span::from_secs(1));
    assert!(owner.gets_in("alice").await);
}

#[tokio::test]
async fn a_device_cookie_changes_with_each_sign_in_and_the_old_one_is_worth_nothing() {
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    let page = guesser.tries("alice", PASSWORD).await;
    let cookies: Vec<&str> = page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    let device = cookies.iter().find(|line| line.starts_with("signet-device=")).unwrap();
    assert!(device.contains("HttpOnly") && device.contains("SameSite=Lax") && device.contains("Max-Age=15552000"));
    let old = guesser.browser.cookie("signet-device").unwrap();
    let again = Guesser::with(guesser.browser, &rp, "192.0.2.1").await;
    assert!(again.gets_in("bob").await);
    assert_ne!(again.browser.cookie("signet-device").unwrap(), old);

    let attacker = Guesser::at(&server, &rp, "192.0.2.66").await;
    assert_eq!(attacker.fails("alice", 6).await, 5);
    attacker.browser.set_cookie("signet-device", &old);
    assert_locked(&attacker.tries("alice", PASSWORD).await, "1");
    let again = Guesser::with(again.browser, &rp, "192.0.2.1").await;
    assert!(again.gets_in("alice").await, "the new name holds for all who have signed in with this browser");
}

#[tokio::test]
async fn an_unchecked_password_is_not_counted() {
    let server = TestServer::stopped_with(|settings| {
        locking(settings);
        // A second for each hash, so that two or three wait while one is hashed.
        (settings.passwords.memory_kib, settings.passwords.workers) = (19_456, 1);
        settings.passwords.iterations = 50;
        settings.limits.account_failures = 100;
        settings.limits.address_failures = 100;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    let pages = join_all((0..12).map(|_| guesser.tries("alice", "wrong"))).await;
    let busy = pages.iter().filter(|page| page.status == 503).count();
    let wrong = pages.iter().filter(|page| page.has(FAILURE)).count();
    assert!(busy > 0, "twelve at once found a place");
    let waits = pages.iter().filter(|page| page.status == 503).map(|page| page.header("retry-after").unwrap());
    let waits: Vec<i64> = waits.map(|seconds| seconds.parse().unwrap()).collect();
    assert!(waits.iter().all(|seconds| (1..=6).contains(seconds)), "{waits:?}");
    assert!(pages.iter().any(|page| page.has("The server is busy at the moment. Try again in ")));
    let rows =
        server.database().query("SELECT CAST(drained_at AS TEXT) FROM login_failures WHERE kind = 'account'").await;
    let drained: i64 = String::from_utf8(rows[0].concat()).unwrap().parse().unwrap();
    let counted = (drained - server.clock.now().as_millis() + 899_999) / 900_000;
    assert_eq!(usize::try_from(counted).unwrap(), wrong, "{busy} were refused unseen");
}

#[tokio::test]
async fn the_counter_of_all_failures_is_the_last_that_a_failure_waits_for() {
    if !Database::is_postgres() {
        return;
    }
    let (server, rp) = start().await;
    let guesser = Guesser::at(&server, &rp, "192.0.2.1").await;
    assert_eq!(guesser.fails("alice", 1).await, 1);
    let hold = "UPDATE login_failures SET drained_at = drained_at WHERE kind = 'realm'";
    let held = server.database().begin(hold).await;
    let waits = "SELECT 1 FROM pg_locks WHERE granted AND mode = 'RowExclusiveLock' \
                     AND relation = 'failed_accounts'::regclass AND pid IN (SELECT pid FROM pg_locks WHERE NOT granted)";
    let has_counted_the_rest = async {
        let begun = std::time::Instant::now();
        while server.database().query(waits).await.is_empty() {
            assert!(begun.elapsed() < std::time::Duration::from_secs(5), "it waits before it has written the rest");
        }
        drop(held);
    };
    let (failed, ()) = tokio::join!(guesser.fails("bob", 1), has_counted_the_rest);
    assert_eq!(failed, 1);
}
