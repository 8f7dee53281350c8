//! Whose patient's a resource is, at the price of a look at its text: every write and every read is
//! recorded with it. <https://hl7.org/fhir/R4/compartmentdefinition-patient.html>
use crate::TypeId;
use crate::registry::registry;
use crate::search::index::nodes;
use memchr::{memchr, memmem::Finder};
use serde_json::Value;
use std::sync::LazyLock;

static PATIENT: LazyLock<Option<TypeId>> = LazyLock::new(|| TypeId::of("Patient"));
const NAME: &str = "Patient/";
static NAMED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(NAME));

/// The id of the patient whom the resource concerns. Where its text names one patient alone, that
/// is who; where it names several, the links of the compartment decide, and the first of them.
pub fn concerned<'a>(type_id: TypeId, id: &'a str, text: &'a str) -> Option<String> {
    if Some(type_id) == *PATIENT {
        return Some(id.to_owned());
    }
    let mut named = mentions(text);
    let first = named.next();
    // A slash may be written as an escape, which is not looked for.
    let is_plain = named.all(|other| Some(other) == first) && !has_escaped_slash(text);
    match (is_plain, first) {
        (true, first) => first.map(str::to_owned),
        (false, _) => linked(type_id, &serde_json::from_str(text).ok()?),
    }
}

/// Few texts have a backslash at all.
fn has_escaped_slash(text: &str) -> bool {
    memchr(b'\\', text.as_bytes()).is_some_and(|at| text[at..].contains("\\/"))
}

/// Ids behind `Patient/`, where a reference may begin.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    NAMED.find_iter(text.as_bytes()).filter_map(|at| {
        let before = text[..at].bytes().next_back()?;
        let rest = &text[at + NAME.len()..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'))?;
        let closed = matches!(rest.as_bytes()[end], b'"' | b'/');
        (matches!(before, b'"' | b'/') && closed && end > 0).then(|| &rest[..end])
    })
}

fn linked(type_id: TypeId, resource: &Value) -> Option<String> {
    let patient = (*PATIENT)?;
    let links = registry().compartment(patient, type_id).iter();
    let params = links.filter_map(|code| registry().param(type_id, code));
    let mut linked = params.flat_map(|param| nodes(resource, param));
    linked.find_map(|node| named(node["reference"].as_str()?))
}

/// The patient of a reference, below whatever base.
fn named(reference: &str) -> Option<String> {
    let (before, rest) = reference.split_once(NAME)?;
    let id = rest.split('/').next().filter(|id| !id.is_empty())?;
    (before.is_empty() || before.ends_with('/')).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, text: &str) -> Option<String> {
        concerned(TypeId::of(name).expect("a type"), "own", text)
    }

    #[test]
    fn one_patient_named_is_the_one() {
        let text = r#"{"resourceType":"Observation","subject":{"reference":"Patient/a-1"},"performer":[{"reference":"Practitioner/p"}]}"#;
        assert_eq!(of("Observation", text).as_deref(), Some("a-1"));
        let absolute = r#"{"resourceType":"Task","for":{"reference":"http://x/fhir/Patient/a/_history/2"}}"#;
        assert_eq!(of("Task", absolute).as_deref(), Some("a"));
        assert_eq!(of("Patient", "{}").as_deref(), Some("own"));
        assert_eq!(of("Practitioner", r#"{"name":[{"text":"Patient/"}]}"#), None);
    }

    #[test]
    fn of_several_the_compartment_knows() {
        let text = r#"{"resourceType":"Observation","focus":[{"reference":"Patient/baby"}],"subject":{"reference":"Patient/mother"}}"#;
        assert_eq!(of("Observation", text).as_deref(), Some("mother"));
        let absolute = text.replace("Patient/mother", "https://x.example/fhir/Patient/mother");
        assert_eq!(of("Observation", &absolute).as_deref(), Some("mother"));
        let escaped = r#"{"resourceType":"Observation","subject":{"reference":"Patient\/x"}}"#;
        assert_eq!(of("Observation", escaped).as_deref(), Some("x"));
        let none = r#"{"resourceType":"Location","description":"\/"}"#;
        assert_eq!(of("Location", none), None);
    }
}
