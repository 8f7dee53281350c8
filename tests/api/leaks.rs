//! What a token shows: exactly what it would show if nothing else existed.
//!
//! A server holds everything, its twin only what a rule (`rule.rs`) gives the token's holder. Whatever
//! is asked (`asks.rs`), the answers of both are the same for the same kind of token, and where the
//! token is not refused they are what somebody who may do everything gets from the twin. So nothing
//! hidden can be told from something that never was. Then both are written to (`deeds.rs`): the answers
//! and what is stored after are the same again, and what is hidden is as it was.
mod asks;
mod consent;
mod deeds;
mod done;
mod rule;
mod shapes;
mod twin;

use crate::oracle::Case;
use crate::oracle::setting;
use crate::oracle::world::{World, recombined};
use crate::support::{Baton, Database, Options};
use done::{Pair, Side};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use shapes::Shape;
use twin::Twins;

/// Random searches per shape, beside one of each kind.
const CASES: usize = 60;

fn sqlite() -> Option<Database> {
    Some(Database::sqlite())
}

/// Every shape of scope, on one kind of database.
fn matrix(database: fn() -> Option<Database>) {
    let mut rng = StdRng::seed_from_u64(setting("BATON_ORACLE_SEED").unwrap_or(20_261_129));
    let resources: Vec<Value> = asks::world(recombined(&mut rng));
    let Some(everything) = database() else { return };
    let everything = Baton::start(everything, Options::default());
    let partner = everything.partner();
    assert!(twin::in_order(&partner, &resources) > 0);
    let world = World::load(&partner, &resources);
    let (mut failures, mut all_written) = (Vec::new(), 0);
    for shape in shapes::all(&world) {
        let twin = database().map(|database| Baton::start(database, Options::default()));
        let Some(twin) = twin else { return };
        let twins = Twins::new(&everything, twin, &world, &resources, &shape);
        failures.extend(judge(&twins, &world, &shape, &mut rng));
        if shape.writes() {
            let Some(whole) = database() else { return };
            let whole = Baton::start(whole, Options::default());
            assert!(twin::in_order(&whole.partner(), &resources) > 0);
            let (wrong, count) = written(&whole, &twins, &world, &shape, &mut rng);
            failures.extend(wrong);
            all_written += count;
        }
    }
    assert!(
        all_written > 20,
        "a matrix of refusals shows nothing: {all_written} writes"
    );
    assert!(
        failures.is_empty(),
        "{} leaks:\n{}",
        failures.len(),
        failures.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
}

fn judge(twins: &Twins, world: &World, shape: &Shape, rng: &mut StdRng) -> Vec<String> {
    let mut paths = asks::all(world, rng);
    paths.extend((0..CASES).map(|_| Case::random(world, rng).path()));
    let wrong = twins.differ(&paths);
    let named = |wrong: String| format!("{}: {wrong}", shape.name);
    wrong.into_iter().map(named).collect()
}

fn written(
    whole: &Baton,
    twins: &Twins,
    world: &World,
    shape: &Shape,
    rng: &mut StdRng,
) -> (Vec<String>, usize) {
    let pair = Pair {
        everything: Side::new(whole.launched(&shape.scopes, &shape.holder), whole.partner()),
        twin: Side::new(twins.seen.clone(), twins.all.clone()),
    };
    let (wrong, count) = pair.judge(&deeds::all(world, rng), world, shape);
    let named = |wrong: String| format!("{} writes: {wrong}", shape.name);
    (wrong.into_iter().map(named).collect(), count)
}

#[test]
fn nothing_hidden_shows_on_sqlite() {
    matrix(sqlite);
}

#[test]
fn nothing_hidden_shows_on_postgres() {
    matrix(Database::postgres);
}
