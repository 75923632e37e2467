//! Rate limits, address blocks and endpoints that this node has no keys for, checked before a request reaches its
//! endpoint. A refusal is a value, which the guard renders for its reader.

use axum::http::{Method, StatusCode};

use super::arrived::Arrived;
use super::retry::too_many;
use crate::app::App;
use signet_protocol::defense::address_block::Reach;
use signet_protocol::defense::rate_limit::Exceeded;
use signet_protocol::endpoint::{self, Keys, Reader};
use signet_protocol::error::ErrorCode;
use signet_protocol::time::{Span, format_wait};

/// The wait after which a client may find a node with private keys.
const ANOTHER_NODE: Span = Span::from_secs(5);

/// A refusal, not rendered yet.
pub struct Refusal {
    pub reader: Reader,
    pub status: StatusCode,
    /// The error code for programs.
    pub code: ErrorCode,
    pub message: String,
    /// The key of the sentence for people.
    pub key: &'static str,
    /// The time after which a retry can succeed.
    pub wait: Span,
    /// The exceeded limit, if it was one.
    pub exceeded: Option<Exceeded>,
}

/// Refuses a request from a blocked address, or one that exceeds a rate limit.
pub fn refuse(app: &App, method: &Method, path: &str, arrived: &Arrived) -> Option<Refusal> {
    let endpoint = endpoint::at(app.base_path(), path);
    let class = endpoint.class(method.as_str())?;
    let realm = &app.realm.id;
    let now = app.clock.now();
    let blocked = arrived.address.and_then(|at| app.provider.view.blocked_until(realm, at, Reach::Everything, now));
    if let Some(until) = blocked {
        app.provider.metrics.access.blocked_requests.inc();
        let wait = until.since(now);
        return Some(Refusal {
            reader: endpoint.reader,
            status: StatusCode::FORBIDDEN,
            code: ErrorCode::AccessDenied,
            message: format!("This address is blocked. Try again in {}.", format_wait(wait)),
            key: "fault-blocked-message",
            wait,
            exceeded: None,
        });
    }
    let taken = app.provider.limits.rates.take_of_address(realm, class, arrived.address, now);
    let exceeded = taken.err()?;
    tracing::warn!(target: "security", event = "rate_limited", policy = exceeded.policy, "refused a request");
    Some(Refusal {
        reader: endpoint.reader,
        status: StatusCode::TOO_MANY_REQUESTS,
        code: ErrorCode::TemporarilyUnavailable,
        message: too_many(exceeded.wait),
        key: "fault-too-many-message",
        wait: exceeded.wait,
        exceeded: Some(exceeded),
    })
}

/// Refuses a request that needs private keys, on a node that only verifies.
pub fn refuse_without_keys(app: &App, path: &str, arrived: &Arrived) -> Option<Refusal> {
    let endpoint = endpoint::at(app.base_path(), path);
    if !app.settings.keys.verify_only || endpoint.keys == Keys::Public {
        return None;
    }
    tracing::warn!(
        request_id = arrived.id,
        endpoint = endpoint.path,
        "refused a request that needs private keys: keys.verify_only is set on this node"
    );
    Some(Refusal {
        reader: endpoint.reader,
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: ErrorCode::TemporarilyUnavailable,
        message: "The server cannot answer now. Try again.".to_owned(),
        key: "fault-unavailable-message",
        wait: ANOTHER_NODE,
        exceeded: None,
    })
}
