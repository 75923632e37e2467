//! A mail server on loopback that accepts or refuses mails as the test configures it, and keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use signet::config::{Settings, SmtpUrl};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// The timeout for a mail.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The reply that is never sent.
pub const SILENCE: u16 = 0;

/// A running mail server.
pub struct MailSink {
    pub port: u16,
    shared: Arc<Shared>,
    arrivals: Mutex<UnboundedReceiver<Mail>>,
    task: tokio::task::JoinHandle<()>,
}

/// A received mail.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
}

struct Shared {
    reply: AtomicU16,
    tried: AtomicUsize,
    arrivals: UnboundedSender<Mail>,
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailSink {
    pub async fn start() -> Self {
        Self::with(None).await
    }

    /// A server that speaks TLS from the first byte on.
    pub async fn with(acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, arrivals) = unbounded_channel();
        let shared = Shared { reply: AtomicU16::new(250), tried: AtomicUsize::new(0), arrivals: sender };
        let shared = Arc::new(shared);
        let state = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = state.clone();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match acceptor {
                        None => state.serve(stream).await,
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => state.serve(stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        Self { port, shared, arrivals: Mutex::new(arrivals), task }
    }

    /// Configures the settings to send mails here.
    pub fn settings(&self, settings: &mut Settings) {
        let url = format!("smtp://127.0.0.1:{}?tls=none", self.port);
        settings.mail.smtp = Some(SmtpUrl::parse(&url).unwrap());
        settings.mail.from = Some("Example <no-reply@op.example>".parse().unwrap());
    }

    /// Replies to each recipient with this code from now on, or with [`SILENCE`].
    pub fn answer_with(&self, reply: u16) {
        self.shared.reply.store(reply, Ordering::SeqCst);
    }

    /// The number of attempted deliveries.
    pub fn tried(&self) -> usize {
        self.shared.tried.load(Ordering::SeqCst)
    }

    /// The next mail, as soon as it comes.
    pub async fn next(&self) -> Mail {
        let next = tokio::time::timeout(TIMEOUT, async { self.arrivals.lock().await.recv().await });
        next.await.expect("a mail comes in time").expect("the server runs")
    }
}

impl Shared {
    /// One connection (RFC 5321 §4.1.1).
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Option<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink.example\r\n").await.ok()?;
        let mut mail = Mail::default();
        loop {
            stream.flush().await.ok()?;
            let line = read_line(&mut stream).await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((line.as_str(), ""));
            let address = || rest.split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
            let reply = match verb.to_ascii_uppercase().as_str() {
                "EHLO" => "250-sink.example\r\n250 8BITMIME".to_owned(),
                "MAIL" => {
                    mail = Mail { from: address(), ..Mail::default() };
                    "250 OK".to_owned()
                }
                "RCPT" => {
                    mail.to.push(address());
                    self.tried.fetch_add(1, Ordering::SeqCst);
                    match self.reply.load(Ordering::SeqCst) {
                        SILENCE => std::future::pending().await,
                        reply => format!("{reply} says the sink of {}", address()),
                    }
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await.ok()?;
                    stream.flush().await.ok()?;
                    loop {
                        let line = read_line(&mut stream).await?;
                        if line == "." {
                            break;
                        }
                        mail.raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                        mail.raw.push_str("\r\n");
                    }
                    self.arrivals.send(mail.clone()).ok()?;
                    "250 taken".to_owned()
                }
                "QUIT" => "221 bye".to_owned(),
                _ => "250 OK".to_owned(),
            };
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        }
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

impl Mail {
    /// The names of the headers, in order.
    pub fn names(&self) -> Vec<&str> {
        let head = self.raw.split_once("\r\n\r\n").unwrap().0;
        let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        lines.map(|line| line.split_once(':').unwrap().0).collect()
    }

    /// A header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ");
        let prefix = format!("{name}: ");
        let line = head.split("\r\n").find_map(|line| line.strip_prefix(&prefix));
        line.unwrap_or_else(|| panic!("no {name}: {}", self.raw)).to_owned()
    }

    /// The decoded text.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The decoded HTML.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    /// The part of this type: one of the alternatives (RFC 2046 §5.1.4), or the whole mail.
    fn part(&self, kind: &str) -> String {
        let content = self.header("Content-Type");
        let Some((_, boundary)) = content.split_once("boundary=\"") else { return decoded(&self.raw) };
        let boundary = format!("--{}", boundary.split('"').next().unwrap());
        let mut parts = self.raw.split(&boundary).skip(1);
        let part = parts.find(|part| part.contains(&format!("Content-Type: {kind}")));
        decoded(part.unwrap_or_else(|| panic!("no {kind}: {}", self.raw)))
    }
}

/// The decoded body of a part with its headers (RFC 2045 §6).
fn decoded(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    let encoding = head.split("\r\n").find_map(|line| line.strip_prefix("Content-Transfer-Encoding: "));
    match encoding.unwrap_or("7bit") {
        "7bit" => body.replace("\r\n", "\n"),
        "quoted-printable" => {
            let joined = body.replace("=\r\n", "").replace("\r\n", "\n");
            let mut bytes = Vec::new();
            let mut parts = joined.split('=');
            bytes.extend_from_slice(parts.next().unwrap().as_bytes());
            for part in parts {
                bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            String::from_utf8(bytes).unwrap()
        }
        "base64" => {
            let bytes = STANDARD.decode(body.replace("\r\n", "")).unwrap();
            String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
        }
        other => panic!("{other}: {part}"),
    }
}
