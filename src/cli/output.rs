//! Output of commands: results to standard output, errors as one line to standard error.

use std::io::{Read as _, Write as _};

use serde::Serialize;

use signet_protocol::account::person::is_unprintable;
use signet_protocol::time::Timestamp;

/// Writes a line to standard output and ignores a closed pipe.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a result as JSON.
pub fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    say(&serde_json::to_string_pretty(answer)?);
    Ok(())
}

/// Formats a time, given as seconds since the Unix epoch.
pub fn instant(secs: i64) -> String {
    Timestamp::from_secs(secs).to_chrono().format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Replaces characters that a terminal would interpret or that hide text, such as changes of direction.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}

/// Writes a line to standard error, which is not part of the result.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Notes on standard error that a list is empty; standard output stays empty for programs.
pub fn note_if_empty<T>(list: &[T], what: &str) {
    if list.is_empty() {
        note(&format!("No {what}."));
    }
}

/// Writes an error with its causes in one line to standard error.
pub fn print_error(error: &anyhow::Error) {
    let mut parts: Vec<String> = error.chain().map(ToString::to_string).collect();
    parts.dedup_by(|later, earlier| earlier.contains(later.as_str()));
    note(&format!("signet: {}", parts.join(": ").replace(['\n', '\r'], " ")));
}

/// Reads a secret from standard input without the final newline.
pub fn read_secret() -> anyhow::Result<String> {
    read_line_of(4096)
}

/// Reads a token from standard input, up to 16 KiB.
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
