//! Adding people, and disabling or enabling them.

use serde_json::{Map, Value};

use super::error::{Changed, Exists, Kind, NotFound, RoomError, from_store};
use super::operator::{Change, Operator};
use super::person::FindError;
use crate::flows::account::passwords::personal_words;
use crate::flows::{Concerning, Context, FlowError};
use crate::passwords::{NewPasswordError, Passwords};
use signet_protocol::account::import_row::ImportRow;
use signet_protocol::account::password::PasswordRefusal;
use signet_protocol::account::person::{EmailAddress, PersonError, Username};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::secret::Password;
use signet_protocol::time::Timestamp;
use signet_store::account::users::{self, NewPassword, NewUser, Validity};
use signet_store::client::clients::Standing;
use signet_store::events::audit::{Event, Record};
use signet_store::node::changes;
use signet_store::{StoreError, Tx};

/// The reason why an order about people fails.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error(transparent)]
    Person(#[from] PersonError),
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// A text that can be neither a name nor an address.
    #[error("the text is too long, or has characters that are not allowed in a name")]
    Query,
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Exists(#[from] Exists),
    #[error(transparent)]
    Changed(#[from] Changed),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(PeopleError);

impl From<NewPasswordError> for PeopleError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Refused(refusal) => Self::Password(refusal),
            NewPasswordError::Failed(error) => Self::Flow(error.into()),
        }
    }
}

impl RoomError for PeopleError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Person(_) | Self::Password(_) | Self::Query => Kind::Invalid,
            Self::Find(error) => error.kind(),
            Self::NotFound(_) => Kind::NotFound,
            Self::Exists(_) | Self::Changed(_) => Kind::Conflict,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// The name or the address of a person is taken.
pub(super) const TAKEN: Exists = Exists("a user with this name or address");

/// A person to add.
pub struct Person {
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    /// Without a password the person cannot sign in with one.
    pub password: Option<Password>,
    pub claims: PersonClaims,
    /// Further values, for claim mappers.
    pub attributes: Map<String, Value>,
    pub roles: Vec<String>,
}

impl Operator<'_> {
    pub const fn people(&self) -> People<'_> {
        People { operator: self }
    }
}

/// The people of the realm.
pub struct People<'a> {
    pub(super) operator: &'a Operator<'a>,
}

