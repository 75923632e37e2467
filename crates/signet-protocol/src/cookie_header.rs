//! The `Cookie` header of a request (RFC 6265 §5.4), read for the cookies of this server alone. It is parsed as bytes,
//! since a cookie that a sibling host set for the whole domain may contain any byte.

/// Returns the value of a cookie that occurs exactly once. A second cookie of the same name was planted by another
/// site.
pub fn single<'a>(lines: impl Iterator<Item = &'a [u8]>, name: &str) -> Option<&'a str> {
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    std::str::from_utf8(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_arbitrary_others() {
        let rows: [(&str, &[&[u8]], Option<&str>); 12] = [
            ("alone", &[b"id=abc"], Some("abc")),
            ("among others", &[b"a=b; id=abc; c"], Some("abc")),
            ("on another line", &[b"a=b", b"id=abc"], Some("abc")),
            ("beside bytes that are not ASCII", &[b"x=\xe9; id=abc; y=\xc3\xa9"], Some("abc")),
            ("with an equals sign", &[b"id=a=b"], Some("a=b")),
            ("empty", &[b"id="], Some("")),
            ("twice on a line", &[b"id=abc; id=abc"], None),
            ("twice on two lines", &[b"id=abc", b"id=def"], None),
            ("of a longer name", &[b"my-id=abc; id2=abc"], None),
            ("in the value of another", &[b"a=id=abc"], None),
            ("not UTF-8", &[b"id=\xe9"], None),
            ("nowhere", &[], None),
        ];
        for (rule, lines, expected) in rows {
            assert_eq!(single(lines.iter().copied(), "id"), expected, "{rule}");
        }
    }
}
