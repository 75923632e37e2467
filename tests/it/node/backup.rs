//! Backups, and the data that a restored one must not make valid again.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use signet::flows::events::restore;
use signet_protocol::time::Span;
use signet_store::StoreError;
use signet_store::node::backup;
use signet_store::node::nodes::{self, Channel, NodeRow};
use signet_store::node::restore_epochs::OfflineGrants;

use crate::support::database::Database;
use crate::support::place::{Place, refused, stderr, stdout, succeeded};
use crate::support::relying_party::CHALLENGE;
use crate::support::{RelyingParty, TestServer, UserChange};

/// A backup of this server, taken now.
async fn back_up(server: &TestServer, directory: &Path) {
    backup::write(&server.app.provider.store, &directory.join("backup"), server.clock.now()).await.unwrap();
}

/// A server on the restored backup, for the same issuer.
async fn restore(server: &TestServer, directory: &Path, offline: OfflineGrants) -> TestServer {
    let file = directory.join("restored.db");
    let manifest = backup::read(&directory.join("backup"), &file).unwrap();
    let issuer = server.app.settings.issuer.clone();
    let database = Arc::new(Database::at(format!("sqlite://{}", file.display())));
    let mut restored = TestServer::on(database, move |settings| settings.issuer = issuer).await;
    restored.issuer = format!("http://{}", restored.app.settings.listen);
    begin_epoch(&restored, Some(manifest.made_at), offline).await;
    restored
}

async fn begin_epoch(server: &TestServer, made_at: Option<signet_protocol::time::Timestamp>, offline: OfflineGrants) {
    let horizon = server.app.provider.revocation_horizon(server.clock.now());
    let store = &server.app.provider.store;
    restore::begin_epoch(store, &server.context(), made_at, offline, horizon).await.unwrap();
    server.app.follow().await.unwrap();
}

/// True if this session is accepted without a sign-in.
async fn is_signed_in(browser: &crate::support::Browser, rp: &RelyingParty) -> bool {
    let page = browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    page.headers["location"].to_str().unwrap().contains("code=")
}

#[tokio::test]
async fn values_used_or_revoked_after_the_backup_stay_void() {
    if Database::is_postgres() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    let code = authorized.code();
    let rotated = rp.sign_in("alice").await;
    let revoked = rp.sign_in("bob").await;
    let pushed = [
        ("response_type", "code"),
        ("redirect_uri", rp.redirect_uri.as_str()),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let pushed = rp.post("/par", &pushed).await.json()["request_uri"].as_str().unwrap().to_owned();
    let pushed = format!("/authorize?client_id=rp&request_uri={pushed}");
    back_up(&server, directory.path()).await;

    rp.redeem(&code).await.tokens();
    assert!(authorized.browser.get(&pushed).await.headers["location"].to_str().unwrap().contains("code="));
    let next = rp.refresh(rotated.refresh_token()).await.tokens();
    assert_eq!(rp.revoke(&revoked.access_token).await.status, 200);
    server.change_user("bob", UserChange::Disable).await;

    let restored = restore(&server, directory.path(), OfflineGrants::Revoke).await;
    let again = rp.at(&restored);
    again.redeem(&code).await.assert_error(400, "invalid_grant");
    again.refresh(rotated.refresh_token()).await.assert_error(400, "invalid_grant");
    again.refresh(next.refresh_token()).await.assert_error(400, "invalid_grant");
    let page = restored.browser().get(&pushed).await;
    assert!(page.body.contains("request_uri is expired or already used"), "{}", page.body);
    assert!(!again.is_active(&revoked.access_token).await, "revoked after the backup");
    assert!(!again.is_active(&rotated.access_token).await, "all from before is cut off");
    let left = restored.database().query("SELECT id FROM sessions WHERE ended_at IS NULL").await.len();
    assert_eq!(left, 0, "everybody signs in again");
    assert!(restored.database().audit_events().await.contains(&"backup.restored".to_owned()));

    // Bob can sign in again: he was disabled after the backup, and the command warns about such losses.
    let tokens = again.sign_in("bob").await;
    assert!(again.is_active(&tokens.access_token).await);
    again.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn a_new_epoch_voids_everything_issued_before_on_both_engines() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let service = server.client("svc", json!({ "grant_types": ["client_credentials"], "redirect_uris": [] })).await;
    let own = service.client_credentials(&[]).await.tokens().access_token;
    let authorized = rp.authorize_as("alice").await;
    let code = authorized.code();
    let tokens = rp.sign_in("alice").await;
    assert!(is_signed_in(&authorized.browser, &rp).await);
    begin_epoch(&server, None, OfflineGrants::Revoke).await;
    let remembered = server.database().query("SELECT scope FROM consents").await.len();
    assert_eq!(remembered, 0, "one may have been withdrawn after the backup");
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
    assert!(!rp.is_active(&tokens.access_token).await);
    assert!(!service.is_active(&own).await);
    assert!(!is_signed_in(&authorized.browser, &rp).await);
    server.clock.advance(signet_protocol::time::Span::from_secs(1));
    let own = service.client_credentials(&[]).await.tokens().access_token;
    assert!(service.is_active(&own).await, "what comes afterwards is good");
    begin_epoch(&server, None, OfflineGrants::Revoke).await;
    let epochs = server.database().query("SELECT epoch FROM restore_epochs").await.len();
    assert_eq!(epochs, 2);
}

#[tokio::test]
async fn offline_grants_are_kept_only_on_request() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    begin_epoch(&server, None, OfflineGrants::Keep).await;
    assert!(!rp.is_active(&tokens.access_token).await);
    server.clock.advance(signet_protocol::time::Span::from_secs(1));
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    assert!(rp.is_active(&next.access_token).await);
}

