//! Who is at the other end: the peer of the connection, or what a trusted proxy says of its own peer.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

use crate::app::App;

/// The address of the client: the peer, or the rightmost address of `X-Forwarded-For` that is no trusted proxy.
pub fn address(app: &App, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<IpAddr> {
    let mut address = peer?.ip().to_canonical();
    if !is_trusted(app, address) {
        return Some(address);
    }
    let values: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let listed = values.iter().flat_map(|value| value.split(','));
    for hop in listed.collect::<Vec<_>>().into_iter().rev() {
        let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
        address = hop.to_canonical();
        if !is_trusted(app, address) {
            break;
        }
    }
    Some(address)
}

/// Whether a trusted proxy says that the request reached it in the clear.
pub fn came_by_http(app: &App, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let scheme = request.headers().get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    peer.is_some_and(|peer| is_trusted(app, peer)) && scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
}

fn is_trusted(app: &App, address: IpAddr) -> bool {
    app.settings.proxy.trusted.iter().any(|network| network.contains(&address))
}
