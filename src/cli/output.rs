//! Writing to the terminal: answers to standard output, refusals as one line to standard error.

use std::io::{Read as _, Write as _};

use serde::Serialize;

use crate::protocol::person::is_unprintable;
use crate::protocol::time::Timestamp;

/// Writes a line of an answer. A reader that has gone away is not an error of ours.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes an answer as JSON.
///
/// # Errors
/// Where the answer cannot be written as JSON.
pub fn say_json(answer: &impl Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(answer)?);
    Ok(())
}

/// A point in time, given as seconds since the Unix epoch.
pub fn instant(secs: i64) -> String {
    Timestamp::from_secs(secs).to_chrono().format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Text without characters that a terminal would obey or that hide what is shown, such as those that change the direction
/// of text.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}

/// Writes a note that is not part of the answer.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says that a list for people has nothing in it, beside the answer, which stays empty for programs.
pub fn note_if_empty<T>(list: &[T], what: &str) {
    if list.is_empty() {
        note(&format!("No {what}."));
    }
}

/// Writes why a command was refused, with its causes, in one line.
pub fn complain(error: &anyhow::Error) {
    let mut parts: Vec<String> = error.chain().map(ToString::to_string).collect();
    parts.dedup_by(|later, earlier| earlier.contains(later.as_str()));
    note(&format!("signet: {}", parts.join(": ").replace(['\n', '\r'], " ")));
}

/// Reads a secret from standard input, without one newline at its end.
///
/// # Errors
/// Where there is none, or it is not UTF-8.
pub fn read_secret() -> anyhow::Result<String> {
    read_line_of(4096)
}

/// Reads a token from standard input, which may be longer than a secret.
///
/// # Errors
/// Where there is none, or it is not UTF-8.
pub fn read_token() -> anyhow::Result<String> {
    read_line_of(16 * 1024)
}

fn read_line_of(longest: u64) -> anyhow::Result<String> {
    let mut secret = String::new();
    std::io::stdin().lock().take(longest).read_to_string(&mut secret)?;
    if secret.ends_with('\n') {
        secret.pop();
        if secret.ends_with('\r') {
            secret.pop();
        }
    }
    anyhow::ensure!(!secret.is_empty(), "there is no secret on standard input");
    Ok(secret)
}
