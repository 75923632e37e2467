//! The OpenID Connect client of the demo, on the crate `openidconnect`: discovery, authorization request with PKCE and
//! nonce, code exchange, ID token validation, userinfo, refresh.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::BoxFuture;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreProviderMetadata, CoreTokenResponse,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, Scope, TokenResponse as _,
};

/// Registration of the relying party.
pub struct Registration {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
}

pub struct RelyingParty {
    registration: Registration,
    http: Http,
}

/// An authorization request in progress.
pub struct Started {
    /// URL of the authorization request.
    pub url: String,
    /// `state` that the response must return.
    pub state: String,
    /// PKCE verifier for the code exchange.
    pub verifier: PkceCodeVerifier,
    /// `nonce` that the ID token must contain.
    pub nonce: Nonce,
}

pub struct Login {
    /// Verified claims of the ID token.
    pub claims: CoreIdTokenClaims,
    /// The ID token itself, used as the logout hint.
    pub id_token: String,
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub userinfo: CoreUserInfoClaims,
}

impl RelyingParty {
    /// Creates a relying party that also trusts the certificates in `extra_ca`.
    pub fn new(registration: Registration, extra_ca: Option<&Path>) -> anyhow::Result<Self> {
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .no_proxy();
        if let Some(file) = extra_ca {
            let pem = std::fs::read(file).with_context(|| file.display().to_string())?;
            for certificate in reqwest::Certificate::from_pem_bundle(&pem)? {
                http = http.add_root_certificate(certificate);
            }
        }
        Ok(Self { registration, http: Http(http.build()?) })
    }

    /// Starts a login.
    pub async fn start(&self) -> anyhow::Result<Started> {
        let metadata = self.discover().await?;
        let client = CoreClient::from_provider_metadata(metadata, self.id(), Some(self.secret()))
            .set_redirect_uri(self.redirect()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request =
            client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
        let scopes = ["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned()));
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Started { url: url.to_string(), state: state.secret().clone(), verifier, nonce })
    }

    /// Redeems the code and validates the tokens.
    pub async fn finish(&self, code: String, verifier: PkceCodeVerifier, nonce: &Nonce) -> anyhow::Result<Login> {
        let metadata = self.discover().await?;
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.id(), Some(self.secret()))
            .set_redirect_uri(self.redirect()?);
        let exchange = client.exchange_code(AuthorizationCode::new(code))?.set_pkce_verifier(verifier);
        let tokens = exchange.request_async(&self.http).await.context("the code exchange failed")?;
        self.check(metadata, tokens, Some(nonce)).await
    }

    pub async fn refresh(&self, refresh_token: &str) -> anyhow::Result<Login> {
        let metadata = self.discover().await?;
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.id(), Some(self.secret()));
        let token = RefreshToken::new(refresh_token.to_owned());
        let tokens = client.exchange_refresh_token(&token)?.request_async(&self.http).await;
        self.check(metadata, tokens.context("the refresh failed")?, None).await
    }

    /// Returns the URL of the logout request.
    pub fn logout_url(&self, id_token: &str, return_to: &str) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("id_token_hint", id_token)
            .append_pair("post_logout_redirect_uri", return_to)
            .finish();
        format!("{}/logout?{query}", self.registration.issuer)
    }

    /// Validates the tokens (OpenID Connect Core §3.1.3.7 and §3.1.3.8) and requests userinfo for the same subject.
    async fn check(
        &self,
        metadata: CoreProviderMetadata,
        tokens: CoreTokenResponse,
        nonce: Option<&Nonce>,
    ) -> anyhow::Result<Login> {
        let client = CoreClient::from_provider_metadata(metadata, self.id(), Some(self.secret()));
        let id_token: &CoreIdToken = tokens.id_token().context("there is no ID token")?;
        let verifier = client.id_token_verifier();
        let claims = match nonce {
            Some(nonce) => id_token.claims(&verifier, nonce),
            None => id_token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        };
        let claims = claims.context("the ID token is not valid")?.clone();
        if let Some(expected) = claims.access_token_hash() {
            let key = id_token.signing_key(&verifier)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg()?, key)?;
            ensure!(actual == *expected, "at_hash does not match the access token");
        }
        let access_token: AccessToken = tokens.access_token().clone();
        let request = client.user_info(access_token.clone(), Some(claims.subject().clone()))?;
        let userinfo = request.request_async(&self.http).await.context("userinfo failed")?;
        Ok(Login {
            id_token: id_token.to_string(),
            access_token: access_token.secret().clone(),
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
            claims,
            userinfo,
        })
    }

    async fn discover(&self) -> anyhow::Result<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(self.registration.issuer.clone())?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await;
        metadata.context("discovery failed")
    }

    fn id(&self) -> ClientId {
        ClientId::new(self.registration.client_id.clone())
    }

    fn secret(&self) -> ClientSecret {
        ClientSecret::new(self.registration.client_secret.clone())
    }

    fn redirect(&self) -> anyhow::Result<RedirectUrl> {
        Ok(RedirectUrl::new(self.registration.redirect_uri.clone())?)
    }
}

/// Adapter of the HTTP client to the crate `openidconnect`.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = BoxFuture<'c, Result<HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let status = response.status();
            let headers = response.headers().clone();
            let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}
