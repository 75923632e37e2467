//! The place of each statement in the list of all statements, by which its duration is counted, and the log of slow
//! ones.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use super::all_statements;
use crate::store::metrics::Statements;

/// The duration from which a statement is logged as slow.
const SLOW: Duration = Duration::from_millis(200);

static PLACES: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| all_statements().into_iter().enumerate().map(|(place, (_, text))| (text, place)).collect());

/// The names of all statements, in the order of their places: `sessions.insert`.
pub(super) fn names() -> impl Iterator<Item = String> {
    let short = |name: &str| name.trim_start_matches("signet::store::").replace("::", ".").to_ascii_lowercase();
    all_statements().into_iter().map(move |(name, _)| short(name))
}

/// The place of the statement at one line of the source, looked up by its text when it first runs.
pub(super) struct CallSite(OnceLock<(usize, Option<usize>)>);

impl CallSite {
    /// A line whose statement has not run.
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The place of this statement. A line that runs several, as a loop over tables does, looks all but the first up
    /// each time.
    fn place(&self, sql: &'static str) -> Option<usize> {
        let look_up = || PLACES.get(sql).copied();
        let (first, place) = self.0.get_or_init(|| (sql.as_ptr().addr(), look_up()));
        if *first == sql.as_ptr().addr() { *place } else { look_up() }
    }

    /// Counts how long a statement took, and logs a slow one: its name, never its parameters.
    pub(super) fn observe(&self, statements: &Statements, sql: &'static str, took: Duration) {
        let name = self.place(sql).and_then(|place| statements.observe(place, took));
        warn_if_slow(name.unwrap_or("unnamed"), took);
    }
}

/// Logs a statement that took long.
pub(super) fn warn_if_slow(statement: &str, took: Duration) {
    if took > SLOW {
        tracing::warn!(statement, millis = took.as_millis(), "a statement was slow");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_statement_is_logged_by_its_name_alone() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let statements = Statements::new(names());
        let (_, sql) = all_statements().into_iter().find(|(name, _)| name.ends_with("::sessions::INSERT")).unwrap();
        let site = CallSite::new();
        tracing::subscriber::with_default(subscriber, || {
            site.observe(&statements, sql, Duration::from_millis(200));
            site.observe(&statements, sql, Duration::from_millis(201));
        });
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(logged.lines().count(), 1, "{logged}");
        assert!(logged.contains("a statement was slow statement=\"sessions.insert\" millis=201"), "{logged}");
        assert!(!logged.contains("INSERT INTO"), "{logged}");
    }

    #[test]
    fn a_line_that_runs_several_statements_counts_each_under_its_own_name() {
        let statements = Statements::new(names());
        let site = CallSite::new();
        let all = all_statements();
        for (name, sql) in all.iter().take(3) {
            let place = site.place(sql).unwrap();
            assert_eq!(all[place].1, *sql, "{name}");
            site.observe(&statements, sql, Duration::from_micros(1));
        }
        assert_eq!(site.place("SELECT 1"), None);
    }

    #[test]
    fn names_are_unique() {
        let mut all: Vec<_> = names().collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(
            all.iter().all(|name| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.')))
        );
    }
}
