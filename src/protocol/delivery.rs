//! What follows from the answer of a server that was told something: a logout (OpenID Connect Back-Channel Logout §2.5,
//! §2.8) or a security event (RFC 8935 §2.2-2.4).

use serde::Deserialize;

use super::time::Span;

/// How often a receiver may refuse before it is left alone.
const REFUSALS: i64 = 3;
/// How long to wait after each failed attempt; after the last of these always `SELDOM`.
const WAITS: [Span; 5] =
    [Span::from_secs(1), Span::from_secs(5), Span::from_secs(30), Span::from_minutes(2), Span::from_minutes(10)];
const SELDOM: Span = Span::from_minutes(30);

/// What follows from a receiver's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has been told.
    Told,
    /// It is tried again after this time.
    Again(Span),
    /// The receiver does not accept it, however often it is tried (OpenID Connect Back-Channel Logout §2.8, RFC 8935
    /// §2.3).
    Refused,
}

/// What follows from the status of the receiver's answer, if there was one, to the attempt of this number.
pub fn verdict(status: Option<u16>, attempt: i64) -> Verdict {
    match status {
        Some(200..=299) => Verdict::Told,
        Some(400) if attempt >= REFUSALS => Verdict::Refused,
        Some(_) | None => {
            let failed_before = usize::try_from(attempt.saturating_sub(1)).unwrap_or_default();
            Verdict::Again(WAITS.get(failed_before).copied().unwrap_or(SELDOM))
        }
    }
}

/// The code by which a receiver says what is wrong with a security event (RFC 8935 §2.4), or that it gives none.
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
    let said = serde_json::from_slice::<Refusal>(body).ok();
    let code = said.and_then(|said| CODES.into_iter().find(|code| *code == said.err));
    code.unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_accepted_is_tried_again_ever_more_seldom() {
        let again = |secs| Verdict::Again(Span::from_secs(secs));
        let rows = [
            (Some(200), 1, Verdict::Told),
            (Some(204), 7, Verdict::Told),
            (None, 1, again(1)),
            (Some(503), 2, again(5)),
            (Some(302), 3, again(30)),
            (Some(404), 4, again(120)),
            (None, 5, again(600)),
            (Some(500), 6, again(1800)),
            (None, 40, again(1800)),
            (Some(400), 1, again(1)),
            (Some(400), 2, again(5)),
            (Some(400), 3, Verdict::Refused),
            (Some(400), 9, Verdict::Refused),
            (None, 0, again(1)),
        ];
        for (status, attempt, expected) in rows {
            assert_eq!(verdict(status, attempt), expected, "{status:?} to attempt {attempt}");
        }
    }

    #[test]
    fn only_registered_codes_are_repeated() {
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
