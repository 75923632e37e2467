//! Cases for names and addresses as typed.

use super::PersonError::*;
use super::*;

#[test]
fn a_username_is_kept_as_typed_or_refused() {
    let longest = "é".repeat(100);
    let too_long = "é".repeat(101);
    let cases = [
        ("letters", "alice", Ok("alice")),
        ("case is kept", "Alice", Ok("Alice")),
        ("punctuation is kept", "o'brien <\"&>", Ok("o'brien <\"&>")),
        ("an address", "alice@x.example", Err(UsernameAt)),
        ("any script", "李小龍", Ok("李小龍")),
        ("a space within", "alice b", Ok("alice b")),
        ("composed to NFC", "e\u{301}", Ok("\u{e9}")),
        ("compatibility characters are kept", "ﬁ", Ok("ﬁ")),
        ("100 characters", &longest, Ok(&longest)),
        ("101 characters", &too_long, Err(UsernameLength)),
        ("empty", "", Err(UsernameLength)),
        ("space before", " alice", Err(SurroundingSpace)),
        ("space after", "alice ", Err(SurroundingSpace)),
        ("an unusual space after", "alice\u{3000}", Err(SurroundingSpace)),
        ("only a space", " ", Err(SurroundingSpace)),
        ("line break", "a\nb", Err(UsernameCharacter)),
        ("NUL", "a\0", Err(UsernameCharacter)),
        ("C1 control", "a\u{85}b", Err(UsernameCharacter)),
        ("bidi override", "a\u{202e}b", Err(UsernameCharacter)),
        ("bidi isolate", "a\u{2066}b", Err(UsernameCharacter)),
        ("direction mark", "a\u{200f}b", Err(UsernameCharacter)),
        ("zero width space", "a\u{200b}b", Err(UsernameCharacter)),
        ("joiner", "a\u{200d}b", Err(UsernameCharacter)),
        ("byte order mark", "\u{feff}a", Err(UsernameCharacter)),
        ("soft hyphen", "a\u{ad}b", Err(UsernameCharacter)),
        ("Hangul filler", "\u{3164}", Err(UsernameCharacter)),
        ("tag character", "a\u{e0041}", Err(UsernameCharacter)),
    ];
    for (rule, typed, expected) in cases {
        let found = Username::parse(typed);
        assert_eq!(found.as_ref().map(Username::as_str).map_err(|error| *error), expected, "{rule}");
    }
}

#[test]
fn look_alike_names_have_one_key() {
    let cases = [
        ("case", "Alice", "aLICE"),
        ("case beyond ASCII", "ZOË", "zoë"),
        ("composed or not", "Zoe\u{308}", "zoë"),
        ("full width", "ａｌｉｃｅ", "alice"),
        ("ligature", "ﬁona", "fiona"),
        ("mathematical letters", "𝐀lice", "alice"),
        ("Kelvin sign", "\u{212a}ate", "kate"),
        ("an unusual space", "a\u{a0}b", "a b"),
        ("final sigma", "ΝΙΚΟΣ", "νικος"),
        ("a letter that is composed in lower case only", "J\u{30c}", "\u{1f0}"),
    ];
    for (rule, one, other) in cases {
        let one = Username::parse(one).unwrap();
        let other = Username::parse(other).unwrap();
        assert_eq!(one.key(), other.key(), "{rule}");
        assert_eq!(canonical(&one.key()), one.key(), "{rule}: the key of a key is the key");
    }
    assert_ne!(Username::parse("аlice").unwrap().key(), "alice", "a Cyrillic letter is another letter");
}

#[test]
fn a_login_looks_up_the_canonical_form() {
    let longest = "é".repeat(254);
    let too_long = "é".repeat(255);
    let cases = [
        ("a name", "Alice", Some("alice")),
        ("an address", "Alice@X.example", Some("alice@x.example")),
        ("space around, as phones add it", " alice ", Some("alice")),
        ("254 characters", &longest, Some(longest.as_str())),
        ("255 characters", &too_long, None),
        ("empty", "", None),
        ("blank", "  ", None),
        ("NUL", "alice\0", None),
        ("zero width space", "ali\u{200b}ce", None),
    ];
    for (rule, typed, expected) in cases {
        assert_eq!(lookup_key(typed).as_deref(), expected, "{rule}");
    }
}

