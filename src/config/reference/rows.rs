//! What each setting means, once. Defaults are not said here: they are read from the settings themselves.

/// Settings that belong together.
pub(super) struct Section {
    /// The name of the section, as a heading.
    pub(super) title: &'static str,
    /// What holds for all of them, or nothing.
    pub(super) about: &'static str,
    /// Each key with its meaning.
    pub(super) rows: &'static [(&'static str, &'static str)],
}

/// Defaults that no value shows.
pub(super) const SAID: [(&str, &str); 2] = [
    ("issuer", "`http://localhost:` and the port of `listen` in development; required in production"),
    ("mail.from", "required where mails are sent"),
];

/// All sections, in the order of the page.
pub(super) const SECTIONS: [Section; 17] = [
    Section {
        title: "The server",
        about: "",
        rows: &[
            (
                "issuer",
                "the issuer identifier, exactly as clients compare it; it may have a path, not a trailing slash",
            ),
            ("listen", "the public listener"),
            ("mode", "`production` refuses an http issuer, weak password costs and switched-off limits"),
            ("contact", "the e-mail address or the https URL that error pages ask people to report a request ID to"),
            (
                "management.listen",
                "the listener of `/health`, `/ready`, `/health/detailed` and `/metrics`, or `off`; not for the public",
            ),
            (
                "management.advertise",
                "the http URL at which other nodes reach that listener, to wake this one by `POST /wake` when something was \
                 revoked; for databases without notifications",
            ),
        ],
    },
    Section {
        title: "database",
        about: "All but the URL is for PostgreSQL.",
        rows: &[
            ("database.url", "`sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`"),
            ("database.url_file", "a file that holds the URL, in its place"),
            ("database.migrate", "migrate PostgreSQL at the start; SQLite always is"),
            ("database.max_connections", "connections of a node"),
            (
                "database.reserved_connections",
                "how many of them pages, `/par` and registration leave to everything else; one is always theirs",
            ),
            ("database.statement_timeout", "how long a statement may take, 1 s to 12 s"),
            ("database.lock_timeout", "how long a statement may wait for a lock; at most `database.statement_timeout`"),
            (
                "database.idle_in_transaction_timeout",
                "when PostgreSQL ends the transaction of a node that has gone silent, at most 5 minutes",
            ),
            (
                "database.allow_lossy_commits",
                "whether production may run where `synchronous_commit` is `off` or `local`, or `fsync` is off; development warns",
            ),
        ],
    },
    Section {
        title: "keys",
        about: "",
        rows: &[
            ("keys.dir", "where the master key is"),
            ("keys.master_key", "32 bytes in base64url or hex, in place of the file in `keys.dir`"),
            ("keys.master_key_file", "a file that holds it, in its place"),
            (
                "keys.algorithms",
                "which signing keys to hold; `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES384` and `EdDSA` too. Access tokens are signed by `ES256` where it is listed, else by the first, unless resource or client choose another of these; ID tokens by what the client registers, `RS256` by default",
            ),
            (
                "keys.encryption_algorithms",
                "how clients may encrypt request objects to the server, each with a key of its own in the key set: `RSA-OAEP-256`, `ECDH-ES`, `ECDH-ES+A256KW`. Keys that an earlier setting made stay in use until `signet keys compromise` drops them",
            ),
            ("keys.rsa_bits", "or `4096`"),
            ("keys.rotation_interval", "how long a key signs; longer than `keys.jwks_max_age`"),
            (
                "keys.retention",
                "how long it verifies afterwards; at least the longest life of a token, 24 h, and `tokens.clock_skew`",
            ),
            (
                "keys.jwks_max_age",
                "how long others may cache the key set, at most 7 days; a key is published at least that long before it signs",
            ),
        ],
    },
    Section {
        title: "tls and proxy",
        about: "Without `tls.*` the server speaks plain HTTP: an `https` issuer then needs a proxy. Changed files are read \
                again within seconds, and at once at SIGHUP; a pair that cannot be used leaves the one before in use.",
        rows: &[
            ("tls.cert", "a PEM file with the certificate and its chain"),
            ("tls.key", "a PEM file with its private key"),
            (
                "hsts.include_subdomains",
                "let `Strict-Transport-Security`, which an https issuer sends, hold for every host below the issuer's; set \
                 it only where all of them speak https",
            ),
            ("proxy.trusted", "networks whose forwarding header is believed"),
            (
                "proxy.header",
                "the header that they write: `x-forwarded-for` with `X-Forwarded-Proto`, or `forwarded` (RFC 7239); the other is ignored",
            ),
        ],
    },
    Section {
        title: "outbound",
        about: "Calls that this server makes: to key sets, request objects and logout endpoints of clients, to webhooks, mail \
                servers and collectors.",
        rows: &[
            ("outbound.extra_ca", "a PEM file of further certificate authorities, beside those of the Web"),
            (
                "outbound.allow_hosts",
                "hosts (`host` or `host:port`) that may be called although they are on a private network; in development by plain http too",
            ),
            ("outbound.timeout", "how long a call to a client or webhook may take in all, 1 s to 30 s"),
        ],
    },
    Section {
        title: "limits",
        about: "",
        rows: &[
            (
                "limits.enabled",
                "the bound on connections of one address, rate limits, pauses after failed sign-ins, automatic blocks; `false` in development only",
            ),
            ("limits.body_bytes", "the largest request body"),
            ("limits.header_bytes", "the largest request head, at least `16384`"),
            ("limits.connections", "open connections"),
            (
                "limits.login",
                "sign-in forms a minute from one address (IPv4, or an IPv6 /64); four times as many from one network (IPv4 /24, IPv6 /48)",
            ),
            ("limits.authorize", "authorization requests a minute from one address"),
            (
                "limits.pages",
                "requests a minute from one address to all pages but `/authorize` and the sign-in form (home, consent, logout, logos, session check), to `/csp-reports`, and to unknown paths",
            ),
            (
                "limits.api",
                "requests a minute from one address to token, par, introspect, revoke, userinfo and the administration API together",
            ),
            (
                "limits.token",
                "requests a minute of one client to token, par, revoke and the administration API together; a public client has as many from each address",
            ),
            ("limits.introspect", "introspections a minute of one client"),
            ("limits.registration", "requests a minute from one address to the registration endpoint"),
            (
                "limits.secret_failures",
                "wrong secrets a minute of one client with a weak secret from one network (/24, or /48 of IPv6); twenty times as many from all networks. Over that, attempts by secret are refused with 429, right ones too; right secrets are not counted, and a wrong one that is repeated counts once",
            ),
            (
                "limits.waiting",
                "authorization requests that one address may leave waiting within `sessions.authorization_request_lifetime`; a network (/24, or /48 of IPv6) may leave four times as many",
            ),
            ("limits.person", "userinfo requests and consents a minute for one user, across all clients"),
            ("limits.account_failures", "failed sign-ins to an account before pauses begin, 1 to 100"),
            ("limits.address_failures", "the same from one address; from a network four times as many"),
            ("limits.realm_failures", "the same in all, within five minutes; at least 100"),
            (
                "limits.spray_accounts",
                "block an address from signing in after failed sign-ins to this many different accounts within an hour",
            ),
            ("limits.block_duration", "for how long, 1 minute to 30 days"),
        ],
    },
    Section {
        title: "log",
        about: "",
        rows: &[
            ("log.level", "`off`, `error`, `warn`, `info`, `debug` or `trace`; `RUST_LOG` wins"),
            ("log.format", "lines for people, or a JSON object a line"),
        ],
    },
    Section {
        title: "tokens",
        about: "",
        rows: &[
            ("tokens.access_token_lifetime", "60 s to 24 h; clients may have their own"),
            ("tokens.id_token_lifetime", "60 s to 24 h"),
            ("tokens.authorization_code_lifetime", "at most 10 minutes"),
            ("tokens.refresh_token_idle", "a refresh token that is not used for this long is dead"),
            ("tokens.refresh_token_lifetime", "from the login on, however often it is refreshed"),
            (
                "tokens.refresh_reuse_grace",
                "how long a replaced refresh token may be retried, at most a minute; `0s` is strict",
            ),
            (
                "tokens.clock_skew",
                "how far other clocks may be apart, at most 2 minutes; `nbf` of issued tokens lies this long before `iat`",
            ),
        ],
    },
    Section {
        title: "sessions",
        about: "",
        rows: &[
            (
                "sessions.idle",
                "a session that is not used for this long is over; a refresh of a grant without `offline_access` is a use",
            ),
            ("sessions.lifetime", "from the login on"),
            ("sessions.remembered_lifetime", "for those who asked to stay signed in"),
            (
                "sessions.management",
                "let applications watch the session from a frame (OpenID Connect Session Management): a second cookie, random and worthless, is then readable by the frame of other sites",
            ),
            ("sessions.authorization_request_lifetime", "how long a sign-in may take, at most a day"),
        ],
    },
    Section {
        title: "passwords",
        about: "The cost is that of argon2id; hashes with another cost are made anew at the next sign-in.",
        rows: &[
            ("passwords.memory_kib", "memory of one hash; production refuses less"),
            ("passwords.iterations", "passes over it; production refuses fewer"),
            ("passwords.parallelism", "lanes"),
            ("passwords.workers", "threads that hash; `0` is one a core"),
            ("passwords.min_length", "characters; production refuses fewer than 8"),
        ],
    },
    Section {
        title: "profiles",
        about: "",
        rows: &[(
            "profiles.allowed",
            "the security profiles that a client may be given, `oauth21` and `oidc_classic`; clients that have another one keep it",
        )],
    },
    Section {
        title: "clients",
        about: "",
        rows: &[(
            "clients.assertion_lifetime",
            "the longest life of a client assertion (`private_key_jwt`, `client_secret_jwt`), 1 minute to 24 h; its `jti` is kept as long",
        )],
    },
    Section {
        title: "registration",
        about: "",
        rows: &[
            (
                "registration.mode",
                "who may register a client at `/register`: nobody, whoever has an initial access token (`token`), or anybody (`open`)",
            ),
            (
                "registration.profile",
                "the security profile of such clients, one of `profiles.allowed`; `oidc_classic` for old ones",
            ),
            (
                "registration.scopes",
                "scopes beside those of OpenID Connect that such clients may ask for, with the `client_credentials` grant without any user; none that begins with `signet:`",
            ),
            (
                "registration.resources",
                "the resources that such clients may ask tokens for (RFC 8707), as absolute URIs; MCP clients always ask for one",
            ),
            (
                "registration.unused_lifetime",
                "such a client is removed when it has got no code or token for so long, at least a day; `0s` is never",
            ),
            ("registration.max_clients", "how many such clients are kept"),
            ("registration.per_hour", "how many may come in an hour, on all nodes together"),
            ("registration.fetch_logos", "fetch the `logo_uri` of such a client, once, to show it from this server"),
        ],
    },
    Section {
        title: "audit",
        about: "",
        rows: &[(
            "audit.retention",
            "how long rows of the audit log are kept, at least a day; a signed checkpoint stays in their place",
        )],
    },
    Section {
        title: "mail",
        about: "Without `mail.smtp` and `mail.folder` no mail is sent.",
        rows: &[
            (
                "mail.smtp",
                "the mail server: `smtps://USER:PASSWORD@HOST:PORT` (TLS), `smtp://...` (STARTTLS) or `smtp://...?tls=none`, user and password percent-encoded",
            ),
            ("mail.smtp_file", "a file that holds it, in its place"),
            ("mail.folder", "in development, a directory that mails are put into as `.eml` files in place of a server"),
            ("mail.from", "whom they are from, such as `Example <no-reply@op.example>`"),
            ("mail.reply_to", "who gets the answers, where it is somebody else"),
            ("mail.timeout", "how long handing a mail over may take, 1 s to 30 s"),
            ("mail.allow_cleartext", "let production use `tls=none` to a mail server on another host"),
        ],
    },
    Section {
        title: "shutdown",
        about: "",
        rows: &[(
            "shutdown.delay",
            "how long connections are still accepted after `/ready` has turned to 503 on a signal, at most a minute",
        )],
    },
    Section {
        title: "telemetry",
        about: "",
        rows: &[
            (
                "telemetry.otlp_endpoint",
                "the OpenTelemetry collector that traces are sent to by OTLP over HTTP, such as `http://127.0.0.1:4318`; a URL with a path is used as it is; with `log.level = \"off\"` there are none",
            ),
            ("telemetry.sample_percent", "how many traces of a hundred are sent, 1 to 100"),
        ],
    },
];
