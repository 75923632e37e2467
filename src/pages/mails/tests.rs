use super::*;
use signet_protocol::time::Timestamp;

fn facts(notice: Notice) -> Facts {
    Facts {
        notice,
        to: "alice@example.org".to_owned(),
        username: "alice".to_owned(),
        locale: None,
        at: Timestamp::from_secs(1_790_000_000),
        address: Some("192.0.2.7".to_owned()),
        device: Some("Firefox on Linux".to_owned()),
        application: None,
    }
}

fn head() -> Letterhead {
    Letterhead {
        brand: "Signet".to_owned(),
        issuer: "https://op.example/realms/one".to_owned(),
        language: Language::English,
    }
}

fn letter(facts: &Facts) -> Letter {
    Draft::notice(facts, "key").letter(&head()).unwrap()
}

/// The visible text of HTML, with entities as characters and spaces as one.
fn seen(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        text.push(' ');
        text.push_str(part.split_once('>').unwrap().1);
    }
    let text = text.replace("&#39;", "'").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_mail_says_what_happened_when_and_from_where() {
    let letter = letter(&facts(Notice::NewDevice));
    assert_eq!(letter.subject, "New sign-in to your account (op.example)");
    assert_eq!((letter.to.as_str(), letter.key.as_str()), ("alice@example.org", "key"));
    let expected = "Hello alice,

there was a sign-in to your account with a browser that had not been
used with it before.

    Account: alice
    Time: 2026-09-21 14:13 UTC
    Browser: Firefox on Linux
    Address: 192.0.2.7

If this was you, you can ignore this mail. If not, another person knows
your password: change it, and ask the operators of this service to sign
you out everywhere.

https://op.example/realms/one
This is an automated security notice. We never ask for your password or
a code by e-mail.";
    assert_eq!(letter.body.trim_end(), expected);
}

#[test]
fn an_unknown_fact_leaves_no_line() {
    let bare = Facts { address: None, device: None, ..facts(Notice::Disabled) };
    let body = letter(&bare).body;
    assert!(!body.contains("Address:") && !body.contains("Browser:") && !body.contains("Application:"), "{body}");
    assert!(body.contains("2026-09-21 14:13 UTC\n\nIf you did not expect this"), "{body}");
    let named = Facts { application: Some("Mail\r\nreader".to_owned()), ..bare };
    let body = letter(&named).body;
    assert!(body.contains("    Application: Mail  reader\n\nIf you did not"), "{body}");
}

#[test]
fn each_notice_has_its_own_words_in_every_language_and_no_link() {
    let mut subjects = std::collections::BTreeSet::new();
    for language in Language::ALL {
        for (_, notice) in Notice::EVENTS {
            let letter = Draft::notice(&Facts { locale: Some(language.tag().to_owned()), ..facts(notice) }, "key");
            let letter = letter.letter(&head()).unwrap();
            let text = &letter.body;
            let lines = text.lines().all(|line| line.chars().count() <= 76);
            assert!(lines || language == Language::Japanese, "{notice:?}: {text}");
            assert_eq!((text.matches("http://").count(), text.matches("https://").count()), (0, 1), "{text}");
            let html = letter.html.unwrap();
            assert!(!html.contains("href=") && !html.contains("src="), "{html}");
            assert!(
                html.starts_with("<!doctype html>") && html.contains(&format!("<html lang=\"{}\"", language.tag()))
            );
            assert!(subjects.insert(letter.subject), "{notice:?} in {language:?}");
        }
    }
}

#[test]
fn the_html_says_the_same_as_the_text() {
    for language in Language::ALL {
        for (_, notice) in Notice::EVENTS {
            let facts = Facts { locale: Some(language.tag().to_owned()), ..facts(notice) };
            let draft = Draft {
                action: Some(Action {
                    label: "continue",
                    url: "https://op.example/verify?a=b&c=d".to_owned(),
                    code: Some("123456".to_owned()),
                }),
                ..Draft::notice(&facts, "key")
            };
            let letter = draft.letter(&head()).unwrap();
            let html = seen(&letter.html.unwrap()).replace("&#38;", "&").replace(['\u{2068}', '\u{2069}'], "");
            for word in letter.body.replace(['\u{2068}', '\u{2069}'], "").split_whitespace() {
                assert!(html.contains(word), "{notice:?} in {language:?}: {word}: {html}");
            }
        }
    }
}

#[test]
fn a_name_adds_no_markup_to_a_mail() {
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    let facts = Facts {
        username: hostile.to_owned(),
        application: Some(hostile.to_owned()),
        device: Some(hostile.to_owned()),
        ..facts(Notice::RefreshReuse)
    };
    let html = letter(&facts).html.unwrap();
    assert!(!html.contains("<img") && html.matches("alert(1)").count() == 4, "{html}");
}

#[test]
fn a_mail_loads_nothing_and_sets_no_color_of_its_own() {
    let html = letter(&facts(Notice::NewDevice)).html.unwrap();
    for forbidden in ["<link", "<script", "<img", "url(", "@import", "background", ";color:", "\"color:"] {
        assert!(!html.contains(forbidden), "{forbidden}: {html}");
    }
    assert!(html.contains("content=\"light dark\""), "{html}");
}
