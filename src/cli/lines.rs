//! Where lines of the log go: standard error, at once where somebody reads along or where a line is a warning, else
//! together with the lines of the next twentieth of a second: a call of the system for each of a hundred thousand
//! lines a second costs more than what they tell of.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait.
const DELAY: Duration = Duration::from_millis(50);
/// How many bytes may wait.
const ENOUGH: usize = 64 * 1024;

/// The lines that wait.
#[derive(Clone)]
pub struct Lines {
    waiting: Arc<Mutex<Vec<u8>>>,
    at_once: bool,
}

/// The writer of one line.
pub struct Line<'a> {
    lines: &'a Lines,
    at_once: bool,
}

impl Lines {
    /// Lines on standard error; those that may wait are written by a thread.
    pub fn start() -> Self {
        let lines = Self { waiting: Arc::default(), at_once: io::stderr().is_terminal() };
        if lines.at_once {
            return lines;
        }
        let waiting = lines.clone();
        let thread = std::thread::Builder::new().name("signet-log".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(DELAY);
                waiting.flush();
            }
        });
        Self { at_once: thread.is_err(), ..lines }
    }

    /// Writes what waits.
    pub fn flush(&self) {
        write_out(&mut self.waiting());
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_out(waiting: &mut Vec<u8>) {
    if !waiting.is_empty() {
        // There is nowhere to say that standard error is closed.
        let _ = io::stderr().write_all(waiting);
        waiting.clear();
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lines.waiting();
        waiting.extend_from_slice(line);
        if self.at_once || waiting.len() > ENOUGH {
            write_out(&mut waiting);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush();
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, at_once: self.at_once }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, at_once: self.at_once || *of.level() <= Level::WARN }
    }
}
