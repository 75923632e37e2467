//! Settings of connections: the management listener, the proxies in front of the server, and the server's own requests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Serialize, Serializer};

use super::table::settings;
use super::values::Value;
use super::{ForwardingHeader, Span};

settings! {
    [management]

    /// The listener for health, readiness and metrics.
    #[derive(Clone, Debug, Serialize)]
    pub struct Management {
        /// The address of the listener of `/health`, `/ready`, `/health/detailed` and `/metrics`, or `off`. Keep it off
        /// public networks.
        #[serde(serialize_with = "address_or_off")]
        #[form(AddressOrOff)]
        pub listen: Option<SocketAddr> = Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8001)),
        /// The http URL at which other nodes reach that listener, to wake this node by `POST /wake` after a revocation.
        /// It is for databases without LISTEN/NOTIFY.
        pub advertise: Option<String> = None,
    }
}

settings! {
    [hsts]

    /// The header `Strict-Transport-Security` (RFC 6797), which an https issuer always sends.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Hsts {
        /// Extends the header to every host below the issuer's. Set it only if all of them use https.
        pub include_subdomains: bool = false,
    }
}

settings! {
    [proxy]

    /// The reverse proxies in front of the server.
    #[derive(Clone, Debug, Serialize)]
    pub struct Proxy {
        /// Networks of proxies whose forwarding header is trusted.
        pub trusted: Vec<IpNet> = Vec::new(),
        /// The header that these proxies set: `x-forwarded-for` with `X-Forwarded-Proto`, or `forwarded` (RFC 7239).
        /// The other one is ignored, since proxies pass it on unchecked.
        pub header: ForwardingHeader = ForwardingHeader::default(),
    }
}

settings! {
    [outbound]

    /// Calls by this server: to key sets, request objects and logout endpoints of clients, webhooks, mail servers and
    /// collectors.
    #[derive(Clone, Debug, Serialize)]
    pub struct Outbound {
        /// A PEM file with additional certificate authorities, besides those of the Web PKI.
        pub extra_ca: Option<PathBuf> = None,
        /// Hosts (`host` or `host:port`) that may be called even on a private network, and in development also by plain
        /// http.
        pub allow_hosts: Vec<String> = Vec::new(),
        /// The total timeout of a call to a client or webhook, 1 s to 30 s.
        pub timeout: Span = Span::from_secs(5),
    }
}

impl Hsts {
    /// Returns the value of the header, with a max-age of one year.
    pub fn header(self) -> &'static str {
        if self.include_subdomains { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" }
    }
}

/// The form of a listener address that may be `off`.
struct AddressOrOff(Option<SocketAddr>);

impl Value for AddressOrOff {
    const EXPECTED: &'static str = "an IP address with a port, such as 127.0.0.1:8001, or off";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self(None)),
            address => address.parse().ok().map(|address| Self(Some(address))),
        }
    }
}

impl From<AddressOrOff> for Option<SocketAddr> {
    fn from(form: AddressOrOff) -> Self {
        form.0
    }
}

fn address_or_off<S: Serializer>(listen: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    match listen {
        Some(address) => serializer.collect_str(address),
        None => serializer.serialize_str("off"),
    }
}
