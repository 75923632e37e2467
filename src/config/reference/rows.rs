//! The meaning of each setting, once. Defaults are read from the settings themselves.

/// A group of settings.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// A remark about all of them, or an empty string.
    pub(super) about: &'static str,
    /// Each key with its meaning.
    pub(super) rows: &'static [(&'static str, &'static str)],
}

/// Defaults that cannot be read from a value.
pub(super) const FIXED_DEFAULTS: [(&str, &str); 2] = [
    ("issuer", "`http://localhost:` and the port of `listen` in development; required in production"),
    ("mail.from", "required to send mails"),
];

/// All sections, in the order of the page.
pub(super) const SECTIONS: [Section; 17] = [
    Section {
        title: "The server",
        about: "",
        rows: &[
            (
                "issuer",
                "the issuer identifier, exactly as clients compare it; it may have a path, but no trailing slash",
            ),
            ("listen", "the public listener"),
            ("mode", "`production` refuses an http issuer, weak password costs and disabled limits"),
            ("contact", "the e-mail address or the https URL that error pages ask people to report a request ID to"),
            (
                "management.listen",
                "the listener of `/health`, `/ready`, `/health/detailed` and `/metrics`, or `off`; keep it off public \
                 networks",
            ),
            (
                "management.advertise",
                "the http URL at which other nodes reach that listener, to wake this node by `POST /wake` after a \
                 revocation; for databases without LISTEN/NOTIFY",
            ),
        ],
    },
    Section {
        title: "database",
        about: "All settings but the URL apply to PostgreSQL only.",
        rows: &[
            ("database.url", "`sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`"),
            ("database.url_file", "a file with the URL"),
            ("database.migrate", "migrate PostgreSQL at start; SQLite is always migrated"),
            ("database.max_connections", "maximum number of connections per node"),
            (
                "database.reserved_connections",
                "how many of them pages, `/par` and registration must leave to other requests; one always remains for \
                 them",
            ),
            ("database.statement_timeout", "timeout of a statement, 1 s to 12 s"),
            ("database.lock_timeout", "timeout for waiting on a lock, at most `database.statement_timeout`"),
            (
                "database.idle_in_transaction_timeout",
                "time after which PostgreSQL ends an idle transaction of a node that has gone silent, at most 5 \
                 minutes",
            ),
            (
                "database.allow_lossy_commits",
                "let production run where `synchronous_commit` is `off` or `local`, or `fsync` is off; development \
                 only warns",
            ),
        ],
    },
    Section {
        title: "keys",
        about: "",
        rows: &[
            ("keys.dir", "directory of the master key"),
            ("keys.master_key", "32 bytes in base64url or hex; replaces the file in `keys.dir`"),
            ("keys.master_key_file", "a file with the master key"),
            (
                "keys.algorithms",
                "algorithms with a signing key; `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES384` and `EdDSA` are \
                 also possible. Access tokens are signed with `ES256` if it is listed, otherwise with the first, \
                 unless the resource or the client selects another; ID tokens with the algorithm that the client \
                 registered, `RS256` by default",
            ),
            (
                "keys.encryption_algorithms",
                "algorithms by which clients may encrypt request objects, each with its own key in the key set: \
                 `RSA-OAEP-256`, `ECDH-ES`, `ECDH-ES+A256KW`. Keys of an earlier setting stay in use until `signet \
                 keys compromise` drops them",
            ),
            (
                "keys.verify_only",
                "this node has neither the master key nor private keys: it serves the key set, the metadata, \
                 introspection and userinfo, and answers 503 to all other requests",
            ),
            ("keys.rsa_bits", "size of new RSA keys; `4096` is also possible"),
            ("keys.rotation_interval", "time for which a key signs, longer than `keys.jwks_max_age`"),
            (
                "keys.retention",
                "time for which it verifies afterwards, at least the longest token lifetime, 24 h, plus \
                 `tokens.clock_skew`",
            ),
            (
                "keys.jwks_max_age",
                "time for which others may cache the key set, at most 7 days; a key is published at least that long \
                 before it signs",
            ),
        ],
    },
    Section {
        title: "tls and proxy",
        about: "Without `tls.*` the server speaks plain HTTP, and an `https` issuer needs a proxy. Changed files are \
            reloaded within seconds, and immediately on SIGHUP; if the new pair is unusable, the previous one stays in \
            use.",
        rows: &[
            ("tls.cert", "a PEM file with the certificate and its chain"),
            ("tls.key", "a PEM file with its private key"),
            (
                "hsts.include_subdomains",
                "extend `Strict-Transport-Security`, which an https issuer sends, to every host below the issuer's; \
                 set it only if all of them use https",
            ),
            ("proxy.trusted", "networks of proxies whose forwarding header is trusted"),
            (
                "proxy.header",
                "the header that they set: `x-forwarded-for` with `X-Forwarded-Proto`, or `forwarded` (RFC 7239); the \
                 other is ignored",
            ),
        ],
    },
    Section {
        title: "outbound",
        about: "Calls by this server: to key sets, request objects and logout endpoints of clients, webhooks, mail \
            servers and collectors.",
        rows: &[
            ("outbound.extra_ca", "a PEM file with additional certificate authorities, besides those of the Web PKI"),
            (
                "outbound.allow_hosts",
                "hosts (`host` or `host:port`) that may be called even on a private network; in development also by \
                 plain http",
            ),
            ("outbound.timeout", "total timeout of a call to a client or webhook, 1 s to 30 s"),
        ],
    },
    Section {
        title: "limits",
        about: "",
        rows: &[
            (
                "limits.enabled",
                "enables the limit on connections per address, rate limits, pauses after failed sign-ins and automatic \
                 blocks; `false` in development only",
            ),
            ("limits.body_bytes", "maximum request body, in bytes"),
            ("limits.header_bytes", "maximum request head, in bytes, at least `16384`"),
            ("limits.connections", "maximum number of open connections"),
            (
                "limits.login",
                "sign-in forms per minute from one address (IPv4, or an IPv6 /64); four times as many from one network \
                 (IPv4 /24, IPv6 /48)",
            ),
            ("limits.authorize", "authorization requests per minute from one address"),
            (
                "limits.pages",
                "requests per minute from one address to all pages but `/authorize` and the sign-in form (home, \
                 consent, logout, devices, logos, session check), to `/csp-reports`, and to unknown paths",
            ),
            (
                "limits.api",
                "requests per minute from one address to token, par, device authorization, introspect, revoke, \
                 userinfo and the administration API together",
            ),
            (
                "limits.token",
                "requests per minute of one client to token, par, device authorization, revoke and the administration \
                 API together; a public client has as many per address",
            ),
            ("limits.introspect", "introspections per minute of one client"),
            ("limits.registration", "requests per minute from one address to the registration endpoint"),
            (
                "limits.secret_failures",
                "wrong secrets per minute of one client with a weak secret, from one network (/24, or /48 of IPv6); \
                 twenty times as many from all networks. Above that, attempts with a secret, even a correct one, are \
                 refused with 429. Correct secrets are not counted, and repetitions of one wrong secret count once",
            ),
            (
                "limits.waiting",
                "waiting authorization requests, those of devices included, per address within \
                 `sessions.authorization_request_lifetime`; four times as many per network (/24, or /48 of IPv6)",
            ),
            ("limits.person", "userinfo requests and consents per minute for one user, across all clients"),
            (
                "limits.user_codes",
                "device codes per minute that may be entered at `/device` from one address; four times as many from \
                 one network",
            ),
            ("limits.account_failures", "failed sign-ins to an account before pauses begin, 1 to 100"),
            ("limits.address_failures", "the same per address; four times as many per network"),
            ("limits.realm_failures", "the same in total within five minutes, at least 100"),
            (
                "limits.spray_accounts",
                "block an address from signing in after failed sign-ins to this many different accounts within an hour",
            ),
            ("limits.block_duration", "duration of that block, 1 minute to 30 days"),
        ],
    },
    Section {
        title: "log",
        about: "",
        rows: &[
            ("log.level", "`off`, `error`, `warn`, `info`, `debug` or `trace`; `RUST_LOG` takes precedence"),
            ("log.format", "`pretty` for people, or `json` for one JSON object per line"),
        ],
    },
    Section {
        title: "tokens",
        about: "",
        rows: &[
            ("tokens.access_token_lifetime", "60 s to 24 h; clients may have their own"),
            ("tokens.id_token_lifetime", "60 s to 24 h"),
            ("tokens.authorization_code_lifetime", "at most 10 minutes"),
            ("tokens.refresh_token_idle", "a refresh token expires if unused for this long"),
            ("tokens.refresh_token_lifetime", "maximum lifetime since the login, regardless of refreshes"),
            (
                "tokens.refresh_reuse_grace",
                "time for which a replaced refresh token may be retried, at most a minute; `0s` is strict",
            ),
            (
                "tokens.clock_skew",
                "tolerated difference of clocks, at most 2 minutes; `nbf` of issued tokens is this long before `iat`",
            ),
        ],
    },
    Section {
        title: "sessions",
        about: "",
        rows: &[
            (
                "sessions.idle",
                "a session ends if unused for this long; refreshing a grant without `offline_access` counts as use",
            ),
            ("sessions.lifetime", "maximum lifetime since the login"),
            ("sessions.remembered_lifetime", "the same for people who chose to stay signed in"),
            (
                "sessions.management",
                "let applications watch the session from a frame (OpenID Connect Session Management). Frames in other \
                 sites can then read a second cookie, which is random and gives no access",
            ),
            ("sessions.authorization_request_lifetime", "time limit of a sign-in, at most a day"),
        ],
    },
    Section {
        title: "passwords",
        about: "Cost parameters of argon2id; hashes with other parameters are renewed at the next sign-in.",
        rows: &[
            ("passwords.memory_kib", "memory per hash, in KiB; production refuses less than the default"),
            ("passwords.iterations", "passes over the memory; production refuses less than the default"),
            ("passwords.parallelism", "lanes"),
            ("passwords.workers", "hashing threads; `0` means one per core"),
            ("passwords.min_length", "minimum length in characters; production refuses less than 8"),
        ],
    },
    Section {
        title: "profiles",
        about: "",
        rows: &[(
            "profiles.allowed",
            "the security profiles that a client may be given, of `oauth21` and `oidc_classic`; clients with another \
             one keep it",
        )],
    },
    Section {
        title: "clients",
        about: "",
        rows: &[(
            "clients.assertion_lifetime",
            "maximum lifetime of a client assertion (`private_key_jwt`, `client_secret_jwt`), 1 minute to 24 h; its \
             `jti` is stored as long",
        )],
    },
    Section {
        title: "registration",
        about: "",
        rows: &[
            (
                "registration.mode",
                "who may register clients at `/register`: no one (`off`), holders of an initial access token \
                 (`token`), or everyone (`open`)",
            ),
            (
                "registration.profile",
                "the security profile of such clients, one of `profiles.allowed`; `oidc_classic` is for old clients",
            ),
            (
                "registration.scopes",
                "scopes that such clients may ask for besides those of OpenID Connect, even without a user by \
                 `client_credentials`; none may begin with `signet:`",
            ),
            (
                "registration.resources",
                "the resources that such clients may request tokens for (RFC 8707), as absolute URIs; MCP clients \
                 always request one",
            ),
            (
                "registration.unused_lifetime",
                "such a client is removed after it has got no code or token for this long, at least a day; `0s` means \
                 never",
            ),
            ("registration.max_clients", "maximum number of such clients"),
            ("registration.per_hour", "maximum number of registrations per hour, on all nodes together"),
            ("registration.fetch_logos", "fetch the logo at `logo_uri` once and serve it from this server"),
        ],
    },
    Section {
        title: "audit",
        about: "",
        rows: &[(
            "audit.retention",
            "time for which rows of the audit log are kept, at least a day; a signed checkpoint replaces older rows",
        )],
    },
    Section {
        title: "mail",
        about: "Without `mail.smtp` and `mail.folder` no mail is sent.",
        rows: &[
            (
                "mail.smtp",
                "the mail server: `smtps://USER:PASSWORD@HOST:PORT` (TLS), `smtp://...` (STARTTLS) or \
                 `smtp://...?tls=none`, user and password percent-encoded",
            ),
            ("mail.smtp_file", "a file with that URL"),
            ("mail.folder", "in development, a directory for mails as `.eml` files, used instead of a server"),
            ("mail.from", "the sender, such as `Example <no-reply@op.example>`"),
            ("mail.reply_to", "the recipient of replies, if different from the sender"),
            ("mail.timeout", "timeout for handing a mail to the server, 1 s to 30 s"),
            ("mail.allow_cleartext", "let production use `tls=none` to a mail server on another host"),
        ],
    },
    Section {
        title: "shutdown",
        about: "",
        rows: &[(
            "shutdown.delay",
            "time for which connections are still accepted after a signal has turned `/ready` to 503, at most a minute",
        )],
    },
    Section {
        title: "telemetry",
        about: "",
        rows: &[
            (
                "telemetry.otlp_endpoint",
                "the OpenTelemetry collector that receives traces by OTLP over HTTP, such as `http://127.0.0.1:4318`; \
                 a URL with a path is used as it is; `log.level = \"off\"` disables traces",
            ),
            ("telemetry.sample_percent", "share of traces that are sent, in percent, 1 to 100"),
        ],
    },
];
