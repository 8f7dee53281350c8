//! Contained resources: not nested, with an id, and referred to.
//! <https://hl7.org/fhir/R4/references.html#contained>
use super::path::Step;
use super::{Walk, text};
use crate::IssueCode;
use serde_json::Value;
use std::collections::HashMap;

/// The resource that `#…` is about, and which of its contained resources were referred to.
pub(super) struct Scope<'a> {
    container: &'a Value,
    contained: &'a [Value],
    /// Place of each id; of twins the first.
    ids: HashMap<&'a str, usize>,
    used: Vec<bool>,
    /// The contained resource the walk is inside of.
    inside: Option<usize>,
}

/// What the invariants of an element are evaluated in.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// `%resource`
    pub(super) resource: &'a Value,
    /// `%rootResource`
    pub(super) container: &'a Value,
}

impl<'a> Scope<'a> {
    fn of(container: &'a Value) -> Scope<'a> {
        let contained = container
            .get("contained")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let mut ids = HashMap::with_capacity(contained.len());
        for (place, id) in contained
            .iter()
            .enumerate()
            .filter_map(|(place, inner)| Some((place, text(inner, "id")?)))
        {
            ids.entry(id).or_insert(place);
        }
        Scope {
            container,
            contained,
            ids,
            used: vec![false; contained.len()],
            inside: None,
        }
    }

    fn around(&self) -> Around<'a> {
        let inner = self.inside.and_then(|place| self.contained.get(place));
        Around {
            resource: inner.unwrap_or(self.container),
            container: self.container,
        }
    }

    /// The contained resource of that id, or the container for an empty id.
    pub(super) fn use_local(&mut self, id: &str) -> Option<&'a Value> {
        let place = if id.is_empty() {
            self.inside
        } else {
            self.ids.get(id).copied()
        };
        if let Some(used) = place.and_then(|place| self.used.get_mut(place)) {
            *used = true;
        }
        if id.is_empty() {
            Some(self.container)
        } else {
            self.contained.get(place?)
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn around(&self) -> Option<Around<'a>> {
        self.scope.as_ref().map(Scope::around)
    }

    pub(super) fn is_contained(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.inside.is_some())
    }

    /// Returns the scope to come back to.
    pub(super) fn enter_scope(&mut self, resource: &'a Value) -> Option<Scope<'a>> {
        self.scope.replace(Scope::of(resource))
    }

    pub(super) fn leave_scope(&mut self, outer: Option<Scope<'a>>) {
        let Some(scope) = std::mem::replace(&mut self.scope, outer) else {
            return;
        };
        let unused = scope
            .used
            .iter()
            .enumerate()
            .filter(|(place, used)| !**used && text(&scope.contained[*place], "id").is_some())
            .map(|(place, _)| place);
        for place in unused {
            self.path.push(Step::Name("contained"));
            self.path.push(Step::Place(place));
            let rule =
                "Nothing in the resource refers to this contained resource; refer to it as #id or remove it.";
            self.broken("dom-3", rule);
            self.path.pop();
            self.path.pop();
        }
    }

    pub(super) fn contained(&mut self, resource: &'a Value) {
        let (id, place) = (text(resource, "id"), self.path.place());
        let Some(scope) = &mut self.scope else { return };
        scope.inside = place;
        let twin = id.is_some_and(|id| scope.ids.get(id).copied() != place);
        if id.is_none() {
            self.report_at(
                "id",
                IssueCode::Required,
                "A contained resource needs an id to be referred to.",
            );
        }
        if twin {
            self.report_at(
                "id",
                IssueCode::Duplicate,
                "Contained resources must have different ids.",
            );
        }
        if resource.get("contained").is_some() {
            let rule =
                "dom-2: A contained resource must not contain others; move them to the outer resource.";
            self.report_at("contained", IssueCode::Invariant, rule);
        } else {
            self.resource_body(resource);
        }
        if let Some(meta) = resource.get("meta") {
            self.contained_meta(meta);
        }
        if let Some(scope) = &mut self.scope {
            scope.inside = None;
        }
    }

    /// dom-4, dom-5
    fn contained_meta(&mut self, meta: &Value) {
        for (member, key) in [
            ("versionId", "dom-4"),
            ("lastUpdated", "dom-4"),
            ("security", "dom-5"),
        ] {
            if meta.get(member).is_some() {
                let rule = format!(
                    "{key}: A contained resource has no meta.{member} of its own; remove it, or give it to the outer resource."
                );
                self.report_at(&format!("meta.{member}"), IssueCode::Invariant, rule);
            }
        }
    }

    /// A canonical or uri such as `#id` counts as a reference, and need not lead anywhere.
    pub(super) fn local_link(&mut self, link: &'a str) {
        if let (Some(id), Some(scope)) = (link.strip_prefix('#'), &mut self.scope) {
            scope.use_local(id);
        }
    }
}
