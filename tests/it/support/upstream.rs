//! A third-party server on loopback that this server calls. It responds as the test configures it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// The behavior of the server for a request.
#[derive(Clone, Debug)]
pub enum Script {
    /// Writes these bytes and closes the connection.
    Answer(Vec<u8>),
    /// Writes these bytes, then one at a time without end.
    Drip(Vec<u8>),
    /// Writes these bytes and keeps the connection open.
    Hang(Vec<u8>),
}

impl Script {
    /// A 200 with this type and body.
    pub fn ok(content_type: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
        Self::Answer(format!("{head}{body}").into_bytes())
    }

    /// These bytes.
    pub fn raw(text: &str) -> Self {
        Self::Answer(text.as_bytes().to_vec())
    }
}

struct State {
    script: Mutex<Script>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    /// Permits for responses, if the test holds them back.
    gate: Option<Semaphore>,
}

/// A running server.
pub struct Upstream {
    pub port: u16,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    /// A server of plain http.
    pub async fn http(script: Script) -> Self {
        Self::start(script, None, None).await
    }

    /// A server of https.
    pub async fn https(script: Script, acceptor: TlsAcceptor) -> Self {
        Self::start(script, Some(acceptor), None).await
    }

    /// A server that responds only after [`Self::release`].
    pub async fn held_back(script: Script) -> Self {
        Self::start(script, None, Some(Semaphore::new(0))).await
    }

    async fn start(script: Script, acceptor: Option<TlsAcceptor>, gate: Option<Semaphore>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Mutex::new(script);
        let requests = Mutex::default();
        let state = Arc::new(State { script, requests, connections: AtomicUsize::new(0), gate });
        let shared = state.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = shared.clone();
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
        Self { port, state, task }
    }

    /// Changes the behavior for later requests.
    pub fn play(&self, script: Script) {
        *self.state.script.lock().unwrap() = script;
    }

    /// The requests so far: head and body as they came.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    /// The number of accepted connections.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Releases this number of responses.
    pub fn release(&self, answers: usize) {
        self.state.gate.as_ref().expect("a server that is held back").add_permits(answers);
    }

    /// The URL of a path by plain http.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl State {
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> Option<()> {
        let request = read_request(&mut stream).await?;
        self.requests.lock().unwrap().push(request);
        if let Some(gate) = &self.gate {
            gate.acquire().await.unwrap().forget();
        }
        let script = self.script.lock().unwrap().clone();
        match script {
            Script::Answer(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.shutdown().await.ok()
            }
            Script::Drip(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                loop {
                    stream.write_all(b" ").await.ok()?;
                    stream.flush().await.ok()?;
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
            Script::Hang(bytes) => {
                stream.write_all(&bytes).await.ok()?;
                stream.flush().await.ok()?;
                std::future::pending().await
            }
        }
    }
}

/// Reads a head, and as much of a body as it announces.
async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            if body.len() >= length.parse().unwrap() {
                return Some(text.into_owned());
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}
