//! The values that every page needs, and messages in templates.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::messages::{self, Message, ToArgument};
use signet_protocol::language::Language;

/// The values that every page needs.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path of the style sheet.
    pub css: String,
    pub language: Language,
    /// The URL that shows this page in the language whose tag is appended, if the page can be opened again.
    pub language_url: Option<String>,
    /// The name of the service.
    pub brand: String,
    /// The path of the logo beside it.
    pub logo: Option<String>,
    pub legal: Legal,
    /// Shows the banner of development mode.
    pub development: bool,
}

/// The operator's links, as URLs.
#[derive(Clone, Debug, Default)]
pub struct Legal {
    pub imprint: Option<String>,
    pub privacy: Option<String>,
    pub terms: Option<String>,
    pub contact: Option<String>,
}

impl Legal {
    /// Returns true if there is no link.
    pub fn is_empty(&self) -> bool {
        self.imprint.is_none() && self.privacy.is_none() && self.terms.is_none() && self.contact.is_none()
    }
}

impl Page {
    /// The message of this key.
    pub fn t<'a>(&self, key: &'a str) -> Words<'a> {
        Words(Message::new(self.language, key))
    }

    /// The message of this key, with an argument.
    pub fn with<'a>(&self, key: &'a str, name: &'a str, value: impl ToArgument) -> Words<'a> {
        self.t(key).and(name, value)
    }

    /// The message of this key as plain text, which templates escape. It has neither arguments nor markup.
    pub fn text(&self, key: &str) -> String {
        Message::new(self.language, key).text()
    }

    /// The languages of the menu.
    pub fn languages(&self) -> [Language; 6] {
        Language::ALL
    }
}

/// A message in a template. It is HTML, with escaped arguments.
pub struct Words<'a>(pub(super) Message<'a>);

impl<'a> Words<'a> {
    /// Adds an argument.
    pub fn and(self, name: &'a str, value: impl ToArgument) -> Self {
        Self(self.0.with(name, value))
    }
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.html())
    }
}

impl HtmlSafe for Words<'_> {}

/// A finished sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub text: String,
    /// English for a sentence that has no translation.
    pub language: Language,
}

impl Sentence {
    /// The message of this key, without arguments and markup.
    pub fn new(language: Language, key: &str) -> Self {
        Self { text: messages::text(language, key), language }
    }

    /// The translation of a sentence of the protocol, whose wording in English is fixed.
    pub fn known(language: Language, english: &str) -> Self {
        match messages::translated(language, english) {
            Some(text) => Self { text, language },
            None => Self { text: english.to_owned(), language: Language::English },
        }
    }
}
