//! Personal access tokens of a person: their list, a new one, and the end of one.

use super::operator;
use super::person::{FreshPerson, Person};
use crate::config::AccountTokens;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::account::personal_token::{Granted, Offer, Quota, Wish, WishError};
use signet_protocol::ids::PersonalTokenId;
use signet_protocol::secret::PersonalAccessToken;
use signet_protocol::time::Timestamp;
use signet_store::StoreError;
use signet_store::account::personal_tokens::{self, PersonalToken};
use signet_store::client::resources;
use signet_store::events::audit::{self, Event, Outcome};

/// The number of resources that the page offers at most.
const MOST_RESOURCES: i64 = 100;

/// The tokens of the person, and what a new one may be for.
pub struct Tokens {
    pub live: Vec<PersonalToken>,
    pub resources: Vec<String>,
    /// The time at which the next token can be made, if it is not now.
    pub next: Option<Timestamp>,
}

/// Loads the tokens of the person.
pub async fn list(provider: &Provider, context: &Context, person: &Person) -> Result<Tokens, FlowError> {
    let realm = &context.realm.id;
    let user = &person.user.id;
    let mut tx = provider.store.read().await?;
    let live = personal_tokens::list(&mut tx, realm, user, context.now).await?;
    let made = personal_tokens::made(&mut tx, realm, user).await?;
    let listed = resources::list(&mut tx, realm, "", MOST_RESOURCES).await?;
    let resources = listed.into_iter().map(|resource| resource.uri).collect();
    Ok(Tokens { live, resources, next: quota(&provider.tokens.personal).next(made, context.now) })
}

const fn quota(policy: &AccountTokens) -> Quota {
    Quota { per_day: policy.per_day, cooldown: policy.cooldown }
}

/// The outcome of an order for a new token.
pub enum Creation {
    /// The token, which is shown once.
    Created(PersonalAccessToken),
    Refused(Vec<WishError>),
    /// The quota allows the next one at this time.
    NotBefore(Timestamp),
}

/// Makes a token. The count and the token are one transaction, so that of concurrent orders only those within the quota
/// succeed.
pub async fn create(
    provider: &Provider,
    context: &Context,
    person: &FreshPerson,
    wish: &Wish<'_>,
) -> Result<Creation, FlowError> {
    let policy = &provider.tokens.personal;
    let held = list(provider, context, person.person()).await?;
    let offer = Offer { scopes: &policy.scopes, resources: &held.resources, lifetime: policy.lifetime };
    let granted = match offer.grant(wish) {
        Ok(granted) => granted,
        Err(errors) => return Ok(Creation::Refused(errors)),
    };
    let secret = PersonalAccessToken::generate(context.entropy.bytes()?);
    let new = New { token: token(context, person.person(), granted)?, digest: secret.digest(), quota: quota(policy) };
    let user = &person.person().user.id;
    let concerning = Concerning { actor: "user", ..Concerning::user(user) };
    let record = context.record(Event::PersonalTokenMade, Outcome::Success, concerning, new.token.id.as_str())?;
    let written = provider.store.write_with((context.clone(), new, record), |given, tx| {
        Box::pin(async move {
            let (context, new, record) = given;
            let realm = &context.realm.id;
            if !personal_tokens::count(tx, realm, &new.token.user, &new.quota, context.now).await? {
                return personal_tokens::made(tx, realm, &new.token.user).await;
            }
            personal_tokens::insert(tx, realm, new.digest, &new.token).await?;
            audit::append(tx, realm, record, context.now).await?;
            Ok::<_, StoreError>(None)
        })
    });
    match written.await? {
        None => Ok(Creation::Created(secret)),
        made => Ok(Creation::NotBefore(quota(policy).next(made, context.now).unwrap_or(context.now))),
    }
}

/// The rows of a new token.
struct New {
    token: PersonalToken,
    digest: signet_protocol::secret::Digest,
    quota: Quota,
}

fn token(context: &Context, person: &Person, granted: Granted) -> Result<PersonalToken, FlowError> {
    Ok(PersonalToken {
        id: PersonalTokenId::from_random(context.entropy.bytes()?),
        user: person.user.id.clone(),
        name: granted.name,
        scope: granted.scope,
        resources: granted.resources,
        created_at: context.now,
        expires_at: context.now.plus(granted.lifetime),
        used_at: None,
    })
}

/// Revokes a token of the person. Returns false if the id is not that of a live token of theirs.
pub async fn revoke(
    provider: &Provider,
    context: &Context,
    person: &Person,
    id: &PersonalTokenId,
) -> Result<bool, FlowError> {
    let operator = operator(provider, context);
    let user = &person.user.id;
    let change = operator.change(Event::PersonalTokenRevoked, Concerning::user(user), id.as_str())?;
    let written = operator.write(change, (user.clone(), id.clone()), |given, tx| {
        Box::pin(async move {
            let (user, id) = &given.data;
            personal_tokens::revoke(tx, given.realm(), user, id, given.now()).await
        })
    });
    Ok(written.await?)
}
