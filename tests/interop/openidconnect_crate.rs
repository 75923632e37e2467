//! The Rust crate `openidconnect` as relying party of the hybrid and the implicit flow: its verifier checks the
//! front-channel response, then `c_hash` and `at_hash` (OpenID Connect Core §3.2.2.9, §3.3.2.9, §3.3.2.10).

use openidconnect::core::{
    CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKey, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, AuthorizationCodeHash, ClaimsVerificationError, ClientId,
    ClientSecret, HttpRequest, HttpResponse, IssuerUrl, JsonWebKey as _, Nonce,
};
use serde_json::json;
use signet_protocol::jose::jwk::SigningAlgorithm;

use crate::support::{Page, RelyingParty, TestServer};

const RESPONSE_TYPES: [&str; 5] = ["id_token", "id_token token", "code id_token", "code token", "code id_token token"];

/// A client for every response type, with ID tokens of this algorithm.
async fn client(server: &TestServer, alg: &str) -> RelyingParty {
    let metadata = json!({
        "profile": "oidc_classic",
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": RESPONSE_TYPES,
        "id_token_signed_response_alg": alg,
        "skip_consent": true,
    });
    server.client(&format!("crate-{alg}"), metadata).await
}

/// The metadata and keys discovered by the crate.
async fn discover(server: &TestServer) -> CoreProviderMetadata {
    let http = |request: HttpRequest| async {
        let response = server.http.execute(request.try_into()?).await?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        *answer.body_mut() = response.bytes().await?.to_vec();
        Ok::<_, reqwest::Error>(answer)
    };
    let issuer = IssuerUrl::new(server.issuer.clone()).unwrap();
    CoreProviderMetadata::discover_async(issuer, &http).await.unwrap()
}

fn verifier<'a>(metadata: &CoreProviderMetadata, rp: &RelyingParty, alg: &str) -> CoreIdTokenVerifier<'a> {
    let id = ClientId::new(rp.id.clone());
    let secret = ClientSecret::new(rp.secret.clone().unwrap());
    let alg: CoreJwsSigningAlgorithm = serde_json::from_value(json!(alg)).unwrap();
    CoreIdTokenVerifier::new_confidential_client(id, secret, metadata.issuer().clone(), metadata.jwks().clone())
        .set_allowed_algs([alg])
}

/// Checks an ID token, with the code and the access token that came along.
fn check(token: &str, verifier: &CoreIdTokenVerifier<'_>, (code, access): (Option<String>, Option<String>)) -> String {
    let token: CoreIdToken = token.parse().unwrap();
    let claims = token.claims(verifier, &Nonce::new("the-nonce".to_owned())).unwrap();
    let other = token.claims(verifier, &Nonce::new("another".to_owned()));
    assert!(matches!(other, Err(ClaimsVerificationError::InvalidNonce(_))), "the token holds the nonce of the request");
    let alg = token.signing_alg().unwrap();
    // For HS256 the crate has no key to show, and needs none but for the curve of EdDSA.
    let key = token.signing_key(verifier).cloned().unwrap_or_else(|_| CoreJsonWebKey::new_symmetric(Vec::new()));
    let c_hash = code.map(|code| AuthorizationCodeHash::from_code(&AuthorizationCode::new(code), alg, &key).unwrap());
    let at_hash = access.map(|token| AccessTokenHash::from_token(&AccessToken::new(token), alg, &key).unwrap());
    assert_eq!(claims.code_hash(), c_hash.as_ref(), "c_hash where there is a code, and there only");
    assert_eq!(claims.access_token_hash(), at_hash.as_ref(), "at_hash where there is an access token, and there only");
    claims.subject().to_string()
}

async fn visit(rp: &RelyingParty, response_type: &str) -> Page {
    let more = [("response_type", response_type), ("code_challenge", ""), ("code_challenge_method", "")];
    rp.authorize_with("alice", &more).await.page
}

#[tokio::test]
async fn the_crate_openidconnect_verifies_what_comes_through_the_browser() {
    let all = SigningAlgorithm::ALL.to_vec();
    let server = TestServer::start_with(|settings| settings.keys.algorithms = all).await;
    let metadata = discover(&server).await;
    for alg in ["RS256", "ES256", "EdDSA", "HS256"] {
        let rp = client(&server, alg).await;
        let verifier = verifier(&metadata, &rp, alg);
        for response_type in RESPONSE_TYPES {
            let page = visit(&rp, response_type).await;
            let words: Vec<&str> = response_type.split(' ').collect();
            let code = page.fragment("code");
            let access = page.fragment("access_token");
            let got = (code.is_some(), access.is_some(), page.fragment("id_token").is_some());
            let asked = (words.contains(&"code"), words.contains(&"token"), words.contains(&"id_token"));
            assert_eq!(got, asked, "{alg} {response_type}");
            let front = page.fragment("id_token").map(|token| check(&token, &verifier, (code.clone(), access)));
            let Some(code) = code else { continue };
            let tokens = rp.redeem_with(&code, &[("code_verifier", "")]).await.tokens();
            let back = check(tokens.id_token(), &verifier, (None, Some(tokens.access_token.clone())));
            assert!(front.is_none_or(|front| front == back), "OpenID Connect Core §3.3.3.6: one subject");
        }
    }
}
