//! Mails about security events of an account: each event once, only to the account's person, and without cost to a
//! request.

mod delivery;

use signet::config::Settings;
use signet::flows::admin::Person;
use signet::jobs;
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Password;
use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Browser, MailSink, RelyingParty, TestServer, UserChange};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A server whose mails go to the sink, and a client. Mails are delivered only when the test calls [`deliver`].
async fn start(sink: &MailSink) -> (TestServer, RelyingParty) {
    start_with(sink, |_| {}).await
}

async fn start_with(sink: &MailSink, change: impl FnOnce(&mut Settings)) -> (TestServer, RelyingParty) {
    let mut server = TestServer::start_with(|settings| {
        sink.settings(settings);
        change(settings);
    })
    .await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    (server, rp)
}

/// Signs alice in with this browser, after any other session.
async fn sign_in(browser: &Browser, rp: &RelyingParty, user_agent: &str) {
    let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    let form = page.form();
    let fields =
        [("csrf", form.field("csrf").unwrap()), ("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    let page = browser.post_with(&[("user-agent", user_agent)], &form.action, &fields).await;
    assert_eq!(page.status, 303, "{page:?}");
}

/// Delivers due messages and returns the number of attempts.
async fn deliver(server: &TestServer) -> usize {
    jobs::deliver_due(&server.app).await.unwrap()
}

async fn waiting(server: &TestServer) -> usize {
    server.database().query("SELECT id FROM outbox WHERE kind = 'mail'").await.len()
}

async fn undelivered(server: &TestServer) -> Vec<String> {
    let rows = server.database().query("SELECT reason FROM audit_events WHERE event = 'mail.undelivered'").await;
    rows.into_iter().map(|row| String::from_utf8(row[0].clone()).unwrap()).collect()
}

#[tokio::test]
async fn a_new_browser_is_mailed_about_once() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    let browser = server.browser();
    sign_in(&browser, &rp, FIREFOX).await;
    assert_eq!(sink.tried(), 0, "the sign-in did not wait for the mail server");
    assert_eq!(deliver(&server).await, 1);
    let mail = sink.next().await;
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("no-reply@op.example", ["alice@example.org".to_owned()].as_slice())
    );
    assert_eq!(mail.header("To"), "alice@example.org");
    assert_eq!(mail.header("From"), "Example <no-reply@op.example>");
    assert_eq!(mail.header("Subject"), "New sign-in to your account (127.0.0.1)");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    let text = mail.text();
    for line in ["Hello alice,", "Account: alice", "Browser: Firefox on Linux", "Address: 127.0.0.1", &server.issuer] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("token") && !text.contains('?'), "no links that carry something: {text}");

    sign_in(&browser, &rp, FIREFOX).await;
    browser.set_cookie("signet-session", "");
    sign_in(&browser, &rp, FIREFOX).await;
    assert_eq!((deliver(&server).await, waiting(&server).await), (0, 0), "the browser is known");
    sign_in(&server.browser(), &rp, "curl/8").await;
    assert_eq!(deliver(&server).await, 1, "another is not");
    let text = sink.next().await.text();
    assert!(!text.contains("Browser:") && !text.contains("curl"), "{text}");
}

#[tokio::test]
async fn a_session_makes_a_browser_known_without_its_device_cookie() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    let browser = server.browser();
    sign_in(&browser, &rp, FIREFOX).await;
    assert_eq!(deliver(&server).await, 1);
    browser.set_cookie("signet-device", "");
    sign_in(&browser, &rp, FIREFOX).await;
    assert_eq!(deliver(&server).await, 0);
}

