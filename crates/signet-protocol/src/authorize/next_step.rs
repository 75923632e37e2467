//! The next step of an authorization request (OpenID Connect Core §3.1.2.3, §3.1.2.4). One function decides it again on
//! every return of the browser, from stored state alone.

use serde::{Deserialize, Serialize};

use super::consent::Consent;
use super::request::{AuthorizationRequest, Prompt};
use crate::client::Client;
use crate::error::{ErrorCode, OAuthError};
use crate::ids::{ClientId, UserId};
use crate::time::{Span, Timestamp};
use crate::token::device_authorization::DeviceRequest;

/// The value of [`AuthorizationRequest::hinted_subject`] if the requested subject matches no user of this client.
pub const UNKNOWN_SUBJECT: &str = "";

/// A request that waits for a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum InteractiveRequest {
    /// A request of a device, on which the person decides here (RFC 8628 §3.3).
    Device(DeviceRequest),
    /// A request of a client, whose response the browser takes back to the client.
    Authorization(Box<AuthorizationRequest>),
}

impl InteractiveRequest {
    pub fn client_id(&self) -> &ClientId {
        match self {
            Self::Device(request) => &request.client_id,
            Self::Authorization(request) => &request.client_id,
        }
    }

    /// Returns the URI that the response is sent to, or `None` for a device, whose browser stays here.
    pub fn redirect_uri(&self) -> Option<&str> {
        match self {
            Self::Device(_) => None,
            Self::Authorization(request) => Some(&request.redirect_uri),
        }
    }

    /// Reduces the request to what its client may still ask for, since its registration may have changed. A request
    /// that the client may no longer make is refused.
    pub fn narrowed_to(self, client: &Client) -> Result<Self, OAuthError> {
        match self {
            Self::Device(request) => request.narrowed_to(client).map(Self::Device),
            Self::Authorization(request) => {
                request.narrowed_to(client).map(|request| Self::Authorization(Box::new(request)))
            }
        }
    }
}

/// A live session, as far as the decision needs it.
pub trait SignedIn {
    fn user(&self) -> &UserId;

    fn auth_time(&self) -> Timestamp;
}

/// The state besides the request and the session.
#[derive(Clone, Copy, Debug)]
pub struct RequestState<'a> {
    /// The user's earlier consent to this client.
    pub remembered: Option<&'a Consent>,
    /// The time at which this very request was consented to.
    pub consented_at: Option<Timestamp>,
    /// The user who chose to answer this very request with the session that they had.
    pub selected_by: Option<&'a UserId>,
    /// The time at which the request arrived.
    pub arrived_at: Timestamp,
    pub now: Timestamp,
}

/// The next step, with the session that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep<S> {
    /// No user is signed in, or another account is requested.
    Login,
    /// The signed-in person must choose between this account and another.
    SelectAccount(S),
    /// The signed-in person must authenticate again.
    Reauthenticate(S),
    /// The person must consent to the request.
    Consent {
        session: S,
        /// The part that was not granted before.
        new: Consent,
    },
    /// A code or tokens may be issued in this session.
    Issue(S),
    /// The client receives an error.
    Refuse(OAuthError),
}

/// Decides the next step of the request in a browser with this live session.
pub fn next_step<S: SignedIn>(
    request: &AuthorizationRequest,
    client: &Client,
    session: Option<S>,
    situation: &RequestState<'_>,
) -> NextStep<S> {
    let silent = request.prompts(Prompt::None);
    if request.hinted_subject.as_deref() == Some(UNKNOWN_SUBJECT) {
        // No login could satisfy the request.
        return refuse(ErrorCode::LoginRequired, "No user has this subject for this application.");
    }
    match sufficient_session(request, session, situation) {
        Err(_) if silent => refuse(ErrorCode::LoginRequired, "The person has to sign in."),
        Err(login) => login,
        Ok(session) => match missing_consent(request, client, situation) {
            Some(_) if silent => refuse(ErrorCode::ConsentRequired, "The person has to consent."),
            Some(new) => NextStep::Consent { session, new },
            None => NextStep::Issue(session),
        },
    }
}

/// Returns the session if it satisfies the request, otherwise the sign-in step that the request needs.
fn sufficient_session<S: SignedIn>(
    request: &AuthorizationRequest,
    session: Option<S>,
    situation: &RequestState<'_>,
) -> Result<S, NextStep<S>> {
    let Some(session) = session else {
        return Err(NextStep::Login);
    };
    let fresh = session.auth_time() >= situation.arrived_at;
    if request.hinted_subject.as_deref().is_some_and(|hinted| hinted != session.user().as_str()) {
        return Err(NextStep::Login);
    }
    let is_chosen = situation.selected_by == Some(session.user());
    if request.prompts(Prompt::SelectAccount) && !fresh && !is_chosen {
        return Err(NextStep::SelectAccount(session));
    }
    if request.prompts(Prompt::Login) && !fresh {
        return Err(NextStep::Reauthenticate(session));
    }
    // A login made for this request satisfies any max_age; otherwise max_age=0 would loop.
    let too_old = |max_age: i64| situation.now.since(session.auth_time()) > Span::from_secs(max_age);
    if !fresh && request.max_age.is_some_and(too_old) {
        return Err(NextStep::Reauthenticate(session));
    }
    Ok(session)
}

