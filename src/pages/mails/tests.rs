use super::*;
use signet_protocol::time::Timestamp;

const ALL: [Notice; 6] = [
    Notice::NewDevice,
    Notice::SoftLocked,
    Notice::PasswordSet,
    Notice::RefreshReuse,
    Notice::Disabled,
    Notice::SignedOut,
];

fn facts(notice: Notice) -> Facts {
    Facts {
        notice,
        to: "alice@example.org".to_owned(),
        username: "alice".to_owned(),
        issuer: "https://op.example/realms/one".to_owned(),
        at: Timestamp::from_secs(1_790_000_000),
        address: Some("192.0.2.7".to_owned()),
        device: Some("Firefox on Linux".to_owned()),
        application: None,
    }
}

#[test]
fn a_mail_says_what_happened_when_and_from_where() {
    let letter = letter(&facts(Notice::NewDevice), "key").unwrap();
    assert_eq!(letter.subject, "New sign-in to your account (op.example)");
    assert_eq!((letter.to.as_str(), letter.key.as_str()), ("alice@example.org", "key"));
    let expected = "Hello alice,

there was a sign-in to your account with a browser that had not been
used with it before.

    Account:     alice
    Time:        2026-09-21 14:13 UTC
    Browser:     Firefox on Linux
    Address:     192.0.2.7

If this was you, you can ignore this mail. If not, another person knows
your password: change it, and ask the operators of this service to
sign you out everywhere.

https://op.example/realms/one
This is an automated security notice. We never ask for your password or a
code by e-mail.";
    assert_eq!(letter.body.trim_end(), expected);
}

#[test]
fn an_unknown_fact_leaves_no_line() {
    let bare = Facts { address: None, device: None, ..facts(Notice::Disabled) };
    let body = letter(&bare, "key").unwrap().body;
    assert!(!body.contains("Address:") && !body.contains("Browser:") && !body.contains("Application:"), "{body}");
    assert!(body.contains("2026-09-21 14:13 UTC\n\nIf you did not expect this"), "{body}");
    let named = Facts { application: Some("Mail\r\nreader".to_owned()), ..bare };
    let body = letter(&named, "key").unwrap().body;
    assert!(body.contains("    Application: Mail  reader\n\nIf you did not"), "{body}");
}

#[test]
fn each_notice_has_its_own_words_and_no_line_is_too_long() {
    let mut subjects = std::collections::BTreeSet::new();
    for notice in ALL {
        let letter = letter(&facts(notice), "key").unwrap();
        assert!(letter.body.lines().all(|line| line.len() <= 76), "{notice:?}: {}", letter.body);
        assert!(
            !letter.body.contains("http://") && letter.body.matches("https://").count() == 1,
            "no links: {notice:?}"
        );
        assert!(subjects.insert(letter.subject), "{notice:?}");
    }
}
