//! The response to a granted authorization request: a code, tokens, or both, in one transaction that closes the request
//! (RFC 6749 §4.1.2, §4.2.2, OpenID Connect Core §3.3.2.5).

use std::sync::Arc;

use super::browser_step::BrowserStep;
use super::pending::{self, InteractionError, PendingFault};
use crate::adapters::openid_connect::keys::IdTokenHashes;
use crate::flows::client::register;
use crate::flows::token::issuance::{Issuance, RefreshPlan, UserGrant};
use crate::flows::token::issue::{self, Draft, IdTokenContent, Mint};
use crate::flows::token::jose;
use crate::flows::{Context, FlowError, Lifetimes, Provider, session};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::request::{AuthorizationRequest, NONCE, RESOURCE};
use signet_protocol::authorize::response::{Granted, ReturnPath};
use signet_protocol::client::Client;
use signet_protocol::ids::{FamilyId, RequestId, in_order};
use signet_protocol::scope::Scope;
use signet_protocol::secret::{AuthorizationCode, Digest};
use signet_protocol::token::access_token::{AccessTokenClaims, Subject};
use signet_protocol::token::code::{CodeRecord, split_resources};
use signet_store::Tx;
use signet_store::authorize::{authorization_requests, consents, pushed_requests};
use signet_store::session::sessions::Session;
use signet_store::token::{access_tokens, authorization_codes};

/// A granted request.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a AuthorizationRequest,
    pub(crate) client: &'a Arc<Client>,
    /// The row of the request, if it had to wait for a person.
    pub(crate) row: Option<&'a RequestId>,
}

impl Asked<'_> {
    /// The scope whose claims the ID token of the response contains. With a code it is none, because the token endpoint
    /// returns an ID token that no browser sees; without an access token it is all of it (OpenID Connect Core §5.4).
    fn released(&self) -> Option<&Scope> {
        let granted = &self.request.scope;
        let kind = self.request.response_type;
        match (kind.has_code(), kind.has_token()) {
            (true, _) => None,
            (false, true) => self.client.scope_of_id_token(granted),
            (false, false) => Some(granted),
        }
    }
}

/// Grants a request whose person is signed in and has consented.
pub(crate) async fn grant(
    provider: &Provider,
    context: &Context,
    asked: &Asked<'_>,
    session: Session,
) -> Result<BrowserStep, InteractionError> {
    if asked.request.response_type.has_id_token() {
        jose::check_id_token_key(provider, context, asked.client).await?;
    }
    let mut yielded = Yield::of(provider, context, asked, session)?;
    let written = yielded.written(context, asked, provider)?;
    let stored = provider.store.write_with(written, |written, tx| Box::pin(written.store(tx)));
    let stored = stored.await?;
    if asked.row.is_some() && !matches!(stored, Stored::AnsweredBefore) {
        provider.requests.waiting.add(&context.realm.id, -1);
    }
    match stored {
        Stored::AnsweredBefore => return Err(InteractionError::Fault(PendingFault::Answered)),
        Stored::Pushed => return Err(InteractionError::Fault(PendingFault::Pushed)),
        Stored::Done => {}
    }
    register::record_use(provider, context, asked.client).await;
    let granted = yielded.sign(provider, context, asked).await?;
    provider.count_issued(asked.client, "authorization_endpoint", kinds(&granted));
    let state = session::state_for(provider, context, asked.request, &yielded.session)?;
    let destination = asked.request.destination();
    let path = pending::return_path(context, asked.request, &destination);
    Ok(BrowserStep::Deliver(ReturnPath { session_state: state.as_deref(), ..path }.granted(&granted)))
}

/// The metric labels of the contents of a response.
fn kinds(granted: &Granted) -> impl Iterator<Item = &'static str> {
    let code = granted.code.is_some().then_some("authorization_code");
    let access_token = granted.access_token.is_some().then_some("access_token");
    let id_token = granted.id_token.is_some().then_some("id_token");
    [code, access_token, id_token].into_iter().flatten()
}

/// The code and tokens of the response, before they are signed.
struct Yield {
    code: Option<AuthorizationCode>,
    issuance: Issuance,
    grant: UserGrant,
    draft: Option<Draft>,
    session: Session,
}

impl Yield {
    fn of(provider: &Provider, context: &Context, asked: &Asked<'_>, session: Session) -> Result<Self, FlowError> {
        let Asked { request, client, .. } = asked;
        let grant = UserGrant {
            user: session.user_id.clone(),
            family: FamilyId::from_random(in_order(context.now, context.entropy.bytes()?)),
            session: session.id.clone(),
            session_over: false,
            authentication: session.authentication.clone(),
            nonce: request.extensions.get(NONCE).cloned(),
            claims: request.claims.clone(),
        };
        let resources = request.extensions.get(RESOURCE).map(|kept| split_resources(kept)).unwrap_or_default();
        let issuance = Issuance {
            subject: Subject::User(grant.user.clone()),
            scope: request.scope.clone(),
            resources,
            grant: Some(grant.clone()),
            // Nothing proves a key at the authorization endpoint.
            confirmation: None,
            refresh: RefreshPlan::None,
        };
        let headers = provider.view.resource_headers();
        let mint = Mint::of(provider, &headers)?;
        let draft = match request.response_type.has_token() {
            true => Some(issue::draft(&mint, context, client, &issuance)?),
            false => None,
        };
        let code = match request.response_type.has_code() {
            true => Some(AuthorizationCode::from_random(in_order(context.now, context.entropy.bytes()?))),
            false => None,
        };
        Ok(Self { code, issuance, grant, draft, session })
    }

