//! Webhooks managed and tried by command.

use serde_json::{Value, json};

use super::event;
use crate::support::place::{Place, refused, succeeded};
use crate::support::{Receiver, claims, header};

#[tokio::test]
async fn webhooks_are_managed_by_command() {
    let place = Place::new().await;
    let receiver = Receiver::start().await;
    let toml = std::fs::read_to_string(place.path().join("signet.toml")).unwrap();
    let toml = format!("{toml}\n[outbound]\nallow_hosts = [\"127.0.0.1\"]\n");
    std::fs::write(place.path().join("signet.toml"), toml).unwrap();
    let url = receiver.url.as_str();
    let _server = place.serve().await;
    let add = ["webhook", "add", "--id", "siem", "--audience", "siem", "--event", "user.*", "--url"];
    refused(&place.run(&[&add[..], &["http://10.0.0.1/"]].concat()).await, "--url");
    let added = succeeded(&place.run(&[&add[..], &[url]].concat()).await);
    assert!(added.contains("signet webhook test --id siem"), "{added}");
    let tried = succeeded(&place.run(&["webhook", "test", "--id", "siem"]).await);
    assert_eq!(tried, "siem accepted the event with status 200.\n");
    let trial = receiver.next().await.body;
    let state = &claims(&trial)["events"]["https://schemas.openid.net/secevent/ssf/event-type/verification"]["state"];
    assert!(state.is_string() && claims(&trial)["aud"] == "siem" && header(&trial)["typ"] == "secevent+jwt");
    receiver.answer_with(403);
    refused(&place.run(&["webhook", "test", "--id", "siem"]).await, "refused the event with status 403");
    receiver.next().await;
    receiver.answer_with(500);
    refused(&place.run(&["webhook", "test", "--id", "siem"]).await, "refused the event with status 500");
    receiver.next().await;

    receiver.refuse_with(r#"{"err":"access_denied"}"#);
    let new = ["user", "add", "--username", "carol", "--password-stdin"];
    succeeded(&place.run_with_input(&new, "correct horse battery").await);
    for _ in 0..3 {
        assert_eq!(event(&receiver.next().await.body), "user.added");
    }
    let mut listed = Value::Null;
    for _ in 0..100 {
        listed = serde_json::from_str(&succeeded(&place.run(&["webhook", "list", "--json"]).await)).unwrap();
        if listed[0]["dead"] == 1 {
            break;
        }
    }
    for (name, expected) in [
        ("id", json!("siem")),
        ("url", json!(url)),
        ("events", json!(["user.*"])),
        ("waiting", json!(0)),
        ("dead", json!(1)),
    ] {
        assert_eq!(listed[0][name], expected, "{listed}");
    }
    let letters = succeeded(&place.run(&["webhook", "dead-letters", "--id", "siem", "--json"]).await);
    let letters: Value = serde_json::from_str(&letters).unwrap();
    assert_eq!((&letters[0]["event"], &letters[0]["reason"]), (&json!("user.added"), &json!("access_denied")));
    receiver.answer_with(200);
    assert_eq!(
        succeeded(&place.run(&["webhook", "retry", "--id", "siem"]).await),
        "The dead letters of siem will be sent again.\n"
    );
    assert_eq!(event(&receiver.next().await.body), "user.added");
    for (command, answer) in
        [("disable", "Disabled siem.\n"), ("enable", "Enabled siem.\n"), ("remove", "Removed siem.\n")]
    {
        assert_eq!(succeeded(&place.run(&["webhook", command, "--id", "siem"]).await), answer);
    }
    refused(&place.run(&["webhook", "remove", "--id", "siem"]).await, "there is no webhook with this name");
    assert!(succeeded(&place.run(&["webhook", "events"]).await).contains("user.disabled\n"));
}

#[tokio::test]
async fn an_operator_who_tries_a_webhook_is_shown_what_failed() {
    let place = Place::new().await;
    let receiver = Receiver::start().await;
    let file = place.path().join("signet.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, format!("{settings}\n[outbound]\nallow_hosts = [\"127.0.0.1\"]\n")).unwrap();
    succeeded(&place.run(&["keys", "rotate"]).await);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let rows = [
        ("refused", format!("http://127.0.0.1:{closed}/"), "connection failed: Connection refused"),
        ("unknown", "https://no-such-host.invalid/".to_owned(), "name resolution failed"),
        ("plain", receiver.url.replace("http:", "https:"), "TLS failed"),
    ];
    for (id, url, why) in rows {
        succeeded(&place.run(&["webhook", "add", "--id", id, "--url", &url]).await);
        refused(&place.run(&["webhook", "test", "--id", id]).await, why);
    }
}