#[test]
fn an_email_address_is_kept_as_typed_or_refused() {
    let longest = format!("{}@x.example", "a".repeat(244));
    let too_long = format!("a{longest}");
    let cases = [
        ("an address", "Alice.B+tag@X.example", Ok("alice.b+tag@x.example")),
        ("an apostrophe", "o'brien@x.example", Ok("o'brien@x.example")),
        ("one label", "root@localhost", Ok("root@localhost")),
        ("any script", "ZOË@Bücher.example", Ok("zoë@bücher.example")),
        ("254 bytes", &longest, Ok(longest.as_str())),
        ("255 bytes", &too_long, Err(EmailLength)),
        ("empty", "", Err(MalformedEmail)),
        ("no @", "alice", Err(MalformedEmail)),
        ("two @", "a@b@x.example", Err(MalformedEmail)),
        ("no local part", "@x.example", Err(MalformedEmail)),
        ("no domain", "alice@", Err(MalformedEmail)),
        ("space", "ali ce@x.example", Err(MalformedEmail)),
        ("space after", "alice@x.example ", Err(MalformedEmail)),
        ("line break", "alice@x.example\r\nBcc:b", Err(MalformedEmail)),
        ("bidi override", "a\u{202e}@x.example", Err(MalformedEmail)),
        ("several addresses", "a,b@x.example", Err(MalformedEmail)),
        ("angle brackets", "<a@x.example>", Err(MalformedEmail)),
        ("a quoted local part", "\"a\"@x.example", Err(MalformedEmail)),
        ("two dots", "a@x..example", Err(MalformedEmail)),
        ("a dot at the end", "a@x.example.", Err(MalformedEmail)),
        ("a dot before", ".a@x.example", Err(MalformedEmail)),
        ("an illegal domain", "a@x_y!.example", Err(MalformedEmail)),
    ];
    for (rule, typed, expected) in cases {
        let found = EmailAddress::parse(typed);
        assert!(found.as_ref().is_ok_and(|address| address.as_str() == typed) || found.is_err(), "{rule}");
        assert_eq!(found.map(|address| address.key()), expected.map(str::to_owned), "{rule}");
    }
}

#[test]
fn a_display_name_may_be_in_any_script() {
    let longest = "龍".repeat(100);
    let too_long = "龍".repeat(101);
    let cases = [
        ("several scripts", "Zoë Łukasz 李", Ok("Zoë Łukasz 李")),
        ("accents", "José", Ok("José")),
        ("Han", "李小龍", Ok("李小龍")),
        ("a curly quote", "O’Brien", Ok("O’Brien")),
        ("markup is text", "<b>\"Bob\"</b>", Ok("<b>\"Bob\"</b>")),
        ("one name", "Suharto", Ok("Suharto")),
        ("digits", "Elizabeth 2", Ok("Elizabeth 2")),
        ("marks", "नमस्ते", Ok("नमस्ते")),
        ("a non-joiner", "نیک\u{200c}نام", Ok("نیک\u{200c}نام")),
        ("composed to NFC", "Zoe\u{308}", Ok("Zoë")),
        ("100 characters", &longest, Ok(longest.as_str())),
        ("101 characters", &too_long, Err(DisplayNameLength)),
        ("empty", "", Err(DisplayNameLength)),
        ("blank", "  ", Err(SurroundingSpace)),
        ("space after", "Bob ", Err(SurroundingSpace)),
        ("only joiners", "\u{200d}\u{200d}", Err(DisplayNameCharacter)),
        ("line break", "a\nb", Err(DisplayNameCharacter)),
        ("line separator", "a\u{2028}b", Err(DisplayNameCharacter)),
        ("bidi override", "a\u{202e}b", Err(DisplayNameCharacter)),
        ("zero width space", "a\u{200b}b", Err(DisplayNameCharacter)),
    ];
    for (rule, typed, expected) in cases {
        let found = DisplayName::parse(typed);
        assert_eq!(found.as_ref().map(DisplayName::as_str).map_err(|error| *error), expected, "{rule}");
    }
}

#[test]
fn stored_values_are_checked_when_they_are_read() {
    assert!(serde_json::from_str::<Username>("\"alice\"").is_ok());
    assert!(serde_json::from_str::<Username>("\"\"").is_err());
    assert!(serde_json::from_str::<EmailAddress>("\"alice\"").is_err());
    assert!(serde_json::from_str::<DisplayName>("\"\\u202e\"").is_err());
}
