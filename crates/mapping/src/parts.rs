//! Datatypes cut down to what coordination looks at: codes and literal references.
use fhir_sdk::r4b::types::{CodeableConcept, Coding, Reference};
use serde_json::{Value, json};

/// A Coding's identity. <https://hl7.org/fhir/R4/datatypes.html#Coding>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    pub system: String,
    pub code: String,
}

impl Code {
    pub fn new(system: &str, code: &str) -> Code {
        Code {
            system: system.to_owned(),
            code: code.to_owned(),
        }
    }

    pub fn is(&self, system: &str, code: &str) -> bool {
        self.system == system && self.code == code
    }

    pub fn to_json(&self) -> Value {
        json!({ "system": self.system, "code": self.code })
    }

    pub(crate) fn of(coding: &Coding) -> Option<Code> {
        let code = coding.code.clone()?;
        Some(Code {
            system: coding.system.clone().unwrap_or_default(),
            code,
        })
    }

    pub(crate) fn all(concept: &CodeableConcept) -> Vec<Code> {
        concept.coding.iter().flatten().filter_map(Code::of).collect()
    }

    pub(crate) fn each(concepts: &[Option<CodeableConcept>]) -> Vec<Code> {
        concepts.iter().flatten().flat_map(Code::all).collect()
    }
}

/// A literal reference such as `Patient/123`. <https://hl7.org/fhir/R4/references.html#literal>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link(pub String);

impl Link {
    pub fn to(kind: &str, id: &str) -> Link {
        Link(format!("{kind}/{id}"))
    }

    /// The logical id when the reference is local and of this type.
    pub fn id_of(&self, kind: &str) -> Option<&str> {
        let (found, id) = self.0.split_once('/')?;
        let id = id.split("/_history/").next()?;
        (found == kind && !id.is_empty() && !id.contains('/')).then_some(id)
    }

    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    pub fn to_json(&self) -> Value {
        json!({ "reference": self.0 })
    }

    pub(crate) fn of(reference: &Reference) -> Option<Link> {
        reference.reference.clone().map(Link)
    }

    pub(crate) fn each(references: &[Option<Reference>]) -> Vec<Link> {
        references.iter().flatten().filter_map(Link::of).collect()
    }
}
