use super::*;
use PasswordRefusal::{Breached, Common, Guessable, Personal, TooLong, TooShort};

const RULES: PasswordRules = PasswordRules { min_chars: 8, min_score: 2 };

fn check(rules: PasswordRules, typed: &str, personal: &[&str]) -> Result<(), PasswordRefusal> {
    let checked = rules.check(Password::new(typed.to_owned()), personal)?;
    assert_eq!(checked.password().expose(), typed, "nothing is trimmed or cut");
    checked.accept(Breach::Unknown).map(|_| ())
}

#[test]
fn a_password_is_counted_in_characters_and_not_guessable() {
    let longest: String = (0..128).filter_map(|n| char::from_u32(0x430 + n * n * 7 % 31)).collect();
    let too_long = "äb".repeat(65);
    let cases = [
        ("eight characters", "kx7!pq2w", Ok(())),
        ("seven characters", "kx7!pq2", Err(TooShort { min_chars: 8 })),
        ("seven characters of three bytes", "龍虎鳳龜麟鶴狐", Err(TooShort { min_chars: 8 })),
        ("eight characters of three bytes", "龍虎鳳龜麟鶴狐狸", Ok(())),
        ("a passphrase with spaces", "the quick onyx goblin jumps over a lazy dwarf, twice or thrice", Ok(())),
        ("markup", "<\"'>&;--kq", Ok(())),
        ("space around counts", " kx7pq2 ", Ok(())),
        ("no composition rule", "zumbelwuff", Ok(())),
        ("128 characters", &longest, Ok(())),
        ("130 characters", &too_long, Err(TooLong)),
        ("password", "password", Err(Common)),
        ("password123", "password123", Err(Common)),
        ("another case", "PassWord123", Err(Common)),
        ("full width", "ｐａｓｓｗｏｒｄ", Err(Common)),
        ("12345678", "12345678", Err(Common)),
        ("qwertyuiop", "qwertyuiop", Err(Common)),
        ("iloveyou", "iloveyou", Err(Common)),
        ("one character repeated", "kkkkkkkkkk", Err(Common)),
        ("a weak beginning", "abcabcabcabcabcabcabcabcabcabcabcabc onyx goblin jumps", Ok(())),
        ("a weak beginning and a weak end", &"abcd".repeat(15), Err(Guessable)),
        ("a word and a digit", "pineapple7", Err(Guessable)),
        ("a date", "24.12.1999", Err(Guessable)),
        ("letters as digits", "p1n34ppl3", Err(Guessable)),
        ("a repeated word", "catcatcat", Err(Guessable)),
        ("the user name", "AliceSmith", Err(Personal)),
        ("the address", "Wonder.Land@x.example", Err(Personal)),
        ("its local part", "wonder.land", Err(Personal)),
        ("the name", "alice von smith", Err(Personal)),
        ("the realm and a year", "kwyjibo2026", Err(Personal)),
        ("a name within is no name", "alicesmith and a goat on ice", Ok(())),
    ];
    let personal = ["alicesmith", "Wonder.Land@x.example", "Alice von Smith", "kwyjibo"];
    for (rule, typed, expected) in cases {
        assert_eq!(check(RULES, typed, &personal), expected, "{rule}");
    }
}

#[test]
fn the_rules_set_the_minimum_length_and_the_minimum_score() {
    let rules = |min_chars, min_score| PasswordRules { min_chars, min_score };
    let cases = [
        ("length", "kx7!pq2w", rules(12, 2), Err(TooShort { min_chars: 12 })),
        ("a short common one", "letmein", rules(6, 0), Err(Common)),
        ("a word of four letters", "Anna", rules(4, 0), Err(Personal)),
        ("a word of three letters is no name", "Bob", rules(3, 0), Ok(())),
        ("not even empty", "", rules(0, 0), Err(Common)),
        ("no score", "pineapple7", rules(8, 0), Ok(())),
        ("the lowest score", "pineapple7", rules(8, 1), Ok(())),
        ("the highest score", "kx7!pq2w", rules(8, 4), Err(Guessable)),
        ("enough for the highest score", "onyx goblin jumps thrice", rules(8, 4), Ok(())),
    ];
    for (rule, typed, rules, expected) in cases {
        assert_eq!(check(rules, typed, &["anna", "bob"]), expected, "{rule}");
    }
}

#[test]
fn a_breached_password_is_not_accepted() {
    let checked = RULES.check(Password::new("onyx goblin jumps".to_owned()), &[]).unwrap();
    assert_eq!(checked.accept(Breach::Known).map(|_| ()), Err(Breached));
}

#[test]
fn a_long_text_is_refused_before_it_is_read() {
    let huge = Password::new("ä".repeat(500_000));
    let begun = std::time::Instant::now();
    for _ in 0..1000 {
        assert_eq!(RULES.check_length(&huge), Err(TooLong));
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn the_longest_password_is_scored_in_bounded_time() {
    let signs: String = "4@8({[<369!1|7+0$5%2z".chars().cycle().take(MAX_PASSWORD).collect();
    let begun = std::time::Instant::now();
    assert_eq!(check(RULES, &signs, &["alice"]), Ok(()));
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn the_common_passwords_are_canonical_and_unique() {
    let mut seen = std::collections::HashSet::new();
    for password in COMMON_PASSWORDS {
        assert_eq!(canonical(password), password);
        assert!(seen.insert(password), "{password}");
    }
}
