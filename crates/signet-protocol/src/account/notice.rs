//! Mail notices about a person's account, and the browser names used in them. A User-Agent (RFC 9110 §10.1.5) is never
//! quoted, since a failed sign-in could otherwise inject text into a mail of this server.

/// An event of a person's account that leads to a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A sign-in with a browser that the account had not been used with before.
    NewDevice,
    /// Enough failed sign-ins to start a pause.
    SoftLocked,
    PasswordSet,
    /// The e-mail address was replaced by another.
    EmailChanged,
    /// A refresh token was reused, and its grant was revoked (RFC 9700 §4.14.2).
    RefreshReuse,
    /// An administrator disabled the account.
    Disabled,
    /// An administrator ended all sessions.
    SignedOut,
}

/// The audit event of a pause. Notices about it are rate-limited.
pub const SOFT_LOCKED: &str = "account.soft_locked";

impl Notice {
    /// Each notice with the audit event that leads to it.
    pub const EVENTS: [(&str, Self); 7] = [
        ("login.new_device", Self::NewDevice),
        (SOFT_LOCKED, Self::SoftLocked),
        ("user.password_set", Self::PasswordSet),
        ("user.email_changed", Self::EmailChanged),
        ("refresh_token.reused", Self::RefreshReuse),
        ("user.disabled", Self::Disabled),
        ("user.signed_out", Self::SignedOut),
    ];

    /// Returns the notice that an audit event leads to, if any.
    pub fn of(event: &str) -> Option<Self> {
        Self::EVENTS.iter().find(|(of, _)| *of == event).map(|(_, notice)| *notice)
    }
}

/// Returns the browser and the operating system that a User-Agent names (RFC 9110 §10.1.5), as far as they are known.
pub fn device(user_agent: &str) -> Option<String> {
    // The order matters: an entry may also contain the mark of a later one.
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Windows", "Windows"),
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Android", "Android"),
        ("Mac OS X", "a Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        (None, Some(system)) => Some(format!("A browser on {system}")),
        (None, None) => None,
    }
}

/// Makes a name safe for one line: replaces line breaks and direction controls, and limits the length.
pub fn on_one_line(name: &str) -> String {
    let turns = |c: char| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    name.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_have_familiar_names() {
        let rows = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some("Firefox on Linux")),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
                Some("Chrome on Windows"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
                Some("Edge on Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
                Some("Safari on an iPhone"),
            ),
            ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0", Some("Chrome on Android")),
            ("Safari/1", Some("Safari")),
            ("Something (Windows)", Some("A browser on Windows")),
            ("curl/8.5.0", None),
            ("Your account is lost, call +1 555 0100", None),
            ("", None),
        ];
        for (user_agent, expected) in rows {
            assert_eq!(device(user_agent).as_deref(), expected, "{user_agent}");
        }
    }

    #[test]
    fn a_name_stays_on_its_line() {
        let rows = [
            ("Example", "Example"),
            ("Example\r\nBcc: eve@example.org", "Example  Bcc: eve@example.org"),
            ("Exa\u{202e}elpm\u{2028}", "Exa elpm "),
            ("\u{0}\u{1b}[31m", "  [31m"),
        ];
        for (name, expected) in rows {
            assert_eq!(on_one_line(name), expected, "{name:?}");
        }
        assert_eq!(on_one_line(&"x".repeat(1000)).len(), 100);
    }
}
