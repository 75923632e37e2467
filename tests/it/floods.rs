//! A flood of authorization requests from addresses all over: what is kept stays below its cap, is gone after a while,
//! and who was there before, or is known, is served meanwhile. `FLOOD` says how many there are.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use signet::jobs;
use signet::protocol::time::Span;

use crate::support::TestServer;

/// The most authorization requests that wait at once.
const CAP: i64 = 100_000;
/// How many of a flood are under way at a time.
const AT_ONCE: usize = 50;

/// How many requests the flood has: a few thousand, or as many as the environment says.
fn flood() -> usize {
    std::env::var("FLOOD").map_or(3_000, |text| text.parse().expect("a number"))
}

async fn waiting(server: &TestServer) -> usize {
    let rows = server.database().query("SELECT CAST(count(*) AS TEXT) FROM authorization_requests").await;
    String::from_utf8(rows[0][0].clone()).unwrap().parse().unwrap()
}

/// The memory of this process, in MiB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or(0) / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_starts_stops_at_the_cap_and_is_swept() {
    let mut server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    server.stop_jobs();
    let rp = server.relying_party().await;
    let known = rp.authorize_as("alice").await.browser;
    let begun = server.browser();
    let login = begun.visit(&rp.authorization_url(&[])).await;
    let rows = waiting(&server).await;
    // Where the flood is shorter than the cap, as if somebody had been there before.
    let room = CAP.min(i64::try_from(flood() * 2 / 3).unwrap());
    server.app.provider.waiting.store(CAP - room, Ordering::SeqCst);

    let (url, memory_before) = (rp.authorization_url(&[]), memory());
    let (mut kept, mut refused) = (0, 0);
    for start in (0..flood()).step_by(AT_ONCE) {
        let starts = (start..(start + AT_ONCE).min(flood())).map(|number| {
            let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
            server.http.get(&url).header("x-forwarded-for", address).send()
        });
        server.app.follow().await.unwrap();
        for response in join_all(starts).await {
            let response = response.unwrap();
            match response.status().as_u16() {
                303 => kept += 1,
                503 => {
                    assert!(response.headers().contains_key("retry-after"));
                    refused += 1;
                }
                other => panic!("{other}"),
            }
        }
    }
    println!("{kept} kept, {refused} refused, {} MiB more", memory().saturating_sub(memory_before));
    // Those under way at the same moment do not see each other.
    let room = usize::try_from(room).unwrap();
    assert!((room..=room + AT_ONCE).contains(&kept) && kept + refused == flood(), "{kept} kept, {refused} refused");
    assert_eq!(waiting(&server).await, rows + kept);

    let page = begun.sign_in(&login, "bob").await;
    let code = begun.allow(&page).await.code();
    rp.redeem(&code).await.tokens();
    let code = known.get(&url).await.code();
    rp.redeem(&code).await.tokens();

    server.clock.advance(Span::from_hours(2));
    jobs::keep_up(&server.app, "test").await.unwrap();
    server.app.follow().await.unwrap();
    assert_eq!(waiting(&server).await, 0, "swept");
    rp.redeem(&rp.authorize_as("bob").await.code()).await.tokens();
}
