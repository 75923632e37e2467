//! Cases for the key schedule. Times are hours; a key signs for 100, is announced 24 ahead, cached for 1, kept for 10.

use super::State::*;
use super::*;

const POLICY: Policy = Policy {
    interval: Span::from_hours(100),
    announce: Span::from_hours(1),
    lead: Span::from_hours(24),
    retention: Span::from_hours(10),
};

const fn at(hours: i64) -> Timestamp {
    Timestamp::from_secs(hours * 3600)
}

/// An ES256 key `k<generation>`.
fn key(generation: i64, announced_at: i64, activates_at: i64) -> KeyTimes {
    KeyTimes {
        kid: KeyId::from_stored(format!("k{generation}")),
        algorithm: "ES256".into(),
        generation,
        announced_at: at(announced_at),
        activates_at: at(activates_at),
        dropped_at: None,
    }
}

fn dropped(key: KeyTimes, hours: i64) -> KeyTimes {
    KeyTimes { dropped_at: Some(at(hours)), ..key }
}

fn of(algorithm: &str, key: KeyTimes) -> KeyTimes {
    KeyTimes { algorithm: algorithm.into(), kid: KeyId::from_stored(format!("{algorithm}-{}", key.kid)), ..key }
}

fn states(all: &[KeyTimes], hours: i64) -> Vec<State> {
    all.iter().map(|key| state(key, all, at(hours), &POLICY)).collect()
}

fn generation(generation: i64, activates_at: i64) -> Generation {
    Generation { algorithm: "ES256".into(), generation, activates_at: at(activates_at) }
}

#[test]
fn a_key_is_announced_active_retired_and_gone() {
    let two = [key(1, 0, 0), key(2, 76, 100)];
    let three = [key(1, 0, 0), key(2, 76, 100), key(3, 104, 105)];
    let lost = [key(1, 0, 0), dropped(key(2, 76, 100), 120)];
    let lost_next = [key(1, 0, 0), dropped(key(2, 76, 100), 80)];
    let only_next = [dropped(key(1, 0, 0), 80), key(2, 76, 100)];
    let two_algorithms = [key(1, 0, 0), of("RS256", key(2, 0, 50))];
    let cases: [(&str, &[KeyTimes], i64, &[State]); 18] = [
        ("the first key signs at once", &[key(1, 0, 0)], 0, &[Active]),
        ("a key without successor signs on", &[key(1, 0, 0)], 10_000, &[Active]),
        ("the next key is published, and does not sign", &two, 99, &[Active, Announced]),
        ("it takes over on time", &two, 100, &[Retired, Active]),
        ("the last is kept for its retention", &two, 109, &[Retired, Active]),
        ("and not longer", &two, 110, &[Gone, Active]),
        ("retention begins with the first successor", &three, 109, &[Retired, Retired, Active]),
        ("of each key", &three, 110, &[Gone, Retired, Active]),
        ("and ends for each", &three, 115, &[Gone, Gone, Active]),
        ("a dropped key is gone at once, the one before signs", &lost, 120, &[Active, Gone]),
        ("dropped is dropped, whatever the clock says", &lost, 110, &[Active, Gone]),
        ("a dropped announced key supersedes nothing", &lost_next, 150, &[Active, Gone]),
        ("an announced key that alone is left signs", &only_next, 80, &[Gone, Active]),
        ("all dropped", &[dropped(key(1, 0, 0), 5)], 6, &[Gone]),
        ("algorithms have nothing to do with each other", &two_algorithms, 60, &[Active, Active]),
        ("the clock moved back before the successor", &two, 50, &[Active, Announced]),
        ("the clock moved back before the first key", &two, -5, &[Active, Announced]),
        ("the clock moved back before all of three", &three, -5, &[Active, Announced, Announced]),
    ];
    for (rule, all, hours, expected) in cases {
        assert_eq!(states(all, hours), expected, "{rule}");
    }
}

