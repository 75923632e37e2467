//! Security profiles as a table of rules for clients (RFC 9700, OAuth 2.1, OpenID Connect Core, FAPI 2.0). Code reads
//! the table and never compares profile names.

use serde::{Deserialize, Serialize};

use super::assertion::AudienceRule;
use crate::authorize::pkce::PkceRule;
use crate::authorize::request_object::{Binding, Lifetime, ObjectRules, OuterParameters};
use crate::authorize::response::ResponseMode;
use crate::authorize::response_type::ResponseType;
use crate::time::Span;

/// The security profile of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// OAuth 2.1 and RFC 9700: authorization code with PKCE S256, or with a nonce for confidential clients.
    #[default]
    Oauth21,
    /// OpenID Connect Core as in the classic certification plans: PKCE optional for confidential clients, tokens also
    /// from the authorization endpoint.
    OidcClassic,
    /// FAPI 2.0 Security Profile. Not available to clients until sender-constrained tokens are supported.
    #[serde(skip_deserializing)]
    Fapi2Security,
    /// FAPI 2.0 Message Signing. Not available to clients until sender-constrained tokens are supported.
    #[serde(skip_deserializing)]
    Fapi2MessageSigning,
}

/// The way in which authorization requests must arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestDelivery {
    /// As the client has registered.
    Any,
    Pushed,
    /// Pushed, in a signed request object (FAPI 2.0 Message Signing §5.3.1).
    PushedAndSigned,
}

/// The rules of a profile.
#[derive(Debug)]
pub struct Rules {
    /// The name in commands and metadata.
    pub name: &'static str,
    /// True if the profile overrides every relaxation that client or server settings offer.
    pub strict: bool,
    /// PKCE of confidential clients whose registration does not set it. Public clients always need it.
    pub pkce_if_unnamed: PkceRule,
    /// PKCE of new confidential clients.
    pub pkce_of_new: PkceRule,
    /// The allowed client authentication methods; `None` allows all.
    pub auth_methods: Option<&'static [&'static str]>,
    /// The response types that a client may use (RFC 6749 §3.1.1).
    pub response_types: &'static [ResponseType],
    /// The response modes that a request may ask for, within the limits of its response type.
    pub response_modes: &'static [ResponseMode],
    /// The way in which requests must arrive.
    pub delivery: RequestDelivery,
    /// The requirements for request objects (RFC 9101).
    pub request_objects: ObjectRules,
    /// The accepted form of `aud` in a client assertion (RFC 7523 §3).
    pub assertion_audience: AudienceRule,
    /// An upper bound on the lifetime of client assertions, besides the server's setting.
    pub longest_assertion: Option<Span>,
    /// A warning about clients with a profile weaker than the default, for `client list` and the log.
    pub warning: Option<&'static str>,
}

const MODES: &[ResponseMode] = &[ResponseMode::Query, ResponseMode::FormPost];

static OAUTH21: Rules = Rules {
    name: "oauth21",
    strict: false,
    pkce_if_unnamed: PkceRule::Required,
    pkce_of_new: PkceRule::Nonce,
    auth_methods: None,
    response_types: &[ResponseType::Code],
    response_modes: MODES,
    delivery: RequestDelivery::Any,
    request_objects: ObjectRules {
        binding: Binding::Required,
        outside: OuterParameters::Ignored,
        lifetime: Lifetime::Open,
    },
    assertion_audience: AudienceRule::AnyOf,
    longest_assertion: None,
    warning: None,
};

static OIDC_CLASSIC: Rules = Rules {
    name: "oidc_classic",
    strict: false,
    pkce_if_unnamed: PkceRule::Optional,
    pkce_of_new: PkceRule::Optional,
    auth_methods: None,
    response_types: &ResponseType::ALL,
    response_modes: &ResponseMode::ALL,
    delivery: RequestDelivery::Any,
    request_objects: ObjectRules {
        binding: Binding::WherePresent,
        outside: OuterParameters::Assembled,
        lifetime: Lifetime::Open,
    },
    assertion_audience: AudienceRule::AnyOf,
    longest_assertion: None,
    warning: Some("tokens may pass through the browser; for old clients only"),
};

static FAPI2_SECURITY: Rules = Rules {
    name: "fapi2_security",
    strict: true,
    pkce_if_unnamed: PkceRule::Required,
    pkce_of_new: PkceRule::Required,
    auth_methods: Some(&["private_key_jwt"]),
    response_types: &[ResponseType::Code],
    response_modes: MODES,
    delivery: RequestDelivery::Pushed,
    request_objects: ObjectRules {
        binding: Binding::Required,
        outside: OuterParameters::Ignored,
        lifetime: Lifetime::Bounded,
    },
    assertion_audience: AudienceRule::SingleString,
    longest_assertion: Some(Span::from_secs(300)),
    warning: None,
};

static FAPI2_MESSAGE_SIGNING: Rules =
    Rules { name: "fapi2_message_signing", delivery: RequestDelivery::PushedAndSigned, ..FAPI2_SECURITY };

impl Profile {
    /// Profiles that a client can have.
    pub const ALL: [Self; 2] = [Self::Oauth21, Self::OidcClassic];

    /// Every row of the table, including profiles that are not available yet.
    pub const TABLE: [Self; 4] = [Self::Oauth21, Self::OidcClassic, Self::Fapi2Security, Self::Fapi2MessageSigning];

    /// Returns the profile of this name, or `None` if clients cannot have it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.rules().name == name)
    }

    /// Returns true if the profile overrides every relaxation that settings offer.
    pub fn is_strict(self) -> bool {
        self.rules().strict
    }

    pub fn rules(self) -> &'static Rules {
        match self {
            Self::Oauth21 => &OAUTH21,
            Self::OidcClassic => &OIDC_CLASSIC,
            Self::Fapi2Security => &FAPI2_SECURITY,
            Self::Fapi2MessageSigning => &FAPI2_MESSAGE_SIGNING,
        }
    }
}

impl Rules {
    /// Returns the PKCE requirement of a confidential client with this registered value.
    pub fn pkce(&self, registered: Option<PkceRule>) -> PkceRule {
        match registered {
            Some(rule) if !self.strict => rule,
            Some(_) | None => self.pkce_if_unnamed,
        }
    }

    /// Returns true if a client may authenticate by this method.
    pub fn allows_method(&self, method: &str) -> bool {
        self.auth_methods.is_none_or(|allowed| allowed.contains(&method))
    }

    /// Returns the maximum lifetime of a client assertion; `configured` is the server's setting.
    pub fn assertion_lifetime(&self, configured: Span) -> Span {
        self.longest_assertion.map_or(configured, |longest| longest.min(configured))
    }
}

#[cfg(test)]
mod tests;
