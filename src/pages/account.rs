//! The pages of the account console.

use askama::Template;

use super::Page;
use signet_protocol::endpoint::{self, Endpoint};
use signet_store::account::holdings::OfUser;

/// The frame of every page of the console: its navigation, and the person who is signed in.
#[derive(Clone, Debug)]
pub struct Console {
    pub entries: Vec<Entry>,
    /// The name of the signed-in person.
    pub who: String,
    /// The URL to sign out.
    pub sign_out: String,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub struct Entry {
    pub href: String,
    pub label: &'static str,
    pub is_current: bool,
}

/// The pages of the navigation, in their order.
const ENTRIES: [(&Endpoint, &str); 1] = [(&endpoint::ACCOUNT, "Overview")];

impl Console {
    /// The frame of a page, below the path of the issuer.
    pub fn new(base: &str, who: &str, current: &Endpoint) -> Self {
        let entry = |(page, label): (&Endpoint, &'static str)| Entry {
            href: format!("{base}{}", page.path),
            label,
            is_current: page.path == current.path,
        };
        Self {
            entries: ENTRIES.into_iter().map(entry).collect(),
            who: who.to_owned(),
            sign_out: format!("{base}{}", endpoint::LOGOUT.path),
        }
    }
}

#[derive(Template)]
#[template(path = "account/overview.html")]
pub struct OverviewPage {
    pub page: Page,
    pub console: Console,
    pub email: Option<Address>,
    pub holdings: OfUser,
}

/// An e-mail address.
#[derive(Clone, Debug)]
pub struct Address {
    pub address: String,
    pub is_verified: bool,
}
