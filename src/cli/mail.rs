//! `signet mail`

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{print_json, printable, say};
use crate::config::Settings;
use crate::flows::account::notices::Facts;
use crate::mail::{Letter, Mailer};
use crate::pages::mails::{Draft, Letterhead};
use signet_crypto::entropy::Entropy;
use signet_protocol::account::notice::Notice;
use signet_protocol::language::Language;
use signet_store::clock::Clock;

/// Commands for mails to users.
#[derive(Subcommand)]
pub enum Mail {
    /// Send a test mail as configured and show the answer of the mail server
    Test(Test),
    /// List the mails that users get, or show the text of one
    Preview(Preview),
}

/// Options of a test mail.
#[derive(Args)]
pub struct Test {
    /// The recipient's address
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Selection of a mail.
#[derive(Args)]
pub struct Preview {
    /// The event that causes the mail; lists all events without it
    #[arg(value_name = "EVENT")]
    event: Option<String>,
    /// The language: en, de, fr, es, ja or ar
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
    /// Print the HTML form
    #[arg(long)]
    html: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Mail {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Test(test) => test.run(settings).await,
            Self::Preview(preview) => preview.run(settings),
        }
    }
}

impl Test {
    async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let mailer = Mailer::new(&settings.mail, settings.outbound.extra_ca.as_deref())?;
        let mailer = mailer.context("mails are off: set mail.smtp and mail.from")?;
        let letter = Letter {
            key: URL_SAFE_NO_PAD.encode(Entropy::default().bytes::<12>()?),
            to: self.to.clone(),
            subject: "Test mail".to_owned(),
            body: format!("This is a test mail from {}.\nNotices to users are sent the same way.\n", settings.issuer),
            html: None,
            at: Clock::System.now(),
        };
        match mailer.try_send(&letter).await {
            Ok(answer) if self.json => print_json(&json!({ "to": self.to, "sent": true, "answer": answer })),
            Ok(answer) => {
                say(&printable(&format!("Sent a test mail to {}: {answer}.", self.to)));
                Ok(())
            }
            Err(cause) => bail!(printable(&format!("the test mail was not sent: {cause}"))),
        }
    }
}

impl Preview {
    fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let head = Letterhead::of(settings);
        let head = Letterhead { language: self.lang.unwrap_or(head.language), ..head };
        let Some(event) = self.event else { return list(&head, self.json) };
        let notice =
            Notice::of(&event).context("no mail is sent for this event; `signet mail preview` lists the events")?;
        let letter = sample(notice, &head)?;
        if self.json {
            let Letter { subject, body, html, .. } = letter;
            return print_json(&json!({ "event": event, "subject": subject, "body": body, "html": html }));
        }
        if self.html {
            say(letter.html.unwrap_or_default().trim_end());
            return Ok(());
        }
        say(&format!("Subject: {}\n\n{}", letter.subject, letter.body.trim_end()));
        Ok(())
    }
}

/// Parses the tag of a language with a catalog.
fn language(tag: &str) -> Result<Language, String> {
    let known = Language::ALL.into_iter().find(|language| language.tag() == tag);
    known.ok_or_else(|| "the languages are en, de, fr, es, ja and ar".to_owned())
}

fn list(head: &Letterhead, json: bool) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for (event, notice) in Notice::EVENTS {
        all.push((event, sample(notice, head)?.subject));
    }
    if json {
        let answer: Vec<_> = all.iter().map(|(event, subject)| json!({ "event": event, "subject": subject })).collect();
        return print_json(&answer);
    }
    all.iter().for_each(|(event, subject)| say(&format!("{event:<24}  {subject}")));
    Ok(())
}

/// Composes the mail with sample data.
fn sample(notice: Notice, head: &Letterhead) -> anyhow::Result<Letter> {
    let facts = Facts {
        notice,
        to: "alice@example.org".to_owned(),
        username: "alice".to_owned(),
        locale: None,
        at: Clock::System.now(),
        address: Some("192.0.2.1".to_owned()),
        device: Some("Firefox on Linux".to_owned()),
        application: Some("Example application".to_owned()),
    };
    Ok(Draft::notice(&facts, "preview").letter(head)?)
}
