//! L1: the only code that sends mails: to the configured server or, in development, into a directory. It owns the
//! message format (RFC 5322) and delivery (RFC 5321). The content of mails is left to others.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::address::Address;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Category;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::config::{Encryption, Mail, SmtpUrl};
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};

type Smtp = AsyncSmtpTransport<Tokio1Executor>;

pub struct Mailer {
    way: Way,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    timeout: Duration,
}

enum Way {
    Smtp(Smtp),
    Folder(PathBuf),
}

/// A mail as text and, with the same content, as HTML.
#[derive(Clone, Debug)]
pub struct Letter {
    /// An identifier of the mail, from which the `Message-ID` is derived. It is the same in every attempt, so that a
    /// mail server can detect duplicates.
    pub key: String,
    /// The recipient's address.
    pub to: String,
    pub subject: String,
    pub body: String,
    pub html: Option<String>,
    /// The time of writing.
    pub at: Timestamp,
}

/// The reason why no mail can be sent; each message is one line that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error("mail.from is not set")]
    Sender,
    /// The certificate authorities cannot be read.
    #[error("outbound.extra_ca: {} cannot be used: {reason}", path.display())]
    Authorities { path: PathBuf, reason: String },
    #[error("TLS for mail.smtp cannot be set up: {0}")]
    Tls(smtp::Error),
}

/// The reason why a mail was not accepted. Messages contain no address, although mail servers repeat them in their
/// responses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The address is invalid, or the mail server refuses the mail permanently.
    #[error("{0}")]
    Refused(String),
    /// A later attempt may succeed.
    #[error("{0}")]
    NotNow(String),
}

impl Mailer {
    /// Creates a mailer from the settings, which trusts these authorities besides those of the Web PKI. Returns `None`
    /// if the settings have neither a server nor a folder.
    pub fn new(settings: &Mail, extra_ca: Option<&Path>) -> Result<Option<Self>, MailerError> {
        let from = settings.from.clone().ok_or(MailerError::Sender);
        let timeout = Duration::from_secs(u64::try_from(settings.timeout.as_secs()).unwrap_or_default());
        let way = match (&settings.smtp, &settings.folder) {
            (Some(url), _) => Way::Smtp(transport(url, from.as_ref().ok(), timeout, extra_ca)?),
            (None, Some(folder)) => Way::Folder(folder.clone()),
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { way, from: from?, reply_to: settings.reply_to.clone(), timeout }))
    }

    /// Sends a mail. The error distinguishes permanent from temporary refusals.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = self.message(letter)?;
        match &self.way {
            Way::Smtp(server) => match tokio::time::timeout(self.timeout, server.send(message)).await {
                Ok(sent) => sent.map(drop).map_err(|error| refusal(&error)),
                Err(_) => Err(MailError::NotNow("the mail server timed out".to_owned())),
            },
            Way::Folder(folder) => {
                let name = format!("{}-{}.eml", letter.at.as_millis(), digest(&letter.key));
                put(folder, &name, &message.formatted()).map_err(|error| MailError::NotNow(error.to_string()))
            }
        }
    }

    /// Sends a mail for an operator and returns the mail server's response. The error is one line and may contain the
    /// address.
    pub async fn try_send(&self, letter: &Letter) -> Result<String, String> {
        let Way::Smtp(server) = &self.way else {
            let sent = self.send(letter).await.map_err(|error| error.to_string());
            return sent.map(|()| "it was written to mail.folder".to_owned());
        };
        let message = self.message(letter).map_err(|error| error.to_string())?;
        let sent = tokio::time::timeout(self.timeout, server.send(message)).await;
        let answer = sent.map_err(|_| "the mail server timed out".to_owned())?.map_err(|error| in_full(&error))?;
        let text: Vec<&str> = answer.message().collect();
        Ok(format!("the mail server answered {} {}", answer.code(), text.join(" ")))
    }

    /// Tests the connection to the mail server. The error is one line.
    pub async fn test(&self) -> Result<(), String> {
        let Way::Smtp(server) = &self.way else { return Ok(()) };
        match tokio::time::timeout(self.timeout, server.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server closed the connection".to_owned()),
            Ok(Err(error)) => Err(refusal(&error).to_string()),
            Err(_) => Err("the mail server timed out".to_owned()),
        }
    }

    fn message(&self, letter: &Letter) -> Result<Message, MailError> {
        let unfit = |what: &str| MailError::Refused(what.to_owned());
        let to: Address = letter.to.parse().map_err(|_| unfit("the address is not valid"))?;
        let id = format!("<{}@{}>", digest(&letter.key), self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .date(system_time(letter.at))
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(MIME_VERSION_1_0);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = letter.body.clone();
        let message = match &letter.html {
            // RFC 2046 §5.1.4: the richest alternative is the last one.
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, html.clone())),
            None => builder.header(ContentType::TEXT_PLAIN).body(text),
        };
        message.map_err(|_| unfit("the mail cannot be encoded"))
    }
}

fn transport(
    url: &SmtpUrl,
    from: Option<&Mailbox>,
    timeout: Duration,
    extra_ca: Option<&Path>,
) -> Result<Smtp, MailerError> {
    let tls = match url.encryption {
        Encryption::Tls => Tls::Wrapper(tls(&url.host, extra_ca)?),
        Encryption::StartTls => Tls::Required(tls(&url.host, extra_ca)?),
        Encryption::Cleartext => Tls::None,
    };
    let mut builder = Smtp::builder_dangerous(&url.host).port(url.port).tls(tls).timeout(Some(timeout));
    if let Some(from) = from {
        builder = builder.hello_name(ClientId::Domain(from.email.domain().to_owned()));
    }
    if let Some((user, password)) = &url.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
    }
    Ok(builder.build())
}

/// Builds the parameters for TLS 1.2 or 1.3 to a server of this name (RFC 9325 §3.1.1).
fn tls(host: &str, extra_ca: Option<&Path>) -> Result<TlsParameters, MailerError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = extra_ca {
        let unusable = |reason: String| MailerError::Authorities { path: path.to_owned(), reason };
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let authorities = Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        builder = builder.add_root_certificate(authorities);
    }
    builder.build().map_err(MailerError::Tls)
}

/// Classifies an error of the mail server. A refusal of the mailbox concerns this mail alone (RFC 3463 §2 and RFC 5321
/// §4.2.1: 55x). A refusal of this server may be due to the settings and may change later.
fn refusal(error: &smtp::Error) -> MailError {
    match error.status() {
        Some(code) if error.is_permanent() && code.category == Category::MailSystem => {
            MailError::Refused(format!("the mail server answered {code}"))
        }
        Some(code) => MailError::NotNow(format!("the mail server answered {code}")),
        None if error.is_response() || error.is_client() => {
            MailError::NotNow("the mail server violated the SMTP protocol".to_owned())
        }
        None => MailError::NotNow(error.to_string()),
    }
}

/// Formats an error with its causes, on one line.
fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source()).map(ToString::to_string);
    let mut parts: Vec<String> = std::iter::once(error.to_string()).chain(causes).collect();
    parts.dedup_by(|later, earlier| earlier.contains(later.as_str()));
    parts.join(": ").replace(['\r', '\n'], " ")
}

/// Writes a file atomically: readers never see a part of it.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}"));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(unfinished, folder.join(name))
}

fn digest(key: &str) -> String {
    let digest = Digest::of(key.as_bytes());
    digest.as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn system_time(at: Timestamp) -> SystemTime {
    let millis = at.since(Timestamp::from_millis(0)).max(Span::ZERO).as_millis();
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// Marks the mail as generated, so that auto-responders do not reply (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
