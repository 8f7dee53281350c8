//! PATCH: JSON Patch, merge patch and FHIRPath Patch on exact text. <https://hl7.org/fhir/R4/http.html#patch>
//!
//! `pointer` is RFC 6902, `merge` RFC 7396, `bounds` says what a patch may cost, `operation` reads the Parameters of a FHIRPath Patch, `place` finds what
//! its paths mean, `edit` changes it. The result is checked here for what no patch may touch;
//! whether it is a valid resource is for `validate` to say.
mod bounds;
mod edit;
mod merge;
mod operation;
mod place;
mod pointer;
mod value;

use crate::tree::Node;
use crate::{Issue, IssueCode, Resource};

/// Operations in one patch; each FHIRPath one evaluates its path on the whole resource.
const MAX_OPERATIONS: usize = 1000;

/// A patch that was understood.
#[derive(Clone, Debug)]
pub enum Patch {
    Json(Vec<pointer::Operation>),
    Merge(merge::Members),
    FhirPath(Vec<operation::Operation>),
}

impl Patch {
    /// The body of `application/json-patch+json`.
    pub fn json(text: &str) -> Result<Patch, Vec<Issue>> {
        let operations = pointer::read(text).map_err(|issue| vec![issue])?;
        few(operations.len()).map(|()| Patch::Json(operations))
    }

    /// The body of `application/merge-patch+json`.
    pub fn merge(text: &str) -> Result<Patch, Vec<Issue>> {
        merge::read(text).map(Patch::Merge).map_err(|issue| vec![issue])
    }

    /// Parameters as <https://hl7.org/fhir/R4/fhirpatch.html> has them.
    pub fn parameters(parameters: &Resource) -> Result<Patch, Vec<Issue>> {
        let operations = operation::read(parameters)?;
        few(operations.len()).map(|()| Patch::FhirPath(operations))
    }

    /// The patched text; the very same text when the patch changes nothing. An error says which
    /// operation cannot be done.
    pub fn apply(&self, text: &str) -> Result<String, Issue> {
        let before = Node::parse(text).map_err(|_| broken())?;
        let mut after = before.clone();
        match self {
            Patch::Json(operations) => pointer::apply(operations, &mut after)?,
            Patch::Merge(members) => merge::apply(members, &mut after),
            Patch::FhirPath(operations) => edit::apply(operations, &mut after)?,
        }
        prune(&mut after);
        for fixed in ["resourceType", "id"] {
            if before.get(fixed) != after.get(fixed) {
                let rule = "A patch cannot change resourceType or id; create a resource instead";
                return Err(Issue::error(IssueCode::BusinessRule, rule).at(fixed));
            }
        }
        Ok(if before.same(&after) {
            text.to_owned()
        } else {
            after.to_string()
        })
    }
}

fn few(operations: usize) -> Result<(), Vec<Issue>> {
    if operations <= MAX_OPERATIONS {
        return Ok(());
    }
    let rule = format!("A patch may have {MAX_OPERATIONS} operations here; send several patches");
    Err(vec![Issue::error(IssueCode::TooCostly, rule)])
}

fn broken() -> Issue {
    Issue::error(IssueCode::Exception, "The stored resource cannot be read")
}

/// FHIR has no empty arrays and objects: what a patch emptied is gone.
fn prune(node: &mut Node) {
    match node {
        Node::Object(members) => {
            members.iter_mut().for_each(|(_, node)| prune(node));
            members.retain(|(_, node)| !is_empty(node));
        }
        Node::Array(items) => {
            items.iter_mut().for_each(prune);
            items.retain(|item| !matches!(item, Node::Object(members) if members.is_empty()));
        }
        Node::Leaf(_) => {}
    }
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Leaf(_) => false,
        Node::Array(items) => items.iter().all(Node::is_null),
        Node::Object(members) => members.is_empty(),
    }
}

#[cfg(test)]
mod tests;
