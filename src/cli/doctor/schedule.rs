//! Check that keys are rotated in time and their successors announced.

use super::finding::Finding;
use crate::app;
use crate::config::Settings;
use signet_protocol::jose::key_schedule::{self, KeyTimes, Policy, State};
use signet_protocol::time::{Span, Timestamp};
use signet_store::Store;
use signet_store::realm::{realms, signing_keys};

const CHECK: &str = "key-schedule";
/// Tolerated delay of the upkeep job, which runs every minute.
const LATE: Span = Span::from_hours(1);

/// Checks the keys of every configured algorithm.
pub(super) async fn examine(store: &Store, settings: &Settings, now: Timestamp) -> Finding {
    let times = match times(store).await {
        Ok(times) => times,
        Err(error) => return Finding::fail(CHECK, error),
    };
    if times.is_empty() {
        return Finding::warn(CHECK, "there are no keys yet; the first start creates them: signet serve");
    }
    let policy = app::key_policy(settings).schedule;
    let names = settings.keys.algorithms.iter().map(|algorithm| algorithm.as_str());
    let found = names.map(|algorithm| judge(algorithm, &times, now, &policy));
    found.max_by_key(|finding| finding.level).unwrap_or_else(|| Finding::ok(CHECK, ""))
}

async fn times(store: &Store) -> Result<Vec<KeyTimes>, String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    let realm = realms::find(&mut tx, realms::DEFAULT).await.map_err(|error| error.to_string())?;
    let Some(realm) = realm else { return Ok(Vec::new()) };
    let stored = signing_keys::list_public(&mut tx, &realm).await.map_err(|error| error.to_string())?;
    Ok(stored.into_iter().map(|key| key.times).collect())
}

fn judge(algorithm: &str, times: &[KeyTimes], now: Timestamp, policy: &Policy) -> Finding {
    let of = |wanted: State| {
        let mut all = times.iter().filter(|key| key.algorithm == algorithm);
        all.find(|key| key_schedule::state(key, times, now, policy) == wanted)
    };
    let Some(active) = of(State::Active) else {
        return Finding::fail(CHECK, format!("no {algorithm} key signs; start the server, which creates one"));
    };
    let ends = active.activates_at.plus(policy.interval);
    let fix =
        format!("start a server, or search its log for \"upkeep failed\"; run: signet keys rotate --alg {algorithm}");
    if now > ends.plus(LATE) {
        let days = now.since(ends).as_secs() / 86_400;
        return Finding::fail(CHECK, format!("the {algorithm} key should have been replaced {days} days ago; {fix}"));
    }
    let announced = ends.minus(policy.lead.max(policy.announce));
    if now > announced.plus(LATE) && of(State::Announced).is_none() {
        return Finding::warn(CHECK, format!("the announcement of the next {algorithm} key is late; {fix}"));
    }
    Finding::ok(CHECK, "")
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{Fail, Ok, Warn};
    use super::*;
    use signet_protocol::ids::KeyId;

    #[test]
    fn a_key_is_replaced_in_time_and_its_successor_known_before() {
        let policy = Policy {
            interval: Span::from_days(30),
            announce: Span::from_hours(1),
            lead: Span::from_hours(24),
            retention: Span::from_days(7),
        };
        let begin = Timestamp::from_secs(1_800_000_000);
        let key = |generation: i64, announced_at: Timestamp, activates_at: Timestamp| KeyTimes {
            kid: KeyId::from_stored(format!("k{generation}")),
            algorithm: "RS256".to_owned(),
            generation,
            announced_at,
            activates_at,
            dropped_at: None,
        };
        let first = key(1, begin, begin);
        let next = key(2, begin.plus(Span::from_days(29)), begin.plus(Span::from_days(30)));
        let alone = vec![first.clone()];
        let rows = [
            ("young", alone.clone(), Span::from_days(10), Ok),
            ("the successor is due", alone.clone(), Span::from_days(29), Ok),
            ("the successor is late", alone.clone(), Span::from_days(29).plus(Span::from_hours(2)), Warn),
            ("the successor is announced", vec![first, next], Span::from_days(29).plus(Span::from_hours(2)), Ok),
            ("the key is overdue", alone, Span::from_days(40), Fail),
            ("there is none", Vec::new(), Span::ZERO, Fail),
        ];
        for (case, times, age, expected) in rows {
            let found = judge("RS256", &times, begin.plus(age), &policy);
            assert_eq!(found.level, expected, "{case}: {}", found.detail);
        }
    }
}
