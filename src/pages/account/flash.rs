//! The messages that a page shows once, after a form has been accepted. A cookie carries the name of one of these and
//! never a text.

/// A message of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flash {
    /// The name in the cookie, which is the key of the words.
    pub key: &'static str,
    /// The role of its element: `status`, or `alert` for a failure.
    pub role: &'static str,
}

const fn status(key: &'static str) -> Flash {
    Flash { key, role: "status" }
}

const fn alert(key: &'static str) -> Flash {
    Flash { key, role: "alert" }
}

impl Flash {
    pub const SESSION_ENDED: Self = status("flash-session-ended");
    pub const OTHERS_ENDED: Self = status("flash-others-ended");
    pub const NO_SUCH_SESSION: Self = alert("flash-no-such-session");
    pub const APPLICATION_REMOVED: Self = status("flash-application-removed");
    pub const NO_SUCH_APPLICATION: Self = alert("flash-no-such-application");
    pub const DISPUTED: Self = status("flash-disputed");
    pub const PROFILE_SAVED: Self = status("flash-profile-saved");
    pub const PROFILE_UNCHANGED: Self = status("flash-profile-unchanged");
    pub const TOKEN_REVOKED: Self = status("flash-token-revoked");
    pub const NO_SUCH_TOKEN: Self = alert("flash-no-such-token");

    const ALL: [Self; 10] = [
        Self::SESSION_ENDED,
        Self::OTHERS_ENDED,
        Self::NO_SUCH_SESSION,
        Self::APPLICATION_REMOVED,
        Self::NO_SUCH_APPLICATION,
        Self::DISPUTED,
        Self::PROFILE_SAVED,
        Self::PROFILE_UNCHANGED,
        Self::TOKEN_REVOKED,
        Self::NO_SUCH_TOKEN,
    ];

    /// Returns the message of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flash| flash.key == name)
    }
}
