//! People are told by mail of what concerns their account: each thing once, nobody of somebody else's, and never at the
//! cost of a request.

use std::time::{Duration, Instant};

use serde_json::json;
use signet::config::{Settings, SmtpUrl};
use signet::flows::administer::{self, Person, UserChange};
use signet::jobs;
use signet::protocol::claims::PersonClaims;
use signet::protocol::secret::Password;
use signet::protocol::time::Span;

use crate::support::mail_sink::SILENCE;
use crate::support::server::PASSWORD;
use crate::support::{Browser, MailSink, RelyingParty, TestServer};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A server whose mails go to the sink, and a client. The test alone says when mails are delivered.
async fn start(sink: &MailSink) -> (TestServer, RelyingParty) {
    start_with(sink, |_| {}).await
}

async fn start_with(sink: &MailSink, change: impl FnOnce(&mut Settings)) -> (TestServer, RelyingParty) {
    let mut server = TestServer::start_with(|settings| {
        sink.settings(settings);
        change(settings);
    })
    .await;
    server.stop_jobs();
    let rp = server.relying_party().await;
    (server, rp)
}

/// Signs alice in with this browser, whoever was signed in.
async fn sign_in(browser: &Browser, rp: &RelyingParty, user_agent: &str) {
    let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    let form = page.form();
    let fields =
        [("csrf", form.field("csrf").unwrap()), ("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    let page = browser.post_with(&[("user-agent", user_agent)], &form.action, &fields).await;
    assert_eq!(page.status, 303, "{page:?}");
}

/// Delivers what is due; how many attempts that took.
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

async fn set_password(server: &TestServer, username: &str) {
    let provider = &server.app.provider;
    let password = Password::new("another correct horse".to_owned());
    let context = server.context();
    administer::set_password(&provider.store, &provider.passwords, &context, username, password).await.unwrap();
}

#[tokio::test]
async fn a_browser_that_is_new_to_the_account_is_told_of_once() {
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
    for line in [
        "Hello alice,",
        "Account:     alice",
        "Browser:     Firefox on Linux",
        "Address:     127.0.0.1",
        &server.issuer,
    ] {
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
async fn a_session_vouches_for_a_browser_that_has_lost_its_name() {
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
async fn what_is_done_to_an_account_is_told_once_each() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    let told = async || {
        let attempts = deliver(&server).await;
        assert_eq!((attempts, waiting(&server).await), (1, 0));
        let mail = sink.next().await;
        assert_eq!(mail.to, ["alice@example.org"]);
        mail
    };
    set_password(&server, "alice").await;
    assert!(told().await.header("Subject").starts_with("Your password was changed"));
    server.change_user("alice", UserChange::SignOut).await;
    assert!(told().await.header("Subject").starts_with("You were signed out everywhere"));
    server.change_user("alice", UserChange::Disable).await;
    let mail = told().await;
    assert!(mail.header("Subject").starts_with("Your account was disabled"));
    assert!(!mail.text().contains("Address:"), "an administrator's is nobody's business");
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
        // Nobody follows the changes beside the requests here.
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
        // A header cannot hold a line break; what is left of the text is no name of a browser.
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
    assert!(!mail.raw.contains("+1 555") && !mail.raw.contains("eve@"), "nobody writes into our mails: {}", mail.raw);
    // As slowly as it takes to cross the bound anew each time.
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
async fn what_did_not_happen_is_not_told() {
    let sink = MailSink::start().await;
    let (server, rp) = start(&sink).await;
    let refuse = match server.database().url.starts_with("sqlite:") {
        true => vec!["CREATE TRIGGER broken BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END".to_owned()],
        false => vec![
            "CREATE FUNCTION broken() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql"
                .to_owned(),
            "CREATE TRIGGER broken BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION broken()".to_owned(),
        ],
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
async fn only_who_has_shown_that_an_address_is_theirs_is_written_to() {
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
            min_password: 8,
        };
        let provider = &server.app.provider;
        administer::add_user(&provider.store, &provider.passwords, &server.context(), person).await.unwrap();
        server.change_user(username, UserChange::SignOut).await;
    }
    assert_eq!(waiting(&server).await, 0);
    // Nor who could be written to when it happened, and no longer.
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
async fn what_a_node_that_died_has_left_another_delivers() {
    let sink = MailSink::start().await;
    let (one, _) = start(&sink).await;
    one.change_user("alice", UserChange::SignOut).await;
    sink.answer_with(SILENCE);
    let app = one.app.clone();
    let task = tokio::spawn(async move { jobs::deliver_due(&app).await });
    let begun = Instant::now();
    while sink.tried() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the attempt does not begin");
        tokio::task::yield_now().await;
    }
    task.abort();
    let mut two = one.twin_with(|settings| sink.settings(settings)).await;
    two.stop_jobs();
    drop(one);
    sink.answer_with(250);
    assert_eq!((waiting(&two).await, deliver(&two).await), (1, 0), "its turn is not over");
    two.advance(Span::from_secs(61)).await;
    deliver(&two).await;
    assert_eq!(sink.next().await.to, ["alice@example.org"]);
    assert_eq!(waiting(&two).await, 0);
}

#[tokio::test]
async fn two_nodes_send_a_mail_once() {
    let sink = MailSink::start().await;
    let (one, _) = start(&sink).await;
    let two = one.twin_with(|settings| sink.settings(settings)).await;
    for _ in 0..6 {
        one.change_user("alice", UserChange::SignOut).await;
    }
    let (here, there) = tokio::join!(jobs::deliver_due(&one.app), jobs::deliver_due(&two.app));
    here.and(there).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..6 {
        ids.insert(sink.next().await.header("Message-ID"));
    }
    let begun = Instant::now();
    while waiting(&one).await > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the outbox does not become empty");
    }
    assert_eq!((ids.len(), sink.tried()), (6, 6));
}

#[tokio::test]
async fn a_mail_server_that_is_down_is_tried_again_for_a_day() {
    let sink = MailSink::start().await;
    let (server, _) = start(&sink).await;
    server.change_user("alice", UserChange::SignOut).await;
    sink.answer_with(451);
    for wait in [0, 1, 5, 30] {
        server.advance(Span::from_secs(wait)).await;
        assert_eq!(deliver(&server).await, 1, "after {wait} s");
        assert_eq!(deliver(&server).await, 0, "not before its time");
    }
    sink.answer_with(250);
    server.advance(Span::from_minutes(2)).await;
    assert_eq!(deliver(&server).await, 1);
    let mail = sink.next().await;
    server.change_user("alice", UserChange::SignOut).await;
    sink.answer_with(451);
    for hours in [0, 23, 1, 1] {
        server.advance(Span::from_hours(hours)).await;
        deliver(&server).await;
    }
    assert_eq!(
        (waiting(&server).await, undelivered(&server).await),
        (0, vec!["the mail could not be handed over".to_owned()])
    );
    assert!(mail.header("Date").ends_with("+0000"), "{}", mail.raw);
}

#[tokio::test]
async fn an_address_that_the_mail_server_refuses_is_given_up() {
    let sink = MailSink::start().await;
    let (server, _) = start(&sink).await;
    server.change_user("alice", UserChange::SignOut).await;
    sink.answer_with(550);
    for _ in 0..5 {
        deliver(&server).await;
        server.advance(Span::from_minutes(31)).await;
    }
    assert_eq!((sink.tried(), waiting(&server).await), (3, 0));
    assert_eq!(undelivered(&server).await, ["the mail server refuses it"]);
}

#[tokio::test]
async fn a_mail_server_that_does_not_answer_keeps_no_client_waiting() {
    let (sink, receiver) = (MailSink::start().await, crate::support::Receiver::start().await);
    let (server, _) = start_with(&sink, |settings| {
        settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
        settings.mail.timeout = Span::from_secs(30);
    })
    .await;
    let metadata = json!({ "backchannel_logout_uri": receiver.url, "skip_consent": true });
    let rp = server.client("listener", metadata).await;
    rp.authorize_with("bob", &[("scope", "openid")]).await.code();
    sink.answer_with(SILENCE);
    for _ in 0..40 {
        server.change_user("alice", UserChange::SignOut).await;
    }
    server.start_jobs();
    server.change_user("bob", UserChange::SignOut).await;
    receiver.token().await;
    assert!(sink.tried() <= 2, "{} mails at a time", sink.tried());
}

#[tokio::test]
async fn nothing_is_written_down_where_no_mail_is_sent() {
    let mut server = TestServer::start().await;
    server.stop_jobs();
    let rp = server.relying_party().await;
    rp.authorize_as("alice").await;
    server.change_user("alice", UserChange::SignOut).await;
    assert_eq!(waiting(&server).await, 0);
    assert!(server.database().audit_events().await.contains(&"login.new_device".to_owned()));
}

#[tokio::test]
async fn names_stay_in_their_place() {
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
        let expected = [
            "Auto-Submitted",
            "Content-Transfer-Encoding",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To",
        ];
        assert_eq!(names, expected, "{}", mail.raw);
        assert!(!mail.raw.contains("\r\nBcc") && mail.to.len() == 1, "{}", mail.raw);
    }
    let evil = "bob@example.org\r\nBcc: eve@example.org";
    server.change_user("bob", UserChange::SignOut).await;
    server.database().execute(&format!("UPDATE users SET email = '{evil}' WHERE username = 'bob'")).await;
    deliver(&server).await;
    assert_eq!(sink.tried(), 2, "an address that is none is not written to");
}

#[tokio::test]
async fn in_development_mails_may_be_files() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start_with(|settings| {
        settings.mail.folder = Some(folder.path().join("mails"));
        settings.mail.from = Some("no-reply@op.example".parse().unwrap());
    })
    .await;
    server.change_user("alice", UserChange::SignOut).await;
    let begun = Instant::now();
    let file = loop {
        let files =
            std::fs::read_dir(folder.path().join("mails")).into_iter().flatten().map(|entry| entry.unwrap().path());
        if let Some(file) = files.into_iter().find(|file| file.extension().is_some_and(|end| end == "eml")) {
            break file;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no mail is put there");
        tokio::task::yield_now().await;
    };
    assert!(std::fs::read_to_string(file).unwrap().contains("Subject: You were signed out everywhere"));
}

#[tokio::test]
async fn a_server_that_does_not_encrypt_is_given_nothing_unless_the_settings_say_so() {
    let sink = MailSink::start().await;
    for scheme in ["smtp", "smtps"] {
        let (server, _) = start_with(&sink, |settings| {
            let url = format!("{scheme}://127.0.0.1:{}", sink.port);
            settings.mail.smtp = Some(SmtpUrl::parse(&url).unwrap());
            settings.mail.timeout = Span::from_secs(2);
        })
        .await;
        server.change_user("alice", UserChange::SignOut).await;
        assert_eq!(deliver(&server).await, 1, "{scheme}");
        assert_eq!((sink.tried(), waiting(&server).await), (0, 1), "{scheme}");
    }
}
