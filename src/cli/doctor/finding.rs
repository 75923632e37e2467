//! Findings of checks and their output.

use anyhow::bail;
use serde::Serialize;

use crate::cli::output::{print_json, say};

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// No action needed.
    Ok,
    /// Works, but needs attention.
    Warn,
    /// Does not work, or is unsafe.
    Fail,
}

/// Result of one check. The detail of a warning or failure ends with a remedy.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    ok: bool,
    pub(super) level: Level,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) detail: String,
}

impl Finding {
    pub(super) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, level: Level::Ok, detail: detail.into() }
    }

    pub(super) fn warn(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: true, level: Level::Warn, detail: detail.into() }
    }

    pub(super) fn fail(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, ok: false, level: Level::Fail, detail: detail.into() }
    }

    /// Converts a result with a failure's detail.
    pub(super) fn of(check: &'static str, outcome: Result<(), String>) -> Self {
        match outcome {
            Ok(()) => Self::ok(check, ""),
            Err(detail) => Self::fail(check, detail),
        }
    }
}

/// Prints the findings, one per line or as JSON.
///
/// # Errors
/// If a check has failed; warnings are no failures.
pub(super) fn report(found: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        print_json(&found)?;
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
