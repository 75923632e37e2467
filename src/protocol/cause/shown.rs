//! Values of a request in a cause: strangers write them, and operators read them in a terminal (RFC 6749 §10.14). They
//! are short, hold no control characters, and nothing that could be a credential.

/// The longest value, in characters.
const LONGEST: usize = 200;
/// The length from which a run of letters and digits is taken for a credential, in bytes.
const CREDENTIAL: usize = 32;
/// The longest name of a query parameter that is kept, in bytes.
const LONGEST_NAME: usize = 32;
/// The mark of what was left out.
const OMITTED: char = '…';

/// The length from which an id could be a secret, in characters: no client of this server has a shorter one.
const SHORTEST_SECRET: usize = 8;
/// The most characters of an id that could be a secret.
const BEGINNING: usize = 6;

/// A value of a request that may be logged, stored and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// A word or a list of words.
    pub fn text(value: &str) -> Self {
        Self(escape(&without_credentials(value)))
    }

    /// A URI, compared as it is written and therefore not normalized: without userinfo, fragment, and the values of its
    /// query.
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

    /// A client id that is not registered: its beginning and its length, such as `wiki-p…(15)`. Applications that mix
    /// up their settings send secrets as ids, and no rule tells a short secret from a name.
    pub fn unregistered_client(id: &str) -> Self {
        let length = id.chars().count();
        if length < SHORTEST_SECRET {
            return Self(escape(id));
        }
        let beginning: String = id.chars().take(BEGINNING.min(length / 2)).collect();
        Self(escape(&format!("{beginning}{OMITTED}({length})")))
    }

    /// The value.
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

/// Scheme, authority and path. From the start of the authority to the last `@` all is taken for userinfo, since a
/// password may hold slashes. A parser of browsers skips any number of slashes and backslashes before the authority.
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

/// The name of a query parameter; what has no name is a value.
fn parameter(pair: &str) -> String {
    let is_name = |name: &&str| {
        (1..=LONGEST_NAME).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    };
    match pair.split_once('=').map(|(name, _)| name).filter(is_name) {
        Some(name) => format!("{name}={OMITTED}"),
        None => OMITTED.to_string(),
    }
}

/// The text without runs that could be a secret, a code, a verifier or a part of a token.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| !is_of_run(c)) {
        let run = piece.trim_end_matches(|c| !is_of_run(c));
        match is_credential(run) {
            true => shown.push(OMITTED),
            false => shown.push_str(run),
        }
        shown.push_str(piece.get(run.len()..).unwrap_or_default());
    }
    shown
}

fn is_of_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// True for a long run with digits, such as a random value. A UUID is an identifier and is kept.
fn is_credential(run: &str) -> bool {
    let is_uuid = run.len() == 36 && run.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    run.len() >= CREDENTIAL && !is_uuid && run.bytes().any(|b| b.is_ascii_digit())
}

/// The text without characters that a terminal acts on or does not show, at its full length but for these.
fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    let longer = shown.char_indices().nth(LONGEST).map(|(end, _)| end);
    if let Some(end) = longer {
        shown.truncate(end);
        shown.push(OMITTED);
    }
    shown
}
