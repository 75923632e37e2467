//! Redemption of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.6), where every binding must hold on its own.
//! Expiry is checked against the caller's `now`, the redirect URI byte for byte.

use std::collections::BTreeMap;

use super::authentication::Authentication;
use crate::authorize::pkce;
use crate::authorize::request::{CLAIMS, NONCE, RESOURCE};
use crate::authorize::response_type::ResponseType;
use crate::cause::{Cause, Shown};
use crate::claims::requested::RequestedClaims;
use crate::client::Client;
use crate::client::resource;
use crate::error::OAuthError;
use crate::ids::{ClientId, FamilyId, SessionId, UserId};
use crate::params::Params;
use crate::scope::Scope;
use crate::time::Timestamp;

/// The data stored with a code.
#[derive(Clone, Debug)]
pub struct CodeRecord {
    pub client_id: ClientId,
    /// The user who granted it.
    pub user_id: UserId,
    pub session_id: SessionId,
    /// The family of all tokens issued from it.
    pub family_id: FamilyId,
    /// The redirect URI of the authorization request, or the registered one if the request had none.
    pub redirect_uri: String,
    /// True if the authorization request had the parameter.
    pub redirect_uri_named: bool,
    pub scope: Scope,
    /// Slots of parameters that travel with the code: PKCE challenge, nonce, resource and others.
    pub extensions: BTreeMap<String, String>,
    pub authentication: Authentication,
    pub expires_at: Timestamp,
}

/// The result of a redeemed code.
#[derive(Clone, Debug)]
pub struct Redemption {
    pub record: CodeRecord,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// The resources of the access token; empty for this server alone.
    pub resources: Vec<String>,
    /// The resources of the grant; a later refresh may choose others among these (RFC 8707 §2.2).
    pub granted: Vec<String>,
}

impl Redemption {
    /// Reduces the result to what the client may still have, since its registration may have changed after the code was
    /// issued. It is `invalid_grant` if the redirect URI is no longer registered, scope or resources become empty, or
    /// the remaining scope needs PKCE that the request did not use.
    pub fn narrowed_to(self, client: &Client) -> Result<Self, OAuthError> {
        if !client.redirects_to(&self.record.redirect_uri) {
            return Err(Cause::RedirectUriWithdrawn.into());
        }
        let scope = client.remaining_scope(&self.record.scope)?;
        if !self.record.extensions.contains_key(pkce::SLOT) {
            let rule = client.pkce(ResponseType::Code);
            rule.check_unchallenged(&scope, self.nonce.as_deref()).map_err(|_| Cause::PkceWithdrawn)?;
        }
        let resources = client.remaining_resources(self.resources)?;
        let granted = client.remaining_resources(self.granted)?;
        Ok(Self { record: CodeRecord { scope, ..self.record }, resources, granted, ..self })
    }
}

impl CodeRecord {
    /// Returns the claims that the authorization request asked for one by one (OpenID Connect Core §5.5).
    pub fn requested_claims(&self) -> RequestedClaims {
        requested_claims(&self.extensions)
    }
}

