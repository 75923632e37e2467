//! Revocation by an operator: of a token, a grant, a session, a consent, or everything of a user, a client or the
//! realm. Each is one transaction, including its audit row, and returns once every node has acknowledged it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::{Kind, NotFound, RoomError, from_store};
use super::operator::{Change, Operator};
use super::person::{Ended, FindError};
use crate::flows::token::family::end_family;
use crate::flows::token::revoke::{deny, identify, void};
use crate::flows::{Concerning, FlowError, LONGEST_ACCESS_TOKEN, Provider, session};
use signet_protocol::ids::{ClientId, FamilyId, SessionId, TokenId, UserId};
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::{self, Target, consent_subject};
use signet_store::StoreError;
use signet_store::account::users;
use signet_store::authorize::{authorization_requests, consents};
use signet_store::client::clients;
use signet_store::events::audit::Event;
use signet_store::events::outbox;
use signet_store::node::changes;
use signet_store::node::sweep::{self, REVOKED};
use signet_store::realm::realms;
use signet_store::session::sessions;
use signet_store::token::{authorization_codes, revocations, token_families};

/// The reason why a revocation fails.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// The ban would have ended already.
    #[error("the end of a ban must lie in the future")]
    Past,
    /// Not a `jti` of this server.
    #[error("the jti is not that of an access token of this server")]
    Jti,
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(RevocationError);

impl RoomError for RevocationError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Past | Self::Jti => Kind::Invalid,
            Self::Find(error) => error.kind(),
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// Counts of revocations.
#[derive(Debug, Serialize)]
pub struct RevocationCounts {
    /// The number in force, by kind.
    pub in_force: BTreeMap<&'static str, i64>,
    /// The number of users with a ban that has not ended.
    pub banned_users: i64,
    /// The time of the oldest one.
    pub oldest: Option<i64>,
    /// The time at which the first one becomes obsolete.
    pub next_expiry: Option<i64>,
    /// The number of obsolete ones that have not been deleted.
    pub expired: i64,
}

impl Operator<'_> {
    pub const fn revocations(&self) -> Revocations<'_> {
        Revocations { operator: self }
    }
}

/// The revocations of the realm.
pub struct Revocations<'a> {
    operator: &'a Operator<'a>,
}

