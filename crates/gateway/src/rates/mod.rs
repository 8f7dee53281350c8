//! How fast anybody may call: clients by their id, addresses where there is no client yet.
//!
//! A client's pace is found once, with its token, and held by it: a request with a known token pays one
//! atomic exchange, or nothing where clients are not limited. Addresses are looked up only by those who
//! have no token, or one that was never seen. All of it is this gateway's own memory.
mod pace;
mod peers;

pub use pace::{Pace, Wait};
pub use peers::address_of;

use crate::config::Limits;
use pace::Rate;
use peers::Peers;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Clients remembered at a time; those who have not called for a while go first.
const CLIENTS: usize = 10_000;
const MINUTE: i64 = 60;

pub struct Rates {
    per_client: Option<Rate>,
    clients: Mutex<HashMap<String, Arc<Pace>>>,
    anonymous: Option<Peers>,
    failures: Option<Peers>,
}

impl Rates {
    pub fn new(limits: &Limits) -> Rates {
        let Limits {
            requests_per_second,
            burst,
            anonymous_per_second,
            login_failures,
            ..
        } = *limits;
        let peers = |count, seconds, burst| Rate::new(count, seconds, burst).map(Peers::new);
        Rates {
            per_client: Rate::new(requests_per_second, 1, burst),
            clients: Mutex::default(),
            anonymous: peers(anonymous_per_second, 1, anonymous_per_second.saturating_mul(10)),
            failures: peers(login_failures, MINUTE, login_failures),
        }
    }

    /// The pace of a client, shared by all its tokens.
    pub fn of_client(&self, client_id: &str, now: i64) -> Option<Arc<Pace>> {
        let rate = self.per_client?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pace) = clients.get(client_id) {
            return Some(pace.clone());
        }
        if clients.len() >= CLIENTS {
            clients.retain(|_, pace| !pace.is_full(now));
        }
        let pace = Arc::new(Pace::new(rate));
        clients.insert(client_id.to_owned(), pace.clone());
        Some(pace)
    }

    /// Those who call without a token, where that is limited.
    pub fn anonymous(&self) -> Option<&Peers> {
        self.anonymous.as_ref()
    }

    /// Before a token or a credential that is not known yet is looked at.
    pub fn may_try(&self, from: IpAddr, now: i64) -> Result<(), Wait> {
        let Some(peers) = &self.failures else {
            return Ok(());
        };
        peers.has(from, now).inspect_err(|_| count("failures"))
    }

    /// It was none.
    pub fn failed(&self, from: IpAddr, now: i64) {
        if let Some(peers) = &self.failures {
            // That it was the last one is told to the next who tries.
            let _ = peers.take(from, now);
        }
    }
}

/// Counts a refusal; `why` is client, address or failures.
pub fn count(why: &'static str) {
    metrics::counter!("baton_throttled_total", "why" => why).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(change: impl FnOnce(&mut Limits)) -> Rates {
        let mut limits = Limits::default();
        change(&mut limits);
        Rates::new(&limits)
    }

    #[test]
    fn all_tokens_of_a_client_share_its_pace_and_no_other_clients_do() {
        let rates = limits(|l| (l.requests_per_second, l.burst) = (1, 2));
        let of = |id: &str| rates.of_client(id, 0).unwrap();
        assert!(of("a").take(0).is_ok() && of("a").take(0).is_ok());
        assert!(of("a").take(0).is_err() && of("b").take(0).is_ok());
        assert!(limits(|_| {}).of_client("a", 0).is_none(), "off by default");
    }

    #[test]
    fn clients_that_do_not_call_are_forgotten_and_those_that_do_are_not() {
        let rates = limits(|l| (l.requests_per_second, l.burst) = (1, 1));
        for n in 0..CLIENTS {
            rates.of_client(&n.to_string(), 0);
        }
        let busy = rates.of_client("5", 0).unwrap();
        busy.take(10).unwrap();
        rates.of_client("one more", 20).unwrap();
        assert!(Arc::ptr_eq(&busy, &rates.of_client("5", 20).unwrap()));
        assert_eq!(rates.clients.lock().unwrap().len(), 2);
    }

    #[test]
    fn failures_are_counted_and_tries_are_not() {
        let rates = limits(|l| l.login_failures = 2);
        let from: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..10 {
            assert_eq!(rates.may_try(from, 0), Ok(()));
        }
        rates.failed(from, 0);
        rates.failed(from, 0);
        assert_eq!(rates.may_try(from, 0), Err(Wait(30)));
        assert_eq!(rates.may_try("192.0.2.2".parse().unwrap(), 0), Ok(()));
        assert_eq!(rates.may_try(from, 30_000_000), Ok(()));
        let off = limits(|l| l.login_failures = 0);
        (0..1_000).for_each(|_| off.failed(from, 0));
        assert_eq!(off.may_try(from, 0), Ok(()));
    }
}
