//! Value sets of required bindings. <https://hl7.org/fhir/R4/terminologies.html#required>
//!
//! Value sets without a closed list (MIME types, UCUM) are not here: their codes are checked for
//! form alone.
use std::collections::HashMap;
use std::sync::LazyLock;

/// The codes allowed by a required binding.
#[derive(Debug, Default)]
pub struct ValueSet {
    pub name: &'static str,
    /// Each code system with its codes, sorted.
    pub systems: Vec<(&'static str, Vec<&'static str>)>,
}

impl ValueSet {
    /// None when the value set is open.
    pub fn named(name: &str) -> Option<&'static ValueSet> {
        static SETS: LazyLock<HashMap<&str, ValueSet>> = LazyLock::new(load);
        SETS.get(name)
    }

    /// A bare `code`, whose system the element implies.
    pub fn contains_code(&self, code: &str) -> bool {
        self.systems
            .iter()
            .any(|(_, codes)| codes.binary_search(&code).is_ok())
    }

    pub fn contains(&self, system: &str, code: &str) -> bool {
        let of_system = self.systems.iter().find(|(name, _)| *name == system);
        of_system.is_some_and(|(_, codes)| codes.binary_search(&code).is_ok())
    }
}

fn load() -> HashMap<&'static str, ValueSet> {
    let mut sets: HashMap<&str, ValueSet> = HashMap::new();
    for line in include_str!("../../data/bindings.tsv").lines() {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        let (name, system) = (cell(), cell());
        let set = sets.entry(name).or_default();
        set.name = name;
        set.systems.push((system, cell().split(' ').collect()));
    }
    sets
}
