//! References in a resource, found and replaced at their exact place: every other byte stays.
//! <https://hl7.org/fhir/R4/http.html#trules> (replacement of links in a transaction)
use super::members::{Holds, holds};
use super::strings::{StringValues, decoded};
use crate::{Resource, TypeId, references};
use serde_json::Value;
use std::collections::HashMap;

/// Where what a link names will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `Patient/9`
    pub local: String,
    /// For links to a version; None where that of the link holds here too.
    pub version: Option<i64>,
}

/// From what entries of a Bundle call each other to where they will be.
#[derive(Clone, Debug, Default)]
pub struct Links(HashMap<String, Place>);

impl Links {
    pub fn insert(&mut self, link: String, place: Place) {
        self.0.insert(link, place);
    }

    pub fn get(&self, link: &str) -> Option<&Place> {
        self.0.get(link)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that lead elsewhere in `self` than in `old`.
    pub fn changed_since(&self, old: &Links) -> Links {
        let changed = self.0.iter().filter(|(link, place)| old.get(link) != Some(place));
        Links(
            changed
                .map(|(link, place)| (link.clone(), place.clone()))
                .collect(),
        )
    }

    /// The new address of a link, of a version or a fragment of it.
    /// <https://hl7.org/fhir/R4/bundle.html#references>
    fn find(&self, link: &str) -> Option<String> {
        if let Some(place) = self.0.get(link) {
            return Some(place.local.clone());
        }
        if let Some((of, version)) = link.split_once("/_history/") {
            let place = self.0.get(of)?;
            let known = place.version.map(|version| version.to_string());
            return Some(format!(
                "{}/_history/{}",
                place.local,
                known.as_deref().unwrap_or(version)
            ));
        }
        let (of, fragment) = link.split_once('#')?;
        Some(format!("{}#{fragment}", self.0.get(of)?.local))
    }

    /// The text of a resource with every link replaced for which there is a new address, or None
    /// when nothing changes. Links are values of type Reference, uri, url, oid and uuid, and `href`
    /// and `src` in narrative. `own` is the entry's fullUrl: a `url` equal to it is the resource's
    /// identity and stays.
    pub fn relink(&self, text: &str, own: Option<&str>) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let mut new = String::new();
        let mut copied = 0;
        for (member, span) in StringValues::of(text) {
            let Some(link) = decoded(&text[span.clone()]).and_then(|old| self.replacement(member, &old, own))
            else {
                continue;
            };
            new += &text[copied..span.start];
            new += &Value::from(link).to_string();
            copied = span.end;
        }
        if copied == 0 {
            return None;
        }
        new += &text[copied..];
        Some(new)
    }

    fn replacement(&self, member: &str, text: &str, own: Option<&str>) -> Option<String> {
        if member == "div" {
            return self.in_narrative(text);
        }
        let identity = member == "url" && own == Some(text) && !text.starts_with("urn:");
        let found = self.find(text).filter(|_| !identity)?;
        match holds(member) {
            Holds::Link => Some(found),
            Holds::MaybeLink => text.starts_with("urn:").then_some(found),
            Holds::Narrative | Holds::Other => None,
        }
    }

    /// `href="…"` and `src="…"`
    fn in_narrative(&self, div: &str) -> Option<String> {
        let mut new = String::new();
        let mut rest = div;
        let mut changed = false;
        while let Some(start) = ["href=\"", "src=\""]
            .iter()
            .filter_map(|a| rest.find(a).map(|i| i + a.len()))
            .min()
        {
            let end = start + rest[start..].find('"')?;
            new += &rest[..start];
            let link = &rest[start..end];
            let replaced = self.find(link);
            changed |= replaced.is_some();
            new += replaced.as_deref().unwrap_or(link);
            rest = &rest[end..];
        }
        new += rest;
        changed.then_some(new)
    }
}

/// A reference like `Practitioner?identifier=x|y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionalReference {
    pub type_id: TypeId,
    pub criteria: String,
    /// FHIRPath of the element.
    pub expression: String,
}

/// The conditional references of a resource, in order, with repetitions; not those of resources
/// that are its content, as in a Bundle.
pub fn conditional_references(resource: &Resource) -> Vec<ConditionalReference> {
    let mut found = Vec::new();
    if !resource.text.contains('?') {
        return found;
    }
    references::each(resource, &mut |text, path| {
        if let Some((type_id, criteria)) = conditional(text) {
            found.push(ConditionalReference {
                type_id,
                criteria: criteria.to_owned(),
                expression: format!("{path}.reference"),
            });
        }
    });
    found
}

