//! Administrators list, show, update and remove people; a new password ends everything started with the old one.

mod passwords;

use serde_json::{Value, json};
use signet::config::Settings;
use signet::flows::admin::{Changed, PeopleError, PersonUpdate};
use signet_protocol::ids::UserId;

use crate::admin::revoking_commands::Scene;
use crate::support::place::{Place, refused, stderr, succeeded};
use crate::support::server::PASSWORD;
use crate::support::{Browser, MailSink, Page, Receiver, RelyingParty, TestServer, Tokens, claims};

/// Signs in with this password, in a browser of its own.
async fn sign_in(rp: &RelyingParty, username: &str, password: &str) -> (Browser, Page) {
    let browser = Browser::new(&rp.issuer);
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let page = browser.submit(&page, &[("username", username), ("password", password), ("login-submit", "yes")]).await;
    (browser, page)
}

async fn count(server: &TestServer, table: &str, user: &str) -> usize {
    server.database().query(&format!("SELECT user_id FROM {table} WHERE user_id = '{user}'")).await.len()
}

fn sub(tokens: &Tokens) -> String {
    claims(&tokens.access_token)["sub"].as_str().unwrap().to_owned()
}

/// Changes a user as the command does, from what is stored now.
async fn update(server: &TestServer, named: &str, change: impl FnOnce(&mut PersonUpdate)) -> Result<(), PeopleError> {
    let context = server.context();
    let operator = server.operator(&context);
    let read = operator.people().read(named).await?;
    let mut next = PersonUpdate::from(&read.user);
    change(&mut next);
    operator.people().update(&read, next).await.map(drop)
}