/// Returns the part of the request that needs the person's consent, or `None` if nothing does.
fn missing_consent(request: &AuthorizationRequest, client: &Client, situation: &RequestState<'_>) -> Option<Consent> {
    if situation.consented_at.is_some_and(|at| at >= situation.arrived_at) {
        return None;
    }
    let nothing = Consent::default();
    let remembered = situation.remembered.unwrap_or(&nothing);
    let new = Consent::asked_by(request).without(remembered);
    if request.prompts(Prompt::Consent) {
        return Some(new);
    }
    // RFC 8252 §8.6: a native client cannot prove its identity, so the person is asked every time.
    if client.is_native(&request.redirect_uri) {
        return Some(new);
    }
    if client.metadata.skip_consent || (situation.remembered.is_some() && new.is_empty()) {
        return None;
    }
    Some(new)
}

fn refuse<S>(code: ErrorCode, description: &'static str) -> NextStep<S> {
    NextStep::Refuse(OAuthError::new(code, description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::response::ResponseMode;
    use crate::authorize::response_type::ResponseType;
    use crate::claims::requested::RequestedClaims;
    use crate::client::ClientMetadata;
    use crate::ids::ClientId;
    use crate::scope::Scope;

    /// A session of Alice, with the time of its login.
    #[derive(Debug, PartialEq, Eq)]
    struct Alice(UserId, i64);

    impl Alice {
        fn since(auth_time: i64) -> Self {
            Self(UserId::parse("alice").unwrap(), auth_time)
        }
    }

    impl SignedIn for Alice {
        fn user(&self) -> &UserId {
            &self.0
        }

        fn auth_time(&self) -> Timestamp {
            Timestamp::from_secs(self.1)
        }
    }

    fn request(prompts: &[Prompt], max_age: Option<i64>) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: ClientId::parse("rp").unwrap(),
            redirect_uri: "https://rp.example/cb".into(),
            redirect_uri_named: true,
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            scope: Scope::parse("openid email").unwrap(),
            state: None,
            prompts: prompts.to_vec(),
            max_age,
            login_hint: None,
            hinted_subject: None,
            ui_locales: None,
            claims: RequestedClaims::default(),
            pushed: None,
            extensions: Default::default(),
        }
    }

    fn granted(scope: &str) -> Consent {
        Consent { scope: Scope::parse(scope).unwrap(), claims: Vec::new() }
    }

    fn client() -> Client {
        Client {
            id: ClientId::parse("rp").unwrap(),
            metadata: ClientMetadata::default(),
            secrets: Vec::new(),
            enabled: true,
            registration: None,
            logo: None,
        }
    }

    fn state(remembered: Option<&Consent>, consented: Option<i64>) -> RequestState<'_> {
        RequestState {
            remembered,
            consented_at: consented.map(Timestamp::from_secs),
            selected_by: None,
            arrived_at: Timestamp::from_secs(1000),
            now: Timestamp::from_secs(1060),
        }
    }

    fn name(step: NextStep<Alice>) -> String {
        match step {
            NextStep::Login => "login".into(),
            NextStep::SelectAccount(_) => "select account".into(),
            NextStep::Reauthenticate(_) => "reauthenticate".into(),
            NextStep::Consent { new, .. } => {
                [format!("consent {}", new.scope)].into_iter().chain(new.claims).collect::<Vec<_>>().join("+")
            }
            NextStep::Issue(_) => "issue".into(),
            NextStep::Refuse(error) => error.code.as_str().into(),
        }
    }

    fn step(
        request: &AuthorizationRequest,
        login: Option<i64>,
        remembered: Option<&str>,
        consented: Option<i64>,
    ) -> String {
        let remembered = remembered.map(granted);
        let situation = state(remembered.as_ref(), consented);
        name(next_step(request, &client(), login.map(Alice::since), &situation))
    }

    #[test]
    fn consent_covers_single_claims_by_scope_or_by_name() {
        let mut asking = request(&[], None);
        asking.claims = RequestedClaims::parse(Some(r#"{"userinfo":{"name":null,"email":null}}"#), None).unwrap();
        assert_eq!(step(&asking, Some(900), Some("openid email"), None), "consent +name");
        assert_eq!(step(&asking, Some(900), Some("openid email profile"), None), "issue");
        let asked = Consent::asked_by(&asking);
        assert!(asked.without(&granted("openid").union(&asked)).is_empty());
    }

    #[test]
    fn the_next_step_follows_from_prompt_max_age_session_and_consent() {
        use Prompt::{Consent, Login, None as Silent, SelectAccount};
        let all = Some("openid email");
        let rows: [(&str, &[Prompt], Option<i64>, Option<i64>, Option<&str>, Option<i64>, &str); 21] = [
            ("signed out", &[], None, None, None, None, "login"),
            ("signed in, first time", &[], None, Some(900), None, None, "consent openid email"),
            ("a new scope", &[], None, Some(900), Some("openid"), None, "consent email"),
            ("all granted before", &[], None, Some(900), all, None, "issue"),
            ("consented now, not remembered", &[], None, Some(900), None, Some(1010), "issue"),
            ("consent of an earlier request", &[], None, Some(900), None, Some(999), "consent openid email"),
            ("prompt=none, signed out", &[Silent], None, None, all, None, "login_required"),
            ("prompt=none, no consent", &[Silent], None, Some(900), None, None, "consent_required"),
            ("prompt=none, all there", &[Silent], None, Some(900), all, None, "issue"),
            ("prompt=none, too old", &[Silent], Some(10), Some(900), all, None, "login_required"),
            ("prompt=login, old login", &[Login], None, Some(999), all, None, "reauthenticate"),
            ("prompt=login, login for it", &[Login], None, Some(1000), all, None, "issue"),
            ("prompt=consent", &[Consent], None, Some(900), all, None, "consent "),
            ("prompt=consent, done", &[Consent], None, Some(900), all, Some(1001), "issue"),
            ("prompt=select_account", &[SelectAccount], None, Some(999), all, None, "select account"),
            ("prompt=select_account, signed out", &[SelectAccount], None, None, all, None, "login"),
            ("prompt=select_account, done", &[SelectAccount], None, Some(1001), all, None, "issue"),
            ("max_age not reached", &[], Some(160), Some(900), all, None, "issue"),
            ("max_age passed", &[], Some(159), Some(900), all, None, "reauthenticate"),
            ("max_age=0, login for it", &[], Some(0), Some(1000), all, None, "issue"),
            ("login and consent", &[Login, Consent], None, Some(1000), all, None, "consent "),
        ];
        for (rule, prompts, max_age, login, remembered, consented, expected) in rows {
            assert_eq!(step(&request(prompts, max_age), login, remembered, consented), expected, "{rule}");
        }
    }

    #[test]
    fn the_choice_of_an_account_holds_for_its_user_and_replaces_no_login() {
        let alice = UserId::parse("alice").unwrap();
        let bob = UserId::parse("bob").unwrap();
        let rows: [(&str, &[Prompt], Option<&UserId>, &str); 4] = [
            ("chosen", &[Prompt::SelectAccount], Some(&alice), "issue"),
            ("chosen by another user", &[Prompt::SelectAccount], Some(&bob), "select account"),
            ("a login is demanded too", &[Prompt::SelectAccount, Prompt::Login], Some(&alice), "reauthenticate"),
            ("a login alone is demanded", &[Prompt::Login], Some(&alice), "reauthenticate"),
        ];
        let remembered = granted("openid email");
        for (rule, prompts, selected_by, expected) in rows {
            let situation = RequestState { selected_by, ..state(Some(&remembered), None) };
            let step = next_step(&request(prompts, None), &client(), Some(Alice::since(999)), &situation);
            assert_eq!(name(step), expected, "{rule}");
        }
    }

    #[test]
    fn a_native_client_asks_each_time() {
        let mut native = request(&[], None);
        let metadata = ClientMetadata {
            token_endpoint_auth_method: "none".into(),
            skip_consent: true,
            ..ClientMetadata::default()
        };
        let id = ClientId::parse("rp").unwrap();
        let client = Client { id, metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None };
        let granted = Consent::asked_by(&native);
        let session = || Alice::since(900);
        let asked = || NextStep::Consent { session: session(), new: Consent::default() };
        let rows = [
            ("https://rp.example/cb", None, NextStep::Issue(session())),
            ("com.example.app:/cb", None, asked()),
            ("http://127.0.0.1:5000/cb", None, asked()),
            ("com.example.app:/cb", Some(Timestamp::from_secs(1001)), NextStep::Issue(session())),
        ];
        for (uri, consented_at, expected) in rows {
            native.redirect_uri = uri.into();
            let situation = RequestState {
                remembered: Some(&granted),
                consented_at,
                selected_by: None,
                arrived_at: Timestamp::from_secs(1000),
                now: Timestamp::from_secs(1060),
            };
            assert_eq!(next_step(&native, &client, Some(session()), &situation), expected, "{uri}");
        }
    }

    #[test]
    fn a_hint_at_another_person_asks_for_a_login() {
        let mut hinted = request(&[], None);
        hinted.hinted_subject = Some("alice".into());
        assert_eq!(step(&hinted, Some(900), Some("openid email"), None), "issue");
        hinted.hinted_subject = Some("bob".into());
        assert_eq!(step(&hinted, Some(900), Some("openid email"), None), "login");
        hinted.hinted_subject = Some(UNKNOWN_SUBJECT.into());
        assert_eq!(step(&hinted, None, None, None), "login_required");
        hinted.hinted_subject = Some("bob".into());
        hinted.prompts = vec![Prompt::None];
        assert_eq!(step(&hinted, Some(900), Some("openid email"), None), "login_required");
    }
}
