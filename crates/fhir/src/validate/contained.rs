//! Contained resources: not nested, with an id, and referred to.
//! <https://hl7.org/fhir/R4/references.html#contained>
use super::path::Step;
use super::{Walk, text};
use crate::IssueCode;
use serde_json::Value;

/// The resource that `#…` is about, and which of its contained resources were referred to.
pub(super) struct Scope<'a> {
    container: &'a Value,
    contained: &'a [Value],
    /// A bit for each of the first 64; a resource that contains more is spared the check.
    used: u64,
    /// The contained resource the walk is inside of.
    inside: Option<usize>,
}

impl<'a> Scope<'a> {
    /// The contained resource of that id, or the container for an empty id.
    pub(super) fn use_local(&mut self, id: &str) -> Option<&'a Value> {
        if id.is_empty() {
            self.inside.into_iter().for_each(|place| self.mark(place));
            return Some(self.container);
        }
        let place = self
            .contained
            .iter()
            .position(|inner| text(inner, "id") == Some(id))?;
        self.mark(place);
        self.contained.get(place)
    }

    fn mark(&mut self, place: usize) {
        self.used |= 1_u64
            .checked_shl(u32::try_from(place).unwrap_or(u32::MAX))
            .unwrap_or(0);
    }
}

impl<'a> Walk<'a> {
    /// Returns the scope to come back to.
    pub(super) fn enter_scope(&mut self, resource: &'a Value) -> Option<Scope<'a>> {
        let contained = resource.get("contained").and_then(Value::as_array);
        let contained = contained.map_or(&[][..], Vec::as_slice);
        self.scope.replace(Scope {
            container: resource,
            contained,
            used: 0,
            inside: None,
        })
    }

    pub(super) fn leave_scope(&mut self, outer: Option<Scope<'a>>) {
        let Some(scope) = std::mem::replace(&mut self.scope, outer) else {
            return;
        };
        let unused = (0..scope.contained.len().min(64)).filter(|place| scope.used >> place & 1 == 0);
        for place in unused {
            self.path.push(Step::Name("contained"));
            self.path.push(Step::Place(place));
            let rule =
                "Nothing in the resource refers to this contained resource; refer to it as #id or remove it.";
            self.report(IssueCode::Invariant, rule);
            self.path.pop();
            self.path.pop();
        }
    }

    pub(super) fn contained(&mut self, resource: &'a Value) {
        let Some(scope) = &mut self.scope else { return };
        let id = text(resource, "id");
        let twins = scope
            .contained
            .iter()
            .filter(|other| id.is_some() && text(other, "id") == id)
            .count();
        scope.inside = scope
            .contained
            .iter()
            .position(|other| std::ptr::eq(other, resource));
        if id.is_none() {
            self.report_at(
                "id",
                IssueCode::Required,
                "A contained resource needs an id to be referred to.",
            );
        }
        if twins > 1 {
            self.report_at(
                "id",
                IssueCode::Duplicate,
                "Contained resources must have different ids.",
            );
        }
        if resource.get("contained").is_some() {
            let rule = "A contained resource must not contain others; move them to the outer resource.";
            self.report_at("contained", IssueCode::Structure, rule);
        } else {
            self.resource_body(resource);
        }
        if let Some(scope) = &mut self.scope {
            scope.inside = None;
        }
    }

    /// A canonical or uri such as `#id` counts as a reference, and need not lead anywhere.
    pub(super) fn local_link(&mut self, link: &'a str) {
        if let (Some(id), Some(scope)) = (link.strip_prefix('#'), &mut self.scope) {
            scope.use_local(id);
        }
    }
}
