//! L3: the mails to people: a greeting, what happened, facts on separate lines, perhaps a link, and advice. Every mail
//! says the same as text and as HTML, in the person's language.
//!
//! To add a mail, add a [`Topic`] and its row in `Topic::words`, and write the messages in `mails.ftl`.

use askama::Template;
use url::Url;

use super::Words;
use crate::config::Settings;
use crate::flows::account::notices::Facts;
use crate::mail::Letter;
use crate::messages::{self, Message};
use signet_protocol::account::notice::{Notice, on_one_line};
use signet_protocol::language::Language;
use signet_protocol::time::Timestamp;

/// The maximum length of a line of text, in characters. Words are not divided.
const COLUMNS: usize = 72;

/// The subject of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A security event of the account.
    Notice(Notice),
}

/// The keys of a topic's messages. They have neither arguments nor markup.
struct Keys {
    subject: &'static str,
    /// The sentence that follows the greeting.
    what: &'static str,
    advice: &'static str,
}

impl Topic {
    fn words(self) -> Keys {
        let Self::Notice(notice) = self;
        match notice {
            Notice::NewDevice => Keys {
                subject: "mail-new-device-subject",
                what: "mail-new-device-what",
                advice: "mail-new-device-advice",
            },
            Notice::SoftLocked => Keys {
                subject: "mail-soft-locked-subject",
                what: "mail-soft-locked-what",
                advice: "mail-soft-locked-advice",
            },
            Notice::PasswordSet => Keys {
                subject: "mail-password-set-subject",
                what: "mail-password-set-what",
                advice: "mail-contact-at-once",
            },
            Notice::EmailChanged => Keys {
                subject: "mail-email-changed-subject",
                what: "mail-email-changed-what",
                advice: "mail-contact-at-once",
            },
            Notice::RefreshReuse => Keys {
                subject: "mail-refresh-reuse-subject",
                what: "mail-refresh-reuse-what",
                advice: "mail-refresh-reuse-advice",
            },
            Notice::Disabled => {
                Keys { subject: "mail-disabled-subject", what: "mail-disabled-what", advice: "mail-contact" }
            }
            Notice::SignedOut => Keys {
                subject: "mail-signed-out-subject",
                what: "mail-signed-out-what",
                advice: "mail-signed-out-advice",
            },
        }
    }
}

/// The sender's part of every mail of a realm.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// The name of the service.
    pub brand: String,
    pub issuer: String,
    /// The language of people whose own is unknown.
    pub language: Language,
}

impl Letterhead {
    pub fn of(settings: &Settings) -> Self {
        Self {
            brand: settings.branding.name.clone(),
            issuer: settings.issuer.clone(),
            language: settings.branding.language,
        }
    }
}

/// A fact on its own line.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The key of the label.
    pub label: &'static str,
    pub value: String,
}

/// A link that the mail is about, and the code that says the same to a browser elsewhere.
#[derive(Clone, Debug)]
pub struct Action {
    /// The key of the label.
    pub label: &'static str,
    pub url: String,
    pub code: Option<String>,
}

/// The contents of a mail.
#[derive(Clone, Debug)]
pub struct Draft {
    pub topic: Topic,
    /// An identifier of the mail, the same in every attempt.
    pub key: String,
    /// The recipient's address.
    pub to: String,
    pub username: String,
    /// The recipient's claim `locale`.
    pub locale: Option<String>,
    pub at: Timestamp,
    pub facts: Vec<Fact>,
    pub action: Option<Action>,
}

impl Draft {
    /// The mail about a security event. `key` identifies it across retries.
    pub fn notice(facts: &Facts, key: &str) -> Self {
        let optional =
            |label: &'static str, value: Option<&str>| value.map(|value| Fact { label, value: on_one_line(value) });
        let lines = [
            optional("mail-account", Some(&facts.username)),
            optional("mail-time", Some(&facts.at.to_chrono().format("%Y-%m-%d %H:%M UTC").to_string())),
            optional("mail-application", facts.application.as_deref()),
            optional("mail-browser", facts.device.as_deref()),
            optional("mail-address", facts.address.as_deref()),
        ];
        Self {
            topic: Topic::Notice(facts.notice),
            key: key.to_owned(),
            to: facts.to.clone(),
            username: facts.username.clone(),
            locale: facts.locale.clone(),
            at: facts.at,
            facts: lines.into_iter().flatten().collect(),
            action: None,
        }
    }

    /// The mail under this letterhead.
    pub fn letter(&self, head: &Letterhead) -> Result<Letter, askama::Error> {
        let language = self.locale.as_deref().and_then(Language::of_tag).unwrap_or(head.language);
        let Keys { subject, what, advice } = self.topic.words();
        let host = Url::parse(&head.issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
        let subject = format!("{} ({})", messages::text(language, subject), host.unwrap_or_default());
        let lines = self.facts.iter().map(|fact| Line::new(language, fact)).collect::<Vec<_>>();
        let html = HtmlMail {
            language,
            subject: &subject,
            brand: &head.brand,
            issuer: &head.issuer,
            username: &isolated(language, &self.username),
            what,
            advice,
            lines: &lines,
            action: self.action.as_ref(),
        };
        let text = TextMail {
            language,
            issuer: &head.issuer,
            greeting: Message::new(language, "mail-greeting").with("name", isolated(language, &self.username)).text(),
            what: wrapped(&messages::text(language, what)),
            advice: wrapped(&messages::text(language, advice)),
            closing: wrapped(&messages::text(language, "mail-closing")),
            lines: &lines,
            action: self.action.as_ref(),
        };
        Ok(Letter {
            key: self.key.clone(),
            to: self.to.clone(),
            html: Some(html.render()?),
            body: text.render()?,
            subject,
            at: self.at,
        })
    }
}

/// A fact with its label in words.
struct Line {
    label: String,
    value: String,
    /// The value for text in the mail's direction.
    isolated: String,
}

impl Line {
    fn new(language: Language, fact: &Fact) -> Self {
        let label = messages::text(language, fact.label);
        Self { label, value: fact.value.clone(), isolated: isolated(language, &fact.value) }
    }
}

/// The value between marks that keep its own direction, in a text from right to left (Unicode UAX 9, FSI and PDI).
fn isolated(language: Language, value: &str) -> String {
    let value = on_one_line(value);
    if language.is_right_to_left() { format!("\u{2068}{value}\u{2069}") } else { value }
}

/// The text in lines of at most [`COLUMNS`] characters, unless a word is longer.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > COLUMNS {
            lines.push('\n');
            column = 0;
        } else if column > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += length;
    }
    lines
}

#[derive(Template)]
#[template(path = "mail/mail.txt")]
struct TextMail<'a> {
    language: Language,
    issuer: &'a str,
    greeting: String,
    what: String,
    advice: String,
    closing: String,
    lines: &'a [Line],
    action: Option<&'a Action>,
}

impl TextMail<'_> {
    fn t(&self, key: &str) -> String {
        messages::text(self.language, key)
    }
}

#[derive(Template)]
#[template(path = "mail/mail.html")]
struct HtmlMail<'a> {
    language: Language,
    subject: &'a str,
    brand: &'a str,
    issuer: &'a str,
    username: &'a str,
    what: &'static str,
    advice: &'static str,
    lines: &'a [Line],
    action: Option<&'a Action>,
}

impl HtmlMail<'_> {
    fn t<'k>(&self, key: &'k str) -> Words<'k> {
        Words(Message::new(self.language, key))
    }
}

#[cfg(test)]
mod tests;
