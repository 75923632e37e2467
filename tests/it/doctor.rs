//! The doctor finds what must not be in the database, whoever has put it there.

use serde_json::Value;
use signet::store::invariants::{self, RULES};

use crate::commands::{Place, refused, stderr, stdout, succeeded};
use crate::support::TestServer;
use crate::support::database::Database;

/// A server to which two people have signed in, for an application that may go on without them.
async fn server_with_grants() -> TestServer {
    let mut server = TestServer::start().await;
    server.stop_jobs();
    let rp = server.relying_party().await;
    rp.sign_in("alice").await;
    rp.sign_in("bob").await;
    server
}

/// The rules that are broken.
pub async fn broken(server: &TestServer) -> Vec<&'static str> {
    let mut tx = server.app.provider.store.read().await.unwrap();
    let mut broken = Vec::new();
    for rule in &RULES {
        if invariants::count(&mut tx, rule, server.clock.now()).await.unwrap() > 0 {
            broken.push(rule.name);
        }
    }
    broken
}

#[tokio::test]
async fn each_rule_finds_what_breaks_it() {
    let used_twice = "DROP TABLE used_once; \
                      CREATE TABLE used_once AS SELECT 'x' AS purpose, digest, 1 AS expires_at FROM sessions; \
                      INSERT INTO used_once SELECT * FROM used_once";
    let token = "INSERT INTO opaque_access_tokens (digest, realm_id, client_id, claims, expires_at) \
                 SELECT digest, 'default', 'nobody', '{}', 1 FROM sessions";
    let planted = [
        ("code-grants-once", "UPDATE authorization_codes SET family_id = 'one'"),
        ("code-before-grant", "UPDATE authorization_codes SET redeemed_at = NULL"),
        ("one-refresh-token", "UPDATE token_families SET leaf = (SELECT leaf FROM token_families ORDER BY id LIMIT 1)"),
        ("rotation-is-dated", "UPDATE token_families SET generation = 1"),
        ("disabled-holds-no-grant", "UPDATE users SET enabled = 0"),
        ("disabled-holds-no-grant", "UPDATE clients SET enabled = 0"),
        ("disabled-holds-no-grant", "UPDATE users SET valid_from = 99999999999999"),
        ("ended-holds-no-grant", "UPDATE sessions SET ended_at = 1; UPDATE token_families SET offline = 0"),
        ("disabled-has-no-session", "UPDATE users SET enabled = 0"),
        ("disabled-has-no-session", "UPDATE users SET valid_from = 99999999999999"),
        ("no-orphan-grant", "DELETE FROM users"),
        ("no-orphan-grant", "DELETE FROM clients"),
        ("no-orphan-code", "DELETE FROM users"),
        ("no-orphan-code", "DELETE FROM sessions; UPDATE authorization_codes SET redeemed_at = NULL"),
        ("no-orphan-session", "DELETE FROM users"),
        ("no-orphan-consent", "DELETE FROM clients"),
        ("no-orphan-token", token),
        ("used-once", used_twice),
    ];
    for (rule, sql) in planted {
        let server = server_with_grants().await;
        assert_eq!(broken(&server).await, [""; 0], "all is well before");
        server.database().execute_without_foreign_keys(sql).await;
        let found = broken(&server).await;
        assert!(found.contains(&rule), "{rule}: {sql}: {found:?}");
    }
    for rule in &RULES {
        assert!(planted.iter().any(|(name, _)| *name == rule.name), "{} is tried", rule.name);
    }
}

#[tokio::test]
async fn what_the_server_does_breaks_no_rule() {
    use signet::flows::administer::UserChange;
    let server = server_with_grants().await;
    let rp = server.client("other", serde_json::json!({})).await;
    let tokens = rp.sign_in("alice").await;
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    rp.revoke(next.refresh_token()).await;
    server.change_user("bob", UserChange::Disable).await;
    server.set_client_standing("rp", signet::store::clients::Standing::Disabled).await;
    assert_eq!(broken(&server).await, [""; 0]);
    assert_eq!(invariants::integrity(&server.app.provider.store).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_engine_is_asked_what_it_thinks_of_itself() {
    let server = server_with_grants().await;
    let damage = match Database::is_postgres() {
        true => "ALTER TABLE users ADD CONSTRAINT odd CHECK (enabled = 0) NOT VALID",
        false => "DELETE FROM clients",
    };
    server.database().execute_without_foreign_keys(damage).await;
    assert!(!invariants::integrity(&server.app.provider.store).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_command_says_what_is_wrong_and_exits_with_1() {
    let place = Place::new().await;
    if !Database::is_postgres() {
        let nothing = place.run(&["doctor"]).await;
        assert_eq!(nothing.status.code(), Some(1));
        assert!(stdout(&nothing).contains("FAIL  database"), "{}", stdout(&nothing));
        assert!(!place.path().join("signet.db").exists(), "it makes nothing");
    }
    let mut server = place.serve().await;
    let all = place.run(&["doctor", "--invariants", "--json"]).await;
    let all: Value = serde_json::from_str(&succeeded(&all)).unwrap();
    let checks: Vec<&str> = all.as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    for name in ["settings", "master-key", "schema", "clock", "signing-keys", "audit-log", "database-integrity"] {
        assert!(checks.contains(&name), "{name}: {checks:?}");
    }
    server.kill().await.unwrap();

    let database = place.database();
    database.execute("DELETE FROM signing_keys WHERE algorithm = 'RS256'").await;
    database.execute("UPDATE audit_events SET reason = 'another' WHERE seq = 2").await;
    let found = place.run(&["doctor", "--invariants"]).await;
    let lines = stdout(&found);
    assert_eq!(found.status.code(), Some(1), "{lines}");
    assert!(lines.contains("FAIL  signing-keys             0 RS256 keys sign, not one"), "{lines}");
    assert!(lines.contains("row 2 is not what was written"), "{lines}");
    assert!(stderr(&found).contains("2 of "), "{}", stderr(&found));
    refused(&place.run(&["audit", "verify"]).await, "row 2 is not what was written");
    succeeded(&place.run(&["doctor"]).await);

    std::fs::remove_file(place.path().join("keys/master.key")).unwrap();
    let found = place.run(&["doctor"]).await;
    assert!(stdout(&found).contains("FAIL  master-key"), "{}", stdout(&found));
}
