//! What the rules for passwords have to know of a person.

use crate::flows::Realm;
use signet_protocol::claims::standard::PersonClaims;

/// The words that a guesser of a person's password tries first: their names, their address, and the realm.
pub fn personal_words<'a>(
    realm: &'a Realm,
    username: &'a str,
    address: Option<&'a str>,
    claims: &'a PersonClaims,
) -> Vec<&'a str> {
    let names = ["name", "given_name", "family_name", "nickname"];
    let own = [Some(username), address, Some("signet"), Some(realm.issuer.as_str())];
    own.into_iter().chain(names.map(|name| claims.get(name))).flatten().collect()
}