#[test]
fn an_algorithm_has_exactly_one_active_key_at_any_time() {
    let sets = [
        vec![key(1, 0, 0)],
        vec![key(1, 0, 0), key(2, 76, 100), key(3, 176, 200)],
        vec![key(3, 176, 200), key(1, 0, 0), key(2, 76, 100)],
        vec![key(1, 0, 300), key(2, 76, 200), key(3, 176, 100)],
        vec![key(1, 0, 100), KeyTimes { kid: KeyId::from_stored("twin".into()), ..key(1, 0, 100) }],
        vec![key(1, 0, 0), dropped(key(2, 76, 100), 120), key(3, 130, 131)],
        vec![KeyTimes { activates_at: Timestamp::from_millis(i64::MAX), ..key(i64::MAX, 0, 0) }, key(i64::MIN, 0, 0)],
    ];
    for all in &sets {
        for hours in (-50..400).chain([i64::MIN / 3600, i64::MAX / 3600]) {
            let active = states(all, hours).iter().filter(|state| **state == Active).count();
            assert_eq!(active, 1, "{all:?} at {hours}");
        }
    }
}

#[test]
fn a_key_missing_from_the_list_has_a_state() {
    assert_eq!(state(&key(1, 0, 50), &[], at(0), &POLICY), Active);
}

#[test]
fn keys_are_made_when_they_are_due() {
    let two = [key(1, 0, 0), key(2, 76, 100)];
    let lost = [key(1, 0, 0), dropped(key(2, 76, 100), 120)];
    let cases: [(&str, &[KeyTimes], i64, Vec<Generation>); 11] = [
        ("the first is active at once", &[], 7, vec![generation(1, 7)]),
        ("nothing before the lead", &[key(1, 0, 0)], 75, vec![]),
        ("the next at the lead, for the end of the interval", &[key(1, 0, 0)], 76, vec![generation(2, 100)]),
        ("late, but in time to announce", &[key(1, 0, 0)], 98, vec![generation(2, 100)]),
        ("too late: announced for as long as needed", &[key(1, 0, 0)], 99, vec![generation(2, 100)]),
        ("much too late, after downtime", &[key(1, 0, 0)], 500, vec![generation(2, 501)]),
        ("one announced key is enough", &two, 99, vec![]),
        ("the interval counts from the newest key", &two, 176, vec![generation(3, 200)]),
        ("a dropped number is not used again", &lost, 120, vec![generation(3, 121)]),
        ("all dropped: the next is active at once", &[dropped(key(1, 0, 0), 5)], 6, vec![generation(2, 6)]),
        ("the clock moved back", &[key(1, 0, 0)], -50, vec![]),
    ];
    for (rule, all, hours, expected) in cases {
        assert_eq!(due(all, &["ES256"], at(hours), &POLICY), expected, "{rule}");
    }
}

#[test]
fn each_algorithm_has_its_own_schedule() {
    let all = [key(1, 0, 0), of("EdDSA", key(1, 0, 0))];
    let found = due(&all, &["ES256", "RS256"], at(76), &POLICY);
    let first = Generation { algorithm: "RS256".into(), generation: 1, activates_at: at(76) };
    assert_eq!(found, [generation(2, 100), first]);
}

#[test]
fn a_long_cached_jwk_set_moves_the_announcement_forward() {
    let policy = Policy { announce: Span::from_hours(30), ..POLICY };
    assert_eq!(due(&[key(1, 0, 0)], &["ES256"], at(69), &policy), []);
    assert_eq!(due(&[key(1, 0, 0)], &["ES256"], at(70), &policy), [generation(2, 100)]);
}

