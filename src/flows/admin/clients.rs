//! Clients as administration sees them: showing, enabling, disabling and removing them, their logos, and the initial
//! access tokens with which others register. [`super::registrar`] registers them.

use super::error::{Changed, Exists, Kind, NotFound, RoomError, from_store};
use super::operator::Operator;
use super::secrets::SecretError;
use crate::flows::client::registry;
use crate::flows::{Concerning, FlowError};
use signet_protocol::client::logo::{LogoError, LogoType};
use signet_protocol::client::{Client, MetadataError};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::InitialAccessToken;
use signet_protocol::token::revocation::Target;
use signet_store::StoreError;
use signet_store::account::holdings::{self, OfClient};
use signet_store::client::clients::{self, History, Standing};
use signet_store::client::logos::{self, Logo};
use signet_store::client::registrations::{self, Allowance};
use signet_store::events::audit::Event;
use signet_store::node::changes;
use signet_store::token::{authorization_codes, token_families};

/// The reason why an order about clients fails.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The client would see subjects of another sector (OpenID Connect Core §8.1).
    #[error("subject_type and the host of a client with pairwise subjects cannot be changed; register another client")]
    Sector,
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Logo(#[from] LogoError),
    #[error(transparent)]
    Exists(#[from] Exists),
    #[error(transparent)]
    Changed(#[from] Changed),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(ClientsError);

impl RoomError for ClientsError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Metadata(_) | Self::Sector | Self::Logo(_) => Kind::Invalid,
            Self::Secret(error) => error.kind(),
            Self::Exists(_) | Self::Changed(_) => Kind::Conflict,
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// There is no such client.
pub(super) const NO_CLIENT: NotFound = NotFound::Name("client");

/// A client with the version that a change is based on.
pub struct RegisteredClient {
    pub client: Client,
    pub history: History,
    /// The numbers of its consents and grants.
    pub holds: OfClient,
}

impl Operator<'_> {
    pub const fn clients(&self) -> Clients<'_> {
        Clients { operator: self }
    }
}

/// The clients of the realm.
pub struct Clients<'a> {
    pub(super) operator: &'a Operator<'a>,
}

impl Clients<'_> {
    /// All clients, by id, without their secrets.
    pub async fn list(&self) -> Result<Vec<Client>, ClientsError> {
        Ok(clients::list(&mut self.operator.store.read().await?, self.operator.realm()).await?)
    }

    /// Reads a client, to show or change it.
    pub async fn read(&self, id: &ClientId) -> Result<RegisteredClient, ClientsError> {
        let realm = self.operator.realm();
        let mut tx = self.operator.store.read().await?;
        let history = clients::history(&mut tx, realm, id).await?.ok_or(NO_CLIENT)?;
        let client = clients::find(&mut tx, realm, id).await?.ok_or(NO_CLIENT)?;
        let holds = holdings::of_client(&mut tx, realm, id, self.operator.now()).await?;
        Ok(RegisteredClient { client, history, holds })
    }

    /// Enables or disables a client. Everything issued to a disabled client stays void when it is enabled again.
    pub async fn set_standing(&self, id: ClientId, standing: Standing) -> Result<(), ClientsError> {
        let event = match standing {
            Standing::Enabled => Event::ClientEnabled,
            Standing::Disabled => Event::ClientDisabled,
        };
        let change = self.operator.change(event, Concerning::client(&id), "")?;
        let change = change.publishing(changes::Kind::Client, id.as_str());
        let written = self.operator.write(change, id, move |given, tx| {
            Box::pin(async move {
                let realm = given.realm();
                let id = &given.data;
                let changed = clients::set_standing(tx, realm, id, standing, given.now()).await?;
                if !changed && !clients::exists(tx, realm, id).await? {
                    return Ok::<_, StoreError>(false);
                }
                // Also voids tokens that a node issued before it learned of the disabling.
                if changed || standing == Standing::Disabled {
                    authorization_codes::drop_unused(tx, realm, id).await?;
                    token_families::revoke_client(tx, realm, id, "client disabled", given.now()).await?;
                    given.cut_off(tx, Target::Client, id.as_str()).await?;
                }
                Ok(true)
            })
        });
        if written.await? { Ok(()) } else { Err(NO_CLIENT.into()) }
    }

    /// Removes a client with all its rows; everything issued to it is void on every node.
    pub async fn remove(&self, id: ClientId) -> Result<(), ClientsError> {
        let change = self.operator.change(Event::ClientRemoved, Concerning::client(&id), "")?;
        let change = change.publishing(changes::Kind::Client, id.as_str());
        let written = self.operator.write(change, id, |given, tx| {
            Box::pin(async move { registry::delete(tx, &given.context, &given.data, given.horizon).await })
        });
        if written.await? { Ok(()) } else { Err(NO_CLIENT.into()) }
    }

    pub async fn set_logo(&self, id: ClientId, image: Vec<u8>) -> Result<(), ClientsError> {
        let logo = Logo { kind: LogoType::of(&image)?, image };
        let change = self.operator.change(Event::ClientLogoSet, Concerning::client(&id), "")?;
        let change = change.publishing(changes::Kind::Client, id.as_str());
        let written = self.operator.write(change, (id, logo), |given, tx| {
            Box::pin(async move {
                let (id, logo) = &given.data;
                logos::put(tx, given.realm(), id, logo, given.now()).await
            })
        });
        match written.await {
            Err(StoreError::Conflict) => Err(NO_CLIENT.into()),
            written => Ok(written?),
        }
    }

    /// Creates an initial access token; it is shown once.
    pub async fn make_initial_token(&self, allowance: Allowance) -> Result<InitialAccessToken, ClientsError> {
        let token = InitialAccessToken::from_random(self.operator.context.entropy.bytes().map_err(FlowError::from)?);
        let digest = token.digest();
        let change = self.operator.change(Event::InitialTokenMade, Concerning::default(), "")?;
        let written = self.operator.write(change, allowance, move |given, tx| {
            Box::pin(async move {
                registrations::add_initial(tx, given.realm(), digest, given.data, given.now()).await?;
                Ok::<_, StoreError>(())
            })
        });
        written.await?;
        Ok(token)
    }
}
