//! SQL statements. Each is written once, with the parameters of PostgreSQL, and brought into the form of each engine at
//! compile time.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use crate::all_statements;

static PLACES: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| all_statements().iter().enumerate().map(|(place, statement)| (statement.name, place)).collect());

/// A statement with its name and its text for each engine.
#[derive(Debug)]
pub struct Statement {
    /// The path of its module and its own name: `crate::session::sessions::INSERT`.
    pub name: &'static str,
    /// The text for PostgreSQL, on one line.
    pub text: &'static str,
    /// The text for SQLite.
    pub embedded: &'static str,
    access: Access,
    place: OnceLock<Option<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Reads,
    Writes,
}

impl Statement {
    pub(crate) const fn new(name: &'static str, text: &'static str, embedded: &'static str) -> Self {
        let access = if begins_with(text.as_bytes(), b"SELECT ") { Access::Reads } else { Access::Writes };
        Self { name, text, embedded, access, place: OnceLock::new() }
    }

    /// Returns true for every statement that is not a plain query.
    pub fn writes(&self) -> bool {
        self.access == Access::Writes
    }

    /// Returns the name below its room, for metrics and the log: `sessions.insert`.
    pub(crate) fn label(&self) -> String {
        let below_room = self.name.splitn(3, "::").nth(2).unwrap_or(self.name);
        below_room.replace("::", ".").to_ascii_lowercase()
    }

    /// Returns the position in [`all_statements`], by which durations are counted. Statements of a single engine have
    /// none.
    pub(crate) fn place(&self) -> Option<usize> {
        *self.place.get_or_init(|| PLACES.get(self.name).copied())
    }
}

/// Row locks at the end of statements. SQLite has no syntax for them and no need: a writer locks the whole database.
const ROW_LOCKS: [&str; 2] = [" FOR SHARE", " FOR NO KEY UPDATE"];

/// Writes a statement on one line, each run of white space outside of quotes as one blank, or none just inside of
/// parentheses, and returns the number of bytes. Writes no more than `out` has room for.
pub(crate) const fn fold(sql: &str, mut out: &mut [u8]) -> usize {
    let mut rest = sql.as_bytes();
    let mut length = 0;
    let mut last = b'(';
    let mut is_quoted = false;
    let mut is_after_blank = false;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if byte.is_ascii_whitespace() && !is_quoted {
            is_after_blank = true;
            continue;
        }
        if is_after_blank && last != b'(' && *byte != b')' {
            out = put(b' ', out);
            length += 1;
        }
        is_after_blank = false;
        is_quoted ^= *byte == b'\'';
        last = *byte;
        out = put(last, out);
        length += 1;
    }
    length
}

/// Writes a folded statement as SQLite reads it, and returns the number of bytes: with `?1` for `$1`, which SQLite
/// would take for a name, and without row locks.
pub(crate) const fn translate(text: &str, mut out: &mut [u8]) -> usize {
    let [share, update] = ROW_LOCKS;
    let mut rest = text.as_bytes();
    let mut length = 0;
    while let Some((byte, tail)) = rest.split_first() {
        if begins_with(rest, share.as_bytes()) {
            rest = rest.split_at(share.len()).1;
        } else if begins_with(rest, update.as_bytes()) {
            rest = rest.split_at(update.len()).1;
        } else {
            out = put(if *byte == b'$' { b'?' } else { *byte }, out);
            length += 1;
            rest = tail;
        }
    }
    length
}

const fn put(byte: u8, out: &mut [u8]) -> &mut [u8] {
    match out.split_first_mut() {
        Some((slot, rest)) => {
            *slot = byte;
            rest
        }
        None => &mut [],
    }
}

const fn begins_with(mut text: &[u8], mut start: &[u8]) -> bool {
    while let Some((expected, start_tail)) = start.split_first() {
        match text.split_first() {
            Some((byte, tail)) if *byte == *expected => {
                text = tail;
                start = start_tail;
            }
            _ => return false,
        }
    }
    true
}

/// Reads bytes that were copied from a text; empty if they are not UTF-8, which no engine would accept.
pub(crate) const fn as_text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// Returns the text that SQLite gets for a statement written for PostgreSQL.
pub fn embedded_text(sql: &str) -> String {
    let mut out = vec![0; translate(sql, &mut [])];
    translate(sql, &mut out);
    as_text(&out).to_owned()
}

/// Declares one statement. Those of a single engine are declared with it alone: the contract test, which describes
/// statements on both engines, does not list them.
macro_rules! statement {
    ($name:ident = $sql:expr) => {
        static $name: &$crate::engine::statement::Statement = {
            use $crate::engine::statement::{Statement, as_text, fold, translate};
            const SQL: &str = $sql;
            const FOLDED: [u8; fold(SQL, &mut [])] = {
                let mut folded = [0; fold(SQL, &mut [])];
                fold(SQL, &mut folded);
                folded
            };
            const TEXT: &str = as_text(&FOLDED);
            const TRANSLATED: [u8; translate(TEXT, &mut [])] = {
                let mut translated = [0; translate(TEXT, &mut [])];
                translate(TEXT, &mut translated);
                translated
            };
            const NAME: &str = concat!(module_path!(), "::", stringify!($name));
            static STATEMENT: Statement = Statement::new(NAME, TEXT, as_text(&TRANSLATED));
            &STATEMENT
        };
    };
}

/// Declares the statements of a file and the list of them that the contract test describes.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $($crate::engine::statement::statement!($name = $sql);)*
        pub static STATEMENTS: &[&$crate::engine::statement::Statement] = &[$($name),*];
    };
}

pub(crate) use {statement, statements};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    statement!(
        EXAMPLE = "
            SELECT  id, 'two  blanks'
            FROM people
                WHERE id = $1 AND name = $12 AND id IN (
                    SELECT id FROM friends
                )
            FOR NO KEY UPDATE
        "
    );

    #[test]
    fn white_space_is_folded_outside_of_quotes_only() {
        assert_eq!(
            EXAMPLE.text,
            "SELECT id, 'two  blanks' FROM people WHERE id = $1 AND name = $12 AND id IN (SELECT id FROM friends) \
             FOR NO KEY UPDATE"
        );
    }

    #[test]
    fn sqlite_gets_its_own_parameters_and_no_row_locks() {
        assert!(EXAMPLE.embedded.ends_with("WHERE id = ?1 AND name = ?12 AND id IN (SELECT id FROM friends)"));
        assert_eq!(embedded_text("SELECT $1 FROM people FOR SHARE"), "SELECT ?1 FROM people");
    }

    #[test]
    fn each_statement_has_a_place_of_its_own_and_a_unique_name() {
        let all = all_statements();
        for (place, statement) in all.iter().enumerate() {
            assert_eq!(statement.place(), Some(place), "{}", statement.name);
        }
        assert_eq!(EXAMPLE.place(), None);
        let is_label = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
        assert!(all.iter().all(|statement| statement.label().bytes().all(is_label)));
    }

    #[tokio::test]
    async fn a_statement_writes_exactly_if_the_engine_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("signet.db");
        let store = Store::open(&format!("sqlite://{}", file.display()), 1).await.unwrap();
        store.migrate().await.unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        for statement in all_statements() {
            let prepared = connection.prepare(statement.embedded).unwrap();
            assert_eq!(statement.writes(), !prepared.readonly(), "{}", statement.name);
        }
    }
}
