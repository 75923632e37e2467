//! Keys and values that are refused before any rule is asked.

use super::*;

#[test]
fn unknown_keys_are_named() {
    for (toml, expected) in [
        ("colour = 1", "signet.toml: unknown setting colour"),
        ("[log]\nlevle = \"info\"", "signet.toml: unknown setting log.levle"),
        ("log = \"info\"", "signet.toml: unknown setting log"),
        ("[colours]", "signet.toml: unknown setting colours"),
        ("[listen.a.b]\nc = 1", "signet.toml: unknown setting listen.a.b.c"),
        ("\"log.level\" = \"info\"", "signet.toml: unknown setting \"log.level\" (is log.level meant?)"),
        ("\"a\\nb\" = 1", "signet.toml: unknown setting \"a\\nb\""),
        ("database_url = \"sqlite:\"", "signet.toml: unknown setting database_url (is database.url meant?)"),
    ] {
        let got = refusal(toml);
        assert!(got == expected || got == expected.replace(" (is log.level meant?)", ""), "{toml}: {got}");
    }
    for (name, expected) in [
        ("SIGNET_COLOUR", "SIGNET_COLOUR: unknown setting colour"),
        ("SIGNET_LOG_LEVEL", "SIGNET_LOG_LEVEL: unknown setting log_level (is log.level meant?)"),
        ("SIGNET_LOG__LEVEL_FILE", "SIGNET_LOG__LEVEL_FILE: unknown setting log.level_file"),
        ("SIGNET_log__level", "SIGNET_log__level: unknown setting SIGNET_log__level"),
        ("SIGNET_", "SIGNET_: unknown setting "),
    ] {
        assert_eq!(load("", &[(name, "info")]).unwrap_err(), expected);
    }
    accept("[log]\n[database]");
}

#[test]
fn an_unreadable_file_is_one_clear_line() {
    let missing = Settings::load(Some(Path::new("/nowhere/signet.toml")), std::iter::empty()).unwrap_err();
    assert_eq!(missing.to_string(), "cannot read /nowhere/signet.toml: No such file or directory (os error 2)");
    assert!(refusal("issuer = \"a\"\n\nlisten = oops\n").starts_with("signet.toml:3: "));
    assert!(refusal("mode = \"development\"\nmode = \"production\"").starts_with("signet.toml:2: duplicate key"));
}

#[test]
fn a_malformed_value_is_refused_with_the_expected_form() {
    for (toml, expected) in [
        ("mode = \"test\"", "mode must be development or production"),
        ("listen = \"localhost:8000\"", "listen must be an IP address with a port, such as 127.0.0.1:8000"),
        (
            "management.listen = false",
            "management.listen must be an IP address with a port, such as 127.0.0.1:8001, or off",
        ),
        ("database.migrate = \"yes\"", "database.migrate must be true or false"),
        ("database.max_connections = -1", "database.max_connections must be a whole number"),
        ("database.max_connections = 1.5", "database.max_connections must be a whole number"),
        ("keys.dir = \"\"", "keys.dir must be a path"),
        (
            "keys.algorithms = [\"HS256\"]",
            "keys.algorithms must be a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA",
        ),
        (
            "keys.algorithms = [\"none\"]",
            "keys.algorithms must be a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA",
        ),
        (
            "keys.encryption_algorithms = [\"RSA1_5\"]",
            "keys.encryption_algorithms must be a list of RSA-OAEP-256, ECDH-ES and ECDH-ES+A256KW",
        ),
        ("proxy.trusted = [\"everyone\"]", "proxy.trusted must be a list of networks, such as 10.0.0.0/8"),
        ("log.level = \"loud\"", "log.level must be off, error, warn, info, debug or trace"),
        ("proxy.header = \"x-real-ip\"", "proxy.header must be x-forwarded-for or forwarded"),
        ("log.format = \"xml\"", "log.format must be json or pretty"),
        ("sessions.idle = \"1w\"", "sessions.idle must be a duration, such as 90s, 10m, 24h or 30d"),
        ("sessions.idle = -5", "sessions.idle must be a duration, such as 90s, 10m, 24h or 30d"),
        ("issuer = []", "issuer must be a non-empty text"),
    ] {
        assert_eq!(refusal(toml), format!("signet.toml: {expected}"));
    }
    let error = load("", &[("SIGNET_LIMITS__BODY_BYTES", "64k")]).unwrap_err();
    assert_eq!(error, "SIGNET_LIMITS__BODY_BYTES: limits.body_bytes must be a whole number");
}

#[test]
fn durations_have_units() {
    for (text, millis) in [
        ("0", 0),
        ("90", 90_000),
        ("90s", 90_000),
        ("10m", 600_000),
        ("24h", 86_400_000),
        ("30d", 2_592_000_000),
        ("4294967295d", 371_085_174_288_000_000),
    ] {
        assert_eq!(Span::parse(text).map(Span::as_millis), Some(millis), "{text}");
    }
    for text in ["", "s", "-1s", "+1s", "1.5h", "1 h", "1ms", "1w", "1H", "h1", "1h1", "4294967296", "1é"] {
        assert_eq!(Span::parse(text), None, "{text}");
    }
    for (span, text) in [
        (Span::from_secs(0), "0s"),
        (Span::from_secs(90), "90s"),
        (Span::from_secs(3600), "1h"),
        (Span::from_hours(48), "2d"),
        (Span::from_millis(1500), "1500ms"),
    ] {
        assert_eq!(span.to_string(), text);
    }
    assert_eq!(Span::from_millis(1999).as_secs(), 1);
}
