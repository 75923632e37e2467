//! Limits of refusals per client and network, per client, and per realm.

use std::collections::BTreeMap;

use crate::authorize::authorization_requests::shares;

/// Limit of rows of one client in one network, and of all unknown clients together in one network.
const OF_PAIR: i64 = 100;
/// Limit of rows of one client.
const OF_CLIENT: i64 = 500;
/// Limit of rows of a realm: about 25 MB with texts of the greatest length.
const OF_REALM: i64 = 10_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The client, or empty for clients that do not exist.
    pub(crate) owner: String,
    pub(crate) network: String,
    pub(crate) rows: i64,
}

/// A number of the oldest rows of one client in one network to remove.
pub(crate) type Eviction = Held;

/// Returns the rows that exceed the limits. Among the networks of a client and of the realm the one with the most rows
/// loses first, so that a flood from one network removes nothing of another.
pub(crate) fn evictions(held: Vec<Held>) -> Vec<Eviction> {
    let mut kept: Vec<i64> = held.iter().map(|held| held.rows.min(OF_PAIR)).collect();
    let mut clients: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut networks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, held) in held.iter().enumerate() {
        if !held.owner.is_empty() {
            clients.entry(&held.owner).or_default().push(index);
        }
        networks.entry(&held.network).or_default().push(index);
    }
    for pairs in clients.into_values() {
        let excess = sum(&kept, &pairs) - OF_CLIENT;
        take(&mut kept, pairs, excess);
    }
    let mut networks: Vec<(i64, Vec<usize>)> =
        networks.into_values().map(|pairs| (sum(&kept, &pairs), pairs)).collect();
    networks.sort_unstable_by_key(|(rows, _)| -rows);
    let counts: Vec<i64> = networks.iter().map(|(rows, _)| *rows).collect();
    let excess = counts.iter().sum::<i64>() - OF_REALM;
    if excess > 0 {
        for (loss, (_, pairs)) in shares(&counts, excess).into_iter().zip(networks) {
            take(&mut kept, pairs, loss);
        }
    }
    let over = held.into_iter().zip(kept).map(|(held, kept)| Eviction { rows: held.rows - kept, ..held });
    over.filter(|eviction| eviction.rows > 0).collect()
}

fn sum(kept: &[i64], pairs: &[usize]) -> i64 {
    pairs.iter().filter_map(|pair| kept.get(*pair)).sum()
}

/// Removes `excess` rows from these pairs, those with the most rows first.
fn take(kept: &mut [i64], mut pairs: Vec<usize>, excess: i64) {
    if excess <= 0 {
        return;
    }
    pairs.sort_unstable_by_key(|pair| kept.get(*pair).map(|rows| -rows));
    let counts: Vec<i64> = pairs.iter().filter_map(|pair| kept.get(*pair).copied()).collect();
    for (loss, pair) in shares(&counts, excess).into_iter().zip(pairs) {
        if let Some(rows) = kept.get_mut(pair) {
            *rows -= loss;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(rows: &[(&str, &str, i64)]) -> Vec<Held> {
        let one = |(owner, network, rows): &(&str, &str, i64)| Held {
            owner: (*owner).to_owned(),
            network: (*network).to_owned(),
            rows: *rows,
        };
        rows.iter().map(one).collect()
    }

    #[test]
    fn a_client_and_a_network_keep_their_shares() {
        type Rows = &'static [(&'static str, &'static str, i64)];
        let rows: [(&str, Rows, Rows); 4] = [
            ("within the share", &[("rp", "a", 100), ("", "a", 100), ("other", "a", 100)], &[]),
            ("a client in a network", &[("rp", "a", 130), ("rp", "b", 2)], &[("rp", "a", 30)]),
            ("clients that do not exist", &[("", "a", 150), ("rp", "a", 3)], &[("", "a", 50)]),
            (
                "a client in many networks: the light ones lose nothing",
                &[
                    ("rp", "a", 100),
                    ("rp", "b", 100),
                    ("rp", "c", 100),
                    ("rp", "d", 100),
                    ("rp", "e", 100),
                    ("rp", "f", 5),
                ],
                &[("rp", "a", 1), ("rp", "b", 1), ("rp", "c", 1), ("rp", "d", 1), ("rp", "e", 1)],
            ),
        ];
        for (rule, given, expected) in rows {
            assert_eq!(evictions(held(given)), held(expected), "{rule}");
        }
    }

    #[test]
    fn a_realm_is_bounded_and_its_heaviest_networks_make_room() {
        let mut given = held(&[("victim", "home", 40)]);
        let pair = |client: i64| Held { owner: format!("rp{client}"), network: "flood".to_owned(), rows: 100 };
        given.extend((0..100).map(pair));
        let evicted = evictions(given);
        assert_eq!(evicted.iter().map(|eviction| eviction.rows).sum::<i64>(), 40);
        assert!(evicted.iter().all(|eviction| eviction.network == "flood"), "{evicted:?}");
    }
}