    /// The rows that the transaction writes.
    fn written(&self, context: &Context, asked: &Asked<'_>, provider: &Provider) -> Result<Written, FlowError> {
        let request = asked.request;
        let record = CodeRecord {
            client_id: request.client_id.clone(),
            user_id: self.grant.user.clone(),
            session_id: self.grant.session.clone(),
            family_id: self.grant.family.clone(),
            redirect_uri: request.redirect_uri.clone(),
            redirect_uri_named: request.redirect_uri_named,
            scope: request.scope.clone(),
            extensions: request.extensions.clone(),
            authentication: self.grant.authentication.clone(),
            expires_at: context.now.plus(provider.lifetimes.code),
        };
        let opaque =
            self.draft.as_ref().and_then(|draft| Some((draft.opaque.as_ref()?.digest(), draft.claims.clone())));
        Ok(Written {
            context: context.clone(),
            lifetimes: provider.lifetimes,
            row: asked.row.cloned(),
            pushed: request.pushed,
            code: self.code.as_ref().map(|code| (code.digest(), record)),
            opaque,
            session: self.session.clone(),
            client: asked.client.clone(),
            consent: (!asked.client.metadata.skip_consent).then(|| Consent::asked_by(request)),
        })
    }

    /// Signs the tokens of the response.
    async fn sign(&mut self, provider: &Provider, context: &Context, asked: &Asked<'_>) -> Result<Granted, FlowError> {
        let request = asked.request;
        let access_token = match &self.draft {
            Some(draft) => {
                let token = issue::access_token(provider, context, draft, Some(&self.grant)).await?;
                Some((token, draft.lifetime))
            }
            None => None,
        };
        let id_token = match request.response_type.has_id_token() {
            true => {
                let hashes = IdTokenHashes {
                    access_token: access_token.as_ref().map(|(token, _)| token.as_str()),
                    code: self.code.as_ref().map(AuthorizationCode::expose),
                };
                let nothing = Scope::default();
                let released = asked.released().unwrap_or(&nothing);
                let content = IdTokenContent { granted: &request.scope, released, hashes };
                Some(issue::id_token(provider, context, asked.client, &self.grant, content).await?)
            }
            false => None,
        };
        let scope = if access_token.is_some() { self.issuance.scope.clone() } else { Scope::default() };
        Ok(Granted { code: self.code.take(), access_token, scope, id_token })
    }
}

/// The rows that the transaction writes, with the conditions under which it may.
struct Written {
    context: Context,
    lifetimes: Lifetimes,
    row: Option<RequestId>,
    pushed: Option<Digest>,
    code: Option<(Digest, CodeRecord)>,
    opaque: Option<(Digest, AccessTokenClaims)>,
    session: Session,
    client: Arc<Client>,
    /// The required consent, if the client needs one.
    consent: Option<Consent>,
}

/// The result of the transaction.
enum Stored {
    Done,
    AnsweredBefore,
    Pushed,
}

impl Written {
    async fn store(&self, tx: &mut Tx) -> Result<Stored, FlowError> {
        let (realm, now) = (&self.context.realm.id, self.context.now);
        if let Some(id) = &self.row
            && !authorization_requests::close(tx, realm, id, now).await?
        {
            return Ok(Stored::AnsweredBefore);
        }
        if let Some(pushed) = self.pushed
            && !pushed_requests::consume(tx, realm, pushed, now).await?
        {
            return Ok(Stored::Pushed);
        }
        if let Some(consent) = &self.consent
            && !self.is_consented(tx, consent).await?
        {
            return Err(FlowError::Unavailable("the consent has just been withdrawn".to_owned()));
        }
        if let Some((digest, record)) = &self.code {
            authorization_codes::insert(tx, realm, *digest, record).await?;
        }
        if let Some((digest, claims)) = &self.opaque {
            access_tokens::insert(tx, realm, *digest, claims).await?;
        }
        session::join(tx, &self.context, &self.session, &self.client).await?;
        session::touch(tx, &self.lifetimes, &self.context, &self.session).await?;
        Ok(Stored::Done)
    }

    /// Returns true if no consent is required, or it has not been withdrawn since it was checked.
    async fn is_consented(&self, tx: &mut Tx, asked: &Consent) -> Result<bool, FlowError> {
        let (realm, user) = (&self.context.realm.id, &self.session.user_id);
        let granted = consents::find_locked(tx, realm, user, &self.client.id).await?;
        Ok(granted.is_some_and(|granted| asked.without(&granted).is_empty()))
    }
}
