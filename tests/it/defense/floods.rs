//! Floods of authorization requests from many networks: the stored requests stay below their cap and expire, and people
//! in other networks can still sign in. `FLOOD` sets the number of requests sent over HTTP.

use futures_util::future::join_all;
use signet::config::Settings;
use signet::flows::authorize::pending::CAP;
use signet::jobs;
use signet_protocol::time::Span;

use crate::support::{Page, RelyingParty, TestServer};

/// The number of concurrent requests of a flood.
const CONCURRENT: usize = 50;
/// The number of networks that one or two tunnel accounts provide.
const HOSTILE: usize = 13;

/// The number of requests of the flood: a few hundred, unless the environment sets it.
fn flood() -> usize {
    std::env::var("FLOOD").map_or(600, |text| text.parse().expect("a number"))
}

fn limited(settings: &mut Settings) {
    settings.limits.enabled = true;
    settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
}

async fn number(server: &TestServer, query: &str) -> usize {
    let rows = server.database().query(query).await;
    String::from_utf8(rows[0][0].clone()).unwrap().parse().unwrap()
}

async fn waiting(server: &TestServer) -> usize {
    number(server, "SELECT CAST(count(*) AS TEXT) FROM authorization_requests").await
}

/// The resident memory of this process, in MiB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) / 1024
}

/// A network of the hostile ones.
fn hostile(number: usize) -> String {
    format!("2001:db8:{number}::/48")
}

/// Inserts pending requests of the hostile networks, as if they had just arrived. They copy the browser of an
/// existing request.
async fn fill(server: &TestServer, requests: i64) {
    let realm = server.app.realm.id.as_str();
    let now = server.clock.now().as_millis();
    let end = now + Span::from_minutes(30).as_millis();
    let sql = format!(
        "INSERT INTO authorization_requests \
             (realm_id, id, client_id, browser, request, arrived_at, expires_at, network) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {requests}) \
         SELECT '{realm}', 'hostile-' || i, 'rp', (SELECT browser FROM authorization_requests LIMIT 1), '{{}}', \
             {now}, {end}, '2001:db8:' || (i % {HOSTILE}) || '::/48' FROM n"
    );
    assert_eq!(server.database().execute(&sql).await, u64::try_from(requests).unwrap());
    server.app.count_waiting().await.unwrap();
    server.app.follow().await.unwrap();
}

/// The sign-in page of a new browser at this address.
async fn begins(server: &TestServer, rp: &RelyingParty, address: &str) -> (crate::support::Browser, Page) {
    let browser = server.browser();
    let begun = browser.get_with(&[("x-forwarded-for", address)], &rp.authorization_url(&[])).await;
    let page = browser.get(&begun.location().unwrap()).await;
    assert!(page.has("id=\"login-submit\""), "{address}: {page:?}");
    (browser, page)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirteen_hostile_networks_do_not_keep_other_networks_from_signing_in() {
    let server = TestServer::stopped_with(limited).await;
    let rp = server.relying_party().await;
    let known = rp.authorize_as("alice").await.browser;
    let before = begins(&server, &rp, "203.0.113.7").await;
    let neighbor = begins(&server, &rp, "2001:db8:1:2::7").await;
    known.set_cookie("signet-session", "");
    let begun = known.get_with(&[("x-forwarded-for", "2001:db8:1:2::8")], &rp.authorization_url(&[])).await;
    let known_page = known.get(&begun.location().unwrap()).await;
    server.clock.advance(Span::from_minutes(1));
    fill(&server, CAP).await;

    let (fresh, page) = begins(&server, &rp, "198.51.100.1").await;
    server.app.follow().await.unwrap();
    let consent = fresh.sign_in(&page, "bob").await;
    rp.redeem(&fresh.allow(&consent).await.code()).await.tokens();

    let left = waiting(&server).await;
    assert!(left < usize::try_from(CAP).unwrap(), "{left} rows");
    let mut shares = Vec::new();
    for network in (0..HOSTILE).map(hostile) {
        let share = format!("SELECT CAST(count(*) AS TEXT) FROM authorization_requests WHERE network = '{network}'");
        shares.push(number(&server, &share).await);
    }
    let least = shares.iter().min().unwrap();
    let most = shares.iter().max().unwrap();
    assert!(most - least <= 1 && *least > 7_000, "each hostile network has lost as much: {shares:?}");

    let (browser, page) = before;
    assert!(!browser.sign_in(&page, "bob").await.code().is_empty(), "another network's request is not touched");
    assert!(!known.sign_in(&known_page, "alice").await.code().is_empty(), "nor one of a browser that is known");
    let (browser, page) = neighbor;
    let gone = browser.submit_once(&page, &[("username", "bob"), ("password", "wrong")]).await;
    gone.assert_rejected("the oldest of a hostile network", 400, "This sign-in was not started in this browser");

    let hostile = begins(&server, &rp, "2001:db8:1:2::9").await;
    assert!(hostile.1.has("login-submit"), "a hostile network only displaces requests of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_starts_stays_below_the_cap_and_is_swept() {
    let mut server = TestServer::stopped_with(limited).await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    let known = rp.authorize_as("alice").await.browser;
    let (begun, login) = begins(&server, &rp, "203.0.113.7").await;
    // Fewer than the flood sends, so that it reaches the cap.
    let room = CAP.min(i64::try_from(flood() * 2 / 3).unwrap());
    fill(&server, CAP - room).await;

    let url = rp.authorization_url(&[]);
    let memory_before = memory();
    for start in (0..flood()).step_by(CONCURRENT) {
        let starts = (start..(start + CONCURRENT).min(flood())).map(|number| {
            let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
            server.http.get(&url).header("x-forwarded-for", address).send()
        });
        server.app.follow().await.unwrap();
        for response in join_all(starts).await {
            assert_eq!(response.unwrap().status(), 303);
        }
    }
    println!("{} MiB more", memory().saturating_sub(memory_before));
    // Requests that arrive during an eviction do not wait for it.
    assert!(waiting(&server).await <= usize::try_from(CAP).unwrap() + CONCURRENT);

    let page = begun.sign_in(&login, "bob").await;
    let code = begun.allow(&page).await.code();
    rp.redeem(&code).await.tokens();
    let code = known.get(&url).await.code();
    rp.redeem(&code).await.tokens();

    server.clock.advance(Span::from_hours(2));
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    server.app.follow().await.unwrap();
    assert_eq!(waiting(&server).await, 0, "swept");
    rp.redeem(&rp.authorize_as("bob").await.code()).await.tokens();
}
