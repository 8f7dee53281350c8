//! Validation against the R4 base definitions. <https://hl7.org/fhir/R4/validation.html>
//!
//! One walk over the parsed resource, guided by the registry: structure, primitives, bindings,
//! references, and the invariants of each element. On a valid resource next to nothing is allocated
//! but the path stack. Findings never contain values of the resource.
mod contained;
mod datatypes;
mod invariants;
mod object;
mod path;
mod primitive;
mod reference;

use crate::{Issue, IssueCode, Resource};
use contained::Scope;
use path::Path;
use serde_json::Value;

/// Everything wrong with the resource, all at once; without errors it is storable.
pub fn validate(resource: &Resource) -> Vec<Issue> {
    walked(resource, false)
}

/// The same and what R4 advises: invariants that are warnings. They refuse nothing, so that a
/// write does not pay for them.
pub fn examine(resource: &Resource) -> Vec<Issue> {
    walked(resource, true)
}

fn walked(resource: &Resource, advice: bool) -> Vec<Issue> {
    let mut walk = Walk {
        path: Path::new(resource.type_id.name()),
        issues: Vec::new(),
        scope: None,
        advice,
    };
    walk.resource(&resource.value);
    let own = DEFINITIONS
        .iter()
        .filter(|(name, _)| *name == resource.type_id.name());
    walk.issues
        .extend(own.flat_map(|(_, problems)| problems(&resource.value)));
    walk.issues
}

/// Types that define something this server must be able to do.
type Problems = fn(&Value) -> Vec<Issue>;
const DEFINITIONS: [(&str, Problems); 1] = [("SearchParameter", crate::registry::custom::problems)];

/// More findings than anybody reads; a hostile body must not become a larger answer.
const MAX_ISSUES: usize = 500;
const LAST_ISSUE: usize = MAX_ISSUES - 1;

/// Where the walk is and what it found.
struct Walk<'a> {
    path: Path<'a>,
    issues: Vec<Issue>,
    /// The resource whose contained resources `#…` refers to.
    scope: Option<Scope<'a>>,
    /// Whether to look at what is only advised.
    advice: bool,
}

impl Walk<'_> {
    /// An invariant that native code has found broken.
    fn broken(&mut self, key: &str, rule: &str) {
        self.report(IssueCode::Invariant, format!("{key}: {rule}"));
    }

    fn report(&mut self, code: IssueCode, rule: impl Into<String>) {
        self.add(Issue::error(code, rule), None);
    }

    /// About a member of the element the walk is at.
    fn report_at(&mut self, member: &str, code: IssueCode, rule: impl Into<String>) {
        self.add(Issue::error(code, rule), Some(member));
    }

    /// Worth telling, but no reason to refuse.
    fn warn_at(&mut self, member: &str, code: IssueCode, rule: impl Into<String>) {
        self.add(Issue::warning(code, rule), Some(member));
    }

    fn add(&mut self, issue: Issue, member: Option<&str>) {
        match self.issues.len() {
            MAX_ISSUES.. => {}
            LAST_ISSUE => {
                let rule = "There are more problems than can be listed; correct these first.";
                self.issues.push(Issue::error(IssueCode::TooLong, rule));
            }
            _ => self.issues.push(issue.at(self.path.expression(member))),
        }
    }
}

/// A member that holds text.
fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
