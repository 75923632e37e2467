//! What a check has found, and how it is told.

use anyhow::bail;
use serde::Serialize;

use crate::cli::output::{say, say_json};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Nothing is to be done.
    Ok,
    /// It works, and should be looked at.
    Warn,
    /// It does not work, or is not safe.
    Fail,
}

/// What one check has found. Where something is wrong, the detail ends with what to do about it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    ok: bool,
    pub(super) level: Level,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) detail: String,
}

impl Finding {
    /// All is well; the detail says with what, or nothing.
    pub(super) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, level: Level::Ok, detail: detail.into() }
    }

    /// Something should be looked at.
    pub(super) fn warn(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, level: Level::Warn, detail: detail.into() }
    }

    /// Something is wrong.
    pub(super) fn fail(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: false, level: Level::Fail, detail: detail.into() }
    }

    /// All is well, or it is said what is wrong.
    pub(super) fn of(check: &'static str, outcome: Result<(), String>) -> Self {
        match outcome {
            Ok(()) => Self::ok(check, ""),
            Err(detail) => Self::fail(check, detail),
        }
    }
}

/// Says what was found, a line a check or as JSON.
///
/// # Errors
/// Where a check has failed; a warning is no failure.
pub(super) fn report(found: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        say_json(&found)?;
    } else {
        for Finding { check, level, detail, .. } in found {
            let word = match level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            say(format!("{word}  {check:<24} {detail}").trim_end());
        }
    }
    match found.iter().filter(|finding| finding.level == Level::Fail).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks failed", found.len()),
    }
}
