//! The user that a command is about or adds.

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

/// The name of a new user: as the first word, or with `--username`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct NewUser {
    /// The name to sign in with
    #[arg(value_name = "NAME")]
    user: Option<String>,
    /// The name to sign in with
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
}

impl NewUser {
    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        self.user.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }
}
