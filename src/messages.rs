//! L1: the messages of pages and mails in every language. The catalogs in `templates/locales` are part of the binary and
//! are parsed once. A message is trusted HTML or plain text; its arguments are not trusted.
//!
//! A catalog is one file a room. To add one, write it in every language and name it in `files`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use signet_protocol::language::Language;

/// The files of a language, one a room.
macro_rules! files {
    ($tag:literal) => {
        files!(
            $tag: "common", "authorize", "console", "demo", "faults", "mails", "password", "refusals", "session", "sign-in"
        )
    };
    ($tag:literal: $($room:literal),+) => {
        &[$(include_str!(concat!("../templates/locales/", $tag, "/", $room, ".ftl"))),+]
    };
}

fn files(language: Language) -> &'static [&'static str] {
    match language {
        Language::English => files!("en"),
        Language::German => files!("de"),
        Language::French => files!("fr"),
        Language::Spanish => files!("es"),
        Language::Japanese => files!("ja"),
        Language::Arabic => files!("ar"),
    }
}

type Catalog = FluentBundle<FluentResource>;

static CATALOGS: LazyLock<Vec<(Language, Catalog)>> =
    LazyLock::new(|| Language::ALL.into_iter().map(|language| (language, catalog(language))).collect());

fn catalog(language: Language) -> Catalog {
    let Parsed { catalog, faults } = parse(language);
    for fault in faults {
        tracing::error!(language = language.tag(), fault, "a catalog of messages is malformed");
    }
    catalog
}

/// A catalog and the faults of its files, which a test expects to be none.
struct Parsed {
    catalog: Catalog,
    faults: Vec<String>,
}

fn parse(language: Language) -> Parsed {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut catalog = Catalog::new_concurrent(vec![tag]);
    // Names are isolated by `bdi` in HTML; marks in the text would be copied along with it.
    catalog.set_use_isolating(false);
    let mut faults = Vec::new();
    for text in files(language) {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, errors)| {
            faults.extend(errors.iter().map(ToString::to_string));
            resource
        });
        if let Err(errors) = catalog.add_resource(resource) {
            faults.extend(errors.iter().map(ToString::to_string));
        }
    }
    Parsed { catalog, faults }
}

/// A value for a message: a text, or a number that selects the plural form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    Text(String),
    Count(i64),
}

/// A type that a message can show. Templates pass references, also to references.
pub trait ToArgument {
    fn to_argument(&self) -> Argument;
}

impl<T: ToArgument + ?Sized> ToArgument for &T {
    fn to_argument(&self) -> Argument {
        (**self).to_argument()
    }
}

impl ToArgument for str {
    fn to_argument(&self) -> Argument {
        Argument::Text(self.to_owned())
    }
}

impl ToArgument for String {
    fn to_argument(&self) -> Argument {
        Argument::Text(self.clone())
    }
}

impl ToArgument for i64 {
    fn to_argument(&self) -> Argument {
        Argument::Count(*self)
    }
}

impl ToArgument for usize {
    fn to_argument(&self) -> Argument {
        Argument::Count(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

/// A message in a language, with its arguments.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    language: Language,
    key: &'a str,
    arguments: Vec<(&'a str, Argument)>,
}

impl<'a> Message<'a> {
    pub fn new(language: Language, key: &'a str) -> Self {
        Self { language, key, arguments: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'a str, value: impl ToArgument) -> Self {
        self.arguments.push((name, value.to_argument()));
        self
    }

    /// The message as plain text, for mails and for values that a template escapes. The message must have no markup.
    pub fn text(&self) -> String {
        self.formatted(|text| Cow::Borrowed(text))
    }

    /// The message as HTML. Its arguments are escaped.
    pub fn html(&self) -> String {
        self.formatted(escape)
    }

    /// A message that this language lacks, or that lacks an argument, is formatted in English.
    fn formatted(&self, quote: impl Fn(&str) -> Cow<'_, str>) -> String {
        let mut arguments = FluentArgs::with_capacity(self.arguments.len());
        for (name, value) in &self.arguments {
            let value = match value {
                Argument::Text(text) => FluentValue::from(quote(text).into_owned()),
                Argument::Count(count) => FluentValue::from(*count),
            };
            arguments.set(*name, value);
        }
        let text = [self.language, Language::English].iter().find_map(|language| {
            let (_, catalog) = CATALOGS.iter().find(|(known, _)| known == language)?;
            let pattern = catalog.get_message(self.key)?.value()?;
            let mut errors = Vec::new();
            let text = catalog.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
            errors.is_empty().then_some(text)
        });
        text.unwrap_or_else(|| {
            tracing::error!(key = self.key, "a message is missing or lacks an argument");
            String::new()
        })
    }
}

/// The text of a message without arguments and markup.
pub fn text(language: Language, key: &str) -> String {
    Message::new(language, key).text()
}

/// The beginning of the keys of sentences whose wording in English the protocol fixes.
const FIXED: &str = "refusal-";

/// The keys of fixed sentences by their English text.
static FIXED_SENTENCES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let lines = files(Language::English).iter().flat_map(|text| text.lines());
    let keys = lines.filter_map(|line| Some(line.split_once(" = ")?.0)).filter(|key| key.starts_with(FIXED));
    keys.map(|key| (text(Language::English, key), key.to_owned())).collect()
});

/// The translation of a fixed sentence, if there is one.
pub fn translated(language: Language, english: &str) -> Option<String> {
    FIXED_SENTENCES.get(english).map(|key| text(language, key))
}

/// Escapes a text for the contents of an element and of a quoted attribute (HTML §13.1).
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests;
