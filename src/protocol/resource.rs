//! Resources that access tokens are for (RFC 8707 §2), and the header that such a token has (RFC 9068 §2.1, §4).

use serde::{Deserialize, Serialize};

use super::cause::{Cause, Shown};
use super::client::is_resource;
use super::error::OAuthError;
use super::jwk::SigningAlgorithm;

/// The `typ` of JWT access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessTokenTyp {
    /// That of RFC 9068 §2.1, by which no other JWT is taken for an access token.
    #[default]
    #[serde(rename = "at+jwt")]
    AtJwt,
    /// That of older resource servers, which know no other (RFC 7519 §5.1).
    #[serde(rename = "JWT")]
    Jwt,
}

impl AccessTokenTyp {
    /// Every `typ` that an access token of this server can have.
    pub const ALL: [Self; 2] = [Self::AtJwt, Self::Jwt];

    /// The value of `typ`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtJwt => "at+jwt",
            Self::Jwt => "JWT",
        }
    }

    /// The type of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|typ| typ.as_str() == name)
    }
}

/// The header members that a resource or a client has chosen for access tokens. Absent ones are left to the next level:
/// resource, client, server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeaderChoice {
    /// The signing algorithm.
    pub alg: Option<SigningAlgorithm>,
    /// The type.
    pub typ: Option<AccessTokenTyp>,
}

impl HeaderChoice {
    /// This choice, with absent members from `next`.
    #[must_use]
    pub fn or(self, next: Self) -> Self {
        Self { alg: self.alg.or(next.alg), typ: self.typ.or(next.typ) }
    }

    /// Whether nothing is chosen.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The header of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHeader {
    /// The signing algorithm.
    pub alg: SigningAlgorithm,
    /// The type.
    pub typ: AccessTokenTyp,
}

/// The header of a token for resources with these choices: a resource's choice wins over its client's, which wins over
/// the server's algorithm.
///
/// # Errors
/// `invalid_target` where two resources would need different headers (RFC 8707 §2).
pub fn token_header(
    resources: impl IntoIterator<Item = HeaderChoice>,
    client: HeaderChoice,
    server: SigningAlgorithm,
) -> Result<TokenHeader, OAuthError> {
    let header =
        |choice: HeaderChoice| TokenHeader { alg: choice.alg.unwrap_or(server), typ: choice.typ.unwrap_or_default() };
    let mut headers = resources.into_iter().map(|resource| header(resource.or(client)));
    let first = headers.next().unwrap_or_else(|| header(client));
    match headers.all(|other| other == first) {
        true => Ok(first),
        false => Err(Cause::ResourceHeaders.into()),
    }
}

/// The resources that a token request narrows a grant to (RFC 8707 §2.2), given what [`super::client::Client::resources`]
/// says of the request. Without resources a grant is for this server.
///
/// # Errors
/// `invalid_target` for a resource that the grant does not cover.
pub fn narrowed(granted: &[String], asked: Option<Vec<String>>) -> Result<Vec<String>, OAuthError> {
    let Some(asked) = asked else { return Ok(granted.to_vec()) };
    let foreign = asked.iter().find(|uri| !granted.contains(uri)).map(String::as_str);
    let wants_this_server = asked.is_empty() && !granted.is_empty();
    match foreign.or(wants_this_server.then_some("of the issuer")) {
        None => Ok(asked),
        Some(uri) => Err(Cause::ResourceNotGranted { received: Shown::uri(uri) }.into()),
    }
}

/// A resource as an operator describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The URI that clients ask for and tokens name in `aud`.
    pub uri: String,
    /// The header of its access tokens.
    pub header: HeaderChoice,
}

/// The reason for which a resource is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Its URI cannot be one (RFC 8707 §2).
    #[error("the resource {0:?} must be an absolute URI without a fragment")]
    Uri(String),
    /// The server has no key of the algorithm.
    #[error("there is no signing key for the algorithm {0:?}; keys.algorithms lists {1}")]
    Algorithm(&'static str, String),
}

