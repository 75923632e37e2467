//! The number of open connections of each address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

pub(crate) struct Peers {
    open: Mutex<HashMap<IpAddr, usize>>,
    per_ip: usize,
    exempt: Vec<IpNet>,
}

/// The decision about a new connection.
pub(crate) enum Admission {
    Free,
    Counted(PeerSlot),
    Refused,
}

impl Peers {
    pub(crate) fn new(per_ip: usize, exempt: Vec<IpNet>) -> Self {
        Self { open: Mutex::default(), per_ip, exempt }
    }

    /// Takes a slot for a connection from this address, if there is one.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Admission {
        let address = address.to_canonical();
        if address.is_loopback() || self.exempt.iter().any(|network| network.contains(&address)) {
            return Admission::Free;
        }
        let network = network(address);
        let mut open = self.open();
        let count = open.entry(network).or_default();
        if *count >= self.per_ip {
            return Admission::Refused;
        }
        *count += 1;
        Admission::Counted(PeerSlot { peers: Arc::clone(self), network })
    }

    pub(crate) fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counted connection; dropping it frees its slot.
pub(crate) struct PeerSlot {
    peers: Arc<Peers>,
    network: IpAddr,
}

impl Drop for PeerSlot {
    fn drop(&mut self) {
        let mut open = self.peers.open();
        if let Some(count) = open.get_mut(&self.network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.remove(&self.network);
            }
        }
    }
}

/// The unit by which a peer is counted. For IPv6 it is the /64, because one home or host has a whole /64.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}
