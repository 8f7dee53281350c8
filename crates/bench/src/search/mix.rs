//! All selective shapes at random from thirty clients: how many a second the server answers.
use super::shapes::{Promise, SHAPES};
use super::{Bench, ask};
use crate::http::{self, Load};
use baton_bench::synthetic::Random;
use std::time::Duration;

const CLIENTS: usize = 30;
const TIME: Duration = Duration::from_secs(10);
/// Requests are written before the clock runs.
const REQUESTS: usize = 4_000;

pub fn run(bench: &Bench) -> Load {
    let mut random = Random::of(1, "mix", 0);
    let selective: Vec<_> = SHAPES
        .iter()
        .filter(|s| s.promise == Promise::Selective)
        .collect();
    let requests: Vec<Vec<u8>> = (0..REQUESTS)
        .map(|n| ask::request(bench, selective[random.below(selective.len())], n))
        .collect();
    http::load(&bench.server.address, CLIENTS, TIME, move |client, n| {
        requests[(client * 131 + n) % REQUESTS].clone()
    })
}
