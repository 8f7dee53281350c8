//! Codes of two parameters that exclude each other: `data/met.tsv` lists where that is so by what the codes
//! mean. No laboratory test is a vital sign, however many there are of both.
//!
//! Stores note which codes have met in a resource. Where two never have, a search for both is over before
//! either's rows are read.
use crate::registry::registry;
use crate::{ParamId, TypeId};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The pairs of parameters of a type whose codes are noted.
pub fn met(on: TypeId) -> &'static [(ParamId, ParamId)] {
    static PAIRS: LazyLock<HashMap<TypeId, Vec<(ParamId, ParamId)>>> = LazyLock::new(read);
    PAIRS.get(&on).map_or(&[], Vec::as_slice)
}

/// A line that names no parameters would leave them out; a test proves that all do.
fn read() -> HashMap<TypeId, Vec<(ParamId, ParamId)>> {
    let mut pairs: HashMap<_, Vec<_>> = HashMap::new();
    for (on, pair) in include_str!("../../../data/met.tsv").lines().filter_map(pair) {
        pairs.entry(on).or_default().push(pair);
    }
    pairs
}

fn pair(line: &str) -> Option<(TypeId, (ParamId, ParamId))> {
    let mut cells = line.split('\t');
    let on = TypeId::of(cells.next()?)?;
    let mut param = || Some(registry().param(on, cells.next()?)?.id);
    Some((on, (param()?, param()?)))
}
