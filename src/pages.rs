//! L3: the pages, one view struct per template. The structs hold finished texts; templates only arrange them.

pub mod account;
pub mod mails;
mod page;
pub mod passwords;
pub mod sign_in;

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use self::page::{Legal, Page, Sentence, Words};
use crate::messages::{self, Message};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::client::Client;
use signet_protocol::language::Language;
use signet_protocol::scope::{OFFLINE_ACCESS, OPENID};
use signet_protocol::secret::Digest;

#[derive(Clone, Debug)]
pub struct Link {
    pub href: String,
    pub label: String,
}

impl Link {
    /// A link to the operator's contact from the settings: an e-mail address, or an https URL.
    pub fn to_contact(contact: &str) -> Self {
        let href = if contact.starts_with("https://") { contact.to_owned() } else { format!("mailto:{contact}") };
        Self { href, label: contact.to_owned() }
    }
}

/// The description of a client on the pages.
#[derive(Clone, Debug)]
pub struct ClientCard {
    pub name: String,
    /// The host of the redirect URI.
    pub host: String,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    /// The URL of the logo, on this origin.
    pub logo: Option<String>,
}

impl ClientCard {
    /// The card of a client whose response goes to this redirect URI, if the browser goes anywhere.
    pub fn new(client: &Client, redirect_uri: Option<&str>) -> Self {
        let metadata = &client.metadata;
        Self {
            name: client.name().to_owned(),
            host: redirect_uri.map(RedirectUri::host_for_display).unwrap_or_default(),
            client_uri: metadata.client_uri.clone(),
            policy_uri: metadata.policy_uri.clone(),
            tos_uri: metadata.tos_uri.clone(),
            logo: None,
        }
    }

    pub fn with_logo(self, logo: Option<String>) -> Self {
        Self { logo, ..self }
    }
}

/// The description of a requested scope, or of a single claim, on the consent page.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    /// The scope token, or the name of the claim.
    pub name: String,
    pub title: String,
    pub detail: String,
    /// Marks a line that was not part of an earlier consent.
    pub is_new: bool,
}

impl ScopeLine {
    /// The lines of a requested consent. Those in `new` are marked, unless all of them are new.
    pub fn all(language: Language, asked: &Consent, new: &Consent) -> Vec<Self> {
        let some_were_granted = asked != new;
        let line = |name: &str, (title, detail): (String, String), is_new: bool| Self {
            name: name.to_owned(),
            title,
            detail,
            is_new: some_were_granted && is_new,
        };
        let scopes = asked.scope.iter().map(|token| line(token, in_words(language, token), new.scope.contains(token)));
        let claims =
            asked.claims.iter().map(|name| line(name, claim_in_words(language, name), new.claims.contains(name)));
        scopes.chain(claims).collect()
    }
}

/// Title and detail of a scope.
fn in_words(language: Language, token: &str) -> (String, String) {
    let (title, detail) = match token {
        OPENID => ("scope-openid-title", "scope-openid-detail"),
        "profile" => ("scope-profile-title", "scope-profile-detail"),
        "email" => ("scope-email-title", "scope-email-detail"),
        "address" => ("scope-address-title", "scope-address-detail"),
        "phone" => ("scope-phone-title", "scope-phone-detail"),
        OFFLINE_ACCESS => ("scope-offline-access-title", "scope-offline-access-detail"),
        other => {
            let title = Message::new(language, "scope-other-title").with("name", other).text();
            return (title, messages::text(language, "scope-other-detail"));
        }
    };
    (messages::text(language, title), messages::text(language, detail))
}

/// Title and detail of a single claim. Those of the standard are named in words.
fn claim_in_words(language: Language, claim: &str) -> (String, String) {
    let title = Message::new(language, "claim-title").with("claim", claim).with("name", claim.replace('_', " "));
    (title.text(), messages::text(language, "claim-detail"))
}

#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    pub page: Page,
    /// The URL that the form is posted to.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The client that requested the sign-in.
    pub client: Option<ClientCard>,
    /// The name that is filled in.
    pub username: String,
    /// The error of the previous attempt.
    pub error: Option<String>,
    pub remember: bool,
    /// Asks a person who is already signed in to confirm the password.
    pub reauthenticate: bool,
    /// The URL of the form without a name, if the name comes from the browser's list.
    pub other_account: Option<String>,
}

