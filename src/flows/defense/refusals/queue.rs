//! The refusals that wait, for about a second, to be written. Clients and networks have shares here too, so that a
//! flood displaces only its own rows.

use std::collections::HashMap;

use signet_store::defense::refusals::NewRefusal;

/// The maximum number of rows in a batch.
const CAPACITY: usize = 256;
/// The maximum number of rows of one network in a batch.
const OF_NETWORK: usize = 32;
/// The maximum number of rows of one network for the same client.
const OF_PAIR: usize = 16;

#[derive(Default)]
pub(crate) struct Queue {
    rows: Vec<NewRefusal>,
}

impl Queue {
    /// Adds a row if its network and its client have room; returns the number of dropped rows.
    pub(crate) fn push(&mut self, row: NewRefusal) -> u64 {
        let of_network = self.rows.iter().filter(|held| held.network == row.network);
        let of_pair = of_network.clone().filter(|held| held.named == row.named).count();
        if of_network.count() >= OF_NETWORK || of_pair >= OF_PAIR {
            return 1;
        }
        if self.rows.len() < CAPACITY {
            self.rows.push(row);
            return 0;
        }
        self.replace(row);
        1
    }

    pub(crate) fn take(&mut self) -> Vec<NewRefusal> {
        std::mem::take(&mut self.rows)
    }

    /// Replaces the newest row of the network with the most rows, if it has more rows than the new row's network would.
    fn replace(&mut self, row: NewRefusal) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for held in &self.rows {
            *counts.entry(&held.network).or_default() += 1;
        }
        let own = counts.get(row.network.as_str()).copied().unwrap_or_default();
        let Some((heaviest, most)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return };
        let place = self.rows.iter().rposition(|held| held.network == heaviest);
        if most > own + 1
            && let Some(held) = place.and_then(|place| self.rows.get_mut(place))
        {
            *held = row;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_protocol::ids::RealmId;
    use signet_protocol::time::Timestamp;

    fn row(network: &str, client: &str) -> NewRefusal {
        NewRefusal {
            realm: RealmId::parse("main").unwrap(),
            request_id: String::new(),
            at: Timestamp::from_secs(0),
            endpoint: "/token".to_owned(),
            named: client.to_owned(),
            shown: client.to_owned(),
            network: network.to_owned(),
            status: 400,
            error: "invalid_grant",
            description: String::new(),
            cause: String::new(),
            hint: None,
        }
    }

    fn count(queue: &Queue, network: &str) -> usize {
        queue.rows.iter().filter(|row| row.network == network).count()
    }

    #[test]
    fn a_flood_fills_its_own_share_alone() {
        let mut queue = Queue::default();
        let lost: u64 = (0..1000).map(|n| queue.push(row("flood", &format!("c{n}")))).sum();
        assert_eq!((count(&queue, "flood"), lost), (OF_NETWORK, 1000 - OF_NETWORK as u64));
        let lost: u64 = (0..100).map(|_| queue.push(row("loop", "rp"))).sum();
        assert_eq!((count(&queue, "loop"), lost), (OF_PAIR, 100 - OF_PAIR as u64), "a client that repeats itself");
        assert_eq!(queue.push(row("loop", "other")), 0, "another client of its network has room");
    }

    #[test]
    fn a_crowd_of_networks_makes_room_for_one_more() {
        let mut queue = Queue::default();
        for network in 0..8 {
            for client in 0..OF_NETWORK {
                queue.push(row(&network.to_string(), &client.to_string()));
            }
        }
        assert_eq!(queue.rows.len(), CAPACITY);
        assert_eq!(queue.push(row("home", "rp")), 1);
        assert_eq!((queue.rows.len(), count(&queue, "home")), (CAPACITY, 1), "one of the crowd is lost for it");
        assert_eq!(queue.take().len(), CAPACITY);
        assert!(queue.take().is_empty());
    }
}
