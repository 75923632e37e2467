//! The rate limit of log lines about refusals: a few a minute for each client and cause, and for each network.
//! Suppressed lines are counted; the next line has the count, or a separate line when the window ends.

use std::collections::HashMap;

use signet_protocol::error::ErrorKind;
use signet_protocol::time::{Span, Timestamp};

/// The length of a window.
const WINDOW: Span = Span::from_secs(60);
/// The lines of one client and cause in a window.
const OF_CLIENT_AND_CAUSE: u32 = 5;
/// The lines of one network in a window.
const OF_NETWORK: u32 = 30;
/// The maximum number of windows of clients, of strangers and of networks each. Strangers cannot displace those of
/// clients.
const MOST: usize = 1_000;

/// The key of a window: a client and a kind of refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ThrottleKey {
    pub(crate) speaker: RefusalSource,
    pub(crate) kind: ErrorKind,
}

/// The source of refused requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RefusalSource {
    /// The registered client with this id.
    Client(String),
    /// All requests from this network that name no registered client.
    Strangers(String),
}

/// The windows that have not ended.
#[derive(Default)]
pub(crate) struct LogThrottle {
    clients: HashMap<ThrottleKey, Window>,
    strangers: HashMap<ThrottleKey, Window>,
    networks: HashMap<String, Window>,
    /// The window for everything that exceeds the maximum number of windows.
    rest: Option<Window>,
}

#[derive(Clone, Debug)]
struct Window {
    began: Timestamp,
    logged: u32,
    suppressed: u64,
    /// The cause of the last suppressed refusal.
    cause: String,
}

/// The decision about a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Logged {
        /// The number of refusals suppressed before.
        suppressed: u64,
    },
    Suppressed,
}

/// A window that has ended, with its suppressed lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The client; empty for the window of a network, and for the window of the rest.
    pub(crate) client: String,
    /// The network; empty for the window of a client, and for the window of the rest.
    pub(crate) network: String,
    /// The cause of the last suppressed refusal.
    pub(crate) cause: String,
    /// The number of suppressed lines.
    pub(crate) suppressed: u64,
}

impl LogThrottle {
    pub(crate) fn admit(&mut self, voice: ThrottleKey, network: &str, cause: &str, now: Timestamp) -> Verdict {
        let Self { clients, strangers, networks, rest } = self;
        if networks.contains_key(network) || networks.len() < MOST {
            networks.entry(network.to_owned()).or_insert_with(|| Window::new(now)).renew(now);
        }
        let mut network = networks.get_mut(network);
        let is_client = matches!(voice.speaker, RefusalSource::Client(_));
        let voices = if is_client { clients } else { strangers };
        let is_new = !voices.contains_key(&voice);
        // A client is logged even from a network without a window: its own windows limit its lines.
        let has_network = is_client || network.is_some();
        if !has_network || (is_new && voices.len() >= MOST) {
            return rest.get_or_insert_with(|| Window::new(now)).leave_out(cause);
        }
        let mut loud = network.take_if(|network| network.logged >= OF_NETWORK);
        if is_new && let Some(loud) = loud.as_deref_mut() {
            // No new window for a line that is not logged anyway.
            return loud.leave_out(cause);
        }
        let voice = voices.entry(voice).or_insert_with(|| Window::new(now));
        voice.renew(now);
        if voice.logged >= OF_CLIENT_AND_CAUSE {
            return voice.leave_out(cause);
        }
        if let Some(loud) = loud {
            return loud.leave_out(cause);
        }
        voice.logged += 1;
        let mut suppressed = std::mem::take(&mut voice.suppressed);
        if let Some(network) = network {
            network.logged += 1;
            suppressed += std::mem::take(&mut network.suppressed);
        }
        Verdict::Logged { suppressed }
    }

    /// Removes the windows that have ended, and returns those with suppressed lines.
    pub(crate) fn end_windows(&mut self, now: Timestamp) -> Vec<Ended> {
        let clients = self.clients.extract_if(|_, window| window.is_over(now));
        let strangers = self.strangers.extract_if(|_, window| window.is_over(now));
        let of_voice = |(voice, window): (ThrottleKey, Window)| {
            let Window { cause, suppressed, .. } = window;
            match voice.speaker {
                RefusalSource::Client(client) => Ended { client, network: String::new(), cause, suppressed },
                RefusalSource::Strangers(network) => Ended { client: String::new(), network, cause, suppressed },
            }
        };
        let mut ended: Vec<Ended> = clients.chain(strangers).map(of_voice).collect();
        let networks = self.networks.extract_if(|_, window| window.is_over(now)).map(|(network, window)| Ended {
            client: String::new(),
            network,
            cause: window.cause,
            suppressed: window.suppressed,
        });
        ended.extend(networks);
        let rest = self.rest.take_if(|window| window.is_over(now)).map(|window| Ended {
            client: String::new(),
            network: String::new(),
            cause: window.cause,
            suppressed: window.suppressed,
        });
        ended.extend(rest);
        ended.retain(|ended| ended.suppressed > 0);
        ended
    }
}

impl Window {
    const fn new(began: Timestamp) -> Self {
        Self { began, logged: 0, suppressed: 0, cause: String::new() }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        !self.began.is_within(WINDOW, now)
    }

