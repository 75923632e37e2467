//! The doctor detects invalid data and configuration.

use serde_json::Value;
use signet_store::node::invariants::{self, RULES};

use crate::support::database::Database;
use crate::support::place::{Place, refused, stderr, stdout, succeeded};
use crate::support::{TestServer, UserChange};

/// A server with sign-ins of two people at a client with offline access.
async fn server_with_grants() -> TestServer {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    rp.sign_in("alice").await;
    rp.sign_in("bob").await;
    server
}

/// The violated rules.
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
        ("changes-are-counted", "UPDATE change_counter SET value = 0"),
        (
            "redirect-uris-are-registrable",
            r#"UPDATE clients SET metadata = REPLACE(metadata, '"https://rp.example/cb"', '"javascript:alert(1)"')"#,
        ),
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
        server.database().tamper(sql).await;
        let found = broken(&server).await;
        assert!(found.contains(&rule), "{rule}: {sql}: {found:?}");
    }
    for rule in &RULES {
        assert!(planted.iter().any(|(name, _)| *name == rule.name), "{} is tried", rule.name);
    }
}

#[tokio::test]
async fn a_servers_own_data_breaks_no_invariant() {
    let server = server_with_grants().await;
    let rp = server.client("other", serde_json::json!({})).await;
    let tokens = rp.sign_in("alice").await;
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    rp.revoke(next.refresh_token()).await;
    server.change_user("bob", UserChange::Disable).await;
    server.set_client_standing("rp", signet_store::client::clients::Standing::Disabled).await;
    assert_eq!(broken(&server).await, [""; 0]);
    assert_eq!(invariants::integrity(&server.app.provider.store).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_engines_own_integrity_check_is_run() {
    let server = server_with_grants().await;
    let damage = if Database::is_postgres() {
        "ALTER TABLE users ADD CONSTRAINT odd CHECK (enabled = 0) NOT VALID"
    } else {
        "DELETE FROM clients"
    };
    server.database().tamper(damage).await;
    assert!(!invariants::integrity(&server.app.provider.store).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_command_says_what_is_wrong_and_exits_with_1() {
    let place = Place::empty().await;
    let nothing = place.run(&["doctor"]).await;
    assert_eq!(nothing.status.code(), Some(1));
    let said = stdout(&nothing);
    let why = if Database::is_postgres() { "the database is empty" } else { "there is no database at" };
    assert!(said.contains("FAIL  database") && said.contains(why) && said.contains("`signet init`"), "{said}");
    assert!(!said.contains("master-key"), "a key that nothing was sealed with is not missed: {said}");
    assert!(!place.path().join("signet.db").exists(), "it creates nothing");
    succeeded(&place.run(&["migrate"]).await);
    assert!(stdout(&place.run(&["doctor"]).await).contains("ok    master-key               none yet"));
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
    assert!(lines.contains("FAIL  signing-keys             0 RS256 keys sign instead of one"), "{lines}");
    assert!(lines.contains("row 2 differs from what was written"), "{lines}");
    assert!(stderr(&found).contains("3 of "), "{}", stderr(&found));
    refused(&place.run(&["audit", "verify"]).await, "row 2 differs from what was written");
    let found = place.run(&["doctor"]).await;
    assert!(stdout(&found).contains("no RS256 key signs; start the server, which creates one"), "{}", stdout(&found));

    std::fs::remove_file(place.path().join("keys/master.key")).unwrap();
    let found = place.run(&["doctor"]).await;
    assert!(stdout(&found).contains("FAIL  master-key"), "{}", stdout(&found));
}

/// The doctor's result of one check: severity and detail.
async fn said(place: &Place, arguments: &[&str], check: &str) -> (String, String) {
    let output = place.run(&[&["doctor", "--json"], arguments].concat()).await;
    let found: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
    let failed = found.iter().any(|finding| finding["level"] == "fail");
    assert_eq!(output.status.code(), Some(i32::from(failed)), "{found:?}");
    let finding =
        found.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("{check}: {found:?}"));
    assert_eq!(finding["ok"].as_bool(), Some(finding["level"] != "fail"));
    let detail = finding["detail"].as_str().unwrap_or_default();
    (finding["level"].as_str().unwrap().to_owned(), detail.to_owned())
}

#[tokio::test]
async fn an_installation_is_checked_by_its_settings_and_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new().await;
    succeeded(&place.run(&["user", "add", "--username", "alice"]).await);
    let file = place.path().join("signet.toml");
    let as_it_was = std::fs::read_to_string(&file).unwrap();
    let database = match as_it_was.find("[database]") {
        Some(at) => as_it_was[at..].to_owned() + "allow_lossy_commits = true\n",
        None => String::new(),
    };
    let own = rcgen::generate_simple_self_signed(vec!["op.example".to_owned()]).unwrap();
    std::fs::write(place.path().join("cert.pem"), own.cert.pem()).unwrap();
    std::fs::write(place.path().join("key.pem"), own.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(place.path().join("key.pem"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let production = "mode = \"production\"\nissuer = \"https://op.example\"\n";
    let tls = "tls.cert = \"cert.pem\"\ntls.key = \"key.pem\"\n";
    let trusting = |network: &str| format!("{production}proxy.trusted = [\"{network}\"]\n");
    let rows = [
        (production.to_owned(), "issuer", "ok", "https://op.example"),
        (String::new(), "issuer", "warn", "set mode = \"production\" and an https issuer"),
        (production.to_owned(), "cookies", "ok", "__Host-"),
        (String::new(), "cookies", "warn", "use an https issuer"),
        (production.to_owned(), "proxy", "fail", "set proxy.trusted to the proxy's address"),
        (trusting("0.0.0.0/0"), "proxy", "fail", "lets every client choose its address"),
        (trusting("192.0.0.0/4"), "proxy", "warn", "is wide"),
        (trusting("192.0.2.1"), "proxy", "ok", ""),
        (format!("{production}{tls}"), "tls", "ok", "valid until"),
        (format!("{production}{tls}").replace("op.ex", "id.ex"), "tls", "fail", "is not for id.example"),
        (format!("{production}{tls}").replace("key.pem", "cert.pem"), "tls", "fail", "set tls.cert and tls.key"),
        (format!("{production}{tls}"), "tls-key", "ok", ""),
        (
            format!("{production}mail.smtp = \"smtps://u:p@127.0.0.1:1\"\nmail.from = \"a@op.example\"\n"),
            "mail",
            "fail",
            "check mail.smtp",
        ),
    ];
    for (settings, check, level, detail) in rows {
        std::fs::write(&file, format!("{settings}{database}")).unwrap();
        let (found, said) = said(&place, &[], check).await;
        assert!(found == level && said.contains(detail), "{check}: {settings}: {found}: {said}");
    }
    std::fs::write(
        &file,
        format!("{as_it_was}\n[keys]\nmaster_key = \"{}\"\n", "8f1d0c6a2b94e773".repeat(3) + "0123456789abcdef"),
    )
    .unwrap();
    for (mode, level) in [(0o644, "fail"), (0o640, "ok")] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let (found, detail) = said(&place, &[], "settings-file").await;
        assert!(
            found == level && (level == "ok" || detail.contains("run: chmod o-rwx signet.toml")),
            "{found}: {detail}"
        );
    }
    let key = place.path().join("master");
    std::fs::write(&key, "8f1d0c6a2b94e7735a60fd1e4c28b9d7036eaf5184c2de907b3f6152a8e4c91d").unwrap();
    std::fs::write(&file, format!("{as_it_was}\n[keys]\nmaster_key_file = \"master\"\n")).unwrap();
    for (mode, level) in [(0o644, "warn"), (0o400, "ok")] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let (found, detail) = said(&place, &[], "secret-files").await;
        assert!(found == level && (level == "ok" || detail.contains("run: chmod o-rwx master")), "{found}: {detail}");
    }
    std::fs::write(&file, &as_it_was).unwrap();
    let database = said(&place, &[], "database-settings").await;
    assert_eq!(database.0, if Database::is_postgres() { "warn" } else { "ok" }, "{database:?}");
    if !Database::is_postgres() {
        assert_ne!(said(&place, &[], "disk").await.0, "fail");
        std::fs::set_permissions(place.path().join("signet.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
        let (found, detail) = said(&place, &[], "database").await;
        assert!(found == "fail" && detail.contains("run: chmod 600"), "{found}: {detail}");
    }
}

#[tokio::test]
async fn overdue_keys_and_a_readable_directory_are_reported() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new().await;
    let mut server = place.serve().await;
    assert_eq!(said(&place, &[], "key-schedule").await.0, "ok");
    server.kill().await.unwrap();
    for (days, level, detail) in [(29, "warn", "signet keys rotate --alg"), (11, "fail", "days ago")] {
        let back = days * 86_400_000_i64 + 7_200_000;
        place.database().execute(&format!("UPDATE signing_keys SET activates_at = activates_at - {back}")).await;
        let (found, said) = said(&place, &[], "key-schedule").await;
        assert!(found == level && said.contains(detail), "{found}: {said}");
    }
    assert_eq!(said(&place, &[], "keys-directory").await.0, "ok");
    std::fs::set_permissions(place.path().join("keys"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(
        said(&place, &[], "keys-directory").await,
        ("warn".to_owned(), "other users can access keys; run: chmod 700 keys".to_owned())
    );
    std::fs::set_permissions(place.path().join("keys/master.key"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let (found, detail) = said(&place, &[], "master-key").await;
    assert!(found == "fail" && detail.contains("run: chmod 600"), "{detail}");
}

#[tokio::test]
async fn the_issuer_is_called_like_clients_do() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let (level, detail) = said(&place, &["--online"], "discovery").await;
    assert!(level == "ok" && detail.contains(&place.issuer()), "{detail}");
    let file = place.path().join("signet.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("http://localhost:", "http://127.0.0.1:")).unwrap();
    let (level, detail) = said(&place, &["--online"], "discovery").await;
    assert!(level == "fail" && detail.contains(&format!("calls itself \"{}\"", place.issuer())), "{detail}");
    server.kill().await.unwrap();
    let (level, detail) = said(&place, &["--online"], "discovery").await;
    assert!(level == "fail" && detail.contains("cannot be reached"), "{detail}");
}
