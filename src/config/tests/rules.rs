//! The rules for settings, alone and in combination.

use super::*;

#[test]
fn clients_register_with_an_allowed_profile() {
    let allowed = "[profiles]\nallowed = [\"oidc_classic\"]\n";
    let classic = "[registration]\nprofile = \"oidc_classic\"\n";
    accept(&format!("{allowed}{classic}"));
    accept(allowed);
    let expected = "signet.toml: registration.profile is oidc_classic, which is not in profiles.allowed; add it there, or \
                    choose another";
    assert_eq!(refusal(classic), expected);
    assert_eq!(refusal(&format!("{classic}mode = \"token\"")), expected);
    let refused = refusal(&format!("{allowed}[registration]\nmode = \"open\""));
    assert!(
        refused.starts_with("registration.profile is oauth21, which is not in profiles.allowed"),
        "a default: {refused}"
    );
}

#[test]
fn the_issuer_follows_the_listener_in_development_only() {
    for (toml, expected) in [
        ("listen = \"127.0.0.1:9000\"", "http://localhost:9000"),
        ("listen = \"0.0.0.0:80\"", "http://localhost"),
        ("tls.cert = \"c\"\ntls.key = \"k\"", "https://localhost:8000"),
        ("listen = \"127.0.0.1:9000\"\nissuer = \"http://127.0.0.1:1\"", "http://127.0.0.1:1"),
    ] {
        assert_eq!(accept(toml).issuer, expected, "{toml}");
    }
    assert_eq!(refusal("mode = \"production\""), "issuer must be set when mode is production");
    assert_eq!(refusal("listen = \"127.0.0.1:0\""), "issuer must be set when listen has port 0");
}

#[test]
fn an_issuer_is_an_https_url_in_normal_form() {
    use Mode::{Development, Production};
    for (mode, issuer) in [
        (Production, "https://a.example"),
        (Production, "https://a.example:8443/path/of/tenant"),
        (Production, "https://localhost"),
        (Development, "https://a.example"),
        (Development, "http://localhost:8000"),
        (Development, "http://127.9.9.9"),
        (Development, "http://[::1]:8000/path"),
    ] {
        let settings = accept(&line(mode, &format!("issuer = {issuer:?}")));
        assert_eq!(settings.issuer, issuer);
        assert_eq!(settings.issuer_url().unwrap().as_str().trim_end_matches('/'), issuer);
    }
    for (mode, issuer, expected) in [
        (Production, "http://a.example", "must use https when mode is production"),
        (Production, "http://localhost", "must use https when mode is production"),
        (Development, "http://a.example", "may use http only for localhost, 127.0.0.0/8 and [::1]"),
        (Development, "http://localhost.example", "may use http only for localhost, 127.0.0.0/8 and [::1]"),
        (Development, "http://192.168.0.1", "may use http only for localhost, 127.0.0.0/8 and [::1]"),
        (Development, "https://a.example/", "must not end with a slash"),
        (Development, "https://a.example/path/", "must not end with a slash"),
        (Development, "https://a.example?", "must not have a query or fragment"),
        (Development, "https://a.example/?a=b", "must not have a query or fragment"),
        (Development, "https://a.example#", "must not have a query or fragment"),
        (Development, "https://u@a.example", "must not contain a user name or password"),
        (Development, "https://:p@a.example", "must not contain a user name or password"),
        (Development, "https://A.example", "must be written https://a.example"),
        (Development, "https://a.example:443", "must be written https://a.example"),
        (Development, "https://a.example/b/../c", "must be written https://a.example/c"),
        (Development, " https://a.example", "must be written https://a.example"),
        (Development, "ftp://a.example", "must be an https URL"),
        (Development, "a.example", "is not a URL: relative URL without a base"),
        (Development, "https://", "is not a URL: empty host"),
    ] {
        assert_eq!(refusal(&line(mode, &format!("issuer = {issuer:?}"))), format!("signet.toml: issuer {expected}"));
    }
}

#[test]
fn production_is_stricter_than_development() {
    for (setting, expected) in [
        ("limits.enabled = false", "may be false only when mode is development"),
        ("passwords.memory_kib = 19455", "must be at least 19456 when mode is production"),
        ("passwords.iterations = 1", "must be at least 2 when mode is production"),
        ("passwords.min_length = 7", "must be at least 8 when mode is production"),
    ] {
        accept(&line(Mode::Development, setting));
        let key = setting.split(' ').next().unwrap();
        assert_eq!(refusal(&line(Mode::Production, setting)), format!("signet.toml: {key} {expected}"));
    }
    assert_eq!(accept(&line(Mode::Production, "")).log.format, LogFormat::Json);
    let mut settings = Settings::development();
    settings.mode = Mode::Production;
    settings.issuer = "https://a.example".to_owned();
    settings.passwords.parallelism = 0;
    assert_eq!(
        settings.check().unwrap_err().to_string(),
        "passwords.parallelism must be at least 1 when mode is production"
    );
}

