//! JSON Merge Patch: a part of the resource as it shall be. <https://www.rfc-editor.org/rfc/rfc7396>
//!
//! R4 does not name it, but libraries patch with it (fhirpy). Lists are replaced whole.
use crate::tree::Node;
use crate::{Issue, IssueCode};

/// An object; a null takes a member away.
pub type Members = Vec<(String, Node<'static>)>;

pub fn read(text: &str) -> Result<Members, Issue> {
    let malformed = |rule: &str| Issue::error(IssueCode::Structure, format!("A merge patch {rule}"));
    let tree = crate::resource::json(text)
        .and_then(|_| Node::parse(text))
        .map_err(|error| malformed(&format!("is not JSON ({error})")))?;
    match tree.into_owned() {
        Node::Object(members) => Ok(members),
        _ => Err(malformed("is an object with the members that change")),
    }
}

/// The result is nested no deeper than the deeper of both, so that nothing grows without bound.
pub fn apply(patch: &Members, target: &mut Node) {
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
            continue;
        }
        let empty = || Node::Object(Vec::new());
        let Some(member) = target.member_mut(name, empty) else {
            continue;
        };
        match value {
            Node::Object(members) => {
                if member.members().is_none() {
                    *member = empty();
                }
                apply(members, member);
            }
            other => *member = other.clone(),
        }
    }
}
