//! Wrong client secrets. After too many, attempts are refused before their secret is compared, so that a weak secret
//! cannot be guessed (RFC 6749 §2.3.1). Correct secrets are never counted. Each network has a bucket at each client,
//! which a flood from it empties first; each client has a larger one for all networks.

use super::{Class, Holder, Rates, lock};
use crate::flows::Context;
use signet_protocol::client::Client;
use signet_protocol::defense::rate_limit::{Exceeded, Taken};
use signet_protocol::secret::Digest;

/// The size of a client's own bucket, in multiples of a network's.
pub(crate) const NETWORKS: u32 = 20;
/// The number of wrong secrets that are remembered.
pub(crate) const REMEMBERED: u64 = 10_000;

impl Rates {
    /// Checks the buckets without taking anything.
    ///
    /// # Errors
    /// [`Exceeded`] after too many wrong secrets of this client, from this network or from all networks together.
    pub fn check_secret(&self, context: &Context, client: &Client) -> Result<(), Exceeded> {
        let Some(limits) = &self.limits else { return Ok(()) };
        for holder in holders(context, client) {
            let Some(held) = self.buckets.get(&holder) else { continue };
            let limit = limits.of(&holder);
            let bucket = lock(&held).bucket;
            if let Taken::Refused { wait, .. } = limit.take(bucket, context.now) {
                return Err(self.refuse(holder, limit, wait));
            }
        }
        Ok(())
    }

    /// Counts a wrong secret. A repeated one is not counted: it is no guess, but an instance with an old secret, which
    /// must not lock out the others in its network.
    pub fn count_wrong_secret(&self, context: &Context, client: &Client, secret: Digest) {
        let Some(limits) = &self.limits else { return };
        let [network, of_client] = holders(context, client);
        if self.wrong_secrets.get(&network).is_some_and(|last| last.matches(&secret)) {
            return;
        }
        self.wrong_secrets.insert(network.clone(), secret);
        for holder in [network, of_client] {
            let limit = limits.of(&holder);
            let held = self.buckets.get_with_by_ref(&holder, Default::default);
            let mut held = lock(&held);
            held.bucket = limit.charge(held.bucket, 1, context.now);
            if held.grant(limit, context.now) {
                held.due = self.queue_for_exchange(holder);
            }
        }
    }
}

fn holders(context: &Context, client: &Client) -> [Holder; 2] {
    let of_client = Holder { client: Some(client.id.clone()), ..Holder::of(&context.realm.id, Class::Secret) };
    [Holder { network: context.region(), ..of_client.clone() }, of_client]
}
