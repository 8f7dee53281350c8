//! Paces by address, and which address a request is from.
use super::pace::{Pace, Rate, Wait};
use crate::state;
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use ipnet::IpNet;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// Locks: two addresses seldom wait for each other.
const SHARDS: usize = 32;
/// Addresses of one shard. Whoever holds more than all of them has to be stopped before us.
const HELD: usize = 2_048;

pub struct Peers {
    rate: Rate,
    hasher: RandomState,
    shards: [Mutex<HashMap<IpAddr, Pace>>; SHARDS],
}

impl Peers {
    pub fn new(rate: Rate) -> Peers {
        Peers {
            rate,
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    pub fn take(&self, from: IpAddr, now: i64) -> Result<(), Wait> {
        let from = network(from);
        let mut held = self.shard(from);
        if held.len() >= HELD && !held.contains_key(&from) {
            make_room(&mut held, now);
        }
        let pace = held.entry(from).or_insert_with(|| Pace::new(self.rate));
        pace.take(now)
    }

    pub fn has(&self, from: IpAddr, now: i64) -> Result<(), Wait> {
        let from = network(from);
        self.shard(from).get(&from).map_or(Ok(()), |pace| pace.has(now))
    }

    fn shard(&self, of: IpAddr) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Pace>> {
        let hash = self.hasher.hash_one(of) as usize;
        self.shards[hash % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that are at rest go; when nobody is, all begin anew.
fn make_room(held: &mut HashMap<IpAddr, Pace>, now: i64) {
    held.retain(|_, pace| !pace.is_full(now));
    if held.len() >= HELD {
        held.clear();
    }
}

/// One household or machine has a whole /64 of IPv6 to call from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Who sent the request.
pub fn address_of(request: &HttpRequest) -> IpAddr {
    let proxies = state::asked(request).map_or(&[][..], |state| &state.config.trusted_proxies);
    address(request.peer_addr(), request.headers(), proxies)
}

/// Proxies are believed only where they are known: of the addresses that they wrote
/// one after the other, the last that is not a known proxy's.
fn address(connection: Option<SocketAddr>, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: IpAddr| proxies.iter().any(|net| net.contains(&address));
    let mut from = connection
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
        .to_canonical();
    if !is_proxy(from) {
        return from;
    }
    let lines: Vec<_> = headers.get_all("x-forwarded-for").collect();
    let lines = lines.iter().rev().filter_map(|line| line.to_str().ok());
    for hop in lines.flat_map(|line| line.rsplit(',')) {
        let Some(hop) = written(hop.trim()) else { break };
        from = hop.to_canonical();
        if !is_proxy(from) {
            break;
        }
    }
    from
}

/// Some proxies add the port.
fn written(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().ok().map(|peer: SocketAddr| peer.ip());
    text.trim_matches(['[', ']']).parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_apart_and_a_network_of_ipv6_is_one() {
        let peers = Peers::new(Rate::new(1, 60, 1).unwrap());
        assert!(peers.take(ip("192.0.2.1"), 0).is_ok() && peers.take(ip("192.0.2.2"), 0).is_ok());
        assert!(peers.has(ip("::ffff:192.0.2.1"), 0).is_err());
        assert!(peers.take(ip("2001:db8::1"), 0).is_ok() && peers.has(ip("2001:db8::ffff:1"), 0).is_err());
        assert!(peers.has(ip("2001:db8:0:1::1"), 0).is_ok());
    }

    #[test]
    fn memory_is_bounded_whoever_calls() {
        let peers = Peers::new(Rate::new(1, 60, 1).unwrap());
        for n in 0..200_000u32 {
            peers.take(IpAddr::V4(n.into()), 0).unwrap();
        }
        let held: usize = peers.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= SHARDS * HELD, "{held}");
    }

    #[test]
    fn only_known_proxies_are_believed() {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "2001:db8::/32"]
            .map(|net| net.parse().unwrap())
            .into();
        let from = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                let name = HeaderName::from_static("x-forwarded-for");
                headers.append(name, HeaderValue::from_str(line).unwrap());
            }
            address(Some(SocketAddr::new(ip(peer), 1)), &headers, &proxies)
        };
        assert_eq!(
            from("192.0.2.1", &["198.51.100.1"]),
            ip("192.0.2.1"),
            "not a proxy"
        );
        assert_eq!(from("10.0.0.1", &[]), ip("10.0.0.1"));
        assert_eq!(from("10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(from("::ffff:10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
        // What a client wrote itself stands before what the proxies wrote.
        assert_eq!(
            from("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]),
            ip("198.51.100.1")
        );
        assert_eq!(
            from("10.0.0.1", &["1.1.1.1", "198.51.100.1, 2001:db8::5"]),
            ip("198.51.100.1")
        );
        assert_eq!(from("10.0.0.1", &["nonsense, 10.0.0.2"]), ip("10.0.0.2"));
        assert_eq!(from("10.0.0.1", &["198.51.100.1:4711"]), ip("198.51.100.1"));
        assert_eq!(from("10.0.0.1", &["[2001:db9::1]:4711"]), ip("2001:db9::1"));
    }
}
