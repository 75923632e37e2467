//! Response types (RFC 6749 §3.1.1, OAuth 2.0 Multiple Response Type Encoding Practices §3, §5): the contents of the
//! authorization endpoint's response. A response type is a set, so the order of its words does not matter.

use serde::{Deserialize, Serialize};

use super::response::ResponseMode;

/// The grant type that registrations need for tokens from the authorization endpoint (OpenID Connect Registration §2).
pub const IMPLICIT: &str = "implicit";

/// A response type that some profile allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ResponseType {
    #[default]
    Code,
    IdToken,
    IdTokenToken,
    CodeIdToken,
    CodeToken,
    CodeIdTokenToken,
}

/// The response type is not one of this server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response type is not supported")]
pub struct UnknownResponseType;

impl ResponseType {
    pub const ALL: [Self; 6] =
        [Self::Code, Self::IdToken, Self::IdTokenToken, Self::CodeIdToken, Self::CodeToken, Self::CodeIdTokenToken];

    /// Returns the value of `response_type`, words in alphabetical order.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// Parses a `response_type`, whose words may be in any order, each once.
    pub fn parse(value: &str) -> Result<Self, UnknownResponseType> {
        let mut words: Vec<&str> = value.split(' ').collect();
        words.sort_unstable();
        let sorted = words.join(" ");
        Self::ALL.into_iter().find(|kind| kind.as_str() == sorted).ok_or(UnknownResponseType)
    }

    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    pub const fn has_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken)
    }

    /// Returns true if a client must register the `implicit` grant for it (OpenID Connect Registration §2).
    pub const fn needs_implicit(self) -> bool {
        self.has_token() || self.has_id_token()
    }

    /// Returns the default response mode. Tokens never go into a query, which servers log.
    pub const fn default_mode(self) -> ResponseMode {
        if self.needs_implicit() { ResponseMode::Fragment } else { ResponseMode::Query }
    }

    /// Returns true if the response may be delivered in this mode (OAuth 2.0 Multiple Response Types §3, §5).
    pub const fn may_use(self, mode: ResponseMode) -> bool {
        match mode {
            ResponseMode::Query => !self.needs_implicit(),
            ResponseMode::Fragment | ResponseMode::FormPost => true,
        }
    }
}

impl From<ResponseType> for String {
    fn from(kind: ResponseType) -> Self {
        kind.as_str().to_owned()
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownResponseType;

    fn try_from(value: String) -> Result<Self, UnknownResponseType> {
        Self::parse(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_type_is_a_set_of_words() {
        let rows = [
            ("code", Some(ResponseType::Code)),
            ("id_token token", Some(ResponseType::IdTokenToken)),
            ("token id_token", Some(ResponseType::IdTokenToken)),
            ("token code id_token", Some(ResponseType::CodeIdTokenToken)),
            ("token", None),
            ("none", None),
            ("", None),
            ("code code", None),
            ("code  token", None),
            ("Code", None),
        ];
        for (value, expected) in rows {
            assert_eq!(ResponseType::parse(value).ok(), expected, "{value:?}");
        }
    }

    #[test]
    fn tokens_are_never_in_a_query() {
        for kind in ResponseType::ALL {
            assert_eq!(kind.may_use(ResponseMode::Query), kind == ResponseType::Code, "{kind:?}");
            assert!(kind.may_use(kind.default_mode()), "{kind:?}");
        }
    }
}
