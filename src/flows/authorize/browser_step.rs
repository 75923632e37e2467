//! The next step of a browser, after an authorization request, a page or a form.

use signet_protocol::authorize::response::Delivery;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::{ClientId, RequestId};

/// The next step of the browser.
pub enum BrowserStep {
    /// Return to the client with the requested response.
    Deliver(Delivery),
    /// Return to the client with an error.
    Refuse(ErrorResponse),
    Login(RequestId),
    Consent(RequestId),
    /// It shows the question about a device for this request.
    Device(RequestId),
    /// It shows that the device gets no answer.
    LeaveDevice,
}

/// An error response, which the browser takes to the client (RFC 6749 §4.1.2.1).
pub struct ErrorResponse {
    pub delivery: Delivery,
    pub client: ClientId,
    /// The error in the response, with its private cause.
    pub error: OAuthError,
    /// True for an expected answer to `prompt=none`.
    pub is_probe: bool,
}
