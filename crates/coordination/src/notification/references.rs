//! What the carried resources are called here: ids that are a function of identifiers, so that
//! the same practitioner, stay or patient told by any source is one resource.
use super::{Envelope, key_of};
use fhir::event::{Key, condition_id, coverage_id, derived_id, directory_id};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Entries shared by many stays.
pub const DIRECTORY: &[&str] = &["Practitioner", "PractitionerRole", "Organization", "Location"];
/// Entries that belong to the stay or the patient.
pub const OWNED: &[&str] = &["Condition", "Coverage"];

const NPI: &str = "http://hl7.org/fhir/sid/us-npi";

pub struct Names<'a> {
    envelope: &'a Envelope<'a>,
    stay: &'a Key,
    patient: &'a Key,
    subject: &'a Map<String, Value>,
}

impl<'a> Names<'a> {
    pub fn new(envelope: &'a Envelope<'a>, stay: &'a Key, patient: &'a Key, subject: &str) -> Names<'a> {
        static NOBODY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        Names {
            envelope,
            stay,
            patient,
            subject: envelope.find(subject).unwrap_or(&NOBODY),
        }
    }

    /// The id a carried resource is stored under; None when it is not stored.
    pub fn id(&self, resource: &Map<String, Value>) -> Option<String> {
        let kind = resource.get("resourceType")?.as_str()?;
        if DIRECTORY.contains(&kind) {
            return Some(directory_id(kind, &self.directory_key(resource)));
        }
        match kind {
            "Condition" => Some(self.condition(resource)),
            "Coverage" => Some(self.coverage(resource)),
            _ => None,
        }
    }

    fn directory_key(&self, resource: &Map<String, Value>) -> Key {
        let keys = identifiers(resource);
        let national = keys.iter().find(|key| key.system == NPI);
        national
            .or(keys.first())
            .cloned()
            .unwrap_or_else(|| self.envelope.local_key(resource))
    }

    fn condition(&self, resource: &Map<String, Value>) -> String {
        let coding = resource
            .get("code")
            .map_or(&Value::Null, |code| &code["coding"][0]);
        let text = |name: &str| coding[name].as_str().unwrap_or_default();
        match text("code") {
            "" => {
                let key = self.envelope.local_key(resource);
                derived_id(&["Condition", &key.system, &key.value])
            }
            code => condition_id(self.stay, text("system"), code),
        }
    }

    fn coverage(&self, resource: &Map<String, Value>) -> String {
        let payer = resource
            .get("payor")
            .and_then(|list| list[0]["reference"].as_str());
        let payer = payer
            .and_then(|it| self.envelope.find(it))
            .and_then(|it| self.id(it))
            .unwrap_or_default();
        let member = resource.get("subscriberId").and_then(Value::as_str);
        let known = identifiers(resource).first().map(|key| key.value.clone());
        let member = member.map(str::to_owned).or(known);
        let member = member.unwrap_or_else(|| self.envelope.local_key(resource).value);
        coverage_id(self.patient, &payer, &member)
    }

    /// Renames references in place; those that lead nowhere keep their display only, and the
    /// types of what they led to are returned.
    pub fn rename(&self, value: &mut Value, lost: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item, lost)),
            Value::Object(members) => self.rename_members(members, lost),
            _ => {}
        }
    }

    fn rename_members(&self, members: &mut Map<String, Value>, lost: &mut BTreeSet<String>) {
        if let Some(Value::String(reference)) = members.get("reference") {
            match self.target(reference) {
                Ok(renamed) => {
                    members.insert("reference".into(), Value::String(renamed));
                }
                Err(kind) => {
                    lost.insert(kind);
                    members.shift_remove("reference");
                }
            }
        }
        members.values_mut().for_each(|member| self.rename(member, lost));
    }

    /// The new text of a reference, or the type of what cannot be kept.
    fn target(&self, reference: &str) -> Result<String, String> {
        let Some(resource) = self.envelope.find(reference) else {
            let outside = reference.starts_with("http://") || reference.starts_with("https://");
            let inside = reference.starts_with('#');
            return if outside || inside {
                Ok(reference.to_owned())
            } else {
                Err("nothing in this Bundle".into())
            };
        };
        let kind = resource
            .get("resourceType")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match (kind, self.id(resource)) {
            ("Patient", _) if resource == self.subject => Ok("Patient/{patient}".into()),
            ("Encounter", _) => Ok("Encounter/{stay}".into()),
            (kind, Some(id)) => Ok(format!("{kind}/{id}")),
            (kind, None) => Err(kind.to_owned()),
        }
    }
}

pub fn identifiers(resource: &Map<String, Value>) -> Vec<Key> {
    resource
        .get("identifier")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(key_of)
        .collect()
}
