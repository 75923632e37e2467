use super::*;

#[test]
fn a_tag_names_the_language_of_its_first_part() {
    let rows = [
        ("de", Some(Language::German)),
        ("de-CH", Some(Language::German)),
        ("DE", Some(Language::German)),
        ("pt_BR", None),
        ("ar_EG", Some(Language::Arabic)),
        ("zh-Hant", None),
        ("dex", None),
        ("", None),
        ("-de", None),
        ("*", None),
    ];
    for (tag, expected) in rows {
        assert_eq!(Language::of_tag(tag), expected, "{tag:?}");
    }
    for language in Language::ALL {
        assert_eq!(Language::of_tag(language.tag()), Some(language));
    }
}

#[test]
fn the_first_known_language_of_a_list_counts() {
    let rows = [
        ("fr-CA fr en", Some(Language::French)),
        ("se de", Some(Language::German)),
        ("se", None),
        ("", None),
        ("  ja", Some(Language::Japanese)),
    ];
    for (list, expected) in rows {
        assert_eq!(Language::of_list(list), expected, "{list:?}");
    }
    let long = format!("{}de", "xx ".repeat(MAX_RANGES));
    assert_eq!(Language::of_list(&long), None, "a list is read up to a bound");
}

#[test]
fn the_greatest_weight_of_accept_language_counts() {
    let rows = [
        ("de", Some(Language::German)),
        ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
        ("en;q=0.5, es;q=0.7", Some(Language::Spanish)),
        ("en;q=0.7, es;q=0.7", Some(Language::English)),
        ("pt-BR,pt;q=0.9,fr;q=0.2", Some(Language::French)),
        ("fr;q=0, en;q=0.001", Some(Language::English)),
        ("fr;q=0", None),
        ("fr;q=2, ja;q=0.1", Some(Language::Japanese)),
        ("fr;q=NaN", None),
        ("fr;q=", None),
        ("*", None),
        (",,;", None),
        ("", None),
    ];
    for (field, expected) in rows {
        assert_eq!(Language::of_accepted(field), expected, "{field:?}");
    }
}

#[test]
fn a_choice_survives_its_cookie() {
    let choice = Choice { language: Language::Arabic, at: Timestamp::from_secs(1_790_000_000) };
    assert_eq!(choice.to_cookie(), "ar.1790000000");
    assert_eq!(Choice::parse(&choice.to_cookie()), Some(choice));
    for malformed in ["", "ar", "ar.", "ar.x", "xx.1", "AR.1", "ar.-1", "ar.99999999999999", "ar.1.2"] {
        assert_eq!(Choice::parse(malformed), None, "{malformed}");
    }
}

#[test]
fn the_strongest_wish_for_a_known_language_counts() {
    let asks = |ui_locales: &str| Some(Requested { ui_locales: ui_locales.to_owned(), at: Timestamp::from_secs(100) });
    let chose = |seconds| Some(Choice { language: Language::Arabic, at: Timestamp::from_secs(seconds) });
    let rows = [
        ("nothing is known", None, None, None, None, Language::Spanish),
        ("the browser's language", None, None, None, Some("ja"), Language::Japanese),
        ("a choice", None, None, chose(50), Some("ja"), Language::Arabic),
        ("the person's language", None, Some("fr-FR"), chose(50), Some("ja"), Language::French),
        ("the person's language is unknown", None, Some("pt"), chose(50), Some("ja"), Language::Arabic),
        ("the request's language", asks("de"), Some("fr"), chose(50), Some("ja"), Language::German),
        ("the request's language is unknown", asks("se"), Some("fr"), chose(50), None, Language::French),
        ("a choice since the request", asks("de"), Some("fr"), chose(101), Some("ja"), Language::Arabic),
        ("a choice in the second of the request", asks("de"), None, chose(100), None, Language::Arabic),
        ("no known wish", asks("se"), Some("pt"), None, Some("zh"), Language::Spanish),
    ];
    for (rule, requested, locale, choice, accepted, expected) in rows {
        let wishes = Wishes { requested: requested.as_ref(), locale, choice, accepted };
        assert_eq!(wishes.language(Language::Spanish), expected, "{rule}");
    }
}
