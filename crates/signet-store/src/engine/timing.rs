//! Durations of statements: counted by statement, and logged if long.

use std::time::Duration;

use super::statement::Statement;
use crate::all_statements;
use crate::metrics::Statements;

/// Duration from which a statement is logged as slow.
const SLOW: Duration = Duration::from_millis(200);

/// Returns the labels of all statements in the order of [`all_statements`].
pub(crate) fn labels() -> impl Iterator<Item = String> {
    all_statements().into_iter().map(Statement::label)
}

/// Counts the duration of a statement, and logs a slow one: its name, never its parameters.
pub(crate) fn observe(statements: &Statements, statement: &Statement, took: Duration) {
    let label = statement.place().and_then(|place| statements.observe(place, took));
    warn_if_slow(label.unwrap_or(statement.name), took);
}

/// Logs transaction control or a statement that was slow.
pub(crate) fn warn_if_slow(statement: &str, took: Duration) {
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
        let statements = Statements::new(labels());
        let insert = all_statements().into_iter().find(|all| all.name.ends_with("::sessions::INSERT")).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            observe(&statements, insert, Duration::from_millis(200));
            observe(&statements, insert, Duration::from_millis(201));
        });
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(logged.lines().count(), 1, "{logged}");
        assert!(logged.contains("a statement was slow statement=\"sessions.insert\" millis=201"), "{logged}");
        assert!(!logged.contains("INSERT INTO"), "{logged}");
    }
}
