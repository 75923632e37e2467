//! A rush of sign-ins: two hundred people of one network at once, while other programs read the key set; and one person
//! of another network while the first floods the server. What is promised is checked: the command fails where it does
//! not hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::task::JoinSet;

use crate::flow::{Browser, Op};
use crate::http::{Client, Origin, Req};
use crate::run::connect;
use crate::stats::quantile;
use crate::suite::{Part, Server, SuiteArgs};

/// How many sign in at once.
const PEOPLE: usize = 200;
/// How many sign-ins of the flood are under way at a time: more than three seconds of work on two cores.
const FLOOD: usize = 600;
/// The longest wait for a hash, and what the rest of a sign-in takes beside two hundred others.
const LONGEST: Duration = Duration::from_millis(3_500);
/// The longest sign-in of another network during a flood.
const ALONE: Duration = Duration::from_millis(500);
/// The 99th percentile of the key set meanwhile.
const KEY_SET: Duration = Duration::from_millis(100);
/// How many sign-ins of the other network are measured.
const TIMES: usize = 12;

const PART: Part = Part {
    label: "rush",
    algorithm: "ES256",
    opaque: false,
    scenarios: &[],
    conns: usize::MAX,
    settings: &[("SIGNET_PROXY__TRUSTED", "127.0.0.0/8")],
};

/// Starts a server and measures both; a line of JSON each.
pub async fn rush(args: &SuiteArgs) -> Result<()> {
    let mut server = Server::start(args, &PART).await?;
    server.populate(&PART).await?;
    let (op, origin) = connect(server.profile()?).await?;
    // The average of what a hash takes begins with a guess.
    for _ in 0..20 {
        Browser::new(client(&origin, 1), op.clone()).flow(false).await?;
    }
    people(&op, &origin).await?;
    flood(&op, &origin).await?;
    server.stop().await
}

/// A connection of a host in a network.
fn client(origin: &Arc<Origin>, network: u8) -> Client {
    Client::new(Arc::new(origin.with_header("x-forwarded-for", &format!("203.0.{network}.7"))))
}

async fn people(op: &Arc<Op>, origin: &Arc<Origin>) -> Result<()> {
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_keys(op.clone(), client(origin, 2), done.clone()));
    let mut people = JoinSet::new();
    for _ in 0..PEOPLE {
        let mut browser = Browser::new(client(origin, 1), op.clone());
        people.spawn(async move {
            let begun = Instant::now();
            browser.flow(false).await.map(|_| begun.elapsed())
        });
    }
    let mut times = Vec::new();
    let mut first_error = None;
    while let Some(one) = people.join_next().await {
        match one? {
            Ok(time) => times.push(millis(time)),
            Err(error) => drop(first_error.get_or_insert(format!("{error:#}"))),
        }
    }
    done.store(true, Ordering::Relaxed);
    let mut keys = reader.await??;
    times.sort_unstable();
    keys.sort_unstable();
    let slowest = quantile(&times, 1.0);
    let key_set = quantile(&keys, 0.99);
    let line = json!({
        "scenario": "rush", "people": PEOPLE, "signed_in": times.len(), "p50_ms": quantile(&times, 0.5),
        "max_ms": slowest, "jwks": keys.len(), "jwks_p99_ms": key_set, "first_error": first_error,
    });
    println!("{line}");
    ensure!(times.len() == PEOPLE, "only {} of {PEOPLE} signed in", times.len());
    ensure!(slowest <= millis(LONGEST), "a sign-in took {slowest} ms");
    ensure!(key_set < millis(KEY_SET), "one of a hundred key sets took {key_set} ms");
    Ok(())
}

/// How long the key set takes, again and again.
async fn read_keys(op: Arc<Op>, mut http: Client, done: Arc<AtomicBool>) -> Result<Vec<u32>> {
    let request = Req::get(&op.discovery.jwks_uri);
    let mut times = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let reply = http.send(&request).await?;
        ensure!(reply.status.is_success(), "{}", reply.brief());
        times.push(millis(begun.elapsed()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(times)
}

async fn flood(op: &Arc<Op>, origin: &Arc<Origin>) -> Result<()> {
    let mut flood = JoinSet::new();
    for _ in 0..FLOOD {
        let mut browser = Browser::new(client(origin, 1), op.clone());
        flood.spawn(async move {
            loop {
                browser.forget();
                // Most are refused, which is what they are for.
                if browser.flow(false).await.is_err() {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let mut browser = Browser::new(client(origin, 3), op.clone());
        let begun = Instant::now();
        browser.flow(false).await?;
        times.push(millis(begun.elapsed()));
    }
    flood.shutdown().await;
    times.sort_unstable();
    let slowest = quantile(&times, 1.0);
    println!("{}", json!({ "scenario": "flood", "p50_ms": quantile(&times, 0.5), "max_ms": slowest }));
    ensure!(slowest < millis(ALONE), "a sign-in of another network took {slowest} ms during the flood");
    Ok(())
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