    /// Starts a new window if this one is over. The count of suppressed lines stays until it is logged.
    fn renew(&mut self, now: Timestamp) {
        if self.is_over(now) {
            self.began = now;
            self.logged = 0;
        }
    }

    fn leave_out(&mut self, cause: &str) -> Verdict {
        self.suppressed += 1;
        cause.clone_into(&mut self.cause);
        Verdict::Suppressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_protocol::cause::Cause;
    use signet_protocol::error::OAuthError;

    fn voice(client: &str, cause: Cause) -> ThrottleKey {
        ThrottleKey { speaker: RefusalSource::Client(client.to_owned()), kind: OAuthError::from(cause).kind() }
    }

    fn strangers(network: &str, cause: Cause) -> ThrottleKey {
        ThrottleKey { speaker: RefusalSource::Strangers(network.to_owned()), kind: OAuthError::from(cause).kind() }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000 + secs)
    }

    #[test]
    fn a_flood_of_one_cause_is_five_lines_and_a_count() {
        let mut quiet = LogThrottle::default();
        let verdicts = (0..100).map(|_| quiet.admit(voice("rp", Cause::PkceMismatch), "net", "mismatch", at(0)));
        assert_eq!(verdicts.filter(|verdict| *verdict != Verdict::Suppressed).count(), 5);
        let other = quiet.admit(voice("rp", Cause::CodeUsed), "net", "used", at(1));
        assert_eq!(other, Verdict::Logged { suppressed: 0 }, "another cause is heard");
        let other = quiet.admit(voice("other", Cause::PkceMismatch), "net", "mismatch", at(1));
        assert_eq!(other, Verdict::Logged { suppressed: 0 }, "another client is heard");
        assert!(quiet.end_windows(at(59)).is_empty(), "the window goes on");
        let ended = quiet.end_windows(at(61));
        let expected = Ended { client: "rp".into(), network: String::new(), cause: "mismatch".into(), suppressed: 95 };
        assert_eq!(ended, [expected]);
    }

    #[test]
    fn the_next_line_says_what_was_left_out() {
        let mut quiet = LogThrottle::default();
        for _ in 0..8 {
            quiet.admit(voice("rp", Cause::PkceMismatch), "net", "mismatch", at(0));
        }
        let next = quiet.admit(voice("rp", Cause::PkceMismatch), "net", "mismatch", at(61));
        assert_eq!(next, Verdict::Logged { suppressed: 3 });
    }

    #[test]
    fn unregistered_clients_of_one_network_are_one_voice_and_all_share_its_lines() {
        let mut quiet = LogThrottle::default();
        let flood = (0..5_000).map(|_| quiet.admit(strangers("net", Cause::ClientUnknown), "net", "unknown", at(0)));
        assert_eq!(flood.filter(|verdict| *verdict != Verdict::Suppressed).count(), OF_CLIENT_AND_CAUSE as usize);
        let other = quiet.admit(strangers("other", Cause::ClientUnknown), "other", "unknown", at(0));
        assert_eq!(other, Verdict::Logged { suppressed: 0 }, "another network is heard");
        let clients = (0..100).map(|n| quiet.admit(voice(&n.to_string(), Cause::CodeUsed), "net", "used", at(0)));
        let logged = clients.filter(|verdict| *verdict != Verdict::Suppressed).count();
        assert_eq!(logged, (OF_NETWORK - OF_CLIENT_AND_CAUSE) as usize);
        assert_eq!(quiet.clients.len(), logged, "no window for what is not logged");
    }

    #[test]
    fn strangers_from_ever_more_networks_silence_no_client() {
        let mut quiet = LogThrottle::default();
        for number in 0..5_000 {
            let network = number.to_string();
            quiet.admit(strangers(&network, Cause::ClientUnknown), &network, "unknown", at(0));
        }
        assert_eq!((quiet.strangers.len(), quiet.networks.len()), (MOST, MOST), "memory is bounded");
        let heard = (0..10).map(|_| quiet.admit(voice("rp", Cause::PkceMismatch), "new", "mismatch", at(1)));
        assert_eq!(heard.filter(|verdict| *verdict != Verdict::Suppressed).count(), OF_CLIENT_AND_CAUSE as usize);
        let suppressed: u64 = quiet.end_windows(at(62)).iter().map(|ended| ended.suppressed).sum();
        assert_eq!(suppressed, 4_000 + 5, "all that was left out is counted");
    }

    #[test]
    fn lines_for_which_there_is_no_window_are_counted_too() {
        let mut quiet = LogThrottle::default();
        let mut logged = 0;
        for number in 0..5_000 {
            let name = number.to_string();
            let verdict = quiet.admit(voice(&name, Cause::CodeUsed), &name, "used", at(0));
            logged += u64::from(verdict != Verdict::Suppressed);
        }
        assert!(quiet.end_windows(at(59)).is_empty(), "the window goes on");
        let rest =
            Ended { client: String::new(), network: String::new(), cause: "used".into(), suppressed: 5_000 - logged };
        assert_eq!(quiet.end_windows(at(61)), [rest]);
        assert!(quiet.end_windows(at(200)).is_empty(), "it is reported once");
    }
}
