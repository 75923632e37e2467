//! Resources that accept access tokens (RFC 8707 §2), and the header of these tokens (RFC 9068 §2.1, §4).

use serde::{Deserialize, Serialize};

use super::is_resource;
use crate::cause::{Cause, Shown};
use crate::error::OAuthError;
use crate::jose::jwk::SigningAlgorithm;

/// The `typ` of JWT access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessTokenTyp {
    /// `at+jwt` of RFC 9068 §2.1, which distinguishes access tokens from other JWTs.
    #[default]
    #[serde(rename = "at+jwt")]
    AtJwt,
    /// `JWT`, for older resource servers that accept nothing else (RFC 7519 §5.1).
    #[serde(rename = "JWT")]
    Jwt,
}

impl AccessTokenTyp {
    pub const ALL: [Self; 2] = [Self::AtJwt, Self::Jwt];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtJwt => "at+jwt",
            Self::Jwt => "JWT",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|typ| typ.as_str() == name)
    }
}

/// Header parameters that a resource or a client has chosen for access tokens. An absent one is decided by the next
/// level: resource, client, server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeaderChoice {
    pub alg: Option<SigningAlgorithm>,
    pub typ: Option<AccessTokenTyp>,
}

impl HeaderChoice {
    /// Fills absent members from `next`.
    #[must_use]
    pub fn or(self, next: Self) -> Self {
        Self { alg: self.alg.or(next.alg), typ: self.typ.or(next.typ) }
    }

    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The header of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenHeader {
    pub alg: SigningAlgorithm,
    pub typ: AccessTokenTyp,
}

/// Decides the header of a token for these resources. A resource's choice overrides its client's, which overrides the
/// server's algorithm. Resources that need different headers are `invalid_target` (RFC 8707 §2).
pub fn token_header(
    resources: impl IntoIterator<Item = HeaderChoice>,
    client: HeaderChoice,
    server: SigningAlgorithm,
) -> Result<TokenHeader, OAuthError> {
    let header =
        |choice: HeaderChoice| TokenHeader { alg: choice.alg.unwrap_or(server), typ: choice.typ.unwrap_or_default() };
    let mut headers = resources.into_iter().map(|resource| header(resource.or(client)));
    let first = headers.next().unwrap_or_else(|| header(client));
    if headers.all(|other| other == first) { Ok(first) } else { Err(Cause::ResourceHeaders.into()) }
}

/// Narrows a grant to the resources of a token request (RFC 8707 §2.2); `asked` is the result of
/// [`super::Client::resources`]. A grant without resources is for this server. A resource outside the grant is
/// `invalid_target`.
pub fn narrowed(granted: &[String], asked: Option<Vec<String>>) -> Result<Vec<String>, OAuthError> {
    let Some(asked) = asked else { return Ok(granted.to_vec()) };
    let foreign = asked.iter().find(|uri| !granted.contains(uri)).map(String::as_str);
    let wants_this_server = asked.is_empty() && !granted.is_empty();
    match foreign.or(wants_this_server.then_some("of the issuer")) {
        None => Ok(asked),
        Some(uri) => Err(Cause::ResourceNotGranted { received: Shown::uri(uri) }.into()),
    }
}

/// A resource as configured by an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The URI that clients request and that tokens contain in `aud`.
    pub uri: String,
    pub header: HeaderChoice,
}

/// The reason why a resource is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// The URI is not absolute, or has a fragment (RFC 8707 §2).
    #[error("the resource {0:?} must be an absolute URI without a fragment")]
    Uri(String),
    /// The server has no key for the algorithm.
    #[error("there is no signing key for the algorithm {0:?}; keys.algorithms lists {1}")]
    Algorithm(&'static str, String),
}

impl Resource {
    /// Checks the resource; `algorithms` are those with a signing key.
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
    use crate::error::ErrorCode;
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
    fn the_resource_overrides_the_client_and_the_client_the_server() {
        let both = HeaderChoice { alg: Some(RS256), typ: Some(Jwt) };
        let rows: [(&str, &[HeaderChoice], HeaderChoice, Option<TokenHeader>); 10] = [
            ("no choice", &[], NONE, Some(TokenHeader { alg: ES256, typ: AtJwt })),
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
    fn a_resource_is_an_absolute_uri_with_an_available_algorithm() {
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
