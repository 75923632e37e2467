//! Security profiles: what is demanded of a client, as a table of rules (RFC 9700, OAuth 2.1, OpenID Connect Core).
//! Code asks the table; it never asks which profile a client has.

use serde::{Deserialize, Serialize};

use super::authorization_response::ResponseMode;
use super::client_assertion::AudienceRule;
use super::pkce::PkceRule;
use super::request_object::{self, Binding, ObjectRules, Outside};
use super::response_type::ResponseType;

/// The security profile of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// OAuth 2.1 and RFC 9700: authorization code with PKCE S256, always.
    #[default]
    Oauth21,
    /// OpenID Connect Core as the classic certification plans use it: PKCE optional for confidential
    /// clients, tokens also from the authorization endpoint.
    OidcClassic,
}

/// What a profile demands.
#[derive(Debug)]
pub struct Rules {
    /// The profile's name in commands and metadata.
    pub name: &'static str,
    /// PKCE of confidential clients; public clients always need it.
    pub confidential_pkce: PkceRule,
    /// The response types that a client may use (RFC 6749 §3.1.1).
    pub response_types: &'static [ResponseType],
    /// The response modes that a request may ask for, as far as its response type allows them.
    pub response_modes: &'static [ResponseMode],
    /// What request objects must say (RFC 9101).
    pub request_objects: ObjectRules,
    /// Which `aud` a client assertion may have (RFC 7523 §3).
    pub assertion_audience: AudienceRule,
    /// What `client list` and the log say of clients with this profile, where it is weaker than the default.
    pub warning: Option<&'static str>,
}

const MODES: &[ResponseMode] = &[ResponseMode::Query, ResponseMode::FormPost];

static OAUTH21: Rules = Rules {
    name: "oauth21",
    confidential_pkce: PkceRule::Required,
    response_types: &[ResponseType::Code],
    response_modes: MODES,
    request_objects: request_object::STRICT,
    assertion_audience: AudienceRule::AnyOf,
    warning: None,
};

static OIDC_CLASSIC: Rules = Rules {
    name: "oidc_classic",
    confidential_pkce: PkceRule::Optional,
    response_types: &ResponseType::ALL,
    response_modes: &ResponseMode::ALL,
    request_objects: ObjectRules { binding: Binding::WherePresent, outside: Outside::Assembled },
    assertion_audience: AudienceRule::AnyOf,
    warning: Some("PKCE is not required of this client, and tokens may pass through the browser; for old clients only"),
};

impl Profile {
    /// Every profile that is built.
    pub const ALL: [Self; 2] = [Self::Oauth21, Self::OidcClassic];

    /// The profile of this name, or nothing where it is not built.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.rules().name == name)
    }

    /// What the profile demands.
    pub fn rules(self) -> &'static Rules {
        match self {
            Self::Oauth21 => &OAUTH21,
            Self::OidcClassic => &OIDC_CLASSIC,
        }
    }
}
