//! Sanitized request values for causes. Strangers write them and operators read them in a terminal (RFC 6749 §10.14),
//! so they are short, without control characters, and without anything that could be a credential.

/// The maximum length of a value, in characters.
const MAX_LENGTH: usize = 200;
/// The length from which a run of letters and digits counts as a credential, in bytes.
const CREDENTIAL: usize = 32;
/// The maximum length of a query parameter name that is kept, in bytes.
const MAX_NAME: usize = 32;
/// The mark for omitted text.
const OMITTED: char = '…';

/// The length from which an id could be a secret, in characters; no client secret of this server is shorter.
const MIN_SECRET: usize = 8;
/// The number of characters kept of an id that could be a secret.
const KEPT: usize = 6;

/// A request value that is safe to log, store and display.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Sanitizes a word or a list of words.
    pub fn text(value: &str) -> Self {
        Self(escape(&without_credentials(value)))
    }

    /// Sanitizes a URI without normalizing it, since redirect URIs are compared as written. Removes userinfo, fragment
    /// and query values.
    pub fn uri(value: &str) -> Self {
        let (value, fragment) = split(value, '#');
        let (location, query) = split(value, '?');
        let mut shown = without_userinfo(location);
        if let Some(query) = query {
            shown.push('?');
            shown.push_str(&query.split('&').map(parameter).collect::<Vec<_>>().join("&"));
        }
        if fragment.is_some() {
            shown.extend(['#', OMITTED]);
        }
        Self(escape(&without_credentials(&shown)))
    }

    /// Reduces an unregistered client id to its beginning and length, such as `wiki-p…(15)`. Misconfigured applications
    /// send secrets as ids, and a short secret cannot be distinguished from a name.
    pub fn unregistered_client(id: &str) -> Self {
        let length = id.chars().count();
        if length < MIN_SECRET {
            return Self(escape(id));
        }
        let beginning: String = id.chars().take(KEPT.min(length / 2)).collect();
        Self(escape(&format!("{beginning}{OMITTED}({length})")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Removes userinfo from scheme, authority and path. Everything up to the last `@` counts as userinfo, since a password
/// may contain slashes. Like a browser, it skips any number of slashes and backslashes before the authority.
fn without_userinfo(location: &str) -> String {
    let is_of_scheme = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    let scheme = location.find(':').and_then(|end| location.get(..=end)).unwrap_or_default();
    let has_scheme = scheme.trim_end_matches(':').bytes().all(is_of_scheme);
    let rest = if has_scheme { location.strip_prefix(scheme).unwrap_or(location) } else { location };
    let authority = rest.trim_start_matches(['/', '\\', '\t', '\r', '\n', ' ']);
    match authority.rsplit_once('@') {
        Some((_, host)) => {
            let before = location.strip_suffix(authority).unwrap_or_default();
            format!("{before}{OMITTED}@{host}")
        }
        None => location.to_owned(),
    }
}

/// Reduces a query parameter to its name; a parameter without a name is a value and is omitted.
fn parameter(pair: &str) -> String {
    let is_name = |name: &&str| {
        (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    };
    match pair.split_once('=').map(|(name, _)| name).filter(is_name) {
        Some(name) => format!("{name}={OMITTED}"),
        None => OMITTED.to_string(),
    }
}

/// Replaces runs that could be a secret, a code, a verifier or part of a token.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !is_of_run(c)) {
        let run = piece.trim_end_matches(|c| !is_of_run(c));
        if is_credential(run) {
            shown.push(OMITTED);
        } else {
            shown.push_str(run);
        }
        shown.push_str(piece.get(run.len()..).unwrap_or_default());
    }
    shown
}

fn is_of_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Returns true for a long run with digits, such as a random value. A UUID is an identifier and is kept.
fn is_credential(run: &str) -> bool {
    let is_uuid = run.len() == 36 && run.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    run.len() >= CREDENTIAL && !is_uuid && run.bytes().any(|b| b.is_ascii_digit())
}

/// Escapes characters that a terminal interprets or does not display, then cuts the text to [`MAX_LENGTH`].
fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    let longer = shown.char_indices().nth(MAX_LENGTH).map(|(end, _)| end);
    if let Some(end) = longer {
        shown.truncate(end);
        shown.push(OMITTED);
    }
    shown
}
