//! Secrets: their forms, their files, and their absence in output.

use super::*;

#[test]
fn a_master_key_is_32_random_bytes() {
    let bytes = |text: &str| *MasterKey::parse(text).unwrap().expose();
    let key = bytes(KEY_HEX);
    assert_eq!((key[0], key[31]), (0x8f, 0x1d));
    assert_eq!(bytes(&KEY_HEX.to_uppercase()), key);
    assert_eq!(bytes("jx0MaiuU53NaYP0eTCi51wNur1GEwt6Qez9hUqjkyR0"), key);
    assert_eq!(bytes("jx0MaiuU53NaYP0eTCi51wNur1GEwt6Qez9hUqjkyR0="), key);
    let zeros = "0".repeat(64);
    let pattern = "deadbeef".repeat(8);
    let counting: String = (0..32).map(|n| format!("{n:02x}")).collect();
    let repeated = "changeme".repeat(5) + "cha";
    let long = "zz".repeat(32);
    for (text, expected) in [
        ("changeme", "is a placeholder"),
        ("Change-Me", "is a placeholder"),
        (&repeated, "is a placeholder"),
        ("secret", "is a placeholder"),
        ("***", "is a placeholder"),
        ("", "is a placeholder"),
        (&zeros, "is too regular"),
        (&pattern, "is too regular"),
        (&counting, "is too regular"),
        (&"A".repeat(43), "is too regular"),
        ("c2hvcnQ", "must be 32 bytes in base64url or hex, not 5"),
        (&long, "must be 32 bytes in base64url or hex, not 48"),
        ("not base64!", "must be 32 bytes in base64url or hex"),
        ("jx0MaiuU53NaYP0eTCi51wNur1GEwt6Qez9hUqjkyR0==", "must be 32 bytes in base64url or hex"),
    ] {
        let Err(reason) = MasterKey::parse(text) else { panic!("accepted {text}") };
        assert!(reason.starts_with(expected), "{text}: {reason}");
        assert!(text.len() < 7 || !reason.contains(text), "{reason} shows the key");
    }
}

#[test]
fn a_secret_may_come_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let good = write("key", &format!("{KEY_HEX}\n"));
    let bad = write("bad", "changeme\n");
    let url = write("url", "postgres://u:p@db/signet\n");
    let key = "SIGNET_KEYS__MASTER_KEY";
    let key_file = "SIGNET_KEYS__MASTER_KEY_FILE";
    let in_file = format!("keys.master_key_file = {good:?}");

    for (toml, env) in [
        (in_file.as_str(), vec![]),
        ("", vec![(key_file, good.as_str())]),
        ("", vec![(key, KEY_HEX)]),
        ("keys.master_key = \"changeme\"", vec![(key_file, good.as_str())]),
        ("keys.master_key_file = \"/nowhere\"", vec![(key, KEY_HEX)]),
    ] {
        let settings = load(toml, &env).unwrap_or_else(|error| panic!("{toml} {env:?}: {error}"));
        assert_eq!(settings.keys.master_key.unwrap().expose(), MasterKey::parse(KEY_HEX).unwrap().expose(), "{toml}");
    }
    for (env, expected) in [
        (vec![(key_file, bad.as_str())], format!("{key_file}: keys.master_key_file is a placeholder")),
        (vec![(key, "short")], format!("{key}: keys.master_key must be 32 bytes")),
        (
            vec![(key_file, "/nowhere")],
            format!("{key_file}: keys.master_key_file cannot be read from /nowhere: No such"),
        ),
        (
            vec![(key, KEY_HEX), (key_file, good.as_str())],
            format!("{key_file}: keys.master_key_file cannot be given together with keys.master_key"),
        ),
    ] {
        let error = load("", &env).unwrap_err();
        assert!(error.starts_with(&expected), "{error}");
    }
    let settings = load("", &[("SIGNET_DATABASE__URL_FILE", &url)]).unwrap();
    assert_eq!(settings.database.url.expose(), "postgres://u:p@db/signet");
}

#[test]
fn secrets_are_never_printed() {
    let toml = format!("keys.master_key = {KEY_HEX:?}\ndatabase.url = \"postgres://u:hunter2@db/signet\"");
    let settings = accept(&toml);
    for text in [settings.to_toml(), settings.to_json().to_string(), format!("{settings:?}"), format!("{settings:#?}")]
    {
        assert!(!text.contains("hunter2") && !text.contains(&KEY_HEX[..8]) && !text.contains("143, 29"), "{text}");
        assert!(text.contains("***") && text.contains("postgres://u:***@db/signet"), "{text}");
    }
    assert_eq!(settings.to_json()["keys"]["master_key"], "***");
    assert_eq!(settings.to_json()["tokens"]["clock_skew"], "1m");
}

#[test]
fn a_database_url_shows_everything_but_its_password() {
    for (url, shown) in [
        ("sqlite://signet.db", "sqlite://signet.db"),
        ("sqlite::memory:", "sqlite::memory:"),
        ("sqlite:///var/lib/signet.db?mode=rwc", "sqlite:///var/lib/signet.db?mode=rwc"),
        ("postgres://u@db:5432/signet", "postgres://u@db:5432/signet"),
        ("postgresql://u:p%40ss@db/signet?sslmode=verify-full", "postgresql://u:***@db/signet?sslmode=verify-full"),
        ("postgres://db/signet?user=u&password=p", "postgres://db/signet?user=u&password=***"),
    ] {
        let parsed = DatabaseUrl::parse(url).unwrap();
        assert_eq!((parsed.expose(), parsed.redacted().as_str()), (url, shown));
    }
    for (url, expected) in [
        ("mysql://db/signet", "must be a sqlite: or postgres: URL"),
        ("signet.db", "is not a URL: relative URL without a base"),
    ] {
        assert_eq!(DatabaseUrl::parse(url).unwrap_err(), expected);
    }
}
