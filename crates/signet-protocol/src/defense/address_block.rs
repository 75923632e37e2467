//! Blocked addresses and networks, each with an expiry (notation: RFC 4632 §3.1 and RFC 4291 §2.3).

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::ids::RealmId;
use crate::time::Timestamp;

/// Prefix length that precedes an IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2).
const MAPPED: u8 = 96;

/// The requests that a block refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every request except those for public documents.
    Everything,
    /// Password sign-in from a browser that has not signed in to this account before.
    SignIn,
}

impl Reach {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::SignIn => "sign-in",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Everything, Self::SignIn].into_iter().find(|reach| reach.as_str() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub realm: RealmId,
    /// The blocked network, without host bits.
    pub network: IpNet,
    pub reach: Reach,
    pub expires_at: Timestamp,
}

/// Parses an address or a network. Host bits are cleared, and an IPv4-mapped IPv6 address becomes IPv4, the form in
/// which peer addresses are compared.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|| text.parse::<IpNet>().ok().map(canonical))
}

fn canonical(network: IpNet) -> IpNet {
    let mapped = match network.addr().to_canonical() {
        v4 @ IpAddr::V4(_) => network.prefix_len().checked_sub(MAPPED).and_then(|length| IpNet::new(v4, length).ok()),
        IpAddr::V6(_) => None,
    };
    // An IPv4 network needs no conversion.
    mapped.unwrap_or(network).trunc()
}

/// All blocks of all realms. A check is one hash lookup per prefix length in use, since it runs on every request.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    by_network: HashMap<(RealmId, IpNet), Block>,
    prefixes: BTreeSet<(Family, u8)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    V4,
    V6,
}

const fn family(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::V4,
        IpAddr::V6(_) => Family::V6,
    }
}

impl Blocks {
    /// Adds a block and replaces any other of the same network.
    pub fn add(&mut self, block: Block) {
        self.prefixes.insert((family(block.network.addr()), block.network.prefix_len()));
        self.by_network.insert((block.realm.clone(), block.network), block);
    }

    pub fn remove(&mut self, realm: &RealmId, network: IpNet) {
        self.by_network.remove(&(realm.clone(), network));
    }

    /// Removes expired blocks from memory.
    pub fn sweep(&mut self, now: Timestamp) {
        self.by_network.retain(|_, block| now < block.expires_at);
        self.prefixes =
            self.by_network.keys().map(|(_, network)| (family(network.addr()), network.prefix_len())).collect();
    }

    pub fn len(&self) -> usize {
        self.by_network.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_network.is_empty()
    }

    /// Returns the end of the block on this address for `reach`, or `None` where it is not blocked. A block on
    /// everything also blocks sign-in.
    pub fn until(&self, realm: &RealmId, address: IpAddr, reach: Reach, now: Timestamp) -> Option<Timestamp> {
        if self.is_empty() {
            return None;
        }
        let address = address.to_canonical();
        let lengths = self.prefixes.iter().filter(|(of, _)| *of == family(address));
        let networks = lengths.filter_map(|(_, length)| IpNet::new(address, *length).ok());
        let blocks = networks.filter_map(|network| self.by_network.get(&(realm.clone(), network.trunc())));
        let holds =
            |block: &&Block| now < block.expires_at && (block.reach == Reach::Everything || block.reach == reach);
        blocks.filter(holds).map(|block| block.expires_at).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(name: &str) -> RealmId {
        RealmId::from_stored(name.to_owned())
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn an_address_is_blocked_until_the_last_block_on_its_networks_ends() {
        let mut blocks = Blocks::default();
        for (network, reach, until) in [
            ("192.0.2.7", Reach::SignIn, 100),
            ("192.0.2.0/24", Reach::Everything, 50),
            ("2001:db8:1:2::/64", Reach::Everything, 100),
            ("::/0", Reach::SignIn, 10),
        ] {
            let network = parse_network(network).unwrap();
            blocks.add(Block { realm: realm("a"), network, reach, expires_at: at(until) });
        }
        let rows = [
            ("the address itself", "a", "192.0.2.7", Reach::SignIn, 0, Some(100)),
            ("in IPv6", "a", "::ffff:192.0.2.7", Reach::SignIn, 0, Some(100)),
            ("from all else by the network", "a", "192.0.2.7", Reach::Everything, 0, Some(50)),
            ("when the network's has ended", "a", "192.0.2.7", Reach::Everything, 50, None),
            ("and its own has not", "a", "192.0.2.7", Reach::SignIn, 99, Some(100)),
            ("when both have", "a", "192.0.2.7", Reach::SignIn, 100, None),
            ("a neighbor", "a", "192.0.2.8", Reach::SignIn, 0, Some(50)),
            ("another network", "a", "192.0.3.7", Reach::SignIn, 0, None),
            ("another realm", "b", "192.0.2.7", Reach::SignIn, 0, None),
            ("an IPv6 network", "a", "2001:db8:1:2:ffff::1", Reach::Everything, 0, Some(100)),
            ("the one beside it", "a", "2001:db8:1:3::1", Reach::Everything, 0, None),
            ("all of IPv6", "a", "2001:db8:1:3::1", Reach::SignIn, 9, Some(10)),
        ];
        for (rule, of, address, reach, now, expected) in rows {
            let until = blocks.until(&realm(of), address.parse().unwrap(), reach, at(now));
            assert_eq!(until, expected.map(at), "{rule}");
        }
        blocks.remove(&realm("a"), parse_network("192.0.2.7/32").unwrap());
        blocks.sweep(at(60));
        assert_eq!(blocks.by_network.len(), 1, "what has ended is forgotten");
    }

    #[test]
    fn a_network_is_written_as_an_address_or_with_a_prefix() {
        for (text, expected) in [
            ("192.0.2.7", Some("192.0.2.7/32")),
            (" 192.0.2.7/24 ", Some("192.0.2.0/24")),
            ("::ffff:192.0.2.7", Some("192.0.2.7/32")),
            ("::ffff:192.0.2.7/120", Some("192.0.2.0/24")),
            ("::ffff:0:0/90", Some("::ffc0:0:0/90")),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("2001:db8::1/64", Some("2001:db8::/64")),
            ("192.0.2.7/33", None),
            ("example.org", None),
            ("", None),
        ] {
            assert_eq!(parse_network(text).map(|network| network.to_string()).as_deref(), expected, "{text}");
        }
    }
}
