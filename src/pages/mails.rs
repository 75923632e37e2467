//! L3: the mails by which people are told of what concerns their account. What is said is a fixed sentence a notice;
//! facts stand on lines of their own.

use askama::Template;
use url::Url;

use crate::flows::notices::Facts;
use crate::mail::Letter;
use crate::protocol::notice::{Notice, on_one_line};

/// A mail.
#[derive(Template)]
#[template(path = "mail/notice.txt")]
struct NoticeMail {
    /// Who is told.
    username: String,
    /// What has happened.
    what: &'static str,
    /// When.
    time: String,
    /// By which application.
    application: Option<String>,
    /// With which browser.
    device: Option<String>,
    /// From where.
    address: Option<String>,
    /// What to do.
    advice: &'static str,
    /// By whom they are told.
    issuer: String,
}

/// The words of a mail.
struct Words {
    subject: &'static str,
    what: &'static str,
    advice: &'static str,
}

/// The mail that tells of these facts; `key` tells it from others.
///
/// # Errors
/// [`askama::Error`] where the template cannot be filled in.
pub fn letter(facts: &Facts, key: &str) -> Result<Letter, askama::Error> {
    let Words { subject, what, advice } = words(facts.notice);
    let host = Url::parse(&facts.issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    let mail = NoticeMail {
        username: on_one_line(&facts.username),
        what,
        time: facts.at.to_chrono().format("%Y-%m-%d %H:%M UTC").to_string(),
        application: facts.application.as_deref().map(on_one_line),
        device: facts.device.clone(),
        address: facts.address.as_deref().map(on_one_line),
        advice,
        issuer: facts.issuer.clone(),
    };
    Ok(Letter {
        key: key.to_owned(),
        to: facts.to.clone(),
        subject: format!("{subject} ({})", host.unwrap_or_default()),
        body: mail.render()?,
        at: facts.at,
    })
}

fn words(notice: Notice) -> Words {
    match notice {
        Notice::NewDevice => Words {
            subject: "New sign-in to your account",
            what: "somebody has signed in to your account with a browser that it had not\n\
                   been used with before.",
            advice: "If that was you, there is nothing to do. If it was not, somebody else knows\n\
                     your password: have it changed, and ask those who run this service to sign\n\
                     you out everywhere.",
        },
        Notice::SoftLocked => Words {
            subject: "Failed attempts to sign in to your account",
            what: "several attempts to sign in to your account have failed. Further ones from\n\
                   browsers that you have not signed in with are slowed down for a while.",
            advice: "If that was you, wait a little. If it was not, nobody has got in: a long\n\
                     password that you use nowhere else is not guessed. You are not told again\n\
                     until there has been a day without such attempts.",
        },
        Notice::PasswordSet => Words {
            subject: "Your password was changed",
            what: "the password of your account has been changed.",
            advice: "If you did not want that, tell those who run this service at once.",
        },
        Notice::EmailChanged => Words {
            subject: "The e-mail address of your account was changed",
            what: "the e-mail address of your account has been changed. This mail goes to the\n\
                   address from before and to the new one, as far as they are known to be yours.",
            advice: "If you did not want that, tell those who run this service at once.",
        },
        Notice::RefreshReuse => Words {
            subject: "An application has lost its access to your account",
            what: "an application came with a key to your account that had been replaced.\n\
                   Somebody may have copied it, so the access that it belongs to was ended.",
            advice: "If you use the application, sign in to it again. If you do not know it, or\n\
                     get this mail again, tell those who run this service.",
        },
        Notice::Disabled => Words {
            subject: "Your account was disabled",
            what: "an administrator has disabled your account. You are signed out everywhere,\n\
                   and nobody can sign in to it.",
            advice: "If you did not expect that, ask those who run this service.",
        },
        Notice::SignedOut => Words {
            subject: "You were signed out everywhere",
            what: "an administrator has ended all sessions of your account, and the access that\n\
                   applications had to it.",
            advice: "You can sign in again. If you did not expect that, ask those who run this\n\
                     service.",
        },
    }
}

#[cfg(test)]
mod tests;