#[test]
fn each_bound_holds() {
    // Accepted on the bound, refused beyond it.
    for (key, fine, refused) in [
        ("tokens.access_token_lifetime", "\"60s\"", "\"59s\""),
        ("tokens.access_token_lifetime", "\"24h\"", "86401"),
        ("tokens.id_token_lifetime", "60", "59"),
        ("tokens.id_token_lifetime", "\"1d\"", "\"25h\""),
        ("tokens.authorization_code_lifetime", "\"1s\"", "0"),
        ("tokens.authorization_code_lifetime", "600", "601"),
        ("tokens.refresh_token_idle", "\"30d\"", "\"31d\""),
        ("tokens.refresh_token_idle", "1", "0"),
        ("tokens.refresh_token_lifetime", "\"3650d\"", "\"3651d\""),
        ("tokens.refresh_reuse_grace", "0", "61"),
        ("tokens.refresh_reuse_grace", "\"1m\"", "\"2m\""),
        ("tokens.clock_skew", "0", "121"),
        ("tokens.clock_skew", "120", "\"3m\""),
        ("sessions.idle", "\"1d\"", "\"25h\""),
        ("sessions.idle", "1", "0"),
        ("sessions.lifetime", "\"30d\"", "\"31d\""),
        ("sessions.remembered_lifetime", "\"365d\"", "\"366d\""),
        ("sessions.remembered_lifetime", "\"1d\"", "\"23h\""),
        ("sessions.authorization_request_lifetime", "\"1d\"", "\"2d\""),
        ("keys.retention", "86460", "86459"),
        ("keys.retention", "\"3650d\"", "\"3651d\""),
        ("audit.retention", "\"1d\"", "\"23h\""),
        ("shutdown.delay", "0", "61"),
        ("keys.rotation_interval", "3601", "\"1h\""),
        ("keys.jwks_max_age", "1", "0"),
        ("keys.jwks_max_age", "\"7d\"", "\"8d\""),
        ("keys.rsa_bits", "4096", "2048"),
        ("keys.rsa_bits", "3072", "3073"),
        ("keys.algorithms", "[\"EdDSA\", \"RS256\"]", "[\"RS256\", \"RS256\"]"),
        ("keys.algorithms", "\"ES256\"", "[]"),
        ("keys.encryption_algorithms", "[]", "[\"ECDH-ES\", \"ECDH-ES\"]"),
        ("database.max_connections", "1", "0"),
        ("database.max_connections", "1000", "1001"),
        ("database.reserved_connections", "0", "1001"),
        ("database.statement_timeout", "\"12s\"", "\"13s\""),
        ("database.lock_timeout", "\"1s\"", "0"),
        ("database.lock_timeout", "\"5s\"", "\"6s\""),
        ("database.idle_in_transaction_timeout", "1", "0"),
        ("limits.body_bytes", "1024", "1023"),
        ("limits.header_bytes", "16384", "16383"),
        ("limits.connections", "1", "0"),
        ("limits.login", "1", "0"),
        ("limits.authorize", "1", "0"),
        ("limits.pages", "1", "0"),
        ("limits.api", "10000000", "10000001"),
        ("limits.token", "1", "0"),
        ("limits.introspect", "1", "0"),
        ("limits.registration", "1", "0"),
        ("limits.secret_failures", "1", "0"),
        ("limits.waiting", "100000", "100001"),
        ("limits.person", "1", "0"),
        ("limits.user_codes", "1", "0"),
        ("limits.account_failures", "100", "101"),
        ("limits.account_failures", "1", "0"),
        ("limits.address_failures", "1", "0"),
        ("limits.realm_failures", "100", "99"),
        ("limits.spray_accounts", "2", "1"),
        ("limits.block_duration", "\"1m\"", "\"59s\""),
        ("limits.block_duration", "\"30d\"", "\"31d\""),
        ("passwords.memory_kib", "8", "7"),
        ("passwords.iterations", "1", "0"),
        ("passwords.parallelism", "64", "65"),
        ("passwords.workers", "1024", "1025"),
        ("passwords.min_length", "64", "65"),
        ("registration.mode", "\"open\"", "\"everybody\""),
        ("registration.profile", "\"oauth21\"", "\"lax\""),
        ("profiles.allowed", "[\"oidc_classic\"]", "[]"),
        ("profiles.allowed", "\"oauth21,oidc_classic\"", "[\"oauth21\", \"oauth21\"]"),
        ("profiles.allowed", "\"oauth21\"", "[\"fapi2_security\"]"),
        ("clients.assertion_lifetime", "\"1m\"", "\"59s\""),
        ("clients.assertion_lifetime", "\"24h\"", "\"25h\""),
        ("registration.scopes", "\"api:read,api:write\"", "[\"a b\"]"),
        ("registration.scopes", "\"api:read\"", "[\"signet:read\"]"),
        ("registration.resources", "[\"https://mcp.example/\", \"urn:api\"]", "[\"mcp.example\"]"),
        ("registration.resources", "[]", "[\"https://mcp.example/#part\"]"),
        ("registration.unused_lifetime", "0", "\"23h\""),
        ("registration.unused_lifetime", "\"1d\"", "\"3651d\""),
        ("registration.max_clients", "1", "0"),
        ("registration.per_hour", "1", "0"),
        ("management.listen", "\"127.0.0.1:8002\"", "\"127.0.0.1:8000\""),
        ("outbound.timeout", "\"30s\"", "\"31s\""),
        ("mail.timeout", "\"30s\"", "\"31s\""),
        ("mail.from", "\"Example <no-reply@op.example>\"", "\"Example\""),
        ("mail.reply_to", "\"help@op.example\"", "\"help@op.example\\r\\nBcc: eve@example.org\""),
        ("outbound.allow_hosts", "[\"[::1]:9000\"]", "[\"https://a.example\"]"),
        ("outbound.allow_hosts", "\"a.example\"", "[\"a.example/path\"]"),
    ] {
        accept(&format!("{key} = {fine}"));
        let got = refusal(&format!("{key} = {refused}"));
        let section = key.split('.').next().unwrap();
        // A bound between two keys may name the other one, which then has its default.
        let named = got.starts_with(&format!("signet.toml: {key} ")) || got.starts_with(&format!("{section}."));
        assert!(named, "{key} = {refused}: {got}");
    }
    assert_eq!(
        refusal("keys.retention = \"1d\""),
        "signet.toml: keys.retention must be at least 86460s (the longest token life, 24h, and tokens.clock_skew)"
    );
    assert_eq!(
        refusal("sessions.idle = \"2d\""),
        "signet.toml: sessions.idle must not be longer than sessions.lifetime (1d), but is 2d"
    );
}

