//! The bases under which this server is reached, now or once: an absolute reference to one of them
//! leads here, and is found and followed like a relative one.
//! <https://hl7.org/fhir/R4/references.html#literal>
//!
//! One set for each database, since a process may serve several, apart from each other. It only
//! grows: what was indexed as leading here stays so, whatever name the server has by now.
use crate::TypeId;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Clones are the same set.
#[derive(Clone, Debug, Default)]
pub struct Bases(Arc<RwLock<BTreeSet<String>>>);

impl Bases {
    /// Adds bases such as `https://example.org/fhir`.
    pub fn adopt(&self, bases: impl IntoIterator<Item = String>) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(bases);
    }

    pub fn all(&self) -> Vec<String> {
        let own = self.0.read().unwrap_or_else(PoisonError::into_inner);
        own.iter().cloned().collect()
    }

    /// `Type/id` and what follows, of a URL below one of the bases.
    pub fn relative<'a>(&self, url: &'a str) -> Option<&'a str> {
        let at = below(url)?;
        let own = self.0.read().unwrap_or_else(PoisonError::into_inner);
        own.contains(&url[..at - 1]).then_some(&url[at..])
    }

    /// Whether a resource has absolute references to the bases.
    pub fn are_referred_to(&self, resource: &Value) -> bool {
        match resource {
            Value::Array(list) => list.iter().any(|item| self.are_referred_to(item)),
            Value::Object(members) => members.iter().any(|(name, value)| match value {
                Value::String(text) => name == "reference" && self.relative(text).is_some(),
                other => self.are_referred_to(other),
            }),
            _ => false,
        }
    }

    /// Makes references to the bases relative.
    pub fn make_relative(&self, resource: &mut Value) {
        match resource {
            Value::Array(list) => list.iter_mut().for_each(|item| self.make_relative(item)),
            Value::Object(members) => members.iter_mut().for_each(|(name, value)| match value {
                Value::String(text) if name == "reference" => {
                    let local = self.relative(text).map(str::to_owned);
                    local.into_iter().for_each(|local| *text = local);
                }
                other => self.make_relative(other),
            }),
            _ => {}
        }
    }
}

/// Where `Type/id` begins in a URL that ends so, a version aside.
fn below(url: &str) -> Option<usize> {
    let unversioned = url.split_once("/_history/").map_or(url, |(before, _)| before);
    let (rest, _id) = unversioned.rsplit_once('/')?;
    let (base, name) = rest.rsplit_once('/')?;
    (base.contains("://") && TypeId::of(name).is_some()).then_some(base.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn own() -> Bases {
        let bases = Bases::default();
        bases.adopt(["https://own.example/fhir".to_owned()]);
        bases
    }

    #[test]
    fn what_is_own_to_one_is_foreign_to_the_other() {
        let url = "https://own.example/fhir/Patient/1";
        assert_eq!(own().relative(url), Some("Patient/1"));
        assert_eq!(Bases::default().relative(url), None);
    }

    #[test]
    fn only_what_is_below_an_own_base_is_relative() {
        let own = own();
        let cases = [
            ("https://own.example/fhir/Patient/1", Some("Patient/1")),
            (
                "https://own.example/fhir/Patient/1/_history/2",
                Some("Patient/1/_history/2"),
            ),
            ("https://own.example/fhir/Nothing/1", None),
            ("https://own.example/fhir/more/Patient/1", None),
            ("https://own.example/Patient/1", None),
            ("https://own.example/fhirPatient/1", None),
            ("https://own.example/fhir/Patient", None),
            ("http://own.example/fhir/Patient/1", None),
            ("Patient/1", None),
            ("urn:uuid:0", None),
            ("", None),
        ];
        for (url, local) in cases {
            assert_eq!(own.relative(url), local, "{url}");
        }
    }

    #[test]
    fn references_become_relative_and_other_urls_stay() {
        let own = own();
        let url = "https://own.example/fhir/Patient/1";
        let mut resource =
            json!({"url": url, "subject": {"reference": url}, "more": [{"a": {"reference": url}}, 1]});
        let expected = json!({"url": url, "subject": {"reference": "Patient/1"}, "more": [{"a": {"reference": "Patient/1"}}, 1]});
        assert!(own.are_referred_to(&resource) && !own.are_referred_to(&expected));
        own.make_relative(&mut resource);
        assert_eq!(resource, expected);
    }
}
