//! What the server of a test logs, at every level.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

thread_local! {
    /// What this thread has logged, if it listens. The whole server of a test runs on the test's thread.
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The log of the thread that writes.
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|log| log.iter_mut().for_each(|log| log.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Lets this thread keep what it logs, at every level, panics as the server tells of them.
pub fn listen() {
    static ONCE: Once = Once::new();
    LOG.set(Some(Vec::new()));
    ONCE.call_once(|| {
        let listening = dynamic_filter_fn(|_, _| LOG.with_borrow(Option::is_some));
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Log).with_filter(listening);
        tracing_subscriber::registry().with(layer).init();
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if LOG.with_borrow(Option::is_some) {
                signet::http::guard::tell_of_panic(panic);
            }
            default(panic);
        }));
    });
}

/// What the server has written; the test's own client is no part of it.
pub fn logged() -> String {
    let text = String::from_utf8(LOG.take().unwrap()).unwrap();
    let own = |line: &&str| !line.contains("reqwest::") && !line.contains("hyper_util::client");
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}
