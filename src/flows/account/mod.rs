//! The use cases of a person's own account, and notices about it.

pub mod activity;
pub mod applications;
pub mod data;
pub mod deletion;
pub mod notices;
pub mod overview;
pub mod passwords;
pub mod person;
pub mod profile;
pub mod sessions;
pub mod tokens;

use super::admin::{Actor, Operator};
use super::{Context, FlowError, Provider};

/// The author of a person's orders about their own account.
fn operator<'a>(provider: &'a Provider, context: &'a Context) -> Operator<'a> {
    Operator::new(&provider.store, context, Actor::Person, provider.lifetimes.skew)
}

/// Applies what an order has ended on this node, and wakes the job that notifies applications.
async fn announce(provider: &Provider) -> Result<(), FlowError> {
    provider.outbound.announced.notify_one();
    provider.catch_up().await
}
