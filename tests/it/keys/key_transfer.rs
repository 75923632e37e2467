//! Moving keys to a clean machine, where earlier signatures can still be verified (RFC 7517 §5).

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::admin::commands::{Place, refused, succeeded};
use crate::admin::revoking_commands::Scene;
use crate::support::header;
use crate::support::server::http_client;

/// A place with a database without keys, and the master key of another.
async fn clean(other: &Place) -> Place {
    let place = Place::new().await;
    std::fs::create_dir_all(place.path().join("keys")).unwrap();
    std::fs::copy(other.path().join("keys/master.key"), place.path().join("keys/master.key")).unwrap();
    place
}

async fn json(place: &Place, arguments: &[&str]) -> Value {
    let output = place.run(&[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&succeeded(&output)).unwrap()
}

fn with_another_use(all: &mut Value) {
    let is_signing = ["ES256", "RS256"].contains(&all["keys"][0]["algorithm"].as_str().unwrap());
    all["keys"][0]["algorithm"] = json!(if is_signing { "RSA-OAEP-256" } else { "ES256" });
}

async fn import(place: &Place, file: &Path) -> std::process::Output {
    place.run(&["keys", "import", "--from", file.to_str().unwrap()]).await
}

#[tokio::test]
async fn a_clean_machine_with_imported_keys_verifies_old_tokens() {
    let scene = Scene::set().await;
    let token = scene.rp.sign_in("alice").await.access_token;
    let kid = header(&token)["kid"].as_str().unwrap().to_owned();
    let listed = json(&scene.place, &["keys", "list"]).await;
    let lost = listed.as_array().unwrap().iter().find(|key| key["algorithm"] == "RS256").unwrap()["kid"].clone();
    let lost = lost.as_str().unwrap();
    succeeded(&scene.place.run(&["keys", "compromise", "--kid", lost, "--yes"]).await);

    let file = scene.place.path().join("keys.json");
    let export = ["keys", "export", "--to", file.to_str().unwrap()];
    let count = json(&scene.place, &export).await["keys"].clone();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    refused(&scene.place.run(&export).await, "exists");

    let place = clean(&scene.place).await;
    let inspect = async || {
        let output = place.run_with_input(&["token", "inspect", "--json"], &token).await;
        serde_json::from_str::<Value>(&succeeded(&output)).unwrap()["signature"].clone()
    };
    assert_eq!(inspect().await, "INVALID", "before");
    let imported = json(&place, &["keys", "import", "--from", file.to_str().unwrap()]).await;
    assert_eq!(imported, json!({ "keys": count }));
    assert_eq!(inspect().await, "valid", "after");
    let states = json(&place, &["keys", "list"]).await;
    let state = |kid: &str| states.as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap()["state"].clone();
    assert_eq!(state(&kid), "active");
    assert_eq!(state(lost), "gone", "a dropped key stays dropped");
    let _server = place.serve().await;
    let url = format!("{}/.well-known/jwks.json", place.issuer());
    let published = http_client().get(url).send().await.unwrap().text().await.unwrap();
    assert!(published.contains(&kid) && !published.contains(lost), "{published}");
    refused(&import(&place, &file).await, "the database has keys already");
    let events = "SELECT reason FROM audit_events WHERE event = 'key.imported'";
    assert_eq!(json!(place.database().query(events).await.len()), count);
    let events = "SELECT actor FROM audit_events WHERE event = 'keys.exported'";
    assert_eq!(scene.place.database().query(events).await.len(), 1);
}

#[tokio::test]
async fn keys_that_the_server_could_not_use_are_not_imported() {
    let scene = Scene::set().await;
    let file = scene.place.path().join("keys.json");
    succeeded(&scene.place.run(&["keys", "export", "--to", file.to_str().unwrap()]).await);
    let whole: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let place = clean(&scene.place).await;
    let rows: [(&str, fn(&mut Value), &str); 8] = [
        ("another format", |all| all["format"] = json!(2), "not an export of keys"),
        ("another realm", |all| all["realm"] = json!("other"), "not an export of keys"),
        ("no keys", |all| all["keys"] = json!([]), "not an export of keys"),
        ("something else", |all| *all = json!({"keys": []}), "missing field"),
        ("a key twice", |all| all["keys"][1] = all["keys"][0].clone(), "not an export of keys"),
        ("a key under another id", |all| all["keys"][0]["kid"] = json!("other"), "master key"),
        ("a key for another use", with_another_use, "master key"),
        ("a damaged key", |all| all["keys"][0]["sealed"] = json!("AAAA"), "master key"),
    ];
    for (rule, change, why) in rows {
        let mut all = whole.clone();
        change(&mut all);
        let changed = place.path().join("changed.json");
        std::fs::write(&changed, all.to_string()).unwrap();
        let output = import(&place, &changed).await;
        refused(&output, why);
        assert_eq!(json(&place, &["keys", "list"]).await, json!([]), "{rule}");
    }
    let stranger = Place::new().await;
    refused(&import(&stranger, &file).await, "the master key is not the one");
    let nothing = stranger.path().join("nothing.json");
    let export = ["keys", "export", "--to", nothing.to_str().unwrap()];
    refused(&stranger.run(&export).await, "there are no keys yet");
    assert!(!nothing.exists());
}
