use super::*;

#[test]
fn every_catalog_is_well_formed() {
    for language in Language::ALL {
        assert_eq!(parse(language).faults, [] as [String; 0], "{language:?}");
    }
}

#[test]
fn an_argument_cannot_add_markup() {
    let hostile = "<b onclick=\"x\">'&";
    let message = Message::new(Language::English, "client-about").with("name", hostile);
    assert_eq!(message.html(), "About <bdi>&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;</bdi>");
    let nested = Message::new(Language::English, "client-about").with("name", "{ sign-in }");
    assert_eq!(nested.html(), "About <bdi>{ sign-in }</bdi>");
}

#[test]
fn a_message_is_formatted_in_its_language() {
    assert_eq!(text(Language::English, "sign-in"), "Sign in");
    assert_eq!(text(Language::German, "sign-in"), "Anmelden");
    assert_ne!(text(Language::Arabic, "sign-in"), "Sign in");
}

#[test]
fn a_missing_message_or_argument_fails_nothing() {
    assert_eq!(text(Language::German, "no-such-message"), "");
    assert_eq!(Message::new(Language::German, "client-about").html(), "");
}

#[test]
fn a_number_selects_the_plural_form_of_the_language() {
    let minutes = |language, count: i64| {
        Message::new(language, "login-paused").with("unit", "minute").with("count", count).text()
    };
    assert!(minutes(Language::English, 1).ends_with("Try again in 1 minute."));
    assert!(minutes(Language::English, 2).ends_with("Try again in 2 minutes."));
    let arabic: std::collections::BTreeSet<String> =
        [1, 2, 3, 11].map(|count| minutes(Language::Arabic, count).replace(char::is_numeric, "")).into();
    assert_eq!(arabic.len(), 4, "Arabic has more than two forms: {arabic:?}");
}