impl Revocations<'_> {
    pub async fn count(&self) -> Result<RevocationCounts, RevocationError> {
        let realm = self.operator.realm();
        let now = self.operator.now();
        let mut tx = self.operator.store.read().await?;
        let (held, expired) = revocations::count(&mut tx, realm, now).await?;
        let mut in_force: BTreeMap<_, _> = Target::ALL.iter().map(|target| (target.as_str(), 0)).collect();
        in_force.extend(held.iter().map(|held| (held.target.as_str(), held.count)));
        Ok(RevocationCounts {
            in_force,
            banned_users: users::count_banned(&mut tx, realm, now).await?,
            oldest: held.iter().map(|held| held.oldest.as_secs()).min(),
            next_expiry: held.iter().map(|held| held.next_end.as_secs()).min(),
            expired,
        })
    }

    /// Deletes obsolete revocations, as upkeep does every minute, and returns their number.
    pub async fn sweep(&self) -> Result<u64, RevocationError> {
        Ok(sweep::clear(self.operator.store, REVOKED, self.operator.now()).await?)
    }

    /// Revokes a presented token: an access token, or a refresh token with its grant. A void or unknown token is
    /// ignored.
    pub async fn revoke_presented(&self, provider: &Provider, token: &str) -> Result<Ended, RevocationError> {
        let context = self.operator.context;
        let issued = identify(provider, context, token).await?.filter(|issued| !issued.is_void());
        let Some(issued) = issued else { return Ok(Ended::default()) };
        let concerning = Concerning { user: issued.user(), client: Some(issued.client()), ..Concerning::default() };
        let record = self.operator.record(Event::Revocation, concerning, issued.id())?;
        let grants = u64::from(issued.is_grant());
        let revoked = void(provider, context, issued, record).await?;
        Ok(Ended { revoked, sessions: 0, grants })
    }

    /// Revokes an access token by its `jti`. Its expiry is unknown, so the row is kept for the longest possible
    /// lifetime.
    pub async fn revoke_token(&self, jti: &TokenId) -> Result<Ended, RevocationError> {
        let realm = self.operator.realm();
        let now = self.operator.now();
        let end = revocation::end_of_life(jti, LONGEST_ACCESS_TOKEN, self.operator.skew(), now);
        let expires_at = end.ok_or(RevocationError::Jti)?;
        let everything = format!("{}:{realm}", Target::Realm.as_str());
        let mut tx = self.operator.store.read().await?;
        let cut_off = revocations::find(&mut tx, realm, &everything).await?;
        drop(tx);
        let covered = cut_off.is_some_and(|cut_off| jti.issued_at() <= Some(cut_off.not_before));
        if covered || expires_at <= now {
            return Ok(Ended::default());
        }
        let record = self.operator.record(Event::Revocation, Concerning::default(), jti.as_str())?;
        let revoked = deny(self.operator.store, self.operator.context, jti, expires_at, record).await?;
        Ok(Ended { revoked, ..Ended::default() })
    }

    /// Revokes a grant and everything issued from it. A grant without a refresh token has no row: it is revoked by its
    /// id, for as long as an access token of it could be valid.
    pub async fn revoke_grant(&self, id: &FamilyId) -> Result<Ended, RevocationError> {
        let mut tx = self.operator.store.read().await?;
        let family = token_families::find(&mut tx, self.operator.realm(), id, self.operator.now()).await?;
        drop(tx);
        let concerning = match &family {
            Some(family) if family.is_void() => return Ok(Ended::default()),
            Some(family) => Concerning {
                user: Some(&family.user_id),
                client: Some(&family.state.client_id),
                session: Some(&family.session_id),
                ..Concerning::default()
            },
            None if self.may_have_tokens(id) => Concerning::default(),
            None => return Err(NotFound::Id("grant").into()),
        };
        let record = self.operator.record(Event::Revocation, concerning, id.as_str())?;
        // The end of a family comes with its record, also where a replay causes it.
        let written = self.operator.write(Change::of(Vec::new()), (id.clone(), record), |given, tx| {
            Box::pin(async move {
                let (family, record) = &given.data;
                end_family(&given.context, family, record.clone(), given.horizon, tx).await
            })
        });
        let revoked = written.await?;
        Ok(Ended { revoked, sessions: 0, grants: u64::from(revoked) })
    }

    /// Returns true if access tokens of a grant without a row may still be valid.
    fn may_have_tokens(&self, id: &FamilyId) -> bool {
        let now = self.operator.now();
        let lifetime = self.operator.horizon().since(now);
        id.granted_at().is_some_and(|granted| granted <= now && now < granted.plus(lifetime))
    }

    /// Ends a session and the grants that do not outlive it; its clients are notified.
    pub async fn end_session(&self, id: &SessionId) -> Result<Ended, RevocationError> {
        let mut tx = self.operator.store.read().await?;
        let user = sessions::owner(&mut tx, self.operator.realm(), id).await?.ok_or(NotFound::Id("session"))?;
        drop(tx);
        let concerning = Concerning { user: Some(&user), session: Some(id), ..Concerning::default() };
        let change = self.operator.change(Event::SessionEnded, concerning, id.as_str())?;
        let written = self.operator.write(change, id.clone(), |given, tx| {
            Box::pin(async move { session::end(tx, &given.context, &given.data, given.horizon).await })
        });
        let written = written.await?;
        let ended = written.unwrap_or_default();
        Ok(Ended { revoked: written.is_some(), sessions: ended.sessions, grants: ended.grants })
    }

    /// Withdraws a user's consent to a client and revokes everything issued under it; the client has to ask again.
    pub async fn withdraw_consent(&self, username: &str, client: &ClientId) -> Result<Ended, RevocationError> {
        let user = self.operator.find_user(username).await?;
        self.require_client(client).await?;
        Ok(self.withdraw(user, client).await?)
    }

    /// Withdraws the consent of this user to a client, as [`Revocations::withdraw_consent`] does.
    pub(in crate::flows) async fn withdraw(&self, user: UserId, client: &ClientId) -> Result<Ended, FlowError> {
        let concerning = Concerning { client: Some(client), ..Concerning::user(&user) };
        let change = self.operator.change(Event::ConsentWithdrawn, concerning, client.as_str())?;
        let written = self.operator.write(change, (user, client.clone()), |given, tx| {
            Box::pin(async move {
                let (user, client) = &given.data;
                let realm = given.realm();
                let key = consents::ConsentKey { user, client };
                consents::withdraw(tx, realm, user, client).await?;
                authorization_requests::remove_consent(tx, realm, key).await?;
                // Codes first: a concurrent redemption is waited for, and the family that it creates is revoked too.
                authorization_codes::drop_consent(tx, realm, key).await?;
                let because = "consent withdrawn";
                let grants = token_families::revoke_consent(tx, realm, key, because, given.now()).await?;
                given.cut_off(tx, Target::Consent, &consent_subject(user, client)).await?;
                Ok::<_, StoreError>(Ended { revoked: true, sessions: 0, grants })
            })
        });
        Ok(written.await?)
    }

    /// Voids everything issued to a user, and optionally bars sign-ins until a given time.
    pub async fn sign_out_user(&self, username: &str, until: Option<Timestamp>) -> Result<Ended, RevocationError> {
        if until.is_some_and(|until| until <= self.operator.now()) {
            return Err(RevocationError::Past);
        }
        let user = self.operator.find_user(username).await?;
        Ok(self.sign_out(user, until).await?)
    }

    /// Signs this user out, as [`Revocations::sign_out_user`] does.
    pub(in crate::flows) async fn sign_out(&self, user: UserId, until: Option<Timestamp>) -> Result<Ended, FlowError> {
        let concerning = Concerning::user(&user);
        let change = match until {
            Some(until) => {
                let until = format!("until {}", until.to_chrono().format("%Y-%m-%dT%H:%M:%SZ"));
                self.operator.change(Event::UserBanned, concerning, &until)?
            }
            None => self.operator.change(Event::UserSignedOut, concerning, "signed out")?,
        };
        let valid_from = until.unwrap_or(self.operator.now());
        let change = change.publishing(changes::Kind::User, user.as_str());
        let written = self.operator.write(change, user, move |given, tx| {
            Box::pin(async move {
                users::cut_off(tx, given.realm(), &given.data, valid_from).await?;
                given.end_everything(tx, &given.data, "user signed out").await
            })
        });
        Ok(written.await?)
    }

    /// Voids everything issued to a client, which stays enabled.
    pub async fn sign_out_client(&self, id: &ClientId) -> Result<Ended, RevocationError> {
        self.require_client(id).await?;
        let change = self.operator.change(Event::ClientSignedOut, Concerning::client(id), "signed out")?;
        let written = self.operator.write(change, id.clone(), |given, tx| {
            Box::pin(async move {
                let id = &given.data;
                authorization_codes::drop_unused(tx, given.realm(), id).await?;
                let because = "client signed out";
                let grants = token_families::revoke_client(tx, given.realm(), id, because, given.now()).await?;
                given.cut_off(tx, Target::Client, id.as_str()).await?;
                Ok::<_, StoreError>(Ended { revoked: true, sessions: 0, grants })
            })
        });
        Ok(written.await?)
    }

    /// Voids everything issued in the realm until now.
    pub async fn sign_out_realm(&self) -> Result<Ended, RevocationError> {
        let change = self.operator.change(Event::RealmSignedOut, Concerning::default(), "signed out")?;
        let written = self.operator.write(change, (), |given, tx| {
            Box::pin(async move {
                let realm = given.realm();
                let now = given.now();
                realms::cut_off(tx, realm, now).await?;
                outbox::queue_logouts_of_realm(tx, realm, now).await?;
                let sessions = sessions::end_realm(tx, realm, now).await?;
                authorization_codes::drop_realm(tx, realm).await?;
                let grants = token_families::revoke_realm(tx, realm, "realm signed out", now).await?;
                given.cut_off(tx, Target::Realm, realm.as_str()).await?;
                Ok::<_, StoreError>(Ended { revoked: true, sessions, grants })
            })
        });
        Ok(written.await?)
    }

    async fn require_client(&self, id: &ClientId) -> Result<(), RevocationError> {
        let mut tx = self.operator.store.read().await?;
        clients::find(&mut tx, self.operator.realm(), id).await?.ok_or(NotFound::Name("client"))?;
        Ok(())
    }
}
