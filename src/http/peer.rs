//! Who is at the other end: the peer of the connection, or what a trusted proxy says of its own peer.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

use crate::app::App;

/// The address of the client: the peer, or behind trusted proxies the last hop that is none of them, as `Forwarded`
/// (RFC 7239 §5.2) or `X-Forwarded-For` tells.
pub fn address(app: &App, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<IpAddr> {
    let mut address = peer?.ip().to_canonical();
    for hop in hops(headers).into_iter().rev() {
        if !is_trusted(app, address) {
            break;
        }
        let Some(hop) = parse_hop(&hop) else { break };
        address = hop.to_canonical();
    }
    Some(address)
}

/// Whether a trusted proxy says that the request reached it in the clear.
pub fn came_by_http(app: &App, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let forwarded = forwarded(request.headers(), "proto").pop();
    let scheme = forwarded.or_else(|| list(request.headers(), "x-forwarded-proto").pop());
    peer.is_some_and(|peer| is_trusted(app, peer)) && scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
}

/// The hops that proxies have written down, the nearest last.
fn hops(headers: &HeaderMap) -> Vec<String> {
    let standard = forwarded(headers, "for");
    if standard.is_empty() { list(headers, "x-forwarded-for") } else { standard }
}

/// The values of a parameter of `Forwarded`, in order.
fn forwarded(headers: &HeaderMap, name: &str) -> Vec<String> {
    let elements = list(headers, "forwarded");
    let pairs = elements.iter().flat_map(|element| element.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let named = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim_matches('"').to_owned()).collect()
}

/// The elements of a header that is a list.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|element| element.trim().to_owned()).collect()
}

/// An address, with or without a port and the brackets of IPv6.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next());
    let address = hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.or_else(|| bare?.parse().ok())
}

fn is_trusted(app: &App, address: IpAddr) -> bool {
    app.settings.proxy.trusted.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
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
    fn forwarded_comes_before_x_forwarded_for() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1, 198.51.100.2".parse().unwrap());
        assert_eq!(hops(&headers), ["198.51.100.1", "198.51.100.2"]);
        headers.insert("forwarded", "for=192.0.2.1;proto=https, For=\"[2001:db8::1]:80\"".parse().unwrap());
        assert_eq!(hops(&headers), ["192.0.2.1", "[2001:db8::1]:80"]);
        assert_eq!(forwarded(&headers, "proto"), ["https"]);
    }
}
