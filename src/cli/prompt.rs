//! Questions on the terminal. Without a terminal nothing is asked.

use std::io::{IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use signet_protocol::secret::Password;

/// Returns true if standard input and standard error are terminals.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a line. An empty line or the end of input selects the default.
pub fn ask(question: &str, default: &str) -> anyhow::Result<String> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    write(&format!("{question}{shown}: "));
    let line = read_line()?;
    Ok(if line.is_empty() { default.to_owned() } else { line })
}

/// Asks for a password without echo.
pub fn ask_password(question: &str) -> anyhow::Result<Password> {
    write(&format!("{question}: "));
    let hidden = Hidden::begin()?;
    let line = read_line();
    drop(hidden);
    write("\n");
    Ok(Password::new(line?))
}

pub fn choose_password(question: &str) -> anyhow::Result<Password> {
    let password = ask_password(question)?;
    let again = ask_password(&format!("{question} again"))?;
    anyhow::ensure!(password.expose() == again.expose(), "the two passwords differ");
    Ok(password)
}

/// Asks for confirmation; only the word `yes` confirms.
pub fn confirm(question: &str) -> anyhow::Result<bool> {
    Ok(ask(&format!("{question} Type yes to go on"), "")?.eq_ignore_ascii_case("yes"))
}

fn write(text: &str) {
    let mut terminal = std::io::stderr().lock();
    // A closed terminal fails at the next read.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Switches off the echo of the terminal until dropped.
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
        // Fails only for a closed terminal.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
