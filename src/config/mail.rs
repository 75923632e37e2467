//! Settings of mails: by which server they leave, and from whom they are.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use url::Url;

use super::secret::Sensitive;
use super::sources::Sources;
use super::values::Value;
use super::{ConfigError, Mode, Settings, Span};

/// Settings of mails. Without a server and a folder none is sent.
#[derive(Debug, Serialize)]
pub struct Mail {
    /// The server by which mails leave; the URL may hold a password.
    pub smtp: Option<SmtpUrl>,
    /// In development, the directory that mails are put into as files, in place of a server.
    pub folder: Option<PathBuf>,
    /// Whom mails are from.
    #[serde(serialize_with = "mailbox")]
    pub from: Option<Mailbox>,
    /// Who gets the answers, where it is somebody else.
    #[serde(serialize_with = "mailbox")]
    pub reply_to: Option<Mailbox>,
    /// How long it may take to hand a mail over.
    pub timeout: Span,
    /// Whether production may send mails in clear text to a server on another host.
    pub allow_cleartext: bool,
}

impl Default for Mail {
    fn default() -> Self {
        let timeout = Span::from_secs(10);
        Self { smtp: None, folder: None, from: None, reply_to: None, timeout, allow_cleartext: false }
    }
}

impl Mail {
    /// Whether mails are sent.
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

/// Says how the way to a mail server is kept from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// By TLS from the first byte on (RFC 8314 §3.3).
    Tls,
    /// By TLS that is asked for in clear text and insisted on (RFC 3207).
    StartTls,
    /// Not at all.
    Cleartext,
}

/// Holds where a mail server is and how it is reached; it prints without its password.
pub struct SmtpUrl {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is encrypted.
    pub encryption: Encryption,
    /// With which name and password to sign in.
    pub login: Option<(String, Sensitive<String>)>,
}

impl SmtpUrl {
    /// Reads `smtps://USER:PASSWORD@HOST:PORT`, `smtp://...` (STARTTLS) or `smtp://...?tls=none`; the error says what a
    /// URL must be. User and password are percent-encoded.
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

    /// Whether the server is on this host.
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

impl Settings {
    pub(super) fn read_mail(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let mail = &mut self.mail;
        mail.smtp = sources.take_secret("mail.smtp", "mail.smtp_file", SmtpUrl::parse)?;
        mail.folder = sources.take("mail.folder")?;
        mail.from = sources.take("mail.from")?;
        mail.reply_to = sources.take("mail.reply_to")?;
        sources.set("mail.timeout", &mut mail.timeout)?;
        sources.set("mail.allow_cleartext", &mut mail.allow_cleartext)
    }
}

/// Returns the first rule of its own that the section breaks.
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
        return Err(ConfigError::refused("mail.from", "must be set where mails are sent"));
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
    fn a_url_says_where_the_server_is_and_how_it_is_reached() {
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