#[tokio::test]
async fn each_event_of_an_account_is_mailed_once() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    let next_mail = async || {
        let attempts = deliver(&server).await;
        assert_eq!((attempts, waiting(&server).await), (1, 0));
        let mail = sink.next().await;
        assert_eq!(mail.to, ["alice@example.org"]);
        mail
    };
    server.set_password("alice", "another correct horse").await;
    assert!(next_mail().await.header("Subject").starts_with("Your password was changed"));
    server.change_user("alice", UserChange::SignOut).await;
    assert!(next_mail().await.header("Subject").starts_with("You were signed out everywhere"));
    server.change_user("alice", UserChange::Disable).await;
    let mail = next_mail().await;
    assert!(mail.header("Subject").starts_with("Your account was disabled"));
    assert!(!mail.text().contains("Address:"), "not for an administrator's action");
    server.change_user("alice", UserChange::Enable).await;
    assert_eq!(deliver(&server).await, 0);

    let tokens = rp.sign_in("bob").await;
    assert_eq!(deliver(&server).await, 1, "the browser");
    assert_eq!(sink.next().await.to, ["bob@example.org"]);
    let first = tokens.refresh_token();
    let second = rp.refresh(first).await.tokens();
    rp.refresh(second.refresh_token()).await.tokens();
    server.advance(Span::from_secs(60)).await;
    server.app.follow().await.unwrap();
    for _ in 0..3 {
        rp.refresh(first).await.assert_error(400, "invalid_grant");
    }
    assert_eq!(deliver(&server).await, 1, "once, however often the token comes again");
    let mail = sink.next().await;
    assert_eq!(mail.to, ["bob@example.org"]);
    assert!(mail.text().contains("Application: Test application"), "{}", mail.raw);
}

#[tokio::test]
async fn guessing_fills_no_mailbox() {
    let sink = MailSink::start().await;
    let (server, rp) = start_with(&sink, |settings| {
        settings.limits.enabled = true;
        settings.limits.login = 100_000;
    })
    .await;
    let text = "Call +1 555 0100 at once\r\nBcc: eve@example.org";
    let guess = async || {
        // No job polls for changes here.
        server.app.follow().await.unwrap();
        let browser = server.browser();
        let page = browser.visit(&rp.authorization_url(&[])).await;
        let form = page.form();
        let fields = [
            ("csrf", form.field("csrf").unwrap()),
            ("username", "alice"),
            ("password", "wrong"),
            ("login-submit", "yes"),
        ];
        // A header cannot contain a line break; the rest of the text does not name a browser.
        let user_agent = text.replace("\r\n", " ");
        browser.post_with(&[("user-agent", &user_agent)], &form.action, &fields).await;
    };
    for _ in 0..8 {
        guess().await;
        server.advance(Span::from_secs(2)).await;
    }
    assert_eq!(deliver(&server).await, 1);
    let mail = sink.next().await;
    assert!(mail.header("Subject").starts_with("Failed attempts to sign in"));
    assert!(!mail.raw.contains("+1 555") && !mail.raw.contains("eve@"), "no foreign text in the mail: {}", mail.raw);
    // Fast enough to reach the limit each time.
    for _ in 0..6 {
        server.advance(Span::from_minutes(60)).await;
        for _ in 0..6 {
            guess().await;
        }
    }
    assert_eq!(deliver(&server).await, 0, "they know already");
    server.advance(Span::from_hours(25)).await;
    for _ in 0..6 {
        guess().await;
    }
    assert_eq!(deliver(&server).await, 1, "after a quiet day it is news");
}

#[tokio::test]
async fn an_event_that_was_rolled_back_is_not_mailed() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    let refuse = if server.database().url.starts_with("sqlite:") {
        vec!["CREATE TRIGGER broken BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END".to_owned()]
    } else {
        vec![
            "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql"
                .to_owned(),
            "CREATE TRIGGER broken BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION broken()".to_owned(),
        ]
    };
    for statement in refuse {
        server.database().execute(&statement).await;
    }
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert_eq!(browser.sign_in(&page, "alice").await.status, 500);
    assert_eq!((waiting(&server).await, deliver(&server).await), (0, 0));
    assert!(!server.database().audit_events().await.contains(&"login.new_device".to_owned()));
}

