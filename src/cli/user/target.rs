//! Selection of a user.

use crate::cli::target::target;

target!(
    /// A user who exists.
    UserTarget, "USER", "username", "The user name, e-mail address or sub"
);
target!(
    /// The name of a new user.
    NewUser, "NAME", "username", "The user name"
);
