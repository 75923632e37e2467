//! A proxy between a server and its database for fault tests: it can cut connections, stop answering, lose an answer,
//! and recover.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The treatment of forwarded data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Forwards it.
    Open,
    /// Closes all connections, old and new, as if the server process had ended.
    Cut,
    /// Drops it silently, as if the machine were gone or a firewall dropped packets.
    Silent,
    /// Forwards it until the database acknowledges a commit, then closes the connection before the answer is forwarded.
    LosesCommits,
    /// Forwards it, but makes the database refuse LISTEN, like databases that only have PostgreSQL's protocol.
    WithoutNotifications,
}

/// The statement that asks for notifications, and one of the same length that is refused with SQLSTATE 0A000.
const LISTEN: (&[u8], &[u8]) = (b"LISTEN \"signet_changes\"", b"CALL no_listen()       ");
/// The procedure that refuses `LISTEN`.
pub const NO_LISTEN: &str = "CREATE OR REPLACE PROCEDURE no_listen() LANGUAGE plpgsql AS $$ BEGIN \
     RAISE EXCEPTION 'LISTEN is not supported' USING ERRCODE = '0A000'; END $$";

/// A proxy before a database.
pub struct Proxy {
    pub url: String,
    line: watch::Sender<Line>,
    accepted: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// A proxy before the PostgreSQL database at this URL.
    pub async fn before(url: &str) -> Self {
        let mut url = url::Url::parse(url).unwrap();
        let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (line, seen) = watch::channel(Line::Open);
        let accepted = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(accept(listener, target, seen, accepted.clone()));
        Self { url: url.into(), line, accepted, task }
    }

    /// Changes the treatment of data on all connections.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// The number of accepted connections.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, target: String, line: watch::Receiver<Line>, accepted: Arc<AtomicUsize>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if *line.borrow() == Line::Cut {
            continue;
        }
        accepted.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(connect(client, target.clone(), line.clone()));
    }
}

async fn connect(client: TcpStream, target: String, mut line: watch::Receiver<Line>) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let ((client_read, client_write), (server_read, server_write)) = (client.into_split(), server.into_split());
    let there = pass(client_read, server_write, line.clone(), false);
    let back = pass(server_read, client_write, line.clone(), true);
    tokio::select! {
        () = there => {}
        () = back => {}
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

/// Forwards data as the line allows, until the connection ends.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut line: watch::Receiver<Line>, is_answer: bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let now = *line.borrow();
        let held = &buffer[..read];
        let is_commit = is_answer && held.windows(7).any(|window| window == b"COMMIT\0");
        match now {
            Line::LosesCommits if is_commit => return,
            Line::Silent => {
                // A connection that has lost data is useless afterwards.
                let _ = line.wait_for(|line| *line != Line::Silent).await;
                return;
            }
            Line::WithoutNotifications if !is_answer => refuse_to_listen(&mut buffer[..read]),
            Line::Open | Line::Cut | Line::LosesCommits | Line::WithoutNotifications => {}
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

/// Replaces the statement by which a node asks for notifications.
fn refuse_to_listen(sent: &mut [u8]) {
    let found = sent.windows(LISTEN.0.len()).position(|window| window == LISTEN.0);
    if let Some(at) = found {
        sent[at..at + LISTEN.1.len()].copy_from_slice(LISTEN.1);
    }
}
