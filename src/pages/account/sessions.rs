//! The list of sessions.

use askama::Template;

use super::{Console, When};
use crate::flows::account::sessions::{OwnSession, Place};
use crate::pages::Page;
use signet_protocol::account::notice;

#[derive(Template)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    pub page: Page,
    pub console: Console,
    pub sessions: Vec<SessionLine>,
}

/// A session of the list.
#[derive(Clone, Debug)]
pub struct SessionLine {
    pub id: String,
    /// The browser and the system, if their names are known.
    pub device: Option<String>,
    pub address: String,
    pub is_current: bool,
    /// The key of the words for the network of the session.
    pub place: Option<&'static str>,
    pub signed_in: When,
    pub seen: When,
    pub expires: When,
    /// The keys of the words for the authentication methods.
    pub methods: Vec<&'static str>,
    /// The names of the applications that take part.
    pub applications: Vec<String>,
}

impl From<OwnSession> for SessionLine {
    fn from(own: OwnSession) -> Self {
        let session = &own.stored.session;
        let place = match own.place {
            Place::SameNetwork if own.is_current => None,
            Place::SameNetwork => Some("sessions-same-network"),
            Place::Elsewhere => Some("sessions-other-network"),
            Place::Unknown => None,
        };
        Self {
            device: device(&own.stored.user_agent),
            is_current: own.is_current,
            place,
            signed_in: session.authentication.time.into(),
            seen: session.last_seen_at.into(),
            expires: session.idle_expires_at.min(session.expires_at).into(),
            methods: session.authentication.methods.iter().filter_map(|method| in_words(method)).collect(),
            applications: own.applications.iter().map(|client| client.name().to_owned()).collect(),
            id: session.id.as_str().to_owned(),
            address: own.stored.address,
        }
    }
}

/// The browser and the system that a User-Agent names. Text of the header itself is never shown.
pub fn device(user_agent: &str) -> Option<String> {
    notice::device(user_agent)
}

/// The key of the words for an authentication method (RFC 8176).
fn in_words(method: &str) -> Option<&'static str> {
    match method {
        "pwd" => Some("method-password"),
        "otp" => Some("method-code"),
        "hwk" | "swk" => Some("method-passkey"),
        _ => None,
    }
}
