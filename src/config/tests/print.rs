//! The printed settings: defaults, every key set, and variables over the file.

use ipnet::IpNet;

use super::*;

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

[branding]
name = "Signet"
language = "en"

[passwords]
memory_kib = 19456
iterations = 2
parallelism = 1
workers = 0
min_length = 8
min_score = 2

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

[accounts]
deletion = true
max_sessions = 0

[accounts.fields]
username = "read"
name = "edit"
given_name = "edit"
middle_name = "off"
family_name = "edit"
nickname = "off"
preferred_username = "off"
phone_number = "edit"
locale = "edit"
zoneinfo = "edit"
birthdate = "off"
gender = "off"
picture = "edit"
website = "off"
profile = "off"
address = "edit"

[accounts.tokens]
enabled = false
scopes = []
lifetime = "7d"
per_day = 2
cooldown = "12h"

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

[branding]
name = "Signet"
language = "en"

[passwords]
memory_kib = 65536
iterations = 3
parallelism = 4
workers = 2
min_length = 15
min_score = 2

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

[accounts]
deletion = false
max_sessions = 5

[accounts.fields]
username = "edit"
name = "off"
given_name = "off"
middle_name = "read"
family_name = "off"
nickname = "read"
preferred_username = "read"
phone_number = "off"
locale = "off"
zoneinfo = "off"
birthdate = "read"
gender = "read"
picture = "off"
website = "read"
profile = "read"
address = "off"

[accounts.tokens]
enabled = true
scopes = ["orders"]
lifetime = "30d"
per_day = 3
cooldown = "1h"

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
