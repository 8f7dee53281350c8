//! An oracle: random worlds, random searches, and what each must find by brute force.
//! <https://hl7.org/fhir/R4/search.html>
//!
//! `world.rs` recombines the resources of `parameters/world`, `ask.rs` makes questions out of the
//! values they hold, `judge.rs` answers them one resource at a time, `sort.rs` orders the answer,
//! `paging.rs` reads the servers' pages. Values are taken from resources by `fhir`'s extraction;
//! what matches is decided here, and the same is expected of both databases.
//! `BATON_ORACLE_SEED` and `BATON_ORACLE_CASES` choose other worlds and more of them.
pub mod ask;
mod judge;
mod paging;
mod sort;
mod value;
mod want;
pub mod world;

use crate::support::{Baton, Client, Database, Options};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sort::Order;
use world::World;

/// Questions per world.
const CASES: usize = 250;

pub fn setting(name: &str) -> Option<u64> {
    std::env::var(name)
        .ok()
        .map(|text| text.parse().expect("a number"))
}

/// A database's server and its world.
struct Place {
    // Dropped last: stops the server.
    _baton: Baton,
    partner: Client,
    world: World,
}

fn places(rng: &mut StdRng) -> Vec<Place> {
    let resources = world::recombined(rng);
    let databases = [Some(Database::sqlite()), Database::postgres()];
    let place = |database| {
        let baton = Baton::start(database, Options::default());
        let partner = baton.partner();
        let world = World::load(&partner, &resources);
        Place {
            _baton: baton,
            partner,
            world,
        }
    };
    databases.into_iter().flatten().map(place).collect()
}

/// A search: what is asked, in which order, and how many to a page.
pub struct Case {
    on: fhir::TypeId,
    asks: Vec<ask::Ask>,
    order: Order,
    count: usize,
}

impl Case {
    pub fn random(world: &World, rng: &mut StdRng) -> Case {
        let on = world.types[rng.random_range(0..world.types.len())];
        let asks = (0..rng.random_range(1..4)).map(|_| ask::random(world, on, rng, 2));
        Case {
            on,
            asks: asks.collect(),
            order: Order::random(on, rng),
            count: [1, 2, 3, 5, 50][rng.random_range(0..5)],
        }
    }

    pub fn path(&self) -> String {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        let asked = self
            .asks
            .iter()
            .map(|ask| format!("{}={}&", encode(&ask.name()), encode(&ask.value())));
        let asked: String = asked.collect();
        format!(
            "{}?{asked}{}_count={}",
            self.on.name(),
            self.order.parameter(),
            self.count
        )
    }

    /// The ids, in order, by looking at every resource.
    fn answer(&self, world: &World) -> Vec<String> {
        let held = world.of(self.on);
        let mut found: Vec<_> = held
            .filter(|one| self.asks.iter().all(|ask| judge::holds(ask, one, world)))
            .collect();
        self.order.sort(&mut found);
        found.into_iter().map(|one| one.id.clone()).collect()
    }
}

#[test]
fn searches_find_what_brute_force_finds() {
    let seed = setting("BATON_ORACLE_SEED").unwrap_or(20_261_125);
    let cases = setting("BATON_ORACLE_CASES").map_or(CASES, |cases| cases as usize);
    let mut rng = StdRng::seed_from_u64(seed);
    let places = places(&mut rng);
    let (mut failures, mut matches) = (Vec::new(), 0);
    for at in 0..cases {
        let case = Case::random(&places[0].world, &mut rng);
        for place in &places {
            let expected = case.answer(&place.world);
            matches += expected.len();
            if let Err(wrong) = paging::agrees(&place.partner, &case.path(), case.count, &expected) {
                failures.push(format!("case {at} of seed {seed}: {}\n  {wrong}", case.path()));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(matches > cases, "the questions find too little to tell anything");
}

/// Whatever is written meanwhile, what was there and stays as it is comes once and in its place.
#[test]
fn pages_stay_whole_while_others_write() {
    let mut rng = StdRng::seed_from_u64(setting("BATON_ORACLE_SEED").unwrap_or(7));
    for place in places(&mut rng) {
        for at in 0..40 {
            let case = Case {
                count: 1 + at % 3,
                ..Case::random(&place.world, &mut rng)
            };
            let expected = case.answer(&place.world);
            let mut writes = world::Writes::new(&place.world, case.on);
            let walked = paging::walk(&place.partner, &case.path(), || {
                writes.one(&place.partner, &mut rng)
            });
            let walked = walked.unwrap_or_else(|wrong| panic!("{}: {wrong}", case.path()));
            let ours: Vec<_> = walked
                .into_iter()
                .flatten()
                .filter(|id| !world::is_noise(id))
                .collect();
            assert_eq!(ours, expected, "{}", case.path());
        }
    }
}
