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
    /// A code was presented a second time, and its grant was revoked (RFC 6749 §4.1.2).
    CodeReplayed,
    /// A refresh token was reused, and its grant was revoked (RFC 9700 §4.14.2).
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
    /// Each activity with its event and the outcome of the event.
    const ALL: [(Self, &str, &str); 29] = [
        (Self::SignedIn, "login", "success"),
        (Self::SignInFailed, "login", "failure"),
        (Self::NewBrowser, "login.new_device", "success"),
        (Self::SignedOut, "logout", "success"),
        (Self::SessionEnded, "session.ended", "success"),
        (Self::SignedOutEverywhere, "user.signed_out", "success"),
        (Self::SignedOutEverywhere, "user.banned", "success"),
        (Self::Locked, "account.soft_locked", "failure"),
        (Self::Locked, "account.soft_locked", "success"),
        (Self::ConsentGiven, "consent", "success"),
        (Self::ConsentDenied, "consent", "failure"),
        (Self::ConsentWithdrawn, "consent.withdrawn", "success"),
        (Self::DeviceAllowed, "device.allowed", "success"),
        (Self::DeviceDenied, "device.denied", "success"),
        (Self::DeviceDenied, "device.denied", "failure"),
        (Self::AccessRevoked, "token.revoked", "success"),
        (Self::CodeReplayed, "authorization_code.replayed", "failure"),
        (Self::TokenReused, "refresh_token.reused", "failure"),
        (Self::AccountCreated, "user.added", "success"),
        (Self::ProfileChanged, "user.updated", "success"),
        (Self::EmailChanged, "user.email_changed", "success"),
        (Self::RolesChanged, "user.roles_changed", "success"),
        (Self::PasswordChanged, "user.password_set", "success"),
        (Self::Disabled, "user.disabled", "success"),
        (Self::Enabled, "user.enabled", "success"),
        (Self::Exported, "user.data_exported", "success"),
        (Self::Disputed, "user.activity_disputed", "success"),
        (Self::TokenCreated, "personal_token.made", "success"),
        (Self::TokenRevoked, "personal_token.revoked", "success"),
    ];

    /// Returns the activity of an event with this outcome, unless it is internal.
    pub fn of(event: &str, outcome: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, of)| *name == event && *of == outcome).map(|(activity, ..)| *activity)
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
    }
}