#[tokio::test]
async fn only_verified_addresses_get_mail() {
    let sink = MailSink::start().await;
    let (server, _) = start(&sink).await;
    for (username, email) in [("carol", Some("carol@example.org")), ("dave", None)] {
        let person = Person {
            username: username.to_owned(),
            email: email.map(str::to_owned),
            email_verified: false,
            password: Some(Password::new(PASSWORD.to_owned())),
            claims: PersonClaims::default(),
            attributes: serde_json::Map::new(),
            roles: Vec::new(),
        };
        server.add_person(person).await;
        server.change_user(username, UserChange::SignOut).await;
    }
    assert_eq!(waiting(&server).await, 0);
    // Nor a person whose address was verified at the time of the event, but no longer is.
    server.change_user("alice", UserChange::SignOut).await;
    server.change_user("bob", UserChange::SignOut).await;
    server.database().execute("UPDATE users SET email_verified = 0 WHERE username = 'alice'").await;
    server.database().execute("UPDATE users SET email = 'bob@new.example' WHERE username = 'bob'").await;
    assert_eq!(deliver(&server).await, 2);
    assert_eq!(sink.next().await.to, ["bob@new.example"], "the address is that of the hour");
    assert_eq!((sink.tried(), waiting(&server).await), (1, 0));
    assert_eq!(undelivered(&server).await, [""; 0]);
}

#[tokio::test]
async fn without_mail_settings_no_mail_is_queued() {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    rp.authorize_as("alice").await;
    server.change_user("alice", UserChange::SignOut).await;
    assert_eq!(waiting(&server).await, 0);
    assert!(server.database().audit_events().await.contains(&"login.new_device".to_owned()));
}

#[tokio::test]
async fn a_mail_is_in_the_persons_language_as_text_and_as_html() {
    let sink = MailSink::start().await;
    let (server, _) = start(&sink).await;
    server.database().execute("UPDATE users SET claims = '{\"locale\":\"ar-EG\"}' WHERE username = 'alice'").await;
    server.change_user("alice", UserChange::SignOut).await;
    assert_eq!(deliver(&server).await, 1);
    let mail = sink.next().await;
    assert!(mail.header("Content-Type").starts_with("multipart/alternative"), "{}", mail.raw);
    assert!(
        mail.text().contains("مرحبًا \u{2068}alice\u{2069}") && mail.text().contains(&server.issuer),
        "{}",
        mail.text()
    );
    assert!(mail.html().contains("<html lang=\"ar\" dir=\"rtl\">") && mail.html().contains(&server.issuer));
}

#[tokio::test]
async fn a_name_adds_no_header_and_no_line_to_a_mail() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    rp.authorize_as("bob").await;
    server.change_user("alice", UserChange::SignOut).await;
    let evil = "alice\r\nBcc: eve@example.org\r\n\r\nHello";
    server.database().execute(&format!("UPDATE users SET username = '{evil}' WHERE username = 'alice'")).await;
    assert_eq!(deliver(&server).await, 2);
    let mails = [sink.next().await, sink.next().await];
    for mail in &mails {
        let [own] = mail.to.as_slice() else { panic!("one recipient: {mail:?}") };
        let (owner, other) = if own.starts_with("alice") { ("alice", "bob") } else { ("bob", "alice") };
        assert!(mail.raw.contains(owner) && !mail.raw.contains(other), "{}", mail.raw);
        let mut names = mail.names();
        names.sort_unstable();
        let expected =
            ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
        assert_eq!(names, expected, "{}", mail.raw);
        assert!(!mail.raw.contains("\r\nBcc") && mail.to.len() == 1, "{}", mail.raw);
    }
    let evil = "bob@example.org\r\nBcc: eve@example.org";
    server.change_user("bob", UserChange::SignOut).await;
    server.database().execute(&format!("UPDATE users SET email = '{evil}' WHERE username = 'bob'")).await;
    deliver(&server).await;
    assert_eq!(sink.tried(), 2, "an address that is none is not written to");
}