/// The same of text that was not parsed yet, without their places: type and criteria.
pub fn criteria_of(text: &str) -> Vec<(TypeId, String)> {
    if !text.contains('?') {
        return Vec::new();
    }
    let found: Vec<(TypeId, String)> = StringValues::of(text)
        .filter(|(member, _)| *member == "reference")
        .filter_map(|(_, span)| decoded(&text[span]))
        .filter_map(|reference| conditional(&reference).map(|(on, criteria)| (on, criteria.to_owned())))
        .collect();
    // The tree tells apart what stands in a resource that is content.
    if found.is_empty() || !text.contains("\"resource\"") {
        return found;
    }
    let tree = Resource::parse(text.as_bytes()).map(|resource| conditional_references(&resource));
    let each = tree.unwrap_or_default().into_iter();
    each.map(|reference| (reference.type_id, reference.criteria))
        .collect()
}

/// `Type?criteria`, as conditional references are written.
fn conditional(text: &str) -> Option<(TypeId, &str)> {
    let (name, criteria) = text.split_once('?')?;
    Some((TypeId::of(name)?, criteria))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn links() -> Links {
        let mut links = Links::default();
        let place = |version| Place {
            local: "Patient/9".to_owned(),
            version,
        };
        links.insert("urn:uuid:1".to_owned(), place(Some(1)));
        links.insert("http://there/Patient/1".to_owned(), place(None));
        links.insert("Practitioner?identifier=a|b".to_owned(), place(None));
        links
    }

    #[test]
    fn links_change_and_every_other_byte_stays() {
        let text = concat!(
            "{\"resourceType\":\"Observation\", \"identifier\":[{\"value\":\"urn:uuid:1\"}],\n",
            "\"instantiatesCanonical\":\"urn:uuid:1\",\"text\":{\"div\":\"<a href=\\\"urn:uuid:1\\\">x</a>\"},",
            "\"subject\":{\"reference\":\"urn:uuid:\\u0031\"},\"valueQuantity\":{\"value\":1.10},",
            "\"performer\":[{\"reference\" : \"Practitioner?identifier=a|b\"}]}"
        );
        let expected = text
            .replace("href=\\\"urn:uuid:1", "href=\\\"Patient/9")
            .replace("urn:uuid:\\u0031", "Patient/9")
            .replace("Practitioner?identifier=a|b", "Patient/9");
        assert_eq!(links().relink(text, None).as_deref(), Some(expected.as_str()));
        let resource = Resource::parse(text.as_bytes()).unwrap();
        let reference = ConditionalReference {
            type_id: TypeId::of("Practitioner").unwrap(),
            criteria: "identifier=a|b".to_owned(),
            expression: "Observation.performer[0].reference".to_owned(),
        };
        assert_eq!(
            criteria_of(text),
            [(reference.type_id, reference.criteria.clone())]
        );
        assert_eq!(conditional_references(&resource), [reference]);
    }

    #[test]
    fn versions_and_fragments_follow() {
        let of = |link: &str| {
            links()
                .relink(&format!("{{\"reference\":\"{link}\"}}"), None)
                .unwrap_or_default()
        };
        assert_eq!(
            of("urn:uuid:1/_history/7"),
            "{\"reference\":\"Patient/9/_history/1\"}"
        );
        assert_eq!(
            of("http://there/Patient/1/_history/7"),
            "{\"reference\":\"Patient/9/_history/7\"}"
        );
        assert_eq!(of("urn:uuid:1#a"), "{\"reference\":\"Patient/9#a\"}");
        assert_eq!(of("urn:uuid:2/_history/7"), "");
    }

    #[test]
    fn a_resource_keeps_the_url_that_is_its_identity() {
        let text = "{\"resourceType\":\"CodeSystem\",\"url\":\"http://there/Patient/1\"}";
        assert_eq!(links().relink(text, Some("http://there/Patient/1")), None);
        assert!(links().relink(text, None).is_some());
    }

    proptest! {
        #[test]
        fn only_links_change(parts in prop::collection::vec("[a-z\"\\\\é]{0,6}|urn:uuid:1", 0..8)) {
            let value = serde_json::json!({"resourceType": "Basic", "valueUri": parts, "valueString": parts});
            let new = links().relink(&value.to_string(), None);
            let new: Value = new.map_or(value.clone(), |text| serde_json::from_str(&text).unwrap());
            let replaced: Vec<String> = parts.iter().map(|p| p.replace("urn:uuid:1", "Patient/9")).collect();
            prop_assert_eq!(&new["valueUri"], &serde_json::json!(replaced));
            prop_assert_eq!(&new["valueString"], &value["valueString"]);
        }
    }
}
