//! Constraints of the base definitions, by the element they are on.
//! <https://hl7.org/fhir/R4/conformance-rules.html#constraints>
use std::collections::HashMap;
use std::sync::LazyLock;

/// A rule in FHIRPath.
#[derive(Debug)]
pub struct Invariant {
    pub key: &'static str,
    /// A warning otherwise.
    pub error: bool,
    pub expression: &'static str,
    /// The rule in words, those of R4.
    pub human: &'static str,
    /// `Patient.contact`, `Organization.address`; several where an element's type is narrowed.
    pub paths: Vec<&'static str>,
}

/// Place in [`all`].
pub type InvariantId = u16;

pub fn all() -> &'static [Invariant] {
    static ALL: LazyLock<Vec<Invariant>> = LazyLock::new(load);
    &ALL
}

fn load() -> Vec<Invariant> {
    let table = include_str!("../../data/invariants.tsv");
    table.lines().map(read).collect()
}

fn read(line: &'static str) -> Invariant {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().unwrap_or_default();
    Invariant {
        paths: cell().split(' ').collect(),
        key: cell(),
        error: cell() == "e",
        expression: cell(),
        human: cell(),
    }
}

/// The same by path.
pub(super) fn by_path() -> HashMap<&'static str, Vec<InvariantId>> {
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for (id, invariant) in (0..).zip(all()) {
        for path in &invariant.paths {
            found.entry(*path).or_default().push(id);
        }
    }
    found
}
