//! Cases for the `Authorization` header.

use super::*;
use crate::error::ErrorCode;

/// Returns the header value for these raw, already form-encoded halves.
fn basic_header(text: &[u8]) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(text)).into_bytes()
}

/// Describes the result for a header on one line, for tables.
fn outcome(headers: &[&[u8]]) -> String {
    match parse(headers) {
        Ok(Authorization::None) => "none".into(),
        Ok(Authorization::Basic(basic)) => {
            format!("basic {} {}", basic.client_id, basic.secret.as_ref().map_or("-", ClientSecret::expose))
        }
        Ok(Authorization::Bearer(token)) => format!("bearer {token}"),
        Err(error) => error.code.as_str().into(),
    }
}

#[test]
fn basic_credentials_follow_rfc_6749_2_3_1() {
    let long = format!("c:{}", "x".repeat(513));
    let cases: [(&str, &[u8], &str); 19] = [
        ("id and secret", b"c:s", "basic c s"),
        ("RFC 6749 §2.3.1: both halves are form-encoded", b"a%3Ab:s%2Bt+u", "basic a:b s+t u"),
        ("RFC 7617 §2: the first colon divides", b"c:s:t", "basic c s:t"),
        ("an escaped colon in the secret", b"c:s%3At", "basic c s:t"),
        ("escapes in either case", b"%63:%7e%7E", "basic c ~~"),
        ("a raw slash and equals sign", b"c:a/b=", "basic c a/b="),
        ("no colon", b"cs", "invalid_client"),
        ("only an escaped colon", b"c%3As", "invalid_client"),
        ("empty id", b":s", "invalid_client"),
        ("RFC 6749 §2.3.1: an empty secret is none", b"c:", "basic c -"),
        ("nothing", b"", "invalid_client"),
        ("not UTF-8", b"c:\xff", "invalid_client"),
        ("not UTF-8 once decoded", b"c:%FF", "invalid_client"),
        ("a broken escape", b"c:%zz", "invalid_client"),
        ("an escape cut short", b"c:%4", "invalid_client"),
        ("a sign is no hexadecimal digit", b"c:%+1", "invalid_client"),
        ("a control character", b"c:a%00", "invalid_client"),
        ("a space in the id", b"a+b:s", "invalid_client"),
        ("too long a secret", long.as_bytes(), "invalid_client"),
    ];
    for (rule, text, expected) in cases {
        assert_eq!(outcome(&[&basic_header(text)]), expected, "{rule}");
    }
}

#[test]
fn a_header_is_read_strictly() {
    let token = "x".repeat(MAX_BEARER);
    let fits = format!("Bearer {token}");
    let too_long = format!("Bearer {token}x");
    let huge = format!("Basic {}", "AAAA".repeat(MAX_BASIC));
    let cases: [(&str, &[&[u8]], &str); 32] = [
        ("no header", &[], "none"),
        ("two headers", &[b"Bearer a", b"Bearer a"], "invalid_request"),
        ("two headers of two schemes", &[b"Basic Yzpz", b"Bearer a"], "invalid_request"),
        ("scheme in lower case", &[b"basic Yzpz"], "basic c s"),
        ("scheme in upper case", &[b"BASIC Yzpz"], "basic c s"),
        ("RFC 9110 §11.4: 1*SP", &[b"Basic  Yzpz"], "basic c s"),
        ("padding", &[b"Basic YTpzcw=="], "basic a ss"),
        ("missing padding", &[b"Basic YTpzcw"], "invalid_client"),
        ("half the padding", &[b"Basic YTpzcw="], "invalid_client"),
        ("too much padding", &[b"Basic Yzpz===="], "invalid_client"),
        ("trailing bits", &[b"Basic YTpzcx=="], "invalid_client"),
        ("the URL-safe alphabet", &[b"Basic Yzp-fn4_"], "invalid_client"),
        ("a space after", &[b"Basic Yzpz "], "invalid_client"),
        ("a line break within", &[b"Basic Yz\npz"], "invalid_client"),
        ("a second parameter", &[b"Basic Yzpz, a=b"], "invalid_client"),
        ("Basic alone", &[b"Basic"], "invalid_client"),
        ("Basic and a space", &[b"Basic "], "invalid_client"),
        ("Basic without end", &[huge.as_bytes()], "invalid_client"),
        ("a bearer token", &[b"Bearer aZ09-._~+/=="], "bearer aZ09-._~+/=="),
        ("bearer in lower case", &[b"bearer x"], "bearer x"),
        ("RFC 6750 §2.1: one b64token", &[b"Bearer a b"], "invalid_token"),
        ("not a list", &[b"Bearer a,b"], "invalid_token"),
        ("padding within", &[b"Bearer a=b"], "invalid_token"),
        ("padding alone", &[b"Bearer =="], "invalid_token"),
        ("not ASCII", &[b"Bearer \xc3\xa9"], "invalid_token"),
        ("not UTF-8", &[b"Bearer \xff"], "invalid_token"),
        ("Bearer alone", &[b"Bearer"], "invalid_token"),
        ("Bearer and a space", &[b"Bearer "], "invalid_token"),
        ("the longest token", &[fits.as_bytes()], &fits.replace("Bearer", "bearer")),
        ("too long a token", &[too_long.as_bytes()], "invalid_token"),
        ("an unknown scheme", &[b"Digest a"], "invalid_request"),
        ("an empty header, or a scheme after a space", &[b" Bearer a"], "invalid_request"),
    ];
    for (rule, headers, expected) in cases {
        assert_eq!(outcome(headers), expected, "{rule}");
    }
    assert_eq!(parse(&[b""]).map_err(|error| error.code).err(), Some(ErrorCode::InvalidRequest));
}

#[test]
fn credentials_print_no_secret() {
    for header in [b"Bearer hidden".as_slice(), b"Basic YzpoaWRkZW4="] {
        let printed = format!("{:?}", parse(&[header]).unwrap());
        assert!(!printed.contains("hidden"), "{printed}");
    }
}
