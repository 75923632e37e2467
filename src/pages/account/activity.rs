//! The activity of the account, and the question whether it was the person.

use askama::Template;

use super::{Console, When, device};
use crate::flows::account::activity::{Actor, Entry};
use crate::pages::Page;
use signet_protocol::account::activity::Activity;

#[derive(Template)]
#[template(path = "account/activity.html")]
pub struct ActivityPage {
    pub page: Page,
    pub console: Console,
    pub entries: Vec<ActivityLine>,
    /// The URL of the older events.
    pub older: Option<String>,
    /// The URL of the question.
    pub dispute: String,
}

/// The question before all other sessions are ended.
#[derive(Template)]
#[template(path = "account/dispute.html")]
pub struct DisputePage {
    pub page: Page,
    pub console: Console,
    /// The URL of the activity.
    pub back: String,
}

/// An event.
#[derive(Clone, Debug)]
pub struct ActivityLine {
    pub at: When,
    /// The key of the words for the event.
    pub what: &'static str,
    /// The key of the words for the actor.
    pub actor: &'static str,
    pub address: Option<String>,
    pub device: Option<String>,
    pub application: Option<String>,
}

impl From<Entry> for ActivityLine {
    fn from(entry: Entry) -> Self {
        let origin = entry.origin;
        Self {
            at: entry.at.into(),
            what: in_words(entry.activity),
            actor: by(entry.actor),
            device: origin.as_ref().and_then(|origin| device(&origin.user_agent)),
            address: origin.map(|origin| origin.address),
            application: entry.application.map(|client| client.name().to_owned()),
        }
    }
}

fn by(actor: Actor) -> &'static str {
    match actor {
        Actor::Person => "actor-browser",
        Actor::Application => "actor-application",
        Actor::Server => "actor-server",
        Actor::Administrator => "actor-administrator",
    }
}

/// The key of the words for an event.
fn in_words(activity: Activity) -> &'static str {
    match activity {
        Activity::SignedIn => "activity-signed-in",
        Activity::SignInFailed => "activity-sign-in-failed",
        Activity::NewBrowser => "activity-new-browser",
        Activity::SignedOut => "activity-signed-out",
        Activity::SessionEnded => "activity-session-ended",
        Activity::SignedOutEverywhere => "activity-signed-out-everywhere",
        Activity::Locked => "activity-locked",
        Activity::ConsentGiven => "activity-consent-given",
        Activity::ConsentDenied => "activity-consent-denied",
        Activity::ConsentWithdrawn => "activity-consent-withdrawn",
        Activity::DeviceAllowed => "activity-device-allowed",
        Activity::DeviceDenied => "activity-device-denied",
        Activity::AccessRevoked => "activity-access-revoked",
        Activity::CodeReplayed => "activity-code-replayed",
        Activity::TokenReused => "activity-token-reused",
        Activity::AccountCreated => "activity-account-created",
        Activity::ProfileChanged => "activity-profile-changed",
        Activity::EmailChanged => "activity-email-changed",
        Activity::RolesChanged => "activity-roles-changed",
        Activity::PasswordChanged => "activity-password-changed",
        Activity::Disabled => "activity-disabled",
        Activity::Enabled => "activity-enabled",
        Activity::Exported => "activity-exported",
        Activity::Disputed => "activity-disputed",
        Activity::TokenCreated => "activity-token-created",
        Activity::TokenRevoked => "activity-token-revoked",
    }
}
