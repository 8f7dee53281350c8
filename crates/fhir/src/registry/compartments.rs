//! Who a resource belongs to. <https://hl7.org/fhir/R4/compartmentdefinition.html>
use super::TypeId;
use std::collections::HashMap;

/// By compartment and type: the codes of the linking parameters.
pub(super) type Compartments = HashMap<(TypeId, TypeId), Vec<&'static str>>;

pub(super) fn load() -> Compartments {
    // R4 leaves tasks out of the record of the patient they are for; R5 put them in.
    let own = include_str!("../../data/baton_compartments.tsv");
    include_str!("../../data/compartments.tsv")
        .lines()
        .chain(own.lines())
        .filter_map(row)
        .collect()
}

fn row(line: &'static str) -> Option<((TypeId, TypeId), Vec<&'static str>)> {
    let mut cells = line.split('\t');
    let key = (TypeId::of(cells.next()?)?, TypeId::of(cells.next()?)?);
    Some((key, cells.next()?.split(' ').collect()))
}
