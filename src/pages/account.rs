//! The pages of the account console.

mod activity;
mod applications;
mod data;
mod flash;
mod overview;
mod profile;
mod sessions;
mod tokens;

use signet_protocol::endpoint::{self, Endpoint};
use signet_protocol::time::Timestamp;

pub use activity::{ActivityLine, ActivityPage, DisputePage};
pub use applications::{ApplicationLine, ApplicationsPage};
pub use data::{DataPage, DeletePage, DeletedPage};
pub use flash::Flash;
pub use overview::{Address, Advice, OverviewPage, SecurityPage};
pub use profile::{FieldLine, ProfilePage, hint as field_hint, in_words as field_error, label as field_label};
pub use sessions::{SessionLine, SessionsPage, device};
pub use tokens::{Choice, Lifetime, TokenForm, TokenLine, TokensPage};

/// The frame of every page of the console: its navigation, the person who is signed in, and the head of its forms.
#[derive(Clone, Debug)]
pub struct Console {
    pub entries: Vec<Entry>,
    /// The name of the signed-in person.
    pub who: String,
    /// The URL to sign out.
    pub sign_out: String,
    /// The message that the form before has left.
    pub flash: Option<Flash>,
    /// The target of the forms, which is the page itself.
    pub action: String,
    /// The token that binds the forms to the browser.
    pub csrf: String,
    /// The path of the issuer.
    pub base: String,
}

/// An entry of the navigation.
#[derive(Clone, Debug)]
pub struct Entry {
    pub href: String,
    /// The key of its label.
    pub label: &'static str,
    pub is_current: bool,
}

/// The pages of the navigation, in their order.
const ENTRIES: [(&Endpoint, &str); 8] = [
    (&endpoint::ACCOUNT, "console-overview"),
    (&endpoint::ACCOUNT_PROFILE, "console-profile"),
    (&endpoint::ACCOUNT_SECURITY, "console-security"),
    (&endpoint::ACCOUNT_SESSIONS, "console-sessions"),
    (&endpoint::ACCOUNT_APPLICATIONS, "console-applications"),
    (&endpoint::ACCOUNT_TOKENS, "console-tokens"),
    (&endpoint::ACCOUNT_ACTIVITY, "console-activity"),
    (&endpoint::ACCOUNT_DATA, "console-data"),
];

impl Console {
    /// The frame of a page, below the path of the issuer. The entry of a page's parent is marked too.
    pub fn new(base: &str, who: &str, current: &Endpoint) -> Self {
        let current_entry =
            if current.path == endpoint::ACCOUNT_DELETE.path { &endpoint::ACCOUNT_DATA } else { current };
        let parent = ENTRIES.into_iter().filter(|(page, _)| is_below(current_entry.path, page.path));
        let marked = parent.max_by_key(|(page, _)| page.path.len()).map(|(page, _)| page.path);
        let entry = |(page, label): (&Endpoint, &'static str)| Entry {
            href: format!("{base}{}", page.path),
            label,
            is_current: marked == Some(page.path),
        };
        Self {
            entries: ENTRIES.into_iter().map(entry).collect(),
            who: who.to_owned(),
            sign_out: format!("{base}{}", endpoint::LOGOUT.path),
            flash: None,
            action: format!("{base}{}", current.path),
            csrf: String::new(),
            base: base.to_owned(),
        }
    }

    /// The frame without the entry of a page that is switched off.
    #[must_use]
    pub fn without(mut self, page: &Endpoint) -> Self {
        let href = format!("{}{}", self.base, page.path);
        self.entries.retain(|entry| entry.href != href);
        self
    }
}

fn is_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A point in time: for machines, and for people in every language.
#[derive(Clone, Debug)]
pub struct When {
    pub iso: String,
    pub shown: String,
}

impl From<Timestamp> for When {
    fn from(at: Timestamp) -> Self {
        let at = at.to_chrono();
        Self { iso: at.format("%Y-%m-%dT%H:%M:%SZ").to_string(), shown: at.format("%Y-%m-%d %H:%M UTC").to_string() }
    }
}
