use super::*;

/// A node whose host is this many seconds ahead of its database, which both stand until they are moved.
fn node(seconds: i64) -> (NodeClock, Clock, Clock) {
    let database = Clock::stopped();
    let host = Clock::Stopped(std::sync::Arc::new(AtomicI64::new(database.now().as_millis())));
    host.advance(Span::from_secs(seconds));
    let clock = Clock::Apart { host: Box::new(host.clone()), database: Box::new(database.clone()) };
    (NodeClock::new(clock), host, database)
}

fn ask(clock: &NodeClock) {
    clock.hear(clock.ticks(), clock.told_by_test().unwrap());
}

#[test]
fn the_databases_time_counts_whatever_the_host_says() {
    for seconds in [-86_400, -60, 0, 60, 86_400] {
        let (clock, host, database) = node(seconds);
        ask(&clock);
        assert_eq!(clock.now(), database.now(), "{seconds}");
        assert_eq!(clock.apart(), Some(Span::from_secs(seconds)));
        for moved in [&host, &database] {
            moved.advance(Span::from_secs(10));
        }
        assert_eq!(clock.now(), database.now(), "{seconds}: it goes on without being asked");
    }
}

#[test]
fn an_answer_that_took_long_corrects_no_more_than_it_proves() {
    let rows = [
        ("reckoned within the question and the answer", 3_000, 0),
        ("at the ends", 0, 0),
        ("later than it can be", -500, -500),
        ("earlier than it can be", 4_500, 500),
    ];
    for (row, told_after, corrected) in rows {
        let (clock, host, database) = node(0);
        ask(&clock);
        let (asked, begun) = (clock.ticks(), database.now());
        host.advance(Span::from_secs(4));
        clock.hear(asked, begun.plus(Span::from_millis(told_after)));
        clock.latest.store(UNTOLD, Ordering::Relaxed);
        assert_eq!(clock.now(), begun.plus(Span::from_millis(4_000 + corrected)), "{row}");
    }
}

#[test]
fn time_stands_still_rather_than_go_back_a_little() {
    let (clock, _, database) = node(0);
    ask(&clock);
    let before = clock.now();
    database.advance(Span::from_millis(-900));
    ask(&clock);
    assert_eq!(clock.now(), before);
    database.advance(Span::from_hours(-1));
    ask(&clock);
    assert_eq!(clock.now(), database.now(), "a database that was set back is followed");
}

#[test]
fn the_hosts_clock_counts_where_no_other_was_heard_of() {
    let (clock, host, _) = node(60);
    assert_eq!(clock.now(), host.now());
    assert_eq!(clock.apart(), None);
}
