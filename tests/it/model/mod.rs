//! Random stories against a reference: in any order of sign-ins, redemptions, refreshes, replays, revocations, logouts,
//! cut-offs, restarts and the passing of time, on either of two nodes, the server answers as RFC 6749, RFC 7009 and RFC
//! 9700 require, and nothing stays live that should not.
//!
//! `reference` implements the rules a second time, as briefly as possible; `world` runs a story on real servers. A
//! failing story is shrunk and its seed printed; `MODEL_SEED` runs it again. `MODEL_SECONDS` sets a longer duration.

mod reference;
mod story;
mod world;

use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use self::story::Step;
use self::world::World;

/// The number of stories if no time is given.
const STORIES: u32 = 40;
/// The maximum duration without `MODEL_SECONDS`.
const MAX_DURATION: Duration = Duration::from_secs(30);

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// The seed bytes for a number.
fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

/// Runs one story on servers of its own.
async fn run_story(steps: &[Step]) -> Result<(), TestCaseError> {
    let mut world = World::begin().await;
    for step in steps {
        world.take(step).await.map_err(TestCaseError::fail)?;
    }
    world.compare_everything().await.map_err(TestCaseError::fail)
}

/// Runs stories, ten at a time, up to a number or a deadline, and returns their number.
fn run_until(deadline: Instant, stories: u32, seed: u64) -> u32 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config { cases: 10, max_shrink_time: 60_000, failure_persistence: None, ..Config::default() };
    let finished = std::cell::Cell::new(0);
    while finished.get() < stories && Instant::now() < deadline {
        // A seed for each ten, so that a failure is soon repeated.
        let seed = seed.wrapping_add(u64::from(finished.get()));
        let mut runner = TestRunner::new_with_rng(config.clone(), rng(seed));
        let outcome = runner.run(&story::steps(), |steps| {
            finished.set(finished.get() + 1);
            let outcome = runtime.block_on(run_story(&steps));
            if let Err(reason) = &outcome {
                // Shrinking takes long; print the seed first, in case it is interrupted.
                println!("MODEL_SEED={seed}: {reason}");
            }
            outcome
        });
        if let Err(error) = outcome {
            give_up(seed, error);
        }
    }
    finished.get()
}

fn give_up(seed: u64, error: TestError<Vec<Step>>) -> ! {
    let (reason, steps) = match error {
        TestError::Fail(reason, steps) => (reason, steps),
        TestError::Abort(reason) => (reason, Vec::new()),
    };
    let lines: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
    panic!("MODEL_SEED={seed}: {reason}\n{}", lines.join("\n"));
}

#[test]
fn random_stories_match_the_reference() {
    let time = number("MODEL_SECONDS").map(Duration::from_secs);
    let stories = if time.is_some() { u32::MAX } else { STORIES };
    let seed = number("MODEL_SEED").unwrap_or_else(|| u64::from(std::process::id()) ^ now());
    let finished = run_until(Instant::now() + time.unwrap_or(MAX_DURATION), stories, seed);
    println!("MODEL_SEED={seed}: {finished} stories");
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
