//! Origins of scripts that may call the token endpoints (CORS), and the in-memory set of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::engine::statement::statements;
use crate::engine::tx::fetch_all;
use crate::{StoreError, Tx};
use signet_protocol::client::MAX_ORIGIN;
use signet_protocol::ids::{ClientId, RealmId};

statements! {
    OF_ALL = "
        SELECT o.realm_id, o.client_id, o.origin
        FROM client_origins o
        JOIN clients c ON c.realm_id = o.realm_id AND c.id = o.client_id
        WHERE c.enabled = 1
    ";
    OF_CLIENT = "
        SELECT o.origin
        FROM client_origins o
        JOIN clients c ON c.realm_id = o.realm_id AND c.id = o.client_id
        WHERE o.realm_id = $1 AND o.client_id = $2 AND c.enabled = 1
    ";
}

/// The registered origins of all enabled clients. A lookup of any origin costs neither memory nor a query.
#[derive(Debug, Default)]
pub(crate) struct OriginSet {
    by_client: HashMap<(RealmId, ClientId), Vec<Arc<str>>>,
    /// Number of clients of the realm that have registered the origin; never 0.
    clients: HashMap<RealmId, HashMap<Arc<str>, usize>>,
}

impl OriginSet {
    /// Tests the `Origin` header of a browser.
    pub(crate) fn contains(&self, realm: &RealmId, origin: &str) -> bool {
        // Checked first, since the time to hash grows with the length.
        origin.len() <= MAX_ORIGIN && self.clients.get(realm).is_some_and(|known| known.contains_key(origin))
    }

    /// Replaces the origins of one client.
    pub(crate) fn replace(&mut self, realm: &RealmId, client: &ClientId, origins: Vec<String>) {
        let owner = (realm.clone(), client.clone());
        let origins: Vec<Arc<str>> = origins.into_iter().map(Arc::from).collect();
        let clients = self.clients.entry(realm.clone()).or_default();
        for origin in &origins {
            *clients.entry(origin.clone()).or_default() += 1;
        }
        for former in self.by_client.remove(&owner).unwrap_or_default() {
            if let Entry::Occupied(mut held) = clients.entry(former) {
                *held.get_mut() -= 1;
                if *held.get() == 0 {
                    held.remove();
                }
            }
        }
        if !origins.is_empty() {
            self.by_client.insert(owner, origins);
        }
    }
}

pub(crate) async fn of_all(tx: &mut Tx) -> Result<OriginSet, StoreError> {
    let rows: Vec<(String, String, String)> = fetch_all!(tx, OF_ALL, [])?;
    let mut set = OriginSet::default();
    for (realm, client, origin) in rows {
        let realm = RealmId::from_stored(realm);
        let origin: Arc<str> = Arc::from(origin);
        *set.clients.entry(realm.clone()).or_default().entry(origin.clone()).or_default() += 1;
        set.by_client.entry((realm, ClientId::from_stored(client))).or_default().push(origin);
    }
    Ok(set)
}

/// Reads the origins of one client: none if it is disabled or removed.
pub(crate) async fn of_client(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, OF_CLIENT, [realm.as_str(), client.as_str()])?;
    Ok(rows.into_iter().map(|(origin,)| origin).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_known_as_long_as_one_client_of_the_realm_registers_it() {
        let realm = RealmId::from_stored("one".to_owned());
        let other = RealmId::from_stored("two".to_owned());
        let client = |id: &str| ClientId::from_stored(id.to_owned());
        let mut set = OriginSet::default();
        let steps: [(&str, &[&str], bool, bool); 6] = [
            ("a", &["https://a.example", "https://b.example"], true, true),
            ("b", &["https://a.example"], true, true),
            ("a", &["https://b.example"], true, true),
            ("b", &[], false, true),
            ("a", &[], false, false),
            ("unknown", &[], false, false),
        ];
        for (id, origins, a, b) in steps {
            set.replace(&realm, &client(id), origins.iter().map(|origin| (*origin).to_owned()).collect());
            assert_eq!(set.contains(&realm, "https://a.example"), a, "{id} {origins:?}");
            assert_eq!(set.contains(&realm, "https://b.example"), b, "{id} {origins:?}");
            assert!(!set.contains(&other, "https://a.example"), "realms share nothing");
        }
        assert!(set.by_client.is_empty() && set.clients.values().all(HashMap::is_empty), "nothing is left behind");
    }
}
