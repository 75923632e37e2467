//! URLs of the pages that a browser loads so that clients end their own sessions (OpenID Connect Front-Channel Logout
//! §2, §3).

use url::form_urlencoded;

use crate::ids::SessionId;

/// Builds the URL of the page: the registered URI with its query, plus `iss` and the `sid` of the ended session (OpenID
/// Connect Front-Channel Logout §3).
pub fn frame_url(registered: &str, issuer: &str, session: &SessionId) -> String {
    let divider = match registered.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("iss", issuer)
        .append_pair("sid", session.as_str())
        .finish();
    format!("{registered}{divider}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuer_and_session_follow_the_registered_query() {
        let rows = [
            ("https://rp.example/out", "https://rp.example/out?iss=https%3A%2F%2Fop.example&sid=s1"),
            ("https://rp.example/out?a=%20b", "https://rp.example/out?a=%20b&iss=https%3A%2F%2Fop.example&sid=s1"),
            ("https://rp.example/out?", "https://rp.example/out?iss=https%3A%2F%2Fop.example&sid=s1"),
        ];
        for (registered, expected) in rows {
            let session = SessionId::parse("s1").unwrap();
            assert_eq!(frame_url(registered, "https://op.example", &session), expected);
        }
    }
}
