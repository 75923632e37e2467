//! The reason for which a person signs in.

use signet_protocol::ids::RequestId;

#[derive(Clone, Debug)]
pub enum Purpose {
    /// A pending authorization request, or the confirmation of a device.
    Request(RequestId),
    /// The person's own account.
    Account,
}
