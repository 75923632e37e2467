//! Facts that lists of users and a single user's page share.

use serde_json::{Map, Value, json};

use signet_protocol::ids::UserId;
use signet_protocol::time::Timestamp;
use signet_store::account::directory::{History, Listed};
use signet_store::account::users::User;

/// A user in short.
pub struct Summary<'a> {
    pub id: &'a UserId,
    pub username: &'a str,
    /// The address, and whether it is verified.
    pub email: Option<&'a (String, bool)>,
    /// `enabled`, `disabled` or `banned`.
    pub state: &'static str,
    pub created_at: Timestamp,
}

impl<'a> Summary<'a> {
    pub fn of(user: &'a User, history: &History, now: Timestamp) -> Self {
        Self {
            id: &user.id,
            username: &user.username,
            email: user.email.as_ref(),
            state: state(user.enabled, user.valid_from, now),
            created_at: history.created_at,
        }
    }

    pub fn of_listed(user: &'a Listed, now: Timestamp) -> Self {
        Self {
            id: &user.id,
            username: &user.username,
            email: user.email.as_ref(),
            state: state(user.enabled, user.valid_from, now),
            created_at: user.created_at,
        }
    }

    /// Formats the facts as members of a JSON object.
    pub fn members(&self) -> Map<String, Value> {
        let members = [
            ("sub", json!(self.id)),
            ("username", json!(self.username)),
            ("email", json!(self.email.map(|(address, _)| address))),
            ("email_verified", json!(self.email.map(|(_, verified)| verified))),
            ("state", json!(self.state)),
            ("created_at", json!(self.created_at.as_secs())),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

fn state(enabled: bool, valid_from: Timestamp, now: Timestamp) -> &'static str {
    match (enabled, valid_from > now) {
        (false, _) => "disabled",
        (true, true) => "banned",
        (true, false) => "enabled",
    }
}