#[tokio::test]
async fn users_are_listed_by_name_a_page_at_a_time() {
    let place = Place::new().await;
    for name in ["dora", "Berta", "anna", "emil_x", "carl"] {
        succeeded(&place.run(&["user", "add", name, "--email", &format!("{name}@example.org")]).await);
    }
    succeeded(&place.run(&["user", "disable", "carl"]).await);
    let mut names = Vec::new();
    let mut after = String::new();
    let mut pages = 0;
    loop {
        let list = ["user", "list", "--limit", "2", "--after", &after, "--json"];
        let page: Value = serde_json::from_str(&succeeded(&place.run(&list).await)).unwrap();
        names
            .extend(page["users"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((names.join(" ").as_str(), pages), ("anna Berta carl dora emil_x", 3));
    let shown = place.run(&["user", "list", "--limit", "2"]).await;
    assert_eq!(succeeded(&shown).lines().count(), 2);
    assert!(stderr(&shown).contains("continue with --after Berta"), "{}", stderr(&shown));
    let rows: [(&[&str], &[&str]); 6] = [
        (&["--query", "ERT"], &["Berta"]),
        (&["--query", "ANNA@example"], &["anna"]),
        (&["--query", "_"], &["emil_x"]),
        (&["--query", "%"], &[]),
        (&["--disabled"], &["carl"]),
        (&["--query", "a@", "--limit", "1", "--after", "anna"], &["Berta"]),
    ];
    for (options, expected) in rows {
        let page = succeeded(&place.run(&[&["user", "list", "--json"], options].concat()).await);
        let page: Value = serde_json::from_str(&page).unwrap();
        let found: Vec<&str> =
            page["users"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{options:?}");
    }
}

#[tokio::test]
async fn a_user_is_shown_by_name_address_or_sub() {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    let place = &scene.place;
    let change = ["user", "update", "alice", "--email", "alice@example.org", "--email-verified", "--add-role", "staff"];
    succeeded(&place.run(&[&change[..], &["--given-name", "Alice", "--claim", "locale=en-GB"]].concat()).await);
    let sub = sub(&tokens);
    for named in ["alice", "ALICE", "Alice@Example.org", sub.as_str()] {
        let shown = scene.json(&["user", "show", named]).await;
        let expected = json!({
            "sub": sub, "username": "alice", "email": "alice@example.org", "email_verified": true, "state": "enabled",
            "roles": ["staff"], "sessions": 1, "grants": 1, "consents": 1, "known_devices": 1, "banned_until": null,
            "paused_until": null, "attributes": {},
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&shown[name], value, "{named}: {name}");
        }
        assert_eq!((&shown["claims"]["given_name"], &shown["claims"]["locale"]), (&json!("Alice"), &json!("en-GB")));
        assert!(shown["last_login_at"].is_i64() && shown["password_set_at"].is_i64(), "{shown}");
        assert!(!shown.to_string().contains("argon2"), "no hash");
    }
    let text = succeeded(&place.run(&["user", "show", "--username", "alice"]).await);
    assert!(
        text.contains("email:          alice@example.org (verified)") && text.contains("  given_name: Alice"),
        "{text}"
    );
    refused(&place.run(&["user", "show", "nobody"]).await, "no user");
    // A user whose name is another user's sub is not confused with that user.
    succeeded(&place.run(&["user", "add", &sub]).await);
    refused(&place.run(&["user", "disable", &sub]).await, "the sub of another");
    assert_eq!(scene.json(&["user", "show", "alice@example.org"]).await["sub"], sub.as_str());
}

#[tokio::test]
async fn a_change_is_printed_with_its_values_and_logged_without_them() {
    let place = Place::new().await;
    let attributes = place.path().join("attributes.json");
    std::fs::write(&attributes, r#"{"tier": "gold"}"#).unwrap();
    succeeded(
        &place.run(&["user", "add", "alice", "--email", "alice@example.org", "--role", "a", "--role", "b"]).await,
    );
    let change =
        ["user", "update", "alice", "--rename", "alicia", "--email", "alicia@new.example", "--remove-role", "a"];
    let more = ["--add-role", "c", "--attributes", attributes.to_str().unwrap(), "--family-name", "Lidell"];
    let said = succeeded(&place.run(&[&change[..], &more].concat()).await);
    for line in [
        "  attributes: none -> {\"tier\":\"gold\"}",
        "  email: alice@example.org -> alicia@new.example",
        "  family_name: none -> Lidell",
        "  roles: a, b -> b, c",
        "  username: alice -> alicia",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let log = succeeded(&place.run(&["audit", "export"]).await);
    assert!(log.contains("attributes email family_name username"), "{log}");
    assert!(log.contains("granted: c; withdrawn: a") && log.contains("user.email_changed"), "{log}");
    for personal in ["example.org", "new.example", "Lidell", "gold", "alicia"] {
        assert!(!log.contains(personal), "{personal}: {log}");
    }
    let again = succeeded(&place.run(&["user", "update", "alicia", "--family-name", "Lidell"]).await);
    assert_eq!(again, "The user alicia already has these attributes.\n");
    succeeded(&place.run(&["user", "add", "bob"]).await);
    let rows: [(&[&str], &str); 7] = [
        (&["bob", "--rename", "ALICIA"], "exists already"),
        (&["bob", "--email", "alicia@new.example"], "exists already"),
        (&["bob", "--rename", "bob@example.org"], "must not have an @"),
        (&["bob", "--email", "nowhere"], "not a valid e-mail address"),
        (&["bob", "--email-verified"], "no e-mail address"),
        (&["bob", "--claim", "birthdate=yesterday"], "birthdate"),
        (&["bob", "--remove-role", "c"], "no such role"),
    ];
    for (options, why) in rows {
        refused(&place.run(&[&["user", "update"], options].concat()).await, why);
    }
    succeeded(&place.run(&["user", "update", "alicia", "--family-name", "", "--email", ""]).await);
    let shown: Value =
        serde_json::from_str(&succeeded(&place.run(&["user", "show", "alicia", "--json"]).await)).unwrap();
    assert_eq!((&shown["email"], &shown["claims"]["family_name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_change_of_a_user_is_refused_where_another_came_first() {
    let server = TestServer::start().await;
    let context = server.context();
    let operator = server.operator(&context);
    let read = operator.people().read("alice").await.unwrap();
    update(&server, "alice", |person| person.roles.push("first".to_owned())).await.unwrap();
    let mut next = PersonUpdate::from(&read.user);
    next.email_verified = false;
    let late = operator.people().update(&read, next).await.err();
    assert!(matches!(late, Some(PeopleError::Changed(Changed("user")))), "{late:?}");
    let now = operator.people().read("alice").await.unwrap();
    assert_eq!((now.user.roles, now.user.email.unwrap().1), (vec!["first".to_owned()], true));
}

#[tokio::test]
async fn a_role_that_is_lost_is_lost_to_access_tokens_and_grants_go_on() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    update(&server, "alice", |person| person.roles = vec!["staff".to_owned()]).await.unwrap();
    let tokens = rp.sign_in("alice").await;
    update(&server, "alice", |person| person.roles.push("more".to_owned())).await.unwrap();
    assert!(rp.at(&twin).is_active(&tokens.access_token).await, "a role more ends nothing");
    update(&server, "alice", |person| person.roles.clear()).await.unwrap();
    assert!(!rp.at(&twin).is_active(&tokens.access_token).await);
    rp.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn a_role_that_is_lost_is_lost_to_tokens_that_a_late_node_signed_meanwhile() {
    let server = TestServer::start().await;
    let mut late = server.twin().await;
    late.stop_jobs().await;
    let rp = server.relying_party().await;
    update(&server, "alice", |person| person.roles = vec!["staff".to_owned()]).await.unwrap();
    let tokens = rp.sign_in("alice").await;
    late.app.follow().await.unwrap();
    update(&server, "alice", |person| person.roles.clear()).await.unwrap();
    let meanwhile = rp.at(&late).refresh(tokens.refresh_token()).await.tokens();
    let context = server.context();
    let operator = server.operator(&context);
    let read = operator.people().read("alice").await.unwrap();
    operator.people().void_late_tokens(&read.user.id).await.unwrap();
    server.app.follow().await.unwrap();
    assert!(!rp.is_active(&meanwhile.access_token).await);
    let next = rp.refresh(meanwhile.refresh_token()).await.tokens();
    assert!(rp.is_active(&next.access_token).await, "and the grant goes on");
}

#[tokio::test]
async fn of_a_removed_user_the_audit_log_keeps_the_sub_alone() {
    let receiver = Receiver::start().await;
    let allow = |settings: &mut Settings| {
        settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
    };
    let server = TestServer::start_with(allow).await;
    let twin = server.twin_with(allow).await;
    let metadata = json!({"backchannel_logout_uri": receiver.url, "backchannel_logout_session_required": true});
    let rp = server.client("rp", metadata).await;
    let tokens = rp.sign_in("alice").await;
    let bobs = rp.sign_in("bob").await;
    let id = sub(&tokens);
    let ended = server.remove_user("alice@example.org").await;
    assert_eq!((ended.sessions, ended.grants), (1, 1));

    for node in [&server, &twin] {
        assert_eq!(node.userinfo(&tokens.access_token).await.status(), 401);
        assert_eq!(node.userinfo(&bobs.access_token).await.status(), 200);
        assert!(!rp.at(node).is_active(&tokens.access_token).await);
        rp.at(node).refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    let arrival = receiver.next().await;
    let token = arrival.fields.iter().find(|(name, _)| name == "logout_token").unwrap();
    assert_eq!(claims(&token.1)["sub"], id.as_str());
    for table in
        ["sessions", "consents", "token_families", "known_devices", "passwords", "user_roles", "authorization_codes"]
    {
        assert_eq!(count(&server, table, &id).await, 0, "{table}");
    }
    assert!(!server.database().holds("alice@example.org").await && !server.database().holds("alice Example").await);
    let removed = format!("SELECT id FROM audit_events WHERE event = 'user.removed' AND user_id = '{id}'");
    assert_eq!(server.database().query(&removed).await.len(), 1);
    assert!(sign_in(&rp, "alice", PASSWORD).await.1.has("Incorrect username or password."));
    let again = server.add_user("alice").await;
    assert_ne!(again, UserId::from_stored(id), "a user who comes after is another one");
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
}

#[tokio::test]
async fn a_user_is_removed_only_where_that_is_confirmed() {
    let scene = Scene::set().await;
    scene.rp.sign_in("alice").await;
    refused(&scene.place.run(&["user", "remove", "alice"]).await, "run it again with --yes");
    scene.json(&["user", "show", "alice"]).await;
    let said = succeeded(&scene.place.run(&["user", "remove", "alice", "--yes"]).await);
    assert!(said.contains("The user alice is removed. Sessions ended: 1, grants: 1."), "{said}");
    refused(&scene.place.run(&["user", "show", "alice"]).await, "no user");
    let checked = scene.place.run(&["doctor", "--invariants"]).await;
    let said = succeeded(&checked);
    assert!(!said.contains("FAIL"), "{said}");
}

#[tokio::test]
async fn a_replaced_address_gets_a_mail_and_mails_are_deleted_with_their_person() {
    let sink = MailSink::start().await;
    let mut server = TestServer::start_with(|settings| sink.settings(settings)).await;
    server.stop_jobs().await;
    update(&server, "alice", |person| person.email = Some("alice@new.example".to_owned())).await.unwrap();
    signet::jobs::deliver_due(&server.app).await.unwrap();
    let mut mails = [sink.next().await, sink.next().await].map(|mail| (mail.to.join(" "), mail.header("Subject")));
    mails.sort();
    assert_eq!([mails[0].0.as_str(), mails[1].0.as_str()], ["alice@example.org", "alice@new.example"]);
    assert!(mails.iter().all(|(_, subject)| subject.starts_with("The e-mail address of your account was changed")));

    // An unverified address may belong to a stranger.
    update(&server, "bob", |person| person.email_verified = false).await.unwrap();
    update(&server, "bob", |person| person.email = Some("bob@new.example".to_owned())).await.unwrap();
    assert!(server.database().query("SELECT id FROM outbox WHERE kind = 'mail'").await.is_empty());

    update(&server, "alice", |person| person.email = Some("alice@third.example".to_owned())).await.unwrap();
    assert_eq!(server.database().query("SELECT id FROM outbox WHERE kind = 'mail'").await.len(), 2);
    server.remove_user("alice").await;
    assert!(server.database().query("SELECT id FROM outbox WHERE kind = 'mail'").await.is_empty());
    assert!(!server.database().holds("alice@new.example").await);
}

#[tokio::test]
async fn a_new_user_name_has_no_at_and_the_doctor_reports_those_that_have() {
    let place = Place::new().await;
    let server = place.serve().await;
    refused(&place.run(&["user", "add", "alice@example.org"]).await, "must not have an @");
    refused(&place.run(&["user", "add", "alice\u{ff20}example.org"]).await, "must not have an @");
    succeeded(&place.run(&["user", "add", "alice"]).await);
    drop(server);
    let healthy = succeeded(&place.run(&["doctor", "--invariants"]).await);
    assert!(healthy.lines().any(|line| line.contains("user-names") && line.contains("ok")), "{healthy}");
    place.database().execute("UPDATE users SET username = 'a@x.example', username_key = 'a@x.example'").await;
    let found = succeeded(&place.run(&["doctor", "--invariants"]).await);
    assert!(found.lines().any(|line| line.contains("user-names") && line.contains("warn")), "{found}");
    // Existing names stay valid.
    succeeded(&place.run(&["user", "update", "a@x.example", "--given-name", "Alice"]).await);
    succeeded(&place.run(&["user", "update", "a@x.example", "--rename", "alice"]).await);
}