#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    pub page: Page,
    /// The URL that the form is posted to.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    pub client: ClientCard,
    /// The name of the signed-in person.
    pub who: String,
    /// The URL to sign in with another account.
    pub switch_url: String,
    pub scopes: Vec<ScopeLine>,
    /// The sentence about the duration of the access.
    pub lifetime: String,
}

/// The page for the code of a device.
#[derive(Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    pub page: Page,
    /// The target of the form.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The code to fill in.
    pub user_code: String,
    /// The error of the previous submission.
    pub error: Option<String>,
}

/// The question about a device.
#[derive(Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirmPage {
    pub page: Page,
    /// The target of the form.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The client on the device.
    pub client: ClientCard,
    /// The name of the person who is signed in.
    pub who: String,
    /// The link to sign in as another person.
    pub switch_url: String,
    /// The code that the device shows.
    pub user_code: String,
    /// The place of the device.
    pub place: DevicePlace,
    /// The time since the device asked.
    pub asked: String,
    /// The scopes that it asks for.
    pub scopes: Vec<ScopeLine>,
    /// The sentence about the end of the access.
    pub lifetime: String,
}

/// The place of a device in words.
#[derive(Clone, Debug)]
pub struct DevicePlace {
    /// The sentence about it.
    pub sentence: String,
    /// True for a place that is a reason to doubt.
    pub is_doubtful: bool,
}

/// The page after a decision about a device.
#[derive(Template)]
#[template(path = "device_done.html")]
pub struct DeviceDonePage {
    pub page: Page,
    /// The key of the heading.
    pub heading: &'static str,
    /// The key of the next step for the person.
    pub sentence: &'static str,
    /// True for a device that has access now.
    pub is_allowed: bool,
}

#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub page: Page,
    pub heading: String,
    pub message: Sentence,
    /// The refused redirect URI.
    pub received: Option<String>,
    /// The advice below the message.
    pub hint: Option<String>,
    /// The id of the request in the log.
    pub request_id: String,
    /// The operator's contact.
    pub contact: Option<Link>,
    /// The link that leads away from the error.
    pub back: Option<Link>,
}

/// The page that posts an authorization response to the client.
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    pub page: Page,
    /// The redirect URI.
    pub action: String,
    /// Names and values of the response parameters.
    pub fields: Vec<(String, String)>,
}

/// The inline script that posts an authorization response, as a source for the content security policy.
pub const FORM_POST_SCRIPT: &str = "'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='";

/// The page that asks for confirmation before a sign-out.
#[derive(Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    pub page: Page,
    /// The URL that the form is posted to.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The name of the signed-in person.
    pub who: Option<String>,
    /// The client that requested the sign-out.
    pub client: Option<ClientCard>,
    /// The parameters of the logout request, which are validated again when the form is posted.
    pub fields: Vec<(String, String)>,
}

/// The page after a sign-out.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    pub page: Page,
    /// The key of the sentence about the session.
    pub sentence: &'static str,
    pub back: Option<Link>,
    /// The URL that the browser continues to once the frames have loaded.
    pub onward: Option<String>,
    /// The front-channel logout URLs of clients.
    pub frames: Vec<String>,
}

/// The inline script that continues once the frames have loaded, as a source for the content security policy.
pub static SIGNED_OUT_SCRIPT: LazyLock<String> =
    LazyLock::new(|| script_source(include_str!("../templates/scripts/signed_out.js")));

/// The session iframe of clients (OpenID Connect Session Management §3.2).
#[derive(Template)]
#[template(path = "check_session.html")]
pub struct CheckSessionPage;

/// The inline script of the session iframe, as a source for the content security policy.
pub static CHECK_SESSION_SCRIPT: LazyLock<String> =
    LazyLock::new(|| script_source(include_str!("../templates/scripts/check_session.js")));

/// The hash source of a script (CSP Level 3 §2.3.1). Askama includes templates without their final line break.
fn script_source(file: &str) -> String {
    let script = file.strip_suffix('\n').unwrap_or(file);
    format!("'sha256-{}'", STANDARD.encode(Digest::of(script.as_bytes()).as_bytes()))
}

#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    pub page: Page,
    pub issuer: String,
    /// The version of this server, in development mode only.
    pub version: Option<String>,
    /// The name of the signed-in person.
    pub signed_in: Option<String>,
    /// Links to the metadata documents.
    pub links: Vec<Link>,
    /// The URL of the account console, which signs people in.
    pub account: String,
    /// The path of the issuer.
    pub base: String,
}
