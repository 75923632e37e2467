//! The cookies: one identifies a browser, one its session (RFC 6265bis), one marks known browsers, one keeps the chosen
//! language, and one shows the session's state to the script of the session iframe. A malformed or repeated cookie counts as absent.

use axum::http::HeaderMap;
use axum::http::header::{self, HeaderValue};

use crate::app::App;
use crate::flows::session::Browser;
use signet_protocol::cookie_header;
use signet_protocol::language::Choice;
use signet_protocol::secret::{BrowserCookie, DeviceCookie, Digest, SessionCookie};
use signet_protocol::session::session_state::BrowserState;
use signet_protocol::time::Span;

/// The time for which a browser keeps the choice of a language.
const LANGUAGE_LIFETIME: Span = Span::from_days(365);

/// The time for which a message waits for the page that shows it.
const FLASH_LIFETIME: Span = Span::from_minutes(1);

/// The names and attributes of the cookies, which depend on the scheme of the issuer.
pub struct Cookies {
    session: &'static str,
    browser: &'static str,
    device: &'static str,
    language: &'static str,
    flash: &'static str,
    attributes: &'static str,
    state: &'static str,
    state_attributes: &'static str,
}

const SECURE: Cookies = Cookies {
    session: "__Host-signet-session",
    browser: "__Host-signet-browser",
    device: "__Host-signet-device",
    language: "__Host-signet-language",
    flash: "__Host-signet-flash",
    attributes: "; Path=/; Secure; HttpOnly; SameSite=Lax",
    state: "__Host-signet-state",
    // For a script in a frame on other sites' pages (OpenID Connect Session Management §3.2); the server never reads
    // it.
    state_attributes: "; Path=/; Secure; SameSite=None",
};

/// Development over plain http: browsers refuse the prefix and the attribute `Secure` there.
const PLAIN: Cookies = Cookies {
    session: "signet-session",
    browser: "signet-browser",
    device: "signet-device",
    language: "signet-language",
    flash: "signet-flash",
    attributes: "; Path=/; HttpOnly; SameSite=Lax",
    state: "signet-state",
    state_attributes: "; Path=/",
};

pub fn of(app: &App) -> &'static Cookies {
    if app.is_secure() { &SECURE } else { &PLAIN }
}

impl Cookies {
    /// The browser's cookies, as digests.
    pub fn read(&self, headers: &HeaderMap) -> Browser {
        let id = single(headers, self.browser).and_then(BrowserCookie::parse);
        let session = single(headers, self.session).and_then(SessionCookie::parse);
        let device = single(headers, self.device).and_then(DeviceCookie::parse);
        Browser {
            id: id.map(|id| id.digest()),
            session: session.map(|session| session.digest()),
            device: device.map(|device| device.digest()),
        }
    }

    /// The choice in the language menu.
    pub fn language(&self, headers: &HeaderMap) -> Option<Choice> {
        single(headers, self.language).and_then(Choice::parse)
    }

    /// A cookie that keeps the choice of a language.
    pub fn choose_language(&self, choice: Choice) -> Option<HeaderValue> {
        let age = LANGUAGE_LIFETIME.as_secs();
        let value = choice.to_cookie();
        HeaderValue::from_str(&format!("{}={value}{}; Max-Age={age}", self.language, self.attributes)).ok()
    }

    /// The name of the message that the next page shows.
    pub fn flash<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        single(headers, self.flash)
    }

    /// A cookie with the name of a message for the next page.
    pub fn leave_flash(&self, name: &str) -> Option<HeaderValue> {
        let age = FLASH_LIFETIME.as_secs();
        HeaderValue::from_str(&format!("{}={name}{}; Max-Age={age}", self.flash, self.attributes)).ok()
    }

    /// Deletes the message, which has been shown.
    pub fn drop_flash(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}={}; Max-Age=0", self.flash, self.attributes)).ok()
    }

    /// A cookie that identifies the browser until it is closed.
    pub fn identify_browser(&self, cookie: &BrowserCookie) -> Option<HeaderValue> {
        secret_header(format!("{}={}{}", self.browser, cookie.expose(), self.attributes))
    }

    /// A cookie that marks the browser as known, for the given time.
    pub fn remember_device(&self, cookie: &DeviceCookie, lasting: Span) -> Option<HeaderValue> {
        let name = self.device;
        let value = cookie.expose();
        let age = lasting.as_secs();
        secret_header(format!("{name}={value}{}; Max-Age={age}", self.attributes))
    }

    /// The session cookie and, with session management, the state cookie: until the browser is closed, or for the given
    /// time.
    pub fn begin_session(
        &self,
        cookie: &SessionCookie,
        state: Option<&BrowserState>,
        lasting: Option<Span>,
    ) -> impl Iterator<Item = HeaderValue> {
        let age = lasting.map(|span| format!("; Max-Age={}", span.as_secs())).unwrap_or_default();
        let session = secret_header(format!("{}={}{}{age}", self.session, cookie.expose(), self.attributes));
        let state = state.map(|state| format!("{}={}{}{age}", self.state, state.as_str(), self.state_attributes));
        session.into_iter().chain(state.and_then(|state| HeaderValue::from_str(&state).ok()))
    }

    /// Deletes the session cookie and the state cookie.
    pub fn end_session(&self) -> impl Iterator<Item = HeaderValue> {
        let ended = [(self.session, self.attributes), (self.state, self.state_attributes)];
        let header = |(name, attributes)| HeaderValue::from_str(&format!("{name}={attributes}; Max-Age=0")).ok();
        ended.into_iter().filter_map(header)
    }
}

fn secret_header(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    cookie_header::single(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes), name)
}

/// True if the browser has a cookie that its forms can be bound to.
pub fn is_bound(browser: Browser) -> bool {
    browser.id.is_some() || browser.session.is_some()
}

/// The value that a form is bound to: both cookies, so that a change of either voids the form.
pub fn binding(browser: Browser) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mut put = |at: usize, digest: Option<Digest>| {
        let source = digest.as_ref().map_or(&[][..], Digest::as_bytes);
        bytes.iter_mut().skip(at).zip(source).for_each(|(slot, byte)| *slot = *byte);
    };
    put(0, browser.id);
    put(32, browser.session);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_or_repeated_cookie_counts_as_absent() {
        let good = BrowserCookie::from_random([1; 32]);
        let named = |value: &str| format!("signet-browser={value}");
        let rows: [(&str, Vec<String>, bool); 10] = [
            ("alone", vec![named(good.expose())], true),
            ("beside a cookie that is not ASCII", vec![format!("x=\u{e9}; {}; y=\u{e9}", named(good.expose()))], true),
            ("of a longer name", vec![format!("another-{}", named(good.expose()))], false),
            ("not ASCII", vec![named(&format!("{}\u{e9}", good.expose()))], false),
            ("among others", vec![format!("a=b; {}; c", named(good.expose()))], true),
            ("twice in a line", vec![format!("{0}; {0}", named(good.expose()))], false),
            ("twice in two lines", vec![named(good.expose()), named(good.expose())], false),
            ("of another kind", vec![named("sgss_abc")], false),
            ("empty", vec![named("")], false),
            ("too long", vec![named(&format!("sgbr_{}", "x".repeat(600)))], false),
        ];
        for (rule, lines, known) in rows {
            let mut headers = HeaderMap::new();
            lines.iter().for_each(|line| {
                headers.append(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
            });
            assert_eq!(PLAIN.read(&headers).id.is_some(), known, "{rule}");
        }
    }
}
