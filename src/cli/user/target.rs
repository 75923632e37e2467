//! Selection of a user.

use clap::Args;

/// A user by name, e-mail address or `sub`: the first argument or `--username`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct UserTarget {
    /// The user name, e-mail address or sub
    #[arg(value_name = "USER")]
    user: Option<String>,
    /// The user name, e-mail address or sub
    #[arg(long, value_name = "USER")]
    username: Option<String>,
}

impl UserTarget {
    pub fn as_str(&self) -> &str {
        self.user.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }
}

/// The name of a new user: the first argument or `--username`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct NewUser {
    /// The user name
    #[arg(value_name = "NAME")]
    user: Option<String>,
    /// The user name
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
}

impl NewUser {
    pub fn as_str(&self) -> &str {
        self.user.as_deref().or(self.username.as_deref()).unwrap_or_default()
    }
}
