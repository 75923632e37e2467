//! The rules for settings, alone and in combination.

use std::fmt::Display;

use url::Url;

use super::{Algorithm, ConfigError, Mode, Settings, Span, accounts, branding, clients, mail, registration};
use signet_protocol::account::person::EmailAddress;
use signet_protocol::client::is_loopback;
use signet_protocol::defense::outbound::AllowedHost;

type Check = Result<(), ConfigError>;

/// The maximum lifetime of access and ID tokens.
const LONGEST_TOKEN_LIFE: Span = Span::from_hours(24);

/// The minimum Argon2id parameters in production: memory in KiB, passes, lanes.
const PASSWORD_FLOOR: [u32; 3] = [19_456, 2, 1];

/// Checks all rules and returns the first that is broken.
pub(super) fn check(settings: &Settings) -> Check {
    issuer_url(settings)?;
    contact(settings)?;
    branding::check(settings)?;
    listeners(settings)?;
    keys(settings)?;
    outbound(settings)?;
    clients::check(settings)?;
    registration::check(settings)?;
    accounts::check(settings)?;
    mail::check(settings)?;
    production(settings)?;
    spans(settings)?;
    order(settings)?;
    numbers(settings)
}

/// Parses the issuer and checks its form (RFC 8414 §2, OpenID Connect Discovery 1.0 §3).
pub(super) fn issuer_url(settings: &Settings) -> Result<Url, ConfigError> {
    let refuse = |reason: String| Err(ConfigError::refused("issuer", reason));
    let url = match Url::parse(&settings.issuer) {
        Ok(url) => url,
        Err(error) => return refuse(format!("is not a URL: {error}")),
    };
    if !matches!(url.scheme(), "https" | "http") {
        return refuse("must be an https URL".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not contain a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not have a query or fragment".to_owned());
    }
    if settings.issuer.ends_with('/') {
        return refuse("must not end with a slash".to_owned());
    }
    // Relying parties compare the issuer as a string, so only its normal form is accepted.
    let normal = if url.path() == "/" { url.as_str().trim_end_matches('/') } else { url.as_str() };
    if normal != settings.issuer {
        return refuse(format!("must be written {normal}"));
    }
    match (url.scheme(), settings.mode) {
        ("http", Mode::Production) => refuse("must use https when mode is production".to_owned()),
        ("http", Mode::Development) if !is_loopback(&url) => {
            refuse("may use http only for localhost, 127.0.0.0/8 and [::1]".to_owned())
        }
        _ => Ok(url),
    }
}

/// Checks the contact, which error pages link to: an e-mail address or an https URL.
fn contact(settings: &Settings) -> Check {
    let Some(contact) = &settings.contact else { return Ok(()) };
    let is_url = Url::parse(contact).is_ok_and(|url| url.scheme() == "https") && contact.starts_with("https://");
    if contact.len() <= 254 && (is_url || EmailAddress::parse(contact).is_ok()) {
        return Ok(());
    }
    Err(ConfigError::refused("contact", "must be an e-mail address or an https URL of at most 254 characters"))
}

fn listeners(settings: &Settings) -> Check {
    let advertised = settings.management.advertise.as_deref().map(url::Url::parse);
    if advertised.is_some_and(|url| url.is_err() || url.is_ok_and(|url| url.scheme() != "http" || url.host().is_none()))
    {
        return Err(ConfigError::refused("management.advertise", "must be an http URL"));
    }
    match settings.management.listen {
        None if settings.management.advertise.is_some() => {
            Err(ConfigError::refused("management.advertise", "needs management.listen"))
        }
        Some(address) if address == settings.listen && address.port() != 0 => {
            Err(ConfigError::refused("management.listen", "must differ from listen"))
        }
        _ => Ok(()),
    }
}

fn keys(settings: &Settings) -> Check {
    let keys = &settings.keys;
    let count = |wanted: Algorithm| keys.algorithms.iter().filter(|algorithm| **algorithm == wanted).count();
    if keys.algorithms.is_empty() {
        return Err(ConfigError::refused("keys.algorithms", "must name at least one algorithm"));
    }
    if keys.algorithms.iter().any(|algorithm| count(*algorithm) > 1) {
        return Err(ConfigError::refused("keys.algorithms", "must name each algorithm once"));
    }
    let encryption = &keys.encryption_algorithms;
    if encryption
        .iter()
        .enumerate()
        .any(|(at, algorithm)| encryption.iter().skip(at + 1).any(|other| other == algorithm))
    {
        return Err(ConfigError::refused("keys.encryption_algorithms", "must name each algorithm once"));
    }
    if keys.verify_only && keys.master_key.is_some() {
        let reason = "excludes keys.master_key: a node that only verifies has no master key";
        return Err(ConfigError::refused("keys.verify_only", reason));
    }
    if !matches!(keys.rsa_bits, 3072 | 4096) {
        return Err(ConfigError::refused("keys.rsa_bits", "must be 3072 or 4096"));
    }
    let needed = LONGEST_TOKEN_LIFE.plus(settings.tokens.clock_skew);
    if keys.retention < needed {
        let reason =
            format!("must be at least {} (the longest token life, 24h, and tokens.clock_skew)", seconds(needed));
        return Err(ConfigError::refused("keys.retention", reason));
    }
    if keys.rotation_interval <= keys.jwks_max_age {
        return Err(ConfigError::refused("keys.rotation_interval", "must be longer than keys.jwks_max_age"));
    }
    Ok(())
}

fn seconds(span: Span) -> String {
    format!("{}s", span.as_secs())
}

fn outbound(settings: &Settings) -> Check {
    if settings.outbound.allow_hosts.iter().all(|text| AllowedHost::parse(text).is_some()) {
        return Ok(());
    }
    Err(ConfigError::refused("outbound.allow_hosts", "must be a list of hosts, such as 127.0.0.1 or rp.example:8443"))
}

fn production(settings: &Settings) -> Check {
    if settings.mode == Mode::Development {
        return Ok(());
    }
    if !settings.limits.enabled {
        return Err(ConfigError::refused("limits.enabled", "may be false only when mode is development"));
    }
    let [memory_kib, iterations, parallelism] = PASSWORD_FLOOR;
    for (key, value, floor) in [
        ("passwords.memory_kib", settings.passwords.memory_kib, memory_kib),
        ("passwords.iterations", settings.passwords.iterations, iterations),
        ("passwords.parallelism", settings.passwords.parallelism, parallelism),
    ] {
        if value < floor {
            return Err(ConfigError::refused(key, format!("must be at least {floor} when mode is production")));
        }
    }
    if settings.passwords.min_length < 8 {
        return Err(ConfigError::refused("passwords.min_length", "must be at least 8 when mode is production"));
    }
    Ok(())
}

/// Checks ranges. Each setting is named once, as key and as field, with its minimum and maximum.
macro_rules! within {
    ($settings:ident: $($section:ident.$field:ident $low:expr => $high:expr;)*) => {{
        $(within(concat!(stringify!($section), ".", stringify!($field)), $settings.$section.$field, $low, $high)?;)*
        Ok(())
    }};
}

fn within<T: PartialOrd + Display>(key: &'static str, value: T, low: T, high: T) -> Check {
    if value < low || value > high {
        let reason = format!("must be between {low} and {high}, not {value}");
        return Err(ConfigError::refused(key, reason));
    }
    Ok(())
}

fn spans(settings: &Settings) -> Check {
    const NONE: Span = Span::from_secs(0);
    const SECOND: Span = Span::from_secs(1);
    const MINUTE: Span = Span::from_minutes(1);
    const YEAR: Span = Span::from_days(365);
    const DECADE: Span = Span::from_days(3650);
    within! { settings:
        keys.rotation_interval                  SECOND => DECADE;
        keys.retention                          SECOND => DECADE;
        keys.jwks_max_age                       SECOND => Span::from_days(7);
        outbound.timeout                        SECOND => Span::from_secs(30);
        database.statement_timeout              SECOND => Span::from_secs(12);
        database.lock_timeout                   SECOND => Span::from_secs(12);
        database.idle_in_transaction_timeout    SECOND => Span::from_minutes(5);
        tokens.access_token_lifetime            MINUTE => LONGEST_TOKEN_LIFE;
        tokens.id_token_lifetime                MINUTE => LONGEST_TOKEN_LIFE;
        tokens.authorization_code_lifetime      SECOND => Span::from_minutes(10);
        tokens.refresh_token_idle               SECOND => DECADE;
        tokens.refresh_token_lifetime           SECOND => DECADE;
        tokens.refresh_reuse_grace              NONE => Span::from_secs(60);
        tokens.clock_skew                       NONE => Span::from_secs(120);
        sessions.idle                           SECOND => YEAR;
        sessions.lifetime                       SECOND => YEAR;
        sessions.remembered_lifetime            SECOND => YEAR;
        sessions.authorization_request_lifetime SECOND => Span::from_days(1);
        clients.assertion_lifetime              MINUTE => Span::from_hours(24);
        registration.unused_lifetime            NONE => DECADE;
        audit.retention                         Span::from_days(1) => DECADE;
        mail.timeout                            SECOND => Span::from_secs(30);
        shutdown.delay                          Span::from_secs(0) => Span::from_minutes(1);
        limits.block_duration                   MINUTE => Span::from_days(30);
    }
}

fn numbers(settings: &Settings) -> Check {
    // RFC 9106 §3.1: at least 8 KiB per lane.
    let least_memory = settings.passwords.parallelism.saturating_mul(8);
    within! { settings:
        database.max_connections  1 => 1_000;
        database.reserved_connections  0 => 1_000;
        limits.body_bytes         1_024 => 16_777_216;
        limits.header_bytes       16_384 => 1_048_576;
        limits.connections        1 => 1_000_000;
        limits.login              1 => 1_000_000;
        limits.authorize          1 => 1_000_000;
        limits.pages              1 => 1_000_000;
        limits.api                1 => 10_000_000;
        limits.token              1 => 10_000_000;
        limits.introspect         1 => 10_000_000;
        limits.registration       1 => 1_000_000;
        limits.secret_failures    1 => 1_000_000;
        limits.waiting            1 => 100_000;
        limits.person             1 => 1_000_000;
        limits.user_codes         1 => 100_000;
        limits.account_failures   1 => 100;
        limits.address_failures   1 => 100_000;
        limits.realm_failures     100 => 100_000;
        limits.spray_accounts     2 => 100_000;
        passwords.iterations      1 => 100;
        passwords.parallelism     1 => 64;
        passwords.memory_kib      least_memory => 4_194_304;
        passwords.workers         0 => 1_024;
        passwords.min_length      1 => 64;
        passwords.min_score       0 => 4;
        registration.max_clients  1 => 10_000_000;
        registration.per_hour     1 => 1_000_000;
        telemetry.sample_percent  1 => 100;
    }
}

/// Checks pairs of settings, of which the first must not be longer than the second.
macro_rules! ordered {
    ($settings:ident: $($section:ident: $shorter:ident <= $longer:ident;)*) => {{
        $(
            let value = $settings.$section.$shorter;
            let bound = $settings.$section.$longer;
            if value > bound {
                let key = concat!(stringify!($section), ".", stringify!($shorter));
                let longer = concat!(stringify!($section), ".", stringify!($longer));
                let reason = format!("must not be longer than {longer} ({bound}), but is {value}");
                return Err(ConfigError::refused(key, reason));
            }
        )*
        Ok(())
    }};
}

fn order(settings: &Settings) -> Check {
    ordered! { settings:
        database: lock_timeout <= statement_timeout;
        tokens: refresh_token_idle <= refresh_token_lifetime;
        sessions: idle <= lifetime;
        sessions: lifetime <= remembered_lifetime;
    }
}
