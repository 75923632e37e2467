//! L3: the mails about security events of a person's account. Each notice has fixed sentences; facts such as time and
//! address are on separate lines.

use askama::Template;
use url::Url;

use crate::flows::account::notices::Facts;
use crate::mail::Letter;
use signet_protocol::account::notice::{Notice, on_one_line};

#[derive(Template)]
#[template(path = "mail/notice.txt")]
struct NoticeMail {
    username: String,
    what: &'static str,
    time: String,
    application: Option<String>,
    device: Option<String>,
    address: Option<String>,
    advice: &'static str,
    issuer: String,
}

struct Words {
    subject: &'static str,
    what: &'static str,
    advice: &'static str,
}

/// The mail about these facts. `key` identifies it across retries.
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
            what: "there was a sign-in to your account with a browser that had not been\n\
                   used with it before.",
            advice: "If this was you, you can ignore this mail. If not, another person knows\n\
                     your password: change it, and ask the operators of this service to\n\
                     sign you out everywhere.",
        },
        Notice::SoftLocked => Words {
            subject: "Failed attempts to sign in to your account",
            what: "several attempts to sign in to your account have failed. Further attempts\n\
                   from browsers that you have not signed in with are slowed down for a while.",
            advice: "If this was you, wait a little. If not, no one got in: a long\n\
                     password that you use nowhere else cannot be guessed. You will not get\n\
                     this mail again until there has been a day without such attempts.",
        },
        Notice::PasswordSet => Words {
            subject: "Your password was changed",
            what: "the password of your account has been changed.",
            advice: "If you did not expect this, contact the operators of this service at once.",
        },
        Notice::EmailChanged => Words {
            subject: "The e-mail address of your account was changed",
            what: "the e-mail address of your account has been changed. This mail is sent to\n\
                   the old address and to the new one, if they were verified to be yours.",
            advice: "If you did not expect this, contact the operators of this service at once.",
        },
        Notice::RefreshReuse => Words {
            subject: "An application has lost its access to your account",
            what: "an application used a key to your account that had already been replaced.\n\
                   It may have been copied, so the application's access was ended.",
            advice: "If you use the application, sign in to it again. If you do not know it, or\n\
                     get this mail again, contact the operators of this service.",
        },
        Notice::Disabled => Words {
            subject: "Your account was disabled",
            what: "an administrator has disabled your account. You are signed out everywhere,\n\
                   and signing in is not possible.",
            advice: "If you did not expect this, contact the operators of this service.",
        },
        Notice::SignedOut => Words {
            subject: "You were signed out everywhere",
            what: "an administrator has ended all sessions of your account, and the access that\n\
                   applications had to it.",
            advice: "You can sign in again. If you did not expect this, contact the operators\n\
                     of this service.",
        },
    }
}

#[cfg(test)]
mod tests;
