use super::*;

/// A node whose host is this many seconds ahead of its database, with both clocks stopped.
fn node(seconds: i64) -> (NodeClock, Clock, Clock) {
    let database = Clock::stopped();
    let host = Clock::Stopped(std::sync::Arc::new(AtomicI64::new(database.now().as_millis())));
    host.advance(Span::from_secs(seconds));
    let clock = Clock::Apart { host: Box::new(host.clone()), database: Box::new(database.clone()) };
    (NodeClock::new(clock), host, database)
}

fn synchronize(clock: &NodeClock) {
    clock.synchronize(clock.ticks(), clock.test_time().unwrap());
}

#[test]
fn the_databases_time_is_used_whatever_the_hosts_clock_shows() {
    for seconds in [-86_400, -60, 0, 60, 86_400] {
        let (clock, host, database) = node(seconds);
        synchronize(&clock);
        assert_eq!(clock.now(), database.now(), "{seconds}");
        assert_eq!(clock.apart(), Some(Span::from_secs(seconds)));
        for moved in [&host, &database] {
            moved.advance(Span::from_secs(10));
        }
        assert_eq!(clock.now(), database.now(), "{seconds}: it advances between synchronizations");
    }
}

#[test]
fn a_slow_answer_corrects_no_more_than_it_proves() {
    let rows = [
        ("an estimate between request and response", 3_000, 0),
        ("at the bounds", 0, 0),
        ("too late", -500, -500),
        ("too early", 4_500, 500),
    ];
    for (row, answer_after, corrected) in rows {
        let (clock, host, database) = node(0);
        synchronize(&clock);
        let sent = clock.ticks();
        let started = database.now();
        host.advance(Span::from_secs(4));
        clock.synchronize(sent, started.plus(Span::from_millis(answer_after)));
        clock.latest.store(UNKNOWN, Ordering::Relaxed);
        assert_eq!(clock.now(), started.plus(Span::from_millis(4_000 + corrected)), "{row}");
    }
}

#[test]
fn time_stands_still_rather_than_go_back_a_little() {
    let (clock, _, database) = node(0);
    synchronize(&clock);
    let before = clock.now();
    database.advance(Span::from_millis(-900));
    synchronize(&clock);
    assert_eq!(clock.now(), before);
    database.advance(Span::from_hours(-1));
    synchronize(&clock);
    assert_eq!(clock.now(), database.now(), "a database that was set back is followed");
}

#[test]
fn the_hosts_clock_is_used_without_a_database_clock() {
    let (clock, host, _) = node(60);
    assert_eq!(clock.now(), host.now());
    assert_eq!(clock.apart(), None);
}
