//! The commands about mail: sending a test mail, and previewing texts.

use serde_json::Value;
use signet_protocol::account::notice::Notice;

use crate::support::MailSink;
use crate::support::place::{Place, refused, succeeded};

/// A folder whose settings send mails to this port.
async fn place(port: u16) -> Place {
    let place = Place::empty().await;
    let file = place.path().join("signet.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let mail = format!("[mail]\nsmtp = \"smtp://127.0.0.1:{port}?tls=none\"\nfrom = \"no-reply@op.example\"\n");
    std::fs::write(file, format!("{settings}\n{mail}")).unwrap();
    place
}

#[tokio::test]
async fn a_test_mail_goes_out_and_the_answer_of_the_mail_server_is_shown() {
    let sink = MailSink::start().await;
    let place = place(sink.port).await;
    let test = ["mail", "test", "--to", "you@example.org"];
    let said = succeeded(&place.run(&test).await);
    assert!(said.starts_with("Sent a test mail to you@example.org: the mail server answered 250"), "{said}");
    let mail = sink.next().await;
    assert_eq!(mail.to, ["you@example.org"]);
    assert!(mail.text().contains(&place.issuer()), "{}", mail.text());
    sink.answer_with(550);
    refused(&place.run(&test).await, "the test mail was not sent: permanent error (550)");
    drop(sink);
    refused(&place.run(&test).await, "Connection refused");
    refused(&Place::empty().await.run(&test).await, "mails are off: set mail.smtp and mail.from");
    refused(&place.run(&["mail", "test", "--to", "nobody"]).await, "the address is not valid");
}

#[tokio::test]
async fn the_text_of_each_mail_can_be_read() {
    let place = Place::empty().await;
    let listed = succeeded(&place.run(&["mail", "preview"]).await);
    let all: Vec<Value> = serde_json::from_str(&succeeded(&place.run(&["mail", "preview", "--json"]).await)).unwrap();
    assert_eq!(all.len(), Notice::EVENTS.len());
    for mail in all {
        let event = mail["event"].as_str().unwrap();
        assert!(listed.lines().any(|line| line.starts_with(event)), "{event}: {listed}");
        let text = succeeded(&place.run(&["mail", "preview", event]).await);
        assert!(text.starts_with(&format!("Subject: {}", mail["subject"].as_str().unwrap())), "{text}");
        assert!(text.contains("Hello alice") && text.contains(&place.issuer()), "{text}");
    }
    let preview = ["mail", "preview", "login.new_device", "--lang", "de"];
    let german = succeeded(&place.run(&preview).await);
    assert!(
        german.starts_with("Subject: Neue Anmeldung bei Ihrem Konto") && german.contains("Guten Tag alice"),
        "{german}"
    );
    let html = succeeded(&place.run(&[&preview[..], &["--html"]].concat()).await);
    assert!(html.contains("<html lang=\"de\"") && html.contains("Guten Tag alice"), "{html}");
    let unknown = place.run(&["mail", "preview", "--lang", "tlh"]).await;
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    refused(&place.run(&["mail", "preview", "no.such"]).await, "no mail is sent for this event");
}
