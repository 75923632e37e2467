//! Administration of people, clients, keys, resources and more. Commands, the API and every other surface come through
//! one door, the [`Operator`], whose rooms each have a file, a handle with their orders, and an error of their own.

pub mod api;
mod blocks;
mod client_update;
mod clients;
mod directory;
mod error;
mod key_transfer;
mod keys;
mod mappers;
mod narrowing;
mod operator;
mod overview;
mod password;
mod people;
mod people_import;
mod person;
mod person_removal;
mod person_update;
mod registrar;
mod resources;
mod revoking;
mod secrets;
mod webhooks;

pub use blocks::{Blocks, BlocksError, NewBlock};
pub(crate) use client_update::Revision;
pub use client_update::{ClientPlan, ClientUpdate, NarrowedGrants};
pub use clients::{Clients, ClientsError, RegisteredClient};
pub use directory::{UserPage, UserQuery};
pub use error::{Changed, Exists, Kind, NotFound, RoomError};
pub use key_transfer::ExportedKeys;
pub use keys::{Compromised, Keys, KeysError};
pub use mappers::{Mappers, MappersError, NewMapper};
pub use operator::{Actor, Operator};
pub use overview::{Consent, Grant, Session};
pub use password::{PasswordSetter, PreparedPassword};
pub use people::{People, PeopleError, Person};
pub use people_import::{Importer, Outcome, Purpose};
pub use person::{Ended, FindError};
pub use person_update::{PersonUpdate, RegisteredUser};
pub use registrar::{Registrar, SECRET_OVERLAP};
pub use resources::{Resources, ResourcesError};
pub use revoking::{RevocationCounts, RevocationError, Revocations};
pub use secrets::{SecretError, SecretSource};
pub use webhooks::{NewWebhook, WebhookChange, Webhooks, WebhooksError};
