//! Authorization responses: their parameters and response modes (RFC 6749 §4.1.2, OAuth 2.0 Form Post Response Mode).
//! Every response names its issuer (RFC 9207 §2).

use serde::{Deserialize, Serialize};

use super::redirect_uri::Destination;
use crate::error::OAuthError;
use crate::scope::Scope;
use crate::secret::AuthorizationCode;
use crate::time::Span;

/// The way in which a response reaches the client (OAuth 2.0 Multiple Response Types §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the fragment of the redirect URI, which the browser does not send to the server.
    Fragment,
    /// As a form that the browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// The instruction to the browser.
pub enum Delivery {
    /// A redirect to this URL.
    Redirect(String),
    /// A page whose form the browser posts.
    FormPost { action: String, fields: Vec<(String, String)> },
}

/// The destination of a response and the parameters that every response there carries.
pub struct ReturnPath<'a> {
    /// The redirect URI, proven to be the client's.
    pub destination: &'a Destination,
    pub mode: ResponseMode,
    /// The `state` of the request, returned unchanged.
    pub state: Option<&'a str>,
    /// The state of the browser, for clients that watch it (OpenID Connect Session Management §2).
    pub session_state: Option<&'a str>,
    /// The issuer identifier of the realm.
    pub issuer: &'a str,
}

/// The content of a successful response; the response type decides which fields are set.
#[derive(Default)]
pub struct Granted {
    pub code: Option<AuthorizationCode>,
    pub access_token: Option<(String, Span)>,
    /// The scope of the access token.
    pub scope: Scope,
    pub id_token: Option<String>,
}

impl ReturnPath<'_> {
    /// Builds the successful response (RFC 6749 §4.1.2, §4.2.2, OpenID Connect Core §3.3.2.5).
    pub fn granted(&self, granted: &Granted) -> Delivery {
        let lifetime = granted.access_token.as_ref().map(|(_, lifetime)| lifetime.as_secs().to_string());
        let scope = granted.scope.to_string();
        let mut parameters = Vec::new();
        if let Some(code) = &granted.code {
            parameters.push(("code", code.expose()));
        }
        if let (Some((token, _)), Some(lifetime)) = (&granted.access_token, &lifetime) {
            parameters.extend([("access_token", token.as_str()), ("token_type", "Bearer"), ("expires_in", lifetime)]);
            parameters.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
        }
        if let Some(id_token) = &granted.id_token {
            parameters.push(("id_token", id_token));
        }
        self.deliver(&parameters)
    }

    /// Builds the error response (RFC 6749 §4.1.2.1).
    pub fn error(&self, error: &OAuthError) -> Delivery {
        self.deliver(&[("error", error.code.as_str()), ("error_description", &error.description)])
    }

    fn deliver(&self, parameters: &[(&str, &str)]) -> Delivery {
        let mut all = parameters.to_vec();
        if let Some(state) = self.state {
            all.push(("state", state));
        }
        if let Some(state) = self.session_state {
            all.push(("session_state", state));
        }
        all.push(("iss", self.issuer));
        match self.mode {
            ResponseMode::Query => Delivery::Redirect(self.destination.with_parameters(&all)),
            ResponseMode::Fragment => Delivery::Redirect(self.destination.with_fragment(&all)),
            ResponseMode::FormPost => Delivery::FormPost {
                action: self.destination.as_str().to_owned(),
                fields: all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            },
        }
    }
}
