//! The state of pending authorizations.

use super::pending::Counts;
use super::request_object::RequestUris;

/// The state that authorization requests share.
#[derive(Default)]
pub struct Requests {
    /// The number of pending authorization requests.
    pub waiting: Counts,
    /// The number of stored pushed requests.
    pub pushed: Counts,
    /// The number of stored device authorizations.
    pub devices: Counts,
    /// The cache of fetched request objects.
    pub objects: RequestUris,
}
