//! Where a request comes from: the connection's other end, or what a trusted proxy says of it.
//!
//! The header that the proxies set (`FORWARDED_HEADER`: `X-Forwarded-For`, or `Forwarded` of
//! RFC 7239) is read from the right, as long as the addresses are those of `TRUSTED_PROXIES`: the
//! first other one is the client's. What a client writes itself stands further left and is never
//! reached. The other header is passed on as the client wrote it, and is not read.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use ipnet::IpNet;

use crate::config::ForwardedHeader;
use crate::state::AppState;

/// Returns the client's address; `None` without a connection.
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let state = request.app_data::<Data<AppState>>()?;
    Some(behind_proxies(
        peer,
        request.headers(),
        (&state.trusted_proxies, state.forwarded_header),
    ))
}

fn behind_proxies(
    peer: IpAddr,
    headers: &HeaderMap,
    (trusted, header): (&[IpNet], ForwardedHeader),
) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let hops = match header {
        ForwardedHeader::XForwardedFor => hops(headers, "x-forwarded-for", address_of),
        ForwardedHeader::Forwarded => hops(headers, "forwarded", for_of),
    };
    let mut known = peer;
    for hop in hops.into_iter().rev() {
        // Whatever stands left of an unreadable entry can't be relied on.
        let Some(address) = hop else { return known };
        known = address;
        if !is_trusted(&address) {
            return known;
        }
    }
    known
}

/// Reads the hops of a header that may stand several times, each with commas between its values.
fn hops(
    headers: &HeaderMap,
    name: &str,
    read: impl Fn(&str) -> Option<IpAddr>,
) -> Vec<Option<IpAddr>> {
    headers
        .get_all(name)
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(|hop| read(hop.trim()))
        .collect()
}

/// Reads the address of `for=` in one element of `Forwarded`.
fn for_of(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("for")
            .then(|| address_of(value.trim().trim_matches('"')))?
    })
}

/// Reads an address, with a port or without, IPv6 in brackets or without.
fn address_of(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::net::IpAddr;

    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use ipnet::IpNet;

    use super::behind_proxies;
    use crate::config::ForwardedHeader::{self, Forwarded, XForwardedFor};

    fn found(
        peer: &str,
        header: ForwardedHeader,
        headers: &[(&'static str, &'static str)],
    ) -> String {
        let trusted: [IpNet; 2] = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let peer: IpAddr = peer.parse().unwrap();
        behind_proxies(peer, &map, (&trusted, header)).to_string()
    }

    #[test]
    fn a_stranger_says_nothing_of_its_address() {
        let spoofed = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
        ];
        for header in [XForwardedFor, Forwarded] {
            assert_eq!(found("203.0.113.5", header, &spoofed), "203.0.113.5");
        }
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_clients() {
        for (headers, expected) in [
            (vec![], "10.0.0.1"),
            (vec![("x-forwarded-for", "192.0.2.1")], "192.0.2.1"),
            (
                vec![("x-forwarded-for", "1.1.1.1, 192.0.2.1, 10.0.0.9")],
                "192.0.2.1",
            ),
            (
                vec![
                    ("x-forwarded-for", "1.1.1.1"),
                    ("x-forwarded-for", "192.0.2.1"),
                ],
                "192.0.2.1",
            ),
            (
                vec![("x-forwarded-for", "192.0.2.1, nonsense, 10.0.0.9")],
                "10.0.0.9",
            ),
            (vec![("x-forwarded-for", "192.0.2.1:4711")], "192.0.2.1"),
            (vec![("x-forwarded-for", "10.0.0.7")], "10.0.0.7"),
        ] {
            assert_eq!(
                found("10.0.0.1", XForwardedFor, &headers),
                expected,
                "{headers:?}"
            );
        }
        for (value, expected) in [
            ("for=192.0.2.1;proto=https", "192.0.2.1"),
            ("for=\"[2001:db8::1]:80\", for=10.1.1.1", "2001:db8::1"),
            ("for=unknown", "10.0.0.1"),
        ] {
            let headers = [("forwarded", value)];
            assert_eq!(found("10.0.0.1", Forwarded, &headers), expected, "{value}");
        }
    }

    #[test]
    fn the_header_that_the_proxies_do_not_set_is_not_read() {
        let headers = [
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=6.6.6.6"),
        ];
        assert_eq!(found("10.0.0.1", XForwardedFor, &headers), "192.0.2.1");
        assert_eq!(found("10.0.0.1", Forwarded, &headers), "6.6.6.6");
        assert_eq!(found("10.0.0.1", XForwardedFor, &headers[1..]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", Forwarded, &headers[..1]), "10.0.0.1");
    }
}
