//! Questions to the person at the terminal. Where standard input is no terminal, nothing is ever asked.

use std::io::{IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::protocol::secret::Password;

/// True where a person can be asked: questions and answers go through a terminal.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line; an empty one, or the end of the input, is the default.
///
/// # Errors
/// Where the terminal cannot be read.
pub fn ask(question: &str, default: &str) -> anyhow::Result<String> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    write(&format!("{question}{shown}: "));
    let line = read_line()?;
    Ok(if line.is_empty() { default.to_owned() } else { line })
}

/// Asks for a password without showing it.
///
/// # Errors
/// Where the terminal cannot be read.
pub fn ask_password(question: &str) -> anyhow::Result<Password> {
    write(&format!("{question}: "));
    let hidden = Hidden::begin()?;
    let line = read_line();
    drop(hidden);
    write("\n");
    Ok(Password::new(line?))
}

/// Asks for a new password twice.
///
/// # Errors
/// Where the terminal cannot be read, or the two differ.
pub fn choose_password(question: &str) -> anyhow::Result<Password> {
    let password = ask_password(question)?;
    let again = ask_password(&format!("{question} again"))?;
    anyhow::ensure!(password.expose() == again.expose(), "the two passwords differ");
    Ok(password)
}

/// Asks whether to go on; only the word `yes` does.
///
/// # Errors
/// Where the terminal cannot be read.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    Ok(ask(&format!("{question} Type yes to go on"), "")?.eq_ignore_ascii_case("yes"))
}

fn write(text: &str) {
    let mut terminal = std::io::stderr().lock();
    // A terminal that has gone away shows itself when it is read.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that has gone away.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