impl People<'_> {
    /// Finds a person by name, address or `sub`.
    pub async fn find(&self, named: &str) -> Result<UserId, FindError> {
        self.operator.find_user(named).await
    }

    pub async fn add(&self, passwords: &Passwords, person: Person) -> Result<UserId, PeopleError> {
        let new = ValidPerson::of(self.operator.context, passwords, person).await?;
        let id = new.id.clone();
        let mut records = vec![self.operator.record(Event::UserAdded, Concerning::user(&id), "")?];
        if !new.roles.is_empty() {
            records.push(self.roles_granted(&id, &new.roles)?);
        }
        let written = self.operator.write(Change::of(records), new, |given, tx| {
            Box::pin(async move {
                if given.data.is_taken(tx, given.realm()).await? {
                    return Err(StoreError::Conflict);
                }
                given.data.insert(tx, given.realm(), given.now()).await
            })
        });
        match written.await {
            Ok(()) => Ok(id),
            Err(StoreError::Conflict) => Err(TAKEN.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// The audit record of granted roles.
    pub(super) fn roles_granted(&self, user: &UserId, roles: &[String]) -> Result<Record, FlowError> {
        let reason: String = format!("granted: {}", roles.join(" ")).chars().take(200).collect();
        let record = self.operator.record(Event::RolesChanged, Concerning::user(user), &reason)?;
        Ok(Record { details: Details::of_roles(roles, &[]), ..record })
    }

    /// Disables a person, or enables them, also after a ban. Either way everything that was issued before is void.
    pub async fn set_standing(&self, named: &str, standing: Standing) -> Result<(), PeopleError> {
        let event = match standing {
            Standing::Enabled => Event::UserEnabled,
            Standing::Disabled => Event::UserDisabled,
        };
        let user = self.find(named).await?;
        let change = self.operator.change(event, Concerning::user(&user), "")?;
        let change = change.publishing(changes::Kind::User, user.as_str());
        let written = self.operator.write(change, user, move |given, tx| {
            Box::pin(async move {
                let user = &given.data;
                match standing {
                    // Also voids what was issued in requests that were running during the disabling and finished after
                    // it.
                    Standing::Enabled => {
                        if users::enable(tx, given.realm(), user, given.now()).await? {
                            given.end_everything(tx, user, "user enabled").await?;
                        }
                    }
                    Standing::Disabled => {
                        users::disable(tx, given.realm(), user, given.now()).await?;
                        given.end_everything(tx, user, "user disabled").await?;
                    }
                }
                Ok::<_, StoreError>(())
            })
        });
        Ok(written.await?)
    }
}

/// A validated person to add, with the hash of the password.
pub(super) struct ValidPerson {
    pub id: UserId,
    username: Username,
    email: Option<EmailAddress>,
    email_verified: bool,
    pub password: Option<NewPassword>,
    claims: String,
    attributes: String,
    roles: Vec<String>,
    salt: [u8; 16],
}

impl ValidPerson {
    async fn of(context: &Context, passwords: &Passwords, person: Person) -> Result<Self, PeopleError> {
        let username = Username::parse(&person.username)?;
        let email = person.email.as_deref().map(EmailAddress::parse).transpose()?;
        let password = match person.password {
            Some(password) => {
                let address = email.as_ref().map(EmailAddress::as_str);
                let personal = personal_words(&context.realm, username.as_str(), address, &person.claims);
                let accepted = passwords.accept(password, &personal, None).await?;
                let salt = context.entropy.bytes().map_err(FlowError::from)?;
                let hash = passwords.hash(accepted, salt).await.map_err(FlowError::from)?;
                Some(NewPassword::own(hash, Validity::Lasting))
            }
            None => None,
        };
        Ok(Self {
            id: UserId::from_random(context.entropy.bytes().map_err(FlowError::from)?),
            username,
            email,
            email_verified: person.email_verified,
            password,
            claims: person.claims.with_display_names()?.to_json(),
            attributes: Value::Object(person.attributes).to_string(),
            roles: person.roles,
            salt: context.entropy.bytes().map_err(FlowError::from)?,
        })
    }

    /// A person of a checked row, without the password.
    pub fn imported(context: &Context, row: &ImportRow) -> Result<Self, PeopleError> {
        Ok(Self {
            id: UserId::from_random(context.entropy.bytes().map_err(FlowError::from)?),
            username: row.username.clone(),
            email: row.email.clone(),
            email_verified: row.email_verified,
            password: None,
            claims: row.claims.to_json(),
            attributes: Value::Object(row.attributes.clone()).to_string(),
            roles: row.roles.clone(),
            salt: context.entropy.bytes().map_err(FlowError::from)?,
        })
    }

    /// Returns true if the name is another person's address, or the address another person's name: both sign people in.
    pub async fn is_taken(&self, tx: &mut Tx, realm: &RealmId) -> Result<bool, StoreError> {
        for key in std::iter::once(self.username.key()).chain(self.email.as_ref().map(EmailAddress::key)) {
            if users::find_for_login(tx, realm, &key).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub async fn insert(&self, tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<(), StoreError> {
        let Self { id, username, email, email_verified, password, claims, attributes, roles, salt } = self;
        let email = email.as_ref();
        let user = NewUser { id, username, email, email_verified: *email_verified, claims, attributes, salt: *salt };
        users::insert(tx, realm, &user, now).await?;
        if let Some(password) = password {
            users::set_password(tx, realm, id, password, now).await?;
        }
        for role in roles {
            users::add_role(tx, realm, id, role).await?;
        }
        Ok(())
    }
}