#[test]
fn a_rotation_never_outruns_the_cached_jwk_set() {
    let kid = || KeyId::from_stored("k2".into());
    let cases: [(&str, &[KeyTimes], i64, Rotation); 9] = [
        ("known long enough", &[key(1, 0, 0), key(2, 76, 100)], 77, Rotation::Promote { kid: kid(), at: at(77) }),
        ("known for long", &[key(1, 0, 0), key(2, 76, 100)], 90, Rotation::Promote { kid: kid(), at: at(90) }),
        ("too young", &[key(1, 0, 0), key(2, 76, 100)], 76, Rotation::Waiting { kid: kid(), at: at(77) }),
        (
            "too young and due earlier",
            &[key(1, 0, 0), key(2, 76, 76)],
            75,
            Rotation::Waiting { kid: kid(), at: at(76) },
        ),
        ("the clock moved back", &[key(1, 0, 0), key(2, 76, 100)], 50, Rotation::Waiting { kid: kid(), at: at(77) }),
        ("none announced", &[key(1, 0, 0)], 50, Rotation::Announce(generation(2, 51))),
        ("no key at all", &[], 50, Rotation::Announce(generation(1, 50))),
        (
            "the announced key was dropped",
            &[key(1, 0, 0), dropped(key(2, 76, 100), 80)],
            80,
            Rotation::Announce(generation(3, 81)),
        ),
        (
            "the first of two announced",
            &[key(1, 0, 0), key(2, 76, 100), key(3, 76, 200)],
            80,
            Rotation::Promote { kid: kid(), at: at(80) },
        ),
    ];
    for (rule, all, hours, expected) in cases {
        assert_eq!(rotate(all, "ES256", at(hours), &POLICY), expected, "{rule}");
    }
}

#[test]
fn keys_that_are_gone_are_removable() {
    let all = [key(1, 0, 0), key(2, 76, 100), dropped(key(3, 176, 200), 180), key(4, 181, 200)];
    let removed = |hours| removable(&all, at(hours), &POLICY).iter().map(|kid| kid.to_string()).collect::<Vec<_>>();
    assert_eq!(removed(105), ["k3"]);
    assert_eq!(removed(110), ["k1", "k3"]);
    assert_eq!(removed(210), ["k1", "k2", "k3"]);
}

#[test]
fn after_a_compromise_another_key_signs() {
    let three = [key(1, 0, 0), key(2, 76, 100), key(3, 176, 200)];
    let lost = |all: &[KeyTimes], kid: &str, hours| without(all, &KeyId::from_stored(kid.into()), at(hours));
    let left = lost(&three, "k2", 105).unwrap();
    assert_eq!(states(&left, 105), [Active, Gone, Announced], "the one before signs again until the next");
    assert_eq!(due(&left, &["ES256"], at(105), &POLICY), [], "which is there already");
    let alone = lost(&three[..1], "k1", 50).unwrap();
    assert_eq!(due(&alone, &["ES256"], at(50), &POLICY), [generation(2, 50)], "a new one, at once");
    assert_eq!(lost(&three, "k9", 105), None);
    assert_eq!(lost(&left, "k2", 106), None, "once is enough");
}

/// Runs the schedule hour by hour, as the rotation job does, and checks the published states.
#[test]
fn a_verifier_that_caches_the_jwk_set_never_meets_an_unknown_key() {
    let mut all: Vec<KeyTimes> = Vec::new();
    let mut cached: Vec<KeyId> = Vec::new();
    for hour in 0..1000 {
        for made in due(&all, &["ES256"], at(hour), &POLICY) {
            all.push(KeyTimes { activates_at: made.activates_at, ..key(made.generation, hour, 0) });
        }
        let gone = removable(&all, at(hour), &POLICY);
        all.retain(|key| !gone.contains(&key.kid));
        let active = all.iter().find(|key| state(key, &all, at(hour), &POLICY) == Active).unwrap();
        assert!(hour == 0 || cached.contains(&active.kid), "{} signs at {hour} and is not known", active.kid);
        cached = all.iter().map(|key| key.kid.clone()).collect();
        assert!((1..=3).contains(&all.len()), "{all:?} at {hour}");
    }
    assert_eq!(all.iter().map(|key| key.generation).max(), Some(11));
}
