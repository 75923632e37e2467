//! The user that a command is about.

use clap::Args;

/// A user by name, e-mail address or `sub`: as the first word, or with `--username`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct UserTarget {
    /// The name, the e-mail address or the sub
    #[arg(value_name = "USER")]
    user: Option<String>,
    /// The name, the e-mail address or the sub
    #[arg(long, value_name = "USER")]
    username: Option<String>,
}

impl UserTarget {
    /// The user as they were named.
    pub fn as_str(&self) -> &str {
        self.user.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }
}
