//! Every cause, its public answer, and the values that it may contain.

use super::*;
use crate::error::OAuthError;

#[test]
fn an_answer_does_not_reveal_its_cause() {
    let basic_for_post = Cause::AuthMethod { registered: "client_secret_basic".to_owned(), used: "client_secret_post" };
    let uri = Cause::RedirectUri { received: Shown::uri("https://x.example/cb"), registered: 2 };
    let scope = Cause::Scope { refused: Shown::text("email") };
    let rows = [
        (
            Cause::PkceMismatch,
            "PKCE verifier does not match",
            "The grant is invalid, expired, revoked or was issued to another client.",
        ),
        (
            basic_for_post,
            "client registered for client_secret_basic, used client_secret_post",
            "The client could not be authenticated.",
        ),
        (
            uri,
            "redirect_uri https://x.example/cb is not one of 2 registered",
            "redirect_uri is not registered for this application.",
        ),
        (scope, "client not registered for the scope email", "The client may not ask for the scope email."),
    ];
    for (cause, private, public) in rows {
        let error = OAuthError::from(cause);
        assert_eq!(error.explanation(), private);
        assert_eq!(error.description, public);
    }
}

#[test]
fn an_error_without_a_cause_is_explained_by_its_sentence() {
    let error = OAuthError::invalid_request("claims is malformed.");
    assert_eq!((error.explanation().as_str(), error.cause()), ("claims is malformed", None));
}

#[test]
fn a_description_keeps_to_the_characters_of_the_specification() {
    let hostile = OAuthError::from(Cause::Scope { refused: Shown::text("a\"\\é…b") });
    assert_eq!(hostile.description, "The client may not ask for the scope a...b.", "RFC 6749 §5.2");
}

#[test]
fn a_shown_uri_holds_no_credentials() {
    let token = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9";
    let rows = [
        ("as it was written", "HTTPS://X.example:443/cb/", "HTTPS://X.example:443/cb/"),
        ("a private-use scheme", "com.example.app:/cb", "com.example.app:/cb"),
        ("query values", "https://x.example/cb?code=abc&state=def", "https://x.example/cb?code=…&state=…"),
        ("a query without a name", "https://x.example/cb?secret", "https://x.example/cb?…"),
        ("a name that is none", "https://x.example/cb?a b=1", "https://x.example/cb?…"),
        ("a fragment", "https://x.example/cb#token", "https://x.example/cb#…"),
        ("userinfo", "https://user:password@x.example/cb", "https://…@x.example/cb"),
        ("userinfo with an @", "https://user:p@ss@x.example/cb", "https://…@x.example/cb"),
        ("userinfo as browsers read it", "https:\\/user:password@x.example/cb", "https:\\/…@x.example/cb"),
        ("userinfo without slashes", "https:user:password@x.example/cb", "https:…@x.example/cb"),
        ("userinfo with a slash", "https://bob:pa/ss@x.example/cb", "https://…@x.example/cb"),
        ("userinfo with a backslash", "https://bob:pa\\ss@x.example/cb", "https://…@x.example/cb"),
        ("userinfo after no scheme", "//bob:password@x.example/cb", "//…@x.example/cb"),
        ("an @ in the path", "https://x.example/@bob/cb", "https://…@bob/cb"),
        ("no scheme at all", "/cb?code=abc", "/cb?code=…"),
        ("a line break", "https://x.example/a\nb", "https://x.example/a\\nb"),
        ("a right-to-left override", "https://x.example/\u{202e}b", "https://x.example/\\u{202e}b"),
    ];
    for (rule, received, shown) in rows {
        assert_eq!(Shown::uri(received).as_str(), shown, "{rule}");
    }
    let places = [
        ("in the path", format!("https://x.example/{token}/cb"), "https://x.example/…/cb"),
        ("as the host", format!("https://{token}/cb"), "https://…/cb"),
        ("after a private-use scheme", format!("myapp:{token}"), "myapp:…"),
        ("as the scheme", format!("{token}:/cb"), "…:/cb"),
        ("in a URN", format!("urn:example:{token}"), "urn:example:…"),
        ("as a name in the query", format!("https://x.example/cb?{}=x", &token[..32]), "https://x.example/cb?…=…"),
        ("where the value is cut", format!("https://x.example/{}/{token}", "p".repeat(170)), "p/…"),
    ];
    for (place, received, shown) in places {
        assert!(Shown::uri(&received).as_str().ends_with(shown), "{place}: {:?}", Shown::uri(&received));
    }
}

#[test]
fn an_unregistered_client_id_is_shown_by_its_beginning_and_length() {
    let rows = [
        ("a short name", "wiki", "wiki"),
        ("as long as the shortest secret", "hunter22", "hunt…(8)"),
        ("a misspelled name", "wiki-production", "wiki-p…(15)"),
        ("a secret that is no long run", "sgcs.fr~48c.0dBjft~eZ4C.P-mB92K27uh", "sgcs.f…(35)"),
        ("a UUID, which may be a secret", "123e4567-e89b-12d3-a456-426614174000", "123e45…(36)"),
    ];
    for (rule, id, shown) in rows {
        assert_eq!(Shown::unregistered_client(id).as_str(), shown, "{rule}");
    }
}

#[test]
fn a_shown_word_is_short_and_holds_no_credential() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(Shown::text(verifier).as_str(), "…");
    assert_eq!(Shown::text(&format!("openid {verifier} email")).as_str(), "openid … email");
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    assert_eq!(Shown::text(uuid).as_str(), uuid, "a UUID names things");
    assert_eq!(Shown::text("urn:ietf:params:oauth:grant-type:device_code").as_str().len(), 44, "words are kept");
    assert_eq!(Shown::text(&"é".repeat(300)).as_str().chars().count(), 201, "200 characters and a mark");
    let escaped = Shown::text(&"\u{7}".repeat(300));
    assert_eq!(escaped.as_str().chars().count(), 201, "200 and a mark, after control characters were escaped");
    let long = format!("https://{}.example/{}", "h".repeat(300), "p ".repeat(300));
    assert!(Shown::uri(&long).as_str().chars().count() <= 201, "a URI too");
}
