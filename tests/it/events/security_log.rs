//! The log target `security` and the fields of its lines, and the selections of the audit log.

use serde_json::Value;
use signet_protocol::time::Timestamp;
use signet_store::events::audit_log::{self, Selection};

use crate::support::TestServer;
use crate::support::log::{listen, logged};
use crate::support::place::{Place, stdout, succeeded};

#[tokio::test]
async fn sign_ins_token_operations_denials_and_replays_are_security_events() {
    listen();
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let typed = "a pass phrase in the wrong field";
    browser.submit(&page, &[("username", typed), ("password", "wrong"), ("login-submit", "yes")]).await;
    let code = rp.authorize_as("alice").await.code();
    let tokens = rp.redeem(&code).await.tokens();
    server.userinfo("nonsense").await;
    rp.revoke(&tokens.access_token).await;
    rp.redeem(&code).await;
    let text = logged();
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" security: ")).collect();
    for event in [
        "event=\"login_attempt\" success=false reason=\"wrong credentials\"",
        "event=\"login_attempt\" success=true",
        "event=\"token_operation\" operation=\"token\" success=true outcome=\"success\"",
        "event=\"token_operation\" operation=\"token\" success=false outcome=\"invalid_grant\"",
        "event=\"token_operation\" operation=\"revoke\" success=true",
        "event=\"access_denied\" operation=\"userinfo\" outcome=\"invalid_token\"",
        "event=\"replay\" kind=\"authorization_code.replayed\"",
    ] {
        assert!(lines.iter().any(|line| line.contains(event)), "{event}\n{}", lines.join("\n"));
    }
    assert!(!text.contains(typed) && !text.contains("alice"), "no user name, and no password in its place");
}

#[tokio::test]
async fn a_line_names_the_client_the_person_and_the_token_of_its_request() {
    listen();
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.redeem(&rp.authorize_as("alice").await.code()).await.tokens();
    server.userinfo(&tokens.access_token).await;
    let claims = crate::support::claims(&tokens.access_token);
    let text = logged();
    let line = |route: &str| {
        let route = format!("route=\"{route}\"");
        let found = text.lines().find(|line| line.contains("answered a request") && line.contains(&route));
        found.unwrap_or_else(|| panic!("{route}\n{text}"))
    };
    let user = format!("user_id={}", claims["sub"]);
    let jti = format!("jti={}", claims["jti"]);
    assert!(["client_id=\"rp\"", &user, &jti].iter().all(|part| line("/token").contains(*part)), "{}", line("/token"));
    assert!([&user, &jti].iter().all(|part| line("/userinfo").contains(*part)), "{}", line("/userinfo"));
}

#[tokio::test]
async fn rows_of_the_audit_log_are_selected_by_user_client_and_address() {
    let server = TestServer::start().await;
    server.relying_party().await.sign_in("alice").await;
    let all = || Selection {
        from: Timestamp::from_millis(i64::MIN),
        to: Timestamp::from_millis(i64::MAX),
        event: String::new(),
        user: String::new(),
        client: String::new(),
        address: String::new(),
    };
    let select = async |wanted: Selection| {
        let mut tx = server.app.provider.store.read().await.unwrap();
        audit_log::select(&mut tx, &server.app.realm.id, &wanted, None).await.unwrap()
    };
    let everything = select(all()).await;
    let user = everything.iter().find(|row| row.event == "login").unwrap().user.clone().unwrap();
    let rows = select(Selection { user: user.clone(), ..all() }).await;
    assert!(!rows.is_empty() && rows.len() < everything.len());
    assert!(rows.iter().all(|row| row.user.as_ref() == Some(&user)), "{rows:?}");
    let rows = select(Selection { client: "rp".to_owned(), ..all() }).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row.client.as_deref() == Some("rp")), "{rows:?}");
    let rows = select(Selection { address: "127.0.0.1".to_owned(), ..all() }).await;
    assert!(!rows.is_empty() && rows.iter().all(|row| row.address == "127.0.0.1"), "{rows:?}");
    assert!(select(Selection { address: "192.0.2.1".to_owned(), ..all() }).await.is_empty());
}

#[tokio::test]
async fn the_audit_log_is_exported_for_programs_as_it_was_selected() {
    let place = Place::new().await;
    let add = ["user", "add", "--username", "alice", "--role", "editor", "--role", "author"];
    succeeded(&place.run(&add).await);
    succeeded(&place.run(&["user", "add", "--username", "bob"]).await);
    let client = ["client", "add", "--id", "web", "--redirect-uri", "https://rp.example/cb"];
    succeeded(&place.run(&client).await);
    let export = async |more: &[&str]| {
        let arguments = [&["audit", "export"], more].concat();
        let lines = succeeded(&place.run(&arguments).await);
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let of_alice = export(&["--user", "alice"]).await;
    // Rows of one millisecond are ordered by their random ids.
    let mut events: Vec<_> = of_alice.iter().map(|row| (row["event"].as_str(), row["reason"].as_str())).collect();
    events.sort();
    let expected = [(Some("user.added"), Some("")), (Some("user.roles_changed"), Some("granted: editor author"))];
    assert_eq!(events, expected, "{of_alice:?}");
    let by_id = export(&["--user", of_alice[0]["user"].as_str().unwrap()]).await;
    assert_eq!(by_id, of_alice);
    let of_web = export(&["--client", "web"]).await;
    assert_eq!((of_web.len(), &of_web[0]["event"]), (1, &Value::from("client.added")));
    assert!(export(&["--address", "192.0.2.1"]).await.is_empty());
    let csv = stdout(&place.run(&["audit", "export", "--format", "csv", "--client", "web"]).await);
    let lines: Vec<_> = csv.lines().collect();
    assert!(lines[0].starts_with("seq,at,event,outcome,actor,user,client") && lines.len() == 2, "{csv}");
    assert!(lines[1].contains("\"client.added\",\"success\""), "{csv}");
    let listed = succeeded(&place.run(&["audit", "list", "--user", "bob"]).await);
    assert_eq!(listed.lines().count(), 1, "{listed}");
}
