//! The log of a test's server, at every level.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

thread_local! {
    /// The log of this thread, if recording. The whole server of a test runs on the test's thread.
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

/// Starts recording the log of this thread, at every level, including panics.
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
                signet::http::edge::guard::log_panic(panic);
            }
            default(panic);
        }));
    });
}

/// The server's log, without lines of the test's own client.
pub fn logged() -> String {
    let text = String::from_utf8(LOG.take().unwrap()).unwrap();
    let own = |line: &&str| !line.contains("reqwest::") && !line.contains("hyper_util::client");
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}
