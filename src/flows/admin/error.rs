//! The common part of the errors of all rooms: their kind, from which a surface derives its answer, and the refusals
//! that several rooms give.

use crate::flows::FlowError;

/// The kind of a room's error.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// The order breaks a rule.
    Invalid,
    /// The order names an object that does not exist.
    NotFound,
    /// The order contradicts what is stored: a name is taken, an object is in use, another change came first.
    Conflict,
    /// The server could not carry the order out.
    Failed(&'a FlowError),
}

/// An error of one room: one line for the operator, and its kind.
pub trait RoomError: std::error::Error + Send + Sync + 'static {
    fn kind(&self) -> Kind<'_>;
}

/// There is no such object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    #[error("there is no {0} with this name")]
    Name(&'static str),
    #[error("there is no {0} with this id")]
    Id(&'static str),
}

/// The name of a new object is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} exists already")]
pub struct Exists(pub &'static str);

/// A concurrent change came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {0} was changed meanwhile; check it and try again")]
pub struct Changed(pub &'static str);

/// Lets `?` turn a failure of the store into the error of a room.
macro_rules! from_store {
    ($error:ty) => {
        impl From<signet_store::StoreError> for $error {
            fn from(error: signet_store::StoreError) -> Self {
                Self::Flow(error.into())
            }
        }
    };
}

pub(super) use from_store;
