//! The delivery of mails: retries, other nodes, and abandoned mails.

use std::time::{Duration, Instant};

use serde_json::json;
use signet::config::SmtpUrl;
use signet::jobs;
use signet_protocol::time::Span;

use super::{deliver, start, start_with, undelivered, waiting};
use crate::support::mail_sink::SILENCE;
use crate::support::{MailSink, TestServer, UserChange};

#[tokio::test]
async fn a_mail_of_a_dead_node_is_taken_over() {
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
    two.stop_jobs().await;
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
async fn a_mail_is_retried_for_a_day() {
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
        (0, vec!["the mail could not be sent".to_owned()])
    );
    assert!(mail.header("Date").ends_with("+0000"), "{}", mail.raw);
}

#[tokio::test]
async fn a_mail_to_a_refused_address_is_abandoned() {
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
async fn an_unresponsive_mail_server_does_not_delay_clients() {
    let sink = MailSink::start().await;
    let receiver = crate::support::Receiver::start().await;
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
async fn a_mail_server_without_tls_gets_no_mail_unless_allowed() {
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
