//! References: their form and what they may point to. <https://hl7.org/fhir/R4/references.html>
use super::primitive::is_id;
use super::{Walk, text};
use crate::registry::Element;
use crate::{IssueCode, TypeId};
use serde_json::{Map, Value};

/// What the text of a reference says.
enum Form {
    /// Leads to a resource of that type.
    Typed(TypeId),
    /// A URL or URN that names no type.
    Opaque,
    Wrong,
}

impl<'a> Walk<'a> {
    pub(super) fn reference(&mut self, element: &'static Element, members: &'a Map<String, Value>) {
        let Some(reference) = members.get("reference").and_then(Value::as_str) else {
            return;
        };
        let target = match reference.strip_prefix('#') {
            Some(_) => self.contained_type(reference),
            None => match form(reference) {
                Form::Typed(type_id) => Some(type_id),
                Form::Opaque => None,
                Form::Wrong => {
                    let rule = "A reference is Type/id with a FHIR R4 type, an absolute URL, a URN, or #id.";
                    return self.report_at("reference", IssueCode::Value, rule);
                }
            },
        };
        let Some(target) = target.filter(|_| !element.targets.is_empty()) else {
            return;
        };
        // Only a warning: exchanged data, and four of R4's own examples, point to other types.
        if !element.targets.contains(&target) {
            let names: Vec<_> = element.targets.iter().map(|target| target.name()).collect();
            let rule = format!(
                "{} should not refer to {}; R4 names {}.",
                element.name,
                target.name(),
                names.join(", ")
            );
            self.warn_at("reference", IssueCode::Value, rule);
        }
    }

    /// Local references must lead somewhere; the type of what they lead to.
    fn contained_type(&mut self, reference: &'a str) -> Option<TypeId> {
        let Some(scope) = &mut self.scope else { return None };
        match scope.use_local(&reference[1..]) {
            Some(resource) => text(resource, "resourceType").and_then(TypeId::of),
            None => {
                let rule = "ref-1: A reference with # must name the id of a contained resource.";
                self.report_at("reference", IssueCode::NotFound, rule);
                None
            }
        }
    }
}

fn form(reference: &str) -> Form {
    if let Some((name, _query)) = reference.split_once('?').filter(|(name, _)| !name.contains('/')) {
        return TypeId::of(name).map_or(Form::Wrong, Form::Typed);
    }
    let absolute = has_scheme(reference);
    let unversioned = reference.split("/_history/").next().unwrap_or(reference);
    let mut parts = unversioned.rsplit('/');
    let id = parts.next().filter(|id| is_id(id));
    let named = parts.next().and_then(TypeId::of);
    match (id, named) {
        _ if reference.bytes().any(|byte| byte <= b' ') => Form::Wrong,
        (Some(_), Some(type_id)) if absolute || parts.next().is_none() => Form::Typed(type_id),
        _ if absolute => Form::Opaque,
        _ => Form::Wrong,
    }
}

/// `http:`, `urn:`, …
fn has_scheme(reference: &str) -> bool {
    let scheme = reference.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|s| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}
