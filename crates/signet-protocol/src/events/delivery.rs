//! The outcome of a delivery attempt to another server, of a logout token (OpenID Connect Back-Channel Logout §2.5,
//! §2.8) or a security event (RFC 8935 §2.2-2.4), and its retry schedule.

use serde::Deserialize;

use crate::time::Span;

/// The number of refusals after which delivery is abandoned.
const REFUSALS: i64 = 3;
/// The backoff after each failed attempt; after the last entry always [`MAX_BACKOFF`].
const BACKOFF: [Span; 5] =
    [Span::from_secs(1), Span::from_secs(5), Span::from_secs(30), Span::from_minutes(2), Span::from_minutes(10)];
const MAX_BACKOFF: Span = Span::from_minutes(30);

/// The consequence of a receiver's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// Retry after this time.
    Retry(Span),
    /// Abandoned: the receiver does not accept it, and retrying would not help (OpenID Connect Back-Channel Logout
    /// §2.8, RFC 8935 §2.3).
    Abandon,
}

/// Decides by the status of the receiver's answer, if there was one, to attempt number `attempt`, counted from 1.
pub fn decide(status: Option<u16>, attempt: i64) -> Verdict {
    match status {
        Some(200..=299) => Verdict::Delivered,
        Some(400) if attempt >= REFUSALS => Verdict::Abandon,
        Some(_) | None => {
            let failed_before = usize::try_from(attempt.saturating_sub(1)).unwrap_or_default();
            Verdict::Retry(BACKOFF.get(failed_before).copied().unwrap_or(MAX_BACKOFF))
        }
    }
}

/// Returns the error code of a receiver that refuses a security event (RFC 8935 §2.4), if the body has a known one.
pub fn refusal(body: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Refusal {
        err: String,
    }
    const CODES: [&str; 6] = [
        "invalid_request",
        "invalid_key",
        "invalid_issuer",
        "invalid_audience",
        "authentication_failed",
        "access_denied",
    ];
    let answer = serde_json::from_slice::<Refusal>(body).ok();
    let code = answer.and_then(|answer| CODES.into_iter().find(|code| *code == answer.err));
    code.unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_deliveries_are_retried_with_growing_backoff() {
        let retry = |secs| Verdict::Retry(Span::from_secs(secs));
        let rows = [
            (Some(200), 1, Verdict::Delivered),
            (Some(204), 7, Verdict::Delivered),
            (None, 1, retry(1)),
            (Some(503), 2, retry(5)),
            (Some(302), 3, retry(30)),
            (Some(404), 4, retry(120)),
            (None, 5, retry(600)),
            (Some(500), 6, retry(1800)),
            (None, 40, retry(1800)),
            (Some(400), 1, retry(1)),
            (Some(400), 2, retry(5)),
            (Some(400), 3, Verdict::Abandon),
            (Some(400), 9, Verdict::Abandon),
            (None, 0, retry(1)),
        ];
        for (status, attempt, expected) in rows {
            assert_eq!(decide(status, attempt), expected, "{status:?} to attempt {attempt}");
        }
    }

    #[test]
    fn only_registered_error_codes_are_returned() {
        let rows: [(&[u8], &str); 6] = [
            (br#"{"err":"invalid_key","description":"The key is not known."}"#, "invalid_key"),
            (br#"{"err":"access_denied"}"#, "access_denied"),
            (br#"{"err":"<script>"}"#, "no reason given"),
            (br#"{"description":"no code"}"#, "no reason given"),
            (b"invalid_key", "no reason given"),
            (b"", "no reason given"),
        ];
        for (body, expected) in rows {
            assert_eq!(refusal(body), expected, "{}", String::from_utf8_lossy(body));
        }
    }
}
