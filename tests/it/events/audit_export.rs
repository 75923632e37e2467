//! The audit log as operators read it: rows by user, client, address and event, for people and for other programs.

use reqwest::header::USER_AGENT;
use serde_json::{Value, json};

use crate::admin::revoking_commands::Scene;
use crate::support::place::{Place, refused, succeeded};

/// A User-Agent that is a spreadsheet formula.
const FORMULA: &str = r#"=HYPERLINK("http://evil.example")"#;

/// The rows that the command exports with these options.
async fn exported(place: &Place, options: &[&str]) -> Vec<Value> {
    let output = place.run(&[&["audit", "export", "--format", "json"], options].concat()).await;
    succeeded(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A server with rows about two users and two clients, and one from a browser with an odd name.
async fn scene_with_rows() -> Scene {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    succeeded(&scene.place.run(&["user", "add", "bob", "--role", "ops"]).await);
    succeeded(&scene.place.run(&["user", "update", "bob", "--add-role", "audit", "--remove-role", "ops"]).await);
    succeeded(&scene.place.run(&["client", "add", "--id", "svc", "--grant", "client_credentials"]).await);
    succeeded(&scene.place.run(&["client", "update", "rp", "--name", "Wiki, the new one"]).await);
    let revocation = scene.rp.http.post(format!("{}/revoke", scene.rp.issuer));
    let revocation = revocation.basic_auth("rp", scene.rp.secret.as_deref()).header(USER_AGENT, FORMULA);
    let answer = revocation.form(&[("token", &tokens.access_token)]).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    scene
}

#[tokio::test]
async fn rows_are_found_by_user_client_address_and_event() {
    let scene = scene_with_rows().await;
    let all = exported(&scene.place, &[]).await;
    let alice = all.iter().find(|row| row["event"] == "login").unwrap()["user"].as_str().unwrap().to_owned();
    // As one argument, since an id may begin with a hyphen.
    let user = format!("--user={alice}");
    type Rule<'a> = &'a dyn Fn(&Value) -> bool;
    let rows: [(&[&str], Rule<'_>); 8] = [
        (&["--user", "alice"], &|row| row["user"] == *alice),
        (&[&user], &|row| row["user"] == *alice),
        (&["--client", "rp"], &|row| row["client"] == "rp"),
        (&["--address", "127.0.0.1"], &|row| row["address"] == "127.0.0.1"),
        (&["--event", "client.added"], &|row| row["event"] == "client.added"),
        (&["--user", "alice", "--event", "consent"], &|row| row["user"] == *alice && row["event"] == "consent"),
        (&["--client", "rp", "--address", "127.0.0.1"], &|row| row["client"] == "rp" && row["address"] == "127.0.0.1"),
        (&["--user", "alice", "--client", "rp", "--address", "127.0.0.1"], &|row| {
            row["user"] == *alice && row["client"] == "rp" && row["address"] == "127.0.0.1"
        }),
    ];
    for (options, rule) in rows {
        let expected: Vec<&Value> = all.iter().filter(|row| rule(row)).collect();
        let found = exported(&scene.place, options).await;
        assert!(!expected.is_empty() && expected.len() < all.len(), "{options:?}: {all:?}");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{options:?}");
        let lines = succeeded(&scene.place.run(&[&["audit", "list"], options].concat()).await);
        assert_eq!(lines.lines().count(), expected.len(), "{options:?}");
    }
    for options in [["--user", "carol"], ["--client", "unheard-of"], ["--address", "192.0.2.1"]] {
        assert!(exported(&scene.place, &options).await.is_empty(), "{options:?}");
    }
    let output = scene.place.run(&["audit", "export", "--address", "nowhere"]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn rows_tell_what_was_changed_and_consented_to() {
    let scene = scene_with_rows().await;
    let all = exported(&scene.place, &[]).await;
    let details = |event: &str| all.iter().find(|row| row["event"] == event).unwrap()["details"].clone();
    assert_eq!(details("client.updated")["changed"]["client_name"]["new"], "Wiki, the new one");
    let scopes = details("consent")["scopes"].as_array().unwrap().clone();
    assert!(scopes.contains(&json!("openid")), "{scopes:?}");
    let roles: Vec<&Value> = all.iter().filter(|row| row["event"] == "user.roles_changed").collect();
    assert_eq!(roles[0]["details"], json!({"granted": ["ops"]}));
    assert_eq!(roles[1]["details"], json!({"granted": ["audit"], "withdrawn": ["ops"]}));
    assert_eq!(details("login"), Value::Null);
    succeeded(&scene.place.run(&["audit", "verify"]).await);
    // The details are under the hash of their row.
    let forged = r#"UPDATE audit_events SET details = '{"granted":["audit"]}' WHERE details LIKE '%withdrawn%'"#;
    assert_eq!(scene.place.database().execute(forged).await, 1);
    refused(&scene.place.run(&["audit", "verify"]).await, "differs from what was written");
}

#[tokio::test]
async fn csv_has_one_line_a_row_and_no_formula() {
    let scene = scene_with_rows().await;
    let all = exported(&scene.place, &[]).await;
    let csv = succeeded(&scene.place.run(&["audit", "export", "--format", "csv"]).await);
    let mut lines = csv.lines();
    let header = "seq,at,event,outcome,actor,user,client,session,address,user_agent,request_id,reason,id,details";
    assert_eq!(lines.next(), Some(header));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), all.len());
    for (line, row) in lines.iter().zip(&all) {
        for name in ["event", "outcome", "actor", "address", "id"] {
            let text = row[name].as_str().unwrap();
            // A random id can begin with a hyphen, which a spreadsheet would evaluate.
            let apostrophe = if text.starts_with('-') { "'" } else { "" };
            let cell = format!("\"{apostrophe}{text}\"");
            assert!(line.contains(&cell), "{cell}: {line}");
        }
        for cell in line.split("\",\"") {
            let begin = cell.trim_start_matches('"');
            assert!(!begin.starts_with(['=', '+', '-', '@']), "{cell}: {line}");
        }
    }
    let odd = all.iter().position(|row| row["user_agent"] == FORMULA).unwrap();
    assert!(lines[odd].contains(r#""'=HYPERLINK(""http://evil.example"")""#), "{}", lines[odd]);
    let updated = all.iter().position(|row| row["event"] == "client.updated").unwrap();
    assert!(lines[updated].contains(r#"""new"":""Wiki, the new one"""#), "{}", lines[updated]);
}

#[tokio::test]
async fn many_rows_of_one_moment_are_each_exported_once() {
    let place = Place::new().await;
    let insert = "INSERT INTO audit_events \
                  (id, realm_id, at, event, outcome, actor, client_id, address, user_agent, request_id, reason) \
                  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1201) \
                  SELECT 'row' || n, 'default', 1000, 'login', 'success', 'user', 'web', '192.0.2.1', '', '', '' \
                  FROM numbers";
    assert_eq!(place.database().execute(insert).await, 1201);
    for options in
        [&["--event", "login"][..], &["--client", "web"], &["--address", "192.0.2.1"], &["--to", "1970-01-02"]]
    {
        let rows = exported(&place, options).await;
        let mut ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((rows.len(), ids.len()), (1201, 1201), "{options:?}");
    }
}
