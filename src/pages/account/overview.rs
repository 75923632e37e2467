//! The overview with the security check-list, and the security page.

use askama::Template;

use super::{Console, When};
use crate::pages::Page;

#[derive(Template)]
#[template(path = "account/overview.html")]
pub struct OverviewPage {
    pub page: Page,
    pub console: Console,
    pub email: Option<Address>,
    /// The time of the sign-in before the present one.
    pub previous: Option<When>,
    pub advice: Vec<Advice>,
}

#[derive(Template)]
#[template(path = "account/security.html")]
pub struct SecurityPage {
    pub page: Page,
    pub console: Console,
    /// The time at which the password was set, if there is one.
    pub password_set: Option<When>,
    /// The URL of the page that changes the password, if this server has one.
    pub change_password: Option<String>,
    /// The number of other sessions.
    pub others: i64,
    /// The URL of the sessions.
    pub sessions: String,
    /// The time of the sign-in before the present one.
    pub previous: Option<When>,
}

/// An e-mail address.
#[derive(Clone, Debug)]
pub struct Address {
    pub address: String,
    pub is_verified: bool,
}

/// A line of the security check-list.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The key of its words, which may show `$count`.
    pub key: &'static str,
    pub count: i64,
    /// True if nothing is to be done.
    pub is_fine: bool,
    /// The URL of the page where something can be done.
    pub href: Option<String>,
}
