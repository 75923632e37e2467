//! Settings of mail: the server and the sender.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use url::Url;

use super::secret::Sensitive;
use super::table::settings;
use super::values::Value;
use super::{ConfigError, Mode, Settings, Span};

settings! {
    [mail]

    /// Mails to people. Without `mail.smtp` and `mail.folder` no mail is sent.
    #[derive(Debug, Serialize)]
    pub struct Mail {
        /// The mail server: `smtps://USER:PASSWORD@HOST:PORT` (TLS), `smtp://...` (STARTTLS) or
        /// `smtp://...?tls=none`, with user and password percent-encoded.
        #[secret(SmtpUrl::parse, file = "A file with that URL.")]
        pub smtp: Option<SmtpUrl> = None,
        /// In development, a directory for mails as `.eml` files, used instead of a server.
        pub folder: Option<PathBuf> = None,
        /// The sender, such as `Example <no-reply@op.example>`.
        #[serde(serialize_with = "mailbox")]
        pub from: Option<Mailbox> = None,
        /// The recipient of replies, if different from the sender.
        #[serde(serialize_with = "mailbox")]
        pub reply_to: Option<Mailbox> = None,
        /// The timeout for handing a mail to the server, 1 s to 30 s.
        pub timeout: Span = Span::from_secs(10),
        /// Lets production use `tls=none` to a mail server on another host.
        pub allow_cleartext: bool = false,
    }
}

impl Mail {
    /// Returns true if mails are sent.
    pub fn is_on(&self) -> bool {
        self.smtp.is_some() || self.folder.is_some()
    }
}

fn mailbox<S: Serializer>(mailbox: &Option<Mailbox>, serializer: S) -> Result<S::Ok, S::Error> {
    match mailbox {
        Some(mailbox) => serializer.collect_str(mailbox),
        None => serializer.serialize_none(),
    }
}

/// The encryption of the connection to a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte (RFC 8314 §3.3).
    Tls,
    /// Mandatory STARTTLS (RFC 3207).
    StartTls,
    Cleartext,
}

/// The URL of a mail server; it prints without its password.
pub struct SmtpUrl {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// User name and password.
    pub login: Option<(String, Sensitive<String>)>,
}

impl SmtpUrl {
    /// Parses `smtps://USER:PASSWORD@HOST:PORT`, `smtp://...` (STARTTLS) or `smtp://...?tls=none`, with user and
    /// password percent-encoded. The error completes a sentence about the setting.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        let (encryption, usual_port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Encryption::Tls, 465),
            ("smtp", None) => (Encryption::StartTls, 587),
            ("smtp", Some("tls=none")) => (Encryption::Cleartext, 25),
            _ => return Err("must be smtps://HOST, smtp://HOST (with STARTTLS) or smtp://HOST?tls=none".to_owned()),
        };
        let bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
        let host = url.host_str().filter(|host| bare && !host.is_empty()).ok_or("must name a host and no path")?;
        let decoded = |part: &str| {
            percent_decode_str(part)
                .decode_utf8()
                .map(Into::into)
                .map_err(|_| "has a user or password that is not UTF-8")
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, Sensitive::new(decoded(password)?))),
            _ => return Err("must have both a user and a password, or none".to_owned()),
        };
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: url.port().unwrap_or(usual_port), encryption, login })
    }

    /// Returns true if the server is on this host.
    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Returns the URL with its password as `***`.
    pub fn redacted(&self) -> String {
        let (scheme, query) = match self.encryption {
            Encryption::Tls => ("smtps", ""),
            Encryption::StartTls => ("smtp", ""),
            Encryption::Cleartext => ("smtp", "?tls=none"),
        };
        let login = self.login.as_ref().map(|_| "***:***@").unwrap_or_default();
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{scheme}://{login}{host}:{}{query}", self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for SmtpUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

/// Checks the rules of this section.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    let mail = &settings.mail;
    let production = settings.mode == Mode::Production;
    if mail.smtp.is_some() && mail.folder.is_some() {
        return Err(ConfigError::refused("mail.folder", "cannot be given together with mail.smtp"));
    }
    if mail.folder.is_some() && production {
        return Err(ConfigError::refused("mail.folder", "may be set only when mode is development"));
    }
    if mail.is_on() && mail.from.is_none() {
        return Err(ConfigError::refused("mail.from", "must be set to send mails"));
    }
    let readable = |smtp: &SmtpUrl| smtp.encryption == Encryption::Cleartext && !smtp.is_loopback();
    if production && !mail.allow_cleartext && mail.smtp.as_ref().is_some_and(readable) {
        let reason =
            "must not have tls=none for another host when mode is production, unless mail.allow_cleartext is true";
        return Err(ConfigError::refused("mail.smtp", reason));
    }
    Ok(())
}

impl Value for Mailbox {
    const EXPECTED: &'static str = "a mail address, such as no-reply@op.example or Example <no-reply@op.example>";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_the_server_and_its_encryption() {
        let rows = [
            ("smtps://mail.example", "smtps://mail.example:465"),
            ("smtps://mail.example:2465/", "smtps://mail.example:2465"),
            ("smtp://mail.example", "smtp://mail.example:587"),
            ("smtp://127.0.0.1:1025?tls=none", "smtp://127.0.0.1:1025?tls=none"),
            ("smtp://[::1]:1025?tls=none", "smtp://[::1]:1025?tls=none"),
            ("smtps://me%40example.org:s%2Fcret@mail.example", "smtps://***:***@mail.example:465"),
        ];
        for (text, expected) in rows {
            assert_eq!(SmtpUrl::parse(text).unwrap().redacted(), expected, "{text}");
        }
        let (user, password) = SmtpUrl::parse("smtps://me%40example.org:s%2Fcret@mail.example").unwrap().login.unwrap();
        assert_eq!((user.as_str(), password.expose().as_str()), ("me@example.org", "s/cret"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "mail.example",
            "https://mail.example",
            "smtp:mail.example",
            "smtps://",
            "smtps://mail.example/inbox",
            "smtps://mail.example?tls=none",
            "smtp://mail.example?tls=opportunistic",
            "smtps://user@mail.example",
            "smtps://:secret@mail.example",
            "smtps://user:%ff@mail.example",
        ] {
            let refusal = SmtpUrl::parse(text).map(|url| url.redacted());
            assert!(refusal.is_err(), "{text}: {refusal:?}");
        }
    }
}
