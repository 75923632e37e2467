use super::*;

const FREE: Free = Free { account: 4, address: 30, realm: 1000 };
const NEW: Counter = Counter { drained_at: Timestamp::from_millis(0), locked_until: Timestamp::from_millis(0) };

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + secs)
}

/// Makes wrong attempts, each as early as possible, and returns the pauses between them.
fn pauses(policy: Policy, tries: usize) -> Vec<i64> {
    let mut counter = NEW;
    let mut now = at(0);
    let mut all = Vec::new();
    for _ in 0..tries {
        now = now.max(counter.locked_until);
        let Attempt::Allowed { counter: next, pause, .. } = policy.attempt(counter, now) else {
            panic!("locked after the lock has ended");
        };
        counter = next;
        all.push(pause.as_millis());
    }
    all
}

#[test]
fn pauses_begin_after_the_free_failures_and_double_up_to_the_longest() {
    let rows: [(Kind, usize, Vec<i64>); 5] = [
        (Kind::Name, 4, vec![0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]),
        (Kind::Account, 4, vec![0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]),
        (Kind::Device, 4, vec![0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]),
        (Kind::Address, 30, vec![1_000, 2_000, 4_000, 8_000, 16_000]),
        (Kind::Region, 120, vec![1_000, 2_000, 4_000, 8_000, 8_000]),
    ];
    for (kind, free, expected) in rows {
        let policy = Policy::of(kind, FREE);
        let got = pauses(policy, free + 10);
        assert!(got[..free].iter().all(|pause| *pause == 0), "{kind:?}: {got:?}");
        let from = if matches!(kind, Kind::Address | Kind::Region) { free } else { 0 };
        assert_eq!(got[from..from + expected.len()], expected, "{kind:?}");
        assert!(got.iter().all(|pause| *pause <= 900_000), "{kind:?}: {got:?}");
    }
    assert_eq!(*pauses(Policy::of(Kind::Account, FREE), 40).last().unwrap(), 900_000);
    let region = pauses(Policy::of(Kind::Region, FREE), 200);
    assert!(region.iter().all(|pause| *pause <= 60_000), "innocent neighbors wait for a minute at most");
    let realm = pauses(Policy::of(Kind::Realm, FREE), 1005);
    assert_eq!(realm[999..1005], [0, 100, 200, 200, 200, 400], "a little drains away meanwhile");
}

#[test]
fn guesses_are_limited_to_about_ninety_six_a_day() {
    let policy = Policy::of(Kind::Account, FREE);
    for wait in [0, 60, 300, 900, 1800, 3600] {
        let mut counter = NEW;
        let mut now = at(0);
        let mut guesses = 0;
        while now < at(10 * 86_400) {
            if let Attempt::Allowed { counter: next, .. } = policy.attempt(counter, now) {
                (counter, guesses) = (next, guesses + 1);
            }
            now = now.plus(Span::from_secs(wait.max(1))).max(counter.locked_until);
        }
        assert!(guesses <= 10 * 96 + 20, "a guess every {wait} s: {guesses} in ten days");
    }
}

#[test]
fn a_pause_lasts_to_its_end_and_failures_drain() {
    let policy = Policy::of(Kind::Account, FREE);
    let locked = Counter { drained_at: at(4000), locked_until: at(8) };
    let rows = [
        ("long before the end", locked, at(0), None),
        ("just before the end", locked, Timestamp::from_millis(at(8).as_millis() - 1), None),
        ("at the end", locked, at(8), Some(5)),
        ("a failure later", locked, at(908), Some(4)),
        ("when all is forgotten", locked, at(4000), Some(1)),
        ("a counter that is new", NEW, at(0), Some(1)),
    ];
    for (rule, counter, now, expected) in rows {
        match (policy.attempt(counter, now), expected) {
            (Attempt::Locked { until }, None) => assert_eq!(until, at(8), "{rule}"),
            (Attempt::Allowed { failures, .. }, Some(expected)) => assert_eq!(failures, expected, "{rule}"),
            (other, _) => panic!("{rule}: {other:?}"),
        }
    }
}

#[test]
fn a_burst_with_times_out_of_order_is_counted_correctly() {
    let policy = Policy::of(Kind::Account, FREE);
    let mut counter = NEW;
    for (number, millis) in [(1, 40), (2, 0), (3, 55_000), (4, 20), (5, 0)] {
        let now = Timestamp::from_millis(at(0).as_millis() + millis);
        match policy.attempt(counter, now) {
            Attempt::Allowed { counter: next, failures, .. } => {
                assert_eq!(failures, number);
                counter = next;
            }
            Attempt::Locked { .. } => panic!("locked at {number}"),
        }
    }
    assert!(matches!(policy.attempt(counter, at(0)), Attempt::Locked { .. }));
}

#[test]
fn an_attempt_given_back_leaves_only_the_failures_of_others() {
    let policy = Policy::of(Kind::Address, Free { address: 1, ..FREE });
    let allowed = |counter| match policy.attempt(counter, at(0)) {
        Attempt::Allowed { counter, .. } => counter,
        Attempt::Locked { until } => panic!("locked until {until:?}"),
    };
    let first = allowed(NEW);
    let second = allowed(first);
    assert_eq!(second.locked_until, at(1));
    let mine = policy.give_back(second, second);
    assert_eq!(mine, Counter { drained_at: first.drained_at, locked_until: Timestamp::from_millis(0) });
    let others = policy.give_back(second, first);
    assert_eq!(others, Counter { drained_at: first.drained_at, locked_until: at(1) }, "another's lock stays");
}

#[test]
fn a_peer_is_an_ipv4_address_or_an_ipv6_network() {
    for (address, expected) in [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
    ] {
        assert_eq!(peer(address.parse().unwrap()).to_string(), expected, "{address}");
    }
}

#[test]
fn a_region_is_the_network_of_one_customer() {
    for (address, expected) in [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::", "2001:db8:1::/48"),
        ("2001:db8:2::1", "2001:db8:2::/48"),
    ] {
        assert_eq!(region(address.parse().unwrap()).to_string(), expected, "{address}");
    }
}

#[test]
fn a_pause_written_by_a_clock_ahead_ends() {
    let policy = Policy::of(Kind::Realm, FREE);
    let rows = [
        ("over", at(-1), None),
        ("at its end", at(0), None),
        ("under way", at(1), Some(at(1))),
        ("of a node whose clock is ahead", at(120), Some(at(120))),
        ("longer than any", at(122), None),
        ("of a clock that was a day ahead", at(86_400), None),
    ];
    for (rule, locked_until, expected) in rows {
        let counter = Counter { drained_at: at(0), locked_until };
        assert_eq!(policy.paused_until(counter, at(0)), expected, "{rule}");
    }
}

#[test]
fn a_pause_written_before_the_clock_was_set_back_ends() {
    let policy = Policy::of(Kind::Account, FREE);
    let mut counter = NEW;
    for _ in 0..40 {
        let now = at(86_400).max(counter.locked_until);
        let Attempt::Allowed { counter: next, .. } = policy.attempt(counter, now) else { panic!("locked") };
        counter = next;
    }
    let Attempt::Allowed { counter, pause, .. } = policy.attempt(counter, at(0)) else { panic!("locked for a day") };
    assert!(pause > Span::ZERO, "the failures count");
    assert!(matches!(policy.attempt(counter, at(0)), Attempt::Locked { .. }));
}
