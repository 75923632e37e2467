//! L3: the pages, one view struct per template. They hold what is shown, already in words; templates only arrange it.

pub mod mails;

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::protocol::client::Client;
use crate::protocol::consent::Consent;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::scope::{OFFLINE_ACCESS, OPENID};
use crate::protocol::secret::Digest;

/// What every page needs.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path of the style sheet.
    pub css: String,
    /// The language of the page.
    pub lang: String,
    /// Whether the banner of development mode is shown.
    pub development: bool,
}

/// A link.
#[derive(Clone, Debug)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// What it says.
    pub label: String,
}

impl Link {
    /// A link to a contact as the settings have it: an e-mail address, or an https URL.
    pub fn to_contact(contact: &str) -> Self {
        let href = if contact.starts_with("https://") { contact.to_owned() } else { format!("mailto:{contact}") };
        Self { href, label: contact.to_owned() }
    }
}

/// A client as people see it.
#[derive(Clone, Debug)]
pub struct ClientCard {
    /// Its name.
    pub name: String,
    /// The host that the browser goes back to.
    pub host: String,
    /// Its home page.
    pub client_uri: Option<String>,
    /// How it uses data.
    pub policy_uri: Option<String>,
    /// Its terms.
    pub tos_uri: Option<String>,
    /// Its logo, served from this origin.
    pub logo: Option<String>,
}

impl ClientCard {
    /// The card of a client whose response goes to this redirect URI.
    pub fn new(client: &Client, redirect_uri: &str) -> Self {
        let metadata = &client.metadata;
        Self {
            name: client.name().to_owned(),
            host: RedirectUri::host_for_display(redirect_uri),
            client_uri: metadata.client_uri.clone(),
            policy_uri: metadata.policy_uri.clone(),
            tos_uri: metadata.tos_uri.clone(),
            logo: None,
        }
    }

    /// The card with this logo.
    pub fn with_logo(self, logo: Option<String>) -> Self {
        Self { logo, ..self }
    }
}

/// A scope in words.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    /// The scope token.
    pub name: String,
    /// What it allows, in a few words.
    pub title: String,
    /// What that means.
    pub detail: String,
    /// Whether it was not granted before.
    pub is_new: bool,
}

impl ScopeLine {
    /// The lines of what is asked for; those in `new` are marked, unless all of them are new.
    pub fn all(asked: &Consent, new: &Consent) -> Vec<Self> {
        let some_were_granted = asked != new;
        let line = |name: &str, (title, detail): (String, String), is_new: bool| Self {
            name: name.to_owned(),
            title,
            detail,
            is_new: some_were_granted && is_new,
        };
        let scopes = asked.scope.iter().map(|token| line(token, in_words(token), new.scope.contains(token)));
        let claims = asked.claims.iter().map(|name| line(name, claim_in_words(name), new.claims.contains(name)));
        scopes.chain(claims).collect()
    }
}

/// What a scope allows, for people.
fn in_words(token: &str) -> (String, String) {
    let (title, detail) = match token {
        OPENID => ("Know that it is you", "A stable identifier for you at this application."),
        "profile" => ("See your profile", "Your name, picture, language and similar details."),
        "email" => ("See your email address", "And whether it has been verified."),
        "address" => ("See your postal address", "As it is stored in your profile."),
        "phone" => ("See your phone number", "And whether it has been verified."),
        OFFLINE_ACCESS => {
            ("Stay connected when you are away", "The application need not ask you to sign in each time.")
        }
        other => {
            return (
                format!("Use \u{201c}{other}\u{201d}"),
                "A permission of a service that this application uses.".into(),
            );
        }
    };
    (title.to_owned(), detail.to_owned())
}

/// What a single claim tells, for people.
fn claim_in_words(name: &str) -> (String, String) {
    let title = format!("See your {}", name.replace('_', " "));
    (title, "This part of your profile only.".to_owned())
}

/// The sign-in page.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// What every page needs.
    pub page: Page,
    /// Where the form goes.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The client that the sign-in is for.
    pub client: Option<ClientCard>,
    /// The name to fill in.
    pub username: String,
    /// What went wrong before.
    pub error: Option<String>,
    /// Whether the box is ticked.
    pub remember: bool,
    /// Whether somebody is signed in already and confirms it.
    pub reauthenticate: bool,
}

/// The consent page.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    /// What every page needs.
    pub page: Page,
    /// Where the form goes.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The client that asks.
    pub client: ClientCard,
    /// Who is signed in.
    pub who: String,
    /// Where to sign in as somebody else.
    pub switch_url: String,
    /// What it asks for.
    pub scopes: Vec<ScopeLine>,
    /// How long it lasts.
    pub lifetime: String,
}

/// The error page.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What every page needs.
    pub page: Page,
    /// The heading.
    pub heading: String,
    /// One sentence.
    pub message: String,
    /// The redirect URI that was refused.
    pub received: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// The id under which the log knows the request.
    pub request_id: String,
    /// The contact of the people who run this server.
    pub contact: Option<Link>,
    /// A way out.
    pub back: Option<Link>,
}

/// The page that posts an authorization response to the client.
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    /// What every page needs.
    pub page: Page,
    /// The redirect URI.
    pub action: String,
    /// The fields.
    pub fields: Vec<(String, String)>,
}

/// The inline script that posts an authorization response, as a source for the content security policy.
pub const FORM_POST_SCRIPT: &str = "'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='";

/// The page that asks before somebody is signed out.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    /// What every page needs.
    pub page: Page,
    /// Where the form goes.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// Who is signed in.
    pub who: Option<String>,
    /// The client that asks.
    pub client: Option<ClientCard>,
    /// The parameters of the request, which are checked again.
    pub fields: Vec<(String, String)>,
}

/// The page after somebody was signed out.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    /// What every page needs.
    pub page: Page,
    /// The sentence about the session.
    pub sentence: &'static str,
    /// A way out.
    pub back: Option<Link>,
    /// Where the browser goes by itself, once the frames have loaded.
    pub onward: Option<String>,
    /// The pages by which clients end their own sessions.
    pub frames: Vec<String>,
}

/// The inline script that goes on after these frames, as a source for the content security policy.
pub static SIGNED_OUT_SCRIPT: LazyLock<String> =
    LazyLock::new(|| script_source(include_str!("../templates/scripts/signed_out.js")));

/// The page that clients' pages hold in a frame, to ask it for the state of the session.
#[derive(Template)]
#[template(path = "check_session.html")]
pub struct CheckSessionPage;

/// The inline script of that page, as a source for the content security policy.
pub static CHECK_SESSION_SCRIPT: LazyLock<String> =
    LazyLock::new(|| script_source(include_str!("../templates/scripts/check_session.js")));

/// A script by its digest (CSP Level 3 §2.3.1); templates are included without their last line break.
fn script_source(file: &str) -> String {
    let script = file.strip_suffix('\n').unwrap_or(file);
    format!("'sha256-{}'", STANDARD.encode(Digest::of(script.as_bytes()).as_bytes()))
}

/// The start page.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// What every page needs.
    pub page: Page,
    /// The issuer identifier.
    pub issuer: String,
    /// The version of this server, in development mode only.
    pub version: Option<String>,
    /// Who is signed in.
    pub signed_in: Option<String>,
    /// The documents of this server.
    pub links: Vec<Link>,
    /// The path of the issuer.
    pub base: String,
}
