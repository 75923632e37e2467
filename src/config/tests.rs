use std::fs;

use ipnet::IpNet;

use super::*;

const KEY_HEX: &str = "8f1d0c6a2b94e7735a60fd1e4c28b9d7036eaf5184c2de907b3f6152a8e4c91d";

/// Loads `toml` from a file named `signet.toml`, with `env` over it; errors come without the directory's name.
fn load(toml: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signet.toml");
    fs::write(&path, toml).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(Some(&path), env).map_err(|error| {
        let line = error.to_string();
        assert_eq!(line.lines().count(), 1, "{line}");
        line.replace(&format!("{}/", dir.path().display()), "")
    })
}

fn accept(toml: &str) -> Settings {
    load(toml, &[]).unwrap_or_else(|error| panic!("refused: {toml}\n{error}"))
}

fn refusal(toml: &str) -> String {
    match load(toml, &[]) {
        Ok(_) => panic!("accepted: {toml}"),
        Err(error) => error,
    }
}

/// Turns `a.b = c` into TOML, in production with what that needs if `mode` says so.
fn line(mode: Mode, setting: &str) -> String {
    match mode {
        Mode::Development => setting.to_owned(),
        Mode::Production if setting.starts_with("issuer") => {
            format!("mode = \"production\"\n{setting}")
        }
        Mode::Production => {
            format!("mode = \"production\"\nissuer = \"https://a.example\"\n{setting}")
        }
    }
}

#[test]
fn nothing_set_means_development_with_defaults() {
    let settings = accept("");
    assert_eq!(settings.to_toml(), Settings::development().to_toml());
    assert_eq!(
        settings.to_toml(),
        r#"issuer = "http://localhost:8000"
listen = "127.0.0.1:8000"
mode = "development"

[management]
listen = "127.0.0.1:8001"

[database]
url = "sqlite://signet.db"
migrate = false
max_connections = 16
reserved_connections = 4
statement_timeout = "5s"
lock_timeout = "2s"
idle_in_transaction_timeout = "10s"
allow_lossy_commits = false

[keys]
dir = "keys"
algorithms = ["RS256", "ES256"]
encryption_algorithms = []
verify_only = false
rsa_bits = 3072
rotation_interval = "30d"
retention = "7d"
jwks_max_age = "1h"

[proxy]
trusted = []
header = "x-forwarded-for"

[hsts]
include_subdomains = false

[outbound]
allow_hosts = []
timeout = "5s"

[limits]
enabled = true
body_bytes = 65536
header_bytes = 16384
connections = 10000
login = 30
authorize = 120
pages = 600
api = 6000
token = 600
introspect = 6000
registration = 30
secret_failures = 30
waiting = 2000
person = 1200
user_codes = 10
account_failures = 4
address_failures = 30
realm_failures = 1000
spray_accounts = 20
block_duration = "1h"

[log]
level = "info"
format = "pretty"

[tokens]
access_token_lifetime = "10m"
id_token_lifetime = "1h"
authorization_code_lifetime = "1m"
refresh_token_idle = "7d"
refresh_token_lifetime = "30d"
refresh_reuse_grace = "10s"
clock_skew = "1m"

[sessions]
idle = "1h"
lifetime = "1d"
remembered_lifetime = "30d"
authorization_request_lifetime = "30m"
management = false

[passwords]
memory_kib = 19456
iterations = 2
parallelism = 1
workers = 0
min_length = 8

[profiles]
allowed = ["oauth21"]

[clients]
assertion_lifetime = "1h"

[registration]
mode = "off"
profile = "oauth21"
scopes = []
resources = []
unused_lifetime = "30d"
max_clients = 10000
per_hour = 100
fetch_logos = false

[audit]
retention = "90d"

[mail]
timeout = "10s"
allow_cleartext = false

[shutdown]
delay = "0s"

[telemetry]
sample_percent = 100
"#
    );
}

