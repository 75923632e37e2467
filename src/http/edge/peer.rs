//! The client's address and scheme: those of the connection, or as reported by a trusted proxy.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};

use crate::app::App;
use crate::config::ForwardingHeader;

/// The address of the client: the peer or, behind trusted proxies, the last hop that is not one of them, from the
/// configured header (`X-Forwarded-For`, or `Forwarded` of RFC 7239 §5.2). The other header is ignored, because clients
/// can forge it.
pub fn address(app: &App, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<IpAddr> {
    let mut address = peer?.ip().to_canonical();
    for hop in hops(headers, app.settings.proxy.header).into_iter().rev() {
        if !is_trusted(app, address) {
            break;
        }
        let Some(hop) = parse_hop(&hop) else { break };
        address = hop.to_canonical();
    }
    Some(address)
}

/// True if a trusted proxy reports that the request reached it over plain http.
pub fn came_by_http<B>(app: &App, request: &Request<B>) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    if !peer.is_some_and(|peer| is_trusted(app, peer)) {
        return false;
    }
    let scheme = match app.settings.proxy.header {
        ForwardingHeader::XForwardedFor => list(request.headers(), "x-forwarded-proto").pop(),
        ForwardingHeader::Forwarded => forwarded(request.headers(), "proto").pop(),
    };
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
}

/// The hops recorded by proxies, the nearest last.
fn hops(headers: &HeaderMap, header: ForwardingHeader) -> Vec<String> {
    match header {
        ForwardingHeader::XForwardedFor => list(headers, "x-forwarded-for"),
        ForwardingHeader::Forwarded => forwarded(headers, "for"),
    }
}

/// The values of a parameter of `Forwarded`, in order.
fn forwarded(headers: &HeaderMap, name: &str) -> Vec<String> {
    let elements = list(headers, "forwarded");
    let pairs = elements.iter().flat_map(|element| element.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let named = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim_matches('"').to_owned()).collect()
}

/// The elements of a list header. An element that is not text is skipped, so that a client cannot invalidate the
/// element that the nearest proxy has appended.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.flat_map(|value| value.split(',').map(|element| element.trim().to_owned()).collect::<Vec<_>>()).collect()
}

/// Parses an address, with or without a port and the brackets of IPv6.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let address = hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.or_else(|| bare?.parse().ok())
}

fn is_trusted(app: &App, address: IpAddr) -> bool {
    app.settings.proxy.trusted.iter().any(|network| network.contains(&address))
}

/// True if a host, with or without a port, is a loopback name or address.
pub fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_hop_is_an_address_in_any_of_its_forms() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:8080", Some("192.0.2.1")),
            ("[2001:db8::1]:80", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("unknown", None),
            ("_hidden", None),
        ] {
            assert_eq!(parse_hop(text).map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn one_header_is_read_and_what_a_client_wrote_before_the_proxy_spoils_nothing() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1, 198.51.100.2".parse().unwrap());
        headers.insert("forwarded", "for=192.0.2.1;proto=https, For=\"[2001:db8::1]:80\"".parse().unwrap());
        let common = ForwardingHeader::XForwardedFor;
        let standard = ForwardingHeader::Forwarded;
        assert_eq!(hops(&headers, common), ["198.51.100.1", "198.51.100.2"]);
        assert_eq!(hops(&headers, standard), ["192.0.2.1", "[2001:db8::1]:80"]);
        assert_eq!(forwarded(&headers, "proto"), ["https"]);
        for spoilt in [&b"\xff, 198.51.100.2"[..], b"\"x, 198.51.100.2", b",,198.51.100.2"] {
            headers.insert("x-forwarded-for", HeaderValue::from_bytes(spoilt).unwrap());
            assert_eq!(hops(&headers, common).pop().as_deref(), Some("198.51.100.2"), "{spoilt:?}");
        }
        for spoilt in [&b"for=\xff, for=198.51.100.2"[..], b"for=\"x, for=198.51.100.2", b"=, for=198.51.100.2"] {
            headers.insert("forwarded", HeaderValue::from_bytes(spoilt).unwrap());
            assert_eq!(hops(&headers, standard).pop().as_deref(), Some("198.51.100.2"), "{spoilt:?}");
        }
    }
}