impl Resource {
    /// Checks the resource, given the algorithms that there are signing keys for.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn check(&self, algorithms: &[SigningAlgorithm]) -> Result<(), ResourceError> {
        if !is_resource(&self.uri) {
            return Err(ResourceError::Uri(self.uri.clone()));
        }
        match self.header.alg {
            Some(alg) if !algorithms.contains(&alg) => {
                let held: Vec<&str> = algorithms.iter().map(|held| held.as_str()).collect();
                Err(ResourceError::Algorithm(alg.as_str(), held.join(", ")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::error::ErrorCode;
    use AccessTokenTyp::{AtJwt, Jwt};
    use SigningAlgorithm::{ES256, PS256, RS256};

    const NONE: HeaderChoice = HeaderChoice { alg: None, typ: None };

    fn alg(alg: SigningAlgorithm) -> HeaderChoice {
        HeaderChoice { alg: Some(alg), typ: None }
    }

    fn typ(typ: AccessTokenTyp) -> HeaderChoice {
        HeaderChoice { alg: None, typ: Some(typ) }
    }

    #[test]
    fn a_resource_decides_before_its_client_and_the_client_before_the_server() {
        let both = HeaderChoice { alg: Some(RS256), typ: Some(Jwt) };
        let rows: [(&str, &[HeaderChoice], HeaderChoice, Option<TokenHeader>); 10] = [
            ("nobody has chosen", &[], NONE, Some(TokenHeader { alg: ES256, typ: AtJwt })),
            ("the client has", &[], both, Some(TokenHeader { alg: RS256, typ: Jwt })),
            ("the resource has", &[both], alg(PS256), Some(TokenHeader { alg: RS256, typ: Jwt })),
            ("each has one member", &[typ(Jwt)], alg(RS256), Some(TokenHeader { alg: RS256, typ: Jwt })),
            ("a resource back to the standard", &[typ(AtJwt)], both, Some(TokenHeader { alg: RS256, typ: AtJwt })),
            ("two that agree", &[both, both], NONE, Some(TokenHeader { alg: RS256, typ: Jwt })),
            ("two that agree by default", &[NONE, alg(ES256)], NONE, Some(TokenHeader { alg: ES256, typ: AtJwt })),
            (
                "two that agree by the client",
                &[NONE, alg(RS256)],
                alg(RS256),
                Some(TokenHeader { alg: RS256, typ: AtJwt }),
            ),
            ("different algorithms", &[alg(RS256), NONE], NONE, None),
            ("different types", &[typ(Jwt), NONE], NONE, None),
        ];
        for (rule, resources, client, expected) in rows {
            let header = token_header(resources.iter().copied(), client, ES256);
            assert_eq!(header.map_err(|error| error.code), expected.ok_or(ErrorCode::InvalidTarget), "{rule}");
        }
    }

    #[test]
    fn a_token_request_narrows_the_resources_of_its_grant() {
        let list = |uris: &[&str]| uris.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>();
        let rows: [(&str, &[&str], Option<&[&str]>, Option<&[&str]>); 7] = [
            ("all of it", &["urn:a", "urn:b"], None, Some(&["urn:a", "urn:b"])),
            ("one of two", &["urn:a", "urn:b"], Some(&["urn:b"]), Some(&["urn:b"])),
            ("another one", &["urn:a"], Some(&["urn:b"]), None),
            ("this server, of a grant for a resource", &["urn:a"], Some(&[]), None),
            ("this server, of a grant for it", &[], Some(&[]), Some(&[])),
            ("a resource, of a grant for this server", &[], Some(&["urn:a"]), None),
            ("this server, unsaid", &[], None, Some(&[])),
        ];
        for (rule, granted, asked, expected) in rows {
            assert_eq!(narrowed(&list(granted), asked.map(list)).ok(), expected.map(list), "{rule}");
        }
    }

    #[test]
    fn a_resource_is_an_absolute_uri_with_a_key_to_sign_for_it() {
        let rows = [
            ("https://api.example/", None, true),
            ("urn:api", Some(RS256), true),
            ("api", None, false),
            ("https://api.example/#part", None, false),
            ("https://api.example/", Some(PS256), false),
        ];
        for (uri, alg, ok) in rows {
            let resource = Resource { uri: uri.to_owned(), header: HeaderChoice { alg, typ: None } };
            assert_eq!(resource.check(&[RS256, ES256]).is_ok(), ok, "{uri} {alg:?}");
        }
    }
}