/// Reads the claims requested one by one from the slots of a grant, which this server has written.
pub fn requested_claims(extensions: &BTreeMap<String, String>) -> RequestedClaims {
    extensions.get(CLAIMS).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// Checks a token request against the record of its code, which the caller has consumed. A failed binding is
/// `invalid_grant`, a missing parameter `invalid_request`.
pub fn redeem(
    params: &Params,
    client: &Client,
    issuer: &str,
    record: Option<CodeRecord>,
    now: Timestamp,
) -> Result<Redemption, OAuthError> {
    params.require("code", "code is required.")?;
    let record = record.ok_or(Cause::CodeUnknown)?;
    check_bindings(params, client, &record)?;
    let slot = |name: &str| record.extensions.get(name).map(String::as_str);
    pkce::verify(slot(pkce::SLOT), params.get("code_verifier"))?;
    let nonce = slot(NONCE).map(str::to_owned);
    let named = slot(RESOURCE).map(split_resources);
    let asked = client.resources(params.get_all("resource"), issuer)?;
    let resources = narrow_resources(named.as_deref(), asked)?;
    if record.expires_at <= now {
        return Err(Cause::CodeExpired { ago: now.since(record.expires_at) }.into());
    }
    // A grant without resources is bound to those of this request, for later refreshes too.
    let granted = named.unwrap_or_else(|| resources.clone());
    Ok(Redemption { record, nonce, resources, granted })
}

/// Checks that the code was issued to this client, and that its redirect URI is presented byte for byte. It may be
/// omitted only if the authorization request had none.
fn check_bindings(params: &Params, client: &Client, record: &CodeRecord) -> Result<(), OAuthError> {
    let presented = match params.get("redirect_uri") {
        None if record.redirect_uri_named => return Err(OAuthError::invalid_request("redirect_uri is required.")),
        None => record.redirect_uri.as_str(),
        Some(presented) => presented,
    };
    if record.client_id != client.id {
        return Err(Cause::CodeOfOtherClient.into());
    }
    if presented == record.redirect_uri {
        Ok(())
    } else {
        Err(Cause::CodeRedirectUri { received: Shown::uri(presented) }.into())
    }
}

/// Splits the stored list of resources.
pub fn split_resources(stored: &str) -> Vec<String> {
    stored.split(' ').filter(|uri| !uri.is_empty()).map(str::to_owned).collect()
}

/// Returns the resources of the access token. A grant whose request named no resource may be bound to any of the
/// client's resources, once.
fn narrow_resources(named: Option<&[String]>, asked: Option<Vec<String>>) -> Result<Vec<String>, OAuthError> {
    match named {
        Some(named) => resource::narrowed(named, asked),
        None => Ok(asked.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::redirect_uri::RedirectUri;
    use crate::client::ClientMetadata;

    const ISSUER: &str = "https://op.example";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS";

    fn client(id: &str) -> Client {
        let audiences = vec!["https://a.example/".into(), "https://b.example/".into()];
        let metadata = ClientMetadata { audiences, ..ClientMetadata::default() };
        Client {
            id: ClientId::parse(id).unwrap(),
            metadata,
            secrets: Vec::new(),
            enabled: true,
            registration: None,
            logo: None,
        }
    }

    fn record(named: bool, slots: &[(&str, &str)]) -> CodeRecord {
        CodeRecord {
            client_id: ClientId::parse("rp").unwrap(),
            user_id: UserId::parse("alice").unwrap(),
            session_id: SessionId::parse("s").unwrap(),
            family_id: FamilyId::parse("f").unwrap(),
            redirect_uri: "https://rp.example/cb".into(),
            redirect_uri_named: named,
            scope: Scope::parse("openid").unwrap(),
            extensions: slots.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            authentication: Authentication { time: Timestamp::from_secs(1), methods: vec!["pwd".into()] },
            expires_at: Timestamp::from_secs(60),
        }
    }

    #[test]
    fn every_binding_of_a_code_fails_alone() {
        let pkce: &[(&str, &str)] = &[("pkce", CHALLENGE)];
        let good = format!("code=c&redirect_uri=https://rp.example/cb&code_verifier={VERIFIER}");
        let no_uri = format!("code=c&code_verifier={VERIFIER}");
        let rows = [
            ("all hold", good.clone(), "rp", Some(record(true, pkce)), 59, "ok"),
            ("RFC 6749 §4.1.3: unknown code", good.clone(), "rp", None, 59, "invalid_grant"),
            ("RFC 6749 §4.1.3: another client", good.clone(), "rp2", Some(record(true, pkce)), 59, "invalid_grant"),
            ("expired", good.clone(), "rp", Some(record(true, pkce)), 60, "invalid_grant"),
            ("another redirect_uri", good.replace("/cb", "/cb2"), "rp", Some(record(true, pkce)), 59, "invalid_grant"),
            ("spelled otherwise", good.replace("//rp", "//RP"), "rp", Some(record(true, pkce)), 59, "invalid_grant"),
            ("redirect_uri omitted", no_uri.clone(), "rp", Some(record(true, pkce)), 59, "invalid_request"),
            ("never named, omitted", no_uri, "rp", Some(record(false, pkce)), 59, "ok"),
            ("never named, another", good.replace("/cb", "/x"), "rp", Some(record(false, pkce)), 59, "invalid_grant"),
            ("no code", good.replace("code=c&", ""), "rp", Some(record(true, pkce)), 59, "invalid_request"),
            (
                "RFC 7636: another verifier",
                good.replace("dBj", "xBj"),
                "rp",
                Some(record(true, pkce)),
                59,
                "invalid_grant",
            ),
            ("verifier without challenge", good.clone(), "rp", Some(record(true, &[])), 59, "invalid_grant"),
        ];
        for (rule, query, id, stored, secs, expected) in rows {
            let params = Params::parse(query.as_bytes()).unwrap();
            let result = redeem(&params, &client(id), ISSUER, stored, Timestamp::from_secs(secs));
            assert_eq!(result.err().map_or("ok", |error| error.code.as_str()), expected, "{rule}");
        }
    }

    #[test]
    fn a_code_without_a_challenge_is_checked_against_the_narrowed_grant() {
        use crate::authorize::pkce::PkceRule::{self, Nonce, Optional, Required};
        let pkce: &[(&str, &str)] = &[("pkce", CHALLENGE)];
        let nonce: &[(&str, &str)] = &[(NONCE, "n")];
        let rows: [(&str, Option<PkceRule>, &str, &str, &[(&str, &str)], bool); 9] = [
            ("a challenge", Some(Required), "client_secret", "openid", pkce, true),
            ("a challenge of a public client", Some(Nonce), "none", "openid", pkce, true),
            ("a nonce", Some(Nonce), "client_secret", "openid", nonce, true),
            ("no nonce", Some(Nonce), "client_secret", "openid", &[], false),
            ("openid was lost", Some(Nonce), "client_secret", "email", nonce, false),
            ("PKCE is required by now", Some(Required), "client_secret", "openid", nonce, false),
            ("PKCE was required before there was a setting", None, "client_secret", "openid", nonce, false),
            ("the client is public by now", Some(Nonce), "none", "openid", nonce, false),
            ("nothing is needed", Some(Optional), "client_secret", "email", &[], true),
        ];
        for (rule, pkce, method, scope, slots, ok) in rows {
            let mut client = client("rp");
            client.metadata.pkce = pkce;
            client.metadata.token_endpoint_auth_method = method.to_owned();
            client.metadata.scope = Scope::parse(scope).unwrap();
            client.metadata.redirect_uris = vec![RedirectUri::register("https://rp.example/cb").unwrap()];
            let scope = Scope::parse("openid email").unwrap();
            let record = CodeRecord { scope, ..record(true, slots) };
            let resources = Vec::new();
            let granted = Vec::new();
            let nonce = slots.iter().find(|(name, _)| *name == NONCE).map(|(_, value)| (*value).to_owned());
            let redemption = Redemption { record, nonce, resources, granted };
            assert_eq!(redemption.narrowed_to(&client).is_ok(), ok, "{rule}");
        }
    }

    #[test]
    fn a_token_request_narrows_the_resources_of_its_grant() {
        let a = "https://a.example/";
        let b = "https://b.example/";
        let both = format!("{a} {b}");
        let rows = [
            ("none asked", None, vec![], Ok(vec![])),
            ("as granted", Some(both.as_str()), vec![], Ok(vec![a, b])),
            ("narrowed", Some(&both), vec![b], Ok(vec![b])),
            ("asked only now", None, vec![a], Ok(vec![a])),
            ("this server was named", Some(""), vec![], Ok(vec![])),
            ("this server was named, and is again", Some(""), vec![ISSUER], Ok(vec![])),
            ("this server was named, and is not widened", Some(""), vec![a], Err("invalid_target")),
            ("widened", Some(a), vec![b], Err("invalid_target")),
            ("not the client's", None, vec!["https://c.example/"], Err("invalid_target")),
        ];
        for (rule, granted, asked, expected) in rows {
            let mut query = "code=c&redirect_uri=https://rp.example/cb".to_owned();
            asked.iter().for_each(|uri| query += &format!("&resource={uri}"));
            let slots: Vec<_> = granted.iter().map(|uris| (RESOURCE, *uris)).collect();
            let params = Params::parse(query.as_bytes()).unwrap();
            let result = redeem(&params, &client("rp"), ISSUER, Some(record(true, &slots)), Timestamp::from_secs(2));
            let result = result.map(|redemption| redemption.resources).map_err(|error| error.code.as_str());
            assert_eq!(result, expected.map(|uris| uris.into_iter().map(str::to_owned).collect()), "{rule}");
        }
    }
}