#[tokio::test]
async fn the_drill_works_beside_a_running_server_and_leaves_the_key_out() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let add = ["user", "add", "--username", "alice", "--password-stdin"];
    succeeded(&place.run_with_input(&add, "correct horse battery").await);
    if Database::is_postgres() {
        refused(&place.run(&["backup", "--to", "copy"]).await, "pg_dump");
        refused(&place.run(&["restore", "--from", "copy"]).await, "pg_restore");
        in_use(&place).await;
        let forced = ["restore", "--in-place", "--yes", "--force"];
        assert!(succeeded(&place.run(&forced).await).contains("Database restored (epoch"));
        return;
    }
    std::os::unix::fs::symlink("copy", place.path().join("link")).unwrap();
    for keys in ["copy/keys", "away/../copy", "copy/../copy/keys"] {
        refused(&place.run(&["backup", "--to", "copy", "--keys", keys]).await, "must not be in the directory");
        assert!(!place.path().join("copy").exists(), "{keys}: and nothing has been written");
    }
    refused(&place.run(&["backup", "--to", "copy", "--keys", "link"]).await, "must not be in the directory");
    assert!(!place.path().join("copy/master.key").exists(), "a link that leads nowhere until the copy is made");
    std::fs::remove_dir_all(place.path().join("copy")).unwrap();
    in_use(&place).await;
    let made = place.run(&["backup", "--to", "copy", "--keys", "apart", "--json"]).await;
    let made: Value = serde_json::from_str(&succeeded(&made)).unwrap();
    let migrations = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
    let numbers = migrations.map(|file| file.unwrap().file_name().to_str().unwrap()[..4].parse::<u32>().unwrap());
    let newest = numbers.max().unwrap();
    assert_eq!((&made["format"], &made["schema"]), (&json!(1), &json!(newest)));
    let mut names: Vec<_> = std::fs::read_dir(place.path().join("copy")).unwrap().map(|e| e.unwrap().path()).collect();
    names.push(place.path().join("apart/master.key"));
    assert_eq!(names.len(), 3, "{names:?}");
    for file in &names {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    refused(&place.run(&["backup", "--to", "copy"]).await, "already exists");
    refused(&place.run(&["restore", "--from", "copy"]).await, "to a new database only");
    server.kill().await.unwrap();

    // On another machine: without the database and, at first, without the key.
    for name in ["signet.db", "signet.db-wal", "signet.db-shm"] {
        let _ = std::fs::remove_file(place.path().join(name));
    }
    let key = place.path().join("keys/master.key");
    std::fs::remove_file(&key).unwrap();
    refused(&place.run(&["restore", "--from", "copy"]).await, "master.key is missing");
    std::fs::write(&key, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\n").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    refused(&place.run(&["restore", "--from", "copy"]).await, "needs the master key");
    assert!(!place.path().join("signet.db").exists(), "what was refused leaves nothing");
    std::fs::copy(place.path().join("apart/master.key"), &key).unwrap();
    let restored = place.run(&["restore", "--from", "copy"]).await;
    assert!(succeeded(&restored).contains("Database restored of "), "{}", stdout(&restored));
    assert!(stderr(&restored).contains("are lost"), "{}", stderr(&restored));
    assert!(!place.path().join("signet.db.restoring").exists());
    let mut server = place.serve().await;
    refused(&place.run_with_input(&add, "correct horse battery").await, "exists already");
    succeeded(&place.run(&["doctor", "--invariants"]).await);
    succeeded(&place.run(&["audit", "verify"]).await);
    server.kill().await.unwrap();
}

/// Waits until a restore in place is refused because a server uses the database, whose jobs start after it listens.
async fn in_use(place: &Place) {
    refused(&place.run(&["restore", "--in-place"]).await, "run it again with --yes");
    for _ in 0..100 {
        let output = place.run(&["restore", "--in-place", "--yes"]).await;
        if output.status.code() == Some(1) {
            return refused(&output, "a server uses this database: stop every node first");
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("a running server does not hold its lease");
}

#[tokio::test]
async fn a_running_node_without_the_lease_prevents_a_restore_in_place() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    for table in ["leases", "nodes"] {
        server.database().execute(&format!("DELETE FROM {table}")).await;
    }
    let store = &server.app.provider.store;
    let use_ends = async || restore::in_use_until(store, &server.context()).await.unwrap();
    assert_eq!(use_ends().await, None);
    let heard_at = server.clock.now();
    let node = NodeRow {
        id: "follower".to_owned(),
        heard_seq: 0,
        heard_at,
        lease: std::time::Duration::ZERO,
        channel: Channel::None,
    };
    let written = store.write(move |tx| {
        let node = node.clone();
        Box::pin(async move { nodes::join(tx, &node, "").await })
    });
    let written: Result<(), StoreError> = written.await;
    written.unwrap();
    server.clock.advance(Span::from_secs(14));
    assert_eq!(use_ends().await, Some(heard_at.plus(Span::from_secs(15))));
    server.clock.advance(Span::from_secs(1));
    assert_eq!(use_ends().await, None, "it was killed");
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing() {
    if Database::is_postgres() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start().await;
    back_up(&server, directory.path()).await;
    let copy = directory.path().join("backup/signet.db");
    let manifest = directory.path().join("backup/manifest.json");
    let whole = std::fs::read(&copy).unwrap();
    let said = std::fs::read_to_string(&manifest).unwrap();
    let target = directory.path().join("restored.db");
    let read = || backup::read(&directory.path().join("backup"), &target).map(drop).map_err(|error| error.to_string());
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (name, bytes) in [("flipped", flipped), ("cut", whole[..whole.len() - 1].to_vec())] {
        std::fs::write(&copy, bytes).unwrap();
        assert!(read().unwrap_err().contains("is damaged"), "{name}");
        assert!(!target.exists(), "{name}");
    }
    std::fs::write(&copy, &whole).unwrap();
    for (name, text) in [("empty", "{}".to_owned()), ("another form", said.replace("\"format\": 1", "\"format\": 2"))] {
        std::fs::write(&manifest, text).unwrap();
        assert!(read().unwrap_err().contains("is not the manifest"), "{name}");
    }
    std::fs::write(&manifest, &said).unwrap();
    assert_eq!(read(), Ok(()));
    assert!(read().unwrap_err().contains("already exists"), "nothing is overwritten");
}