#[test]
fn every_key_can_be_set_and_printed_settings_load_again() {
    let text = r#"issuer = "https://a.example/tenant"
listen = "[::1]:443"
mode = "production"

[management]
listen = "off"

[database]
url = "postgres://localhost/signet"
migrate = true
max_connections = 3
reserved_connections = 1
statement_timeout = "6s"
lock_timeout = "3s"
idle_in_transaction_timeout = "20s"
allow_lossy_commits = true

[keys]
dir = "/etc/signet/keys"
algorithms = ["EdDSA"]
encryption_algorithms = ["ECDH-ES"]
verify_only = true
rsa_bits = 4096
rotation_interval = "90d"
retention = "2d"
jwks_max_age = "15m"

[tls]
cert = "cert.pem"
key = "key.pem"

[proxy]
trusted = ["10.0.0.0/8", "fd00::/8"]
header = "forwarded"

[hsts]
include_subdomains = true

[outbound]
extra_ca = "ca.pem"
allow_hosts = ["127.0.0.1", "rp.example:8443"]
timeout = "3s"

[limits]
enabled = true
body_bytes = 2048
header_bytes = 32768
connections = 7
login = 31
authorize = 121
pages = 601
api = 6001
token = 601
introspect = 6002
registration = 32
secret_failures = 34
waiting = 2001
person = 1201
user_codes = 12
account_failures = 5
address_failures = 33
realm_failures = 1001
spray_accounts = 21
block_duration = "2h"

[log]
level = "debug"
format = "pretty"

[tokens]
access_token_lifetime = "5m"
id_token_lifetime = "30m"
authorization_code_lifetime = "30s"
refresh_token_idle = "1d"
refresh_token_lifetime = "2d"
refresh_reuse_grace = "0s"
clock_skew = "5s"

[sessions]
idle = "10m"
lifetime = "8h"
remembered_lifetime = "14d"
authorization_request_lifetime = "10m"
management = true

[passwords]
memory_kib = 65536
iterations = 3
parallelism = 4
workers = 2
min_length = 15

[profiles]
allowed = ["oidc_classic", "oauth21"]

[clients]
assertion_lifetime = "10m"

[registration]
mode = "token"
profile = "oidc_classic"
scopes = ["api:read", "api:write"]
resources = ["https://mcp.example/"]
unused_lifetime = "90d"
max_clients = 50
per_hour = 5
fetch_logos = true

[audit]
retention = "30d"

[mail]
smtp = "smtp://127.0.0.1:1025?tls=none"
from = "Example <no-reply@op.example>"
reply_to = "help@op.example"
timeout = "5s"
allow_cleartext = true

[shutdown]
delay = "10s"

[telemetry]
otlp_endpoint = "http://127.0.0.1:4318/"
sample_percent = 5
"#;
    assert_eq!(accept(text).to_toml(), text);
}

#[test]
fn each_variable_overrides_the_file() {
    let toml = "[log]\nlevel = \"warn\"\n[keys]\nalgorithms = [\"RS256\"]\n[database]\nmax_connections = 2";
    let settings = load(
        toml,
        &[
            ("HOME", "/root"),
            ("SIGNET_LOG__LEVEL", "trace"),
            ("SIGNET_DATABASE__URL", "sqlite://other.db"),
            ("SIGNET_DATABASE__MAX_CONNECTIONS", "5"),
            ("SIGNET_DATABASE__MIGRATE", "true"),
            ("SIGNET_KEYS__ALGORITHMS", "ES256, EdDSA"),
            ("SIGNET_PROXY__TRUSTED", "10.0.0.0/8,192.0.2.1"),
            ("SIGNET_OUTBOUND__ALLOW_HOSTS", ""),
            ("SIGNET_TOKENS__ACCESS_TOKEN_LIFETIME", "300"),
            ("SIGNET_MANAGEMENT__LISTEN", "off"),
        ],
    )
    .unwrap();
    assert_eq!(settings.log.level, LogLevel::Trace);
    assert_eq!(settings.database.url.expose(), "sqlite://other.db");
    assert_eq!((settings.database.max_connections, settings.database.migrate), (5, true));
    assert_eq!(settings.keys.algorithms, [Algorithm::ES256, Algorithm::EdDSA]);
    assert_eq!(settings.proxy.trusted, ["10.0.0.0/8", "192.0.2.1/32"].map(|net| net.parse::<IpNet>().unwrap()));
    assert!(settings.outbound.allow_hosts.is_empty());
    assert_eq!(settings.tokens.access_token_lifetime, Span::from_minutes(5));
    assert_eq!(settings.management.listen, None);
}

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
