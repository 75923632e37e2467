//! The events of the audit log that people see in the activity of their account. All others are internal.

/// An event of a person's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    SignedIn,
    SignInFailed,
    NewBrowser,
    SignedOut,
    SessionEnded,
    SignedOutEverywhere,
    Locked,
    ConsentGiven,
    ConsentDenied,
    ConsentWithdrawn,
    DeviceAllowed,
    DeviceDenied,
    AccessRevoked,
    CodeReplayed,
    TokenReused,
    AccountCreated,
    ProfileChanged,
    EmailChanged,
    RolesChanged,
    PasswordChanged,
    Disabled,
    Enabled,
    Exported,
    Disputed,
    TokenCreated,
    TokenRevoked,
}

impl Activity {
    /// Each activity with its event, the outcome of the event, and the key of its words.
    const ALL: [(Self, &str, &str, &str); 29] = [
        (Self::SignedIn, "login", "success", "activity-signed-in"),
        (Self::SignInFailed, "login", "failure", "activity-sign-in-failed"),
        (Self::NewBrowser, "login.new_device", "success", "activity-new-browser"),
        (Self::SignedOut, "logout", "success", "activity-signed-out"),
        (Self::SessionEnded, "session.ended", "success", "activity-session-ended"),
        (Self::SignedOutEverywhere, "user.signed_out", "success", "activity-signed-out-everywhere"),
        (Self::SignedOutEverywhere, "user.banned", "success", "activity-signed-out-everywhere"),
        (Self::Locked, "account.soft_locked", "failure", "activity-locked"),
        (Self::Locked, "account.soft_locked", "success", "activity-locked"),
        (Self::ConsentGiven, "consent", "success", "activity-consent-given"),
        (Self::ConsentDenied, "consent", "failure", "activity-consent-denied"),
        (Self::ConsentWithdrawn, "consent.withdrawn", "success", "activity-consent-withdrawn"),
        (Self::DeviceAllowed, "device.allowed", "success", "activity-device-allowed"),
        (Self::DeviceDenied, "device.denied", "success", "activity-device-denied"),
        (Self::DeviceDenied, "device.denied", "failure", "activity-device-denied"),
        (Self::AccessRevoked, "token.revoked", "success", "activity-access-revoked"),
        (Self::CodeReplayed, "authorization_code.replayed", "failure", "activity-code-replayed"),
        (Self::TokenReused, "refresh_token.reused", "failure", "activity-token-reused"),
        (Self::AccountCreated, "user.added", "success", "activity-account-created"),
        (Self::ProfileChanged, "user.updated", "success", "activity-profile-changed"),
        (Self::EmailChanged, "user.email_changed", "success", "activity-email-changed"),
        (Self::RolesChanged, "user.roles_changed", "success", "activity-roles-changed"),
        (Self::PasswordChanged, "user.password_set", "success", "activity-password-changed"),
        (Self::Disabled, "user.disabled", "success", "activity-disabled"),
        (Self::Enabled, "user.enabled", "success", "activity-enabled"),
        (Self::Exported, "user.data_exported", "success", "activity-exported"),
        (Self::Disputed, "user.activity_disputed", "success", "activity-disputed"),
        (Self::TokenCreated, "personal_token.made", "success", "activity-token-created"),
        (Self::TokenRevoked, "personal_token.revoked", "success", "activity-token-revoked"),
    ];

    /// Returns the activity of an event with this outcome, unless it is internal.
    pub fn of(event: &str, outcome: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, of, _)| *name == event && *of == outcome).map(|(activity, ..)| *activity)
    }

    /// Returns the key of the words for it.
    pub fn key(self) -> &'static str {
        Self::ALL.iter().find(|(activity, ..)| *activity == self).map_or("", |(.., key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_words_unless_it_is_internal() {
        let rows = [
            ("login", "success", Some(Activity::SignedIn)),
            ("login", "failure", Some(Activity::SignInFailed)),
            ("user.password_set", "success", Some(Activity::PasswordChanged)),
            ("mail.undelivered", "failure", None),
            ("logout.undelivered", "failure", None),
            ("limit.exceeded", "failure", None),
            ("client.updated", "success", None),
            ("", "", None),
        ];
        for (event, outcome, expected) in rows {
            assert_eq!(Activity::of(event, outcome), expected, "{event} {outcome}");
        }
        for (activity, ..) in Activity::ALL {
            assert!(activity.key().starts_with("activity-"), "{activity:?}");
        }
    }
}
