//! What belongs to somebody or something, as a condition of a search.
//! <https://hl7.org/fhir/R4/compartmentdefinition.html>
use super::Filter;
use super::parse::parse_filter;
use crate::registry::SearchParam;
use crate::{TypeId, registry};

/// Whether the type has a compartment at all.
pub fn is_focus(type_id: TypeId) -> bool {
    types(type_id).next().is_some()
}

/// The types a compartment holds, its own first.
pub fn types(focus: TypeId) -> impl Iterator<Item = TypeId> {
    let all = registry().types().iter().copied();
    let others = all.filter(move |on| *on != focus && !registry().compartment(focus, *on).is_empty());
    let own = registry()
        .types()
        .iter()
        .any(|on| !registry().compartment(focus, *on).is_empty());
    own.then_some(focus).into_iter().chain(others)
}

/// The parameters by which resources of type `on` lead to whom they belong to.
pub fn links(focus: TypeId, on: TypeId) -> impl Iterator<Item = &'static SearchParam> {
    let codes = registry().compartment(focus, on).iter();
    codes.filter_map(move |code| registry().param(on, code))
}

/// Resources of type `on` in the compartment of `focus/id`: any of the linking parameters leads
/// there. None where the compartment holds no such type.
pub fn members(focus: TypeId, id: &str, on: TypeId, base: &str) -> Option<Filter> {
    let links = registry().compartment(focus, on);
    if links.is_empty() && on != focus {
        return None;
    }
    let reference = format!("{}/{id}", focus.name());
    // `{def}` is the resource itself.
    let links = links.iter().filter(|code| **code != "{def}");
    let mut belongs: Vec<Filter> = links
        .filter_map(|code| parse_filter(on, code, &reference, base).ok())
        .collect();
    if on == focus {
        belongs.push(Filter::Id(vec![id.to_owned()]));
    }
    Some(Filter::Or(belongs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_of_every_compartment_is_a_parameter() {
        let of = |name| TypeId::of(name).expect("a type");
        for focus in ["Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"].map(of) {
            assert!(is_focus(focus));
            for on in types(focus) {
                let own = usize::from(on == focus);
                let links = registry().compartment(focus, on);
                let links = links.iter().filter(|code| **code != "{def}").count();
                match members(focus, "x", on, "http://here/fhir") {
                    Some(Filter::Or(parts)) => assert_eq!(parts.len(), links + own, "{}", on.name()),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(!is_focus(of("Location")));
        assert!(members(of("Patient"), "x", of("Location"), "").is_none());
    }
}