#[test]
fn colors_must_be_readable_and_links_encrypted() {
    let branding = accept("branding.accent_light = \"#7a1f5c\"\nbranding.imprint_url = \"https://op.example/imprint\"");
    assert_eq!(branding.branding.accent_light.unwrap().to_string(), "#7a1f5c");
    assert_eq!(
        refusal("branding.accent_light = \"#96d0bb\""),
        "signet.toml: branding.accent_light has a contrast of 1.44 to the page (#e6eae6), and needs 4.5"
    );
    for (key, value) in [
        ("branding.accent_dark", "#12493f"),
        ("branding.accent_dark", "red; } body { display: none"),
        ("branding.imprint_url", "http://op.example/imprint"),
        ("branding.privacy_url", "javascript:alert(1)"),
        ("branding.terms_url", "https://"),
        ("branding.name", "two\\nlines"),
        ("branding.name", &"x".repeat(51)),
    ] {
        let got = refusal(&format!("{key} = \"{value}\""));
        assert!(got.starts_with(&format!("signet.toml: {key} ")), "{key} = {value}: {got}");
    }
}

#[test]
fn mails_need_a_sender_and_production_encrypts_them() {
    let from = "mail.from = \"no-reply@op.example\"";
    let far = "mail.smtp = \"smtp://me:hunter2@mail.example?tls=none\"";
    assert!(!accept("").mail.is_on());
    assert!(accept(&format!("{far}\n{from}")).mail.is_on());
    let refused = [
        (Mode::Development, "mail.smtp = \"smtps://mail.example\"".to_owned(), "mail.from must be set"),
        (Mode::Development, "mail.folder = \"mails\"".to_owned(), "mail.from must be set"),
        (Mode::Development, format!("{far}\n{from}\nmail.folder = \"mails\""), "mail.folder cannot be given together"),
        (Mode::Development, "mail.smtp = \"mail.example\"".to_owned(), "mail.smtp is not a URL"),
        (
            Mode::Production,
            format!("{from}\nmail.folder = \"mails\""),
            "mail.folder may be set only when mode is development",
        ),
        (Mode::Production, format!("{far}\n{from}"), "mail.smtp must not have tls=none for another host"),
    ];
    for (mode, text, reason) in refused {
        let got = refusal(&line(mode, &text));
        assert!(got.contains(reason) && !got.contains("hunter2"), "{text}: {got}");
    }
    for url in
        ["smtps://mail.example", "smtp://mail.example", "smtp://127.0.0.1:1025?tls=none", "smtp://[::1]?tls=none"]
    {
        accept(&line(Mode::Production, &format!("mail.smtp = \"{url}\"\n{from}")));
    }
    let allowed = accept(&line(Mode::Production, &format!("{far}\n{from}\nmail.allow_cleartext = true")));
    assert!(!allowed.to_toml().contains("hunter2") && !allowed.to_toml().contains("me:"), "{}", allowed.to_toml());
}

#[test]
fn a_certificate_needs_its_key() {
    assert_eq!(refusal("tls.cert = \"c\""), "signet.toml: tls.cert needs tls.key");
    assert_eq!(refusal("tls.key = \"k\""), "signet.toml: tls.key needs tls.cert");
}

#[test]
fn a_node_that_only_verifies_has_no_master_key() {
    let toml = format!("keys.master_key = {KEY_HEX:?}\nkeys.verify_only = true");
    let line = refusal(&toml);
    assert!(line.contains("keys.verify_only excludes keys.master_key"), "{line}");
    assert!(load("keys.verify_only = true", &[]).unwrap().keys.verify_only);
}
