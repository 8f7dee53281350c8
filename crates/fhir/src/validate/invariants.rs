//! The invariants of R4's definitions, each compiled once and asked of every element it is on.
//! <https://hl7.org/fhir/R4/conformance-rules.html#constraints>
//!
//! What the names of the members decide is not evaluated: see [`Guard`]. As FHIR wants it, a
//! result that is not true breaks the rule, an empty one too; where R4's expressions did not mean
//! that, or are wrong, `data/invariant_overrides.tsv` has ours with the reason.
use super::Walk;
use crate::path::{Env, Expr, Guard, Item, TooCostly};
use crate::registry::{
    Definition, DefinitionId, Element, ElementType, Invariant, InvariantId, Primitive, invariants, registry,
};
use crate::{Issue, IssueCode, Severity};
use serde_json::Value;
use std::sync::LazyLock;

/// Rules that Rust answers, being everywhere: a test compares them with their expressions.
const NATIVE: [(&str, Native); 8] = [
    ("ele-1", Native::Members(has_content)),
    ("dom-2", Native::Walk),
    ("dom-3", Native::Walk),
    ("dom-4", Native::Walk),
    ("dom-5", Native::Walk),
    ("ref-1", Native::Walk),
    ("txt-1", Native::Walk),
    ("txt-2", Native::Walk),
];

/// Not asked of contained resources: their narrative belongs to the outer one.
const OUTER_ONLY: [&str; 1] = ["dom-6"];

/// A rule may look at all of a large Bundle or CodeSystem, but not at pairs of its elements.
const WORK: u64 = 20_000_000;

#[derive(Clone, Copy)]
enum Native {
    /// Decided by which members are there.
    Members(fn(&Definition) -> Guard),
    /// The walk itself finds what breaks it.
    Walk,
}

/// Anything but an id.
fn has_content(on: &Definition) -> Guard {
    Guard::Present(!on.bit("id").unwrap_or(0))
}

fn native(key: &str) -> Option<Native> {
    NATIVE
        .iter()
        .find(|(known, _)| *known == key)
        .map(|(_, native)| *native)
}

/// An invariant on the objects of one definition.
struct Planned {
    id: InvariantId,
    guard: Guard,
}

/// All expressions, by invariant.
static COMPILED: LazyLock<Vec<Expr>> = LazyLock::new(|| {
    let compiled = |invariant: &Invariant| Expr::compile(invariant.expression);
    invariants()
        .iter()
        .map(|invariant| compiled(invariant).expect("a test compiles every invariant"))
        .collect()
});

/// What to ask, by definition.
static PLANS: LazyLock<Vec<Vec<Planned>>> = LazyLock::new(|| {
    let definitions = registry().definitions().iter();
    definitions
        .map(|on| on.invariants.iter().filter_map(|id| planned(*id, on)).collect())
        .collect()
});

fn planned(id: InvariantId, on: &Definition) -> Option<Planned> {
    let invariant = &invariants()[usize::from(id)];
    let guard = match native(invariant.key) {
        Some(Native::Walk) => return None,
        Some(Native::Members(guard)) => guard(on),
        None => COMPILED[usize::from(id)].guard(on),
    };
    Some(Planned { id, guard })
}

impl<'a> Walk<'a> {
    /// Of an object, of whose elements those in `seen` are there.
    pub(super) fn object_invariants(&mut self, id: DefinitionId, seen: u128, value: &'a Value) {
        for planned in &PLANS[id.place()] {
            if self.asks(planned.id) {
                let result = match planned.guard.foretell(seen) {
                    Some(holds) => Ok(holds),
                    None => self.evaluate(planned.id, &Item::node(value, None, ElementType::Complex(id))),
                };
                self.answered(planned.id, result);
            }
        }
    }

    /// Of one element beside those of its type.
    pub(super) fn element_invariants(
        &mut self,
        element: &'static Element,
        of: ElementType,
        value: Option<&'a Value>,
    ) {
        let Some(value) = value else { return };
        for id in &element.invariants {
            let walked = matches!(native(invariants()[usize::from(*id)].key), Some(Native::Walk));
            if !walked && self.asks(*id) {
                let result = self.evaluate(*id, &Item::node(value, None, of));
                self.answered(*id, result);
            }
        }
    }

    fn asks(&self, id: InvariantId) -> bool {
        let invariant = &invariants()[usize::from(id)];
        if invariant.error {
            return true;
        }
        self.advice && !(OUTER_ONLY.contains(&invariant.key) && self.is_contained())
    }

    fn evaluate(&self, id: InvariantId, item: &Item<'a>) -> Result<bool, TooCostly> {
        let Some(around) = self.around() else {
            return Ok(true);
        };
        let env = Env::default().within(around.container).work(WORK);
        COMPILED[usize::from(id)].holds_on(item, around.resource, &env)
    }

    fn answered(&mut self, id: InvariantId, result: Result<bool, TooCostly>) {
        let invariant = &invariants()[usize::from(id)];
        let issue = match result {
            Ok(true) => return,
            Ok(false) => Issue {
                severity: severity(invariant),
                ..Issue::error(
                    IssueCode::Invariant,
                    format!("{}: {}.", invariant.key, invariant.human.trim_end_matches('.')),
                )
            },
            Err(TooCostly) => Issue::error(
                IssueCode::TooCostly,
                format!(
                    "{}: There is too much here to check this rule; split it.",
                    invariant.key
                ),
            ),
        };
        self.add(issue, None);
    }

    /// `xhtml` is checked by its own reader, which knows why.
    pub(super) fn narrative(&mut self, primitive: Primitive, text: &str) {
        if primitive != Primitive::Xhtml {
            return;
        }
        let Err(fault) = crate::xhtml::check(text) else {
            return;
        };
        let rule = format!(
            "{}: {}, at character {}.",
            fault.key,
            fault.rule,
            text_place(text, fault.at)
        );
        let severity = invariants()
            .iter()
            .find(|invariant| invariant.key == fault.key)
            .map_or(Severity::Error, severity);
        if severity == Severity::Error || self.advice {
            let issue = Issue {
                severity,
                ..Issue::error(IssueCode::Invariant, rule)
            };
            self.add(issue, None);
        }
    }
}

fn severity(invariant: &Invariant) -> Severity {
    match invariant.error {
        true => Severity::Error,
        false => Severity::Warning,
    }
}

/// People count characters, not bytes.
fn text_place(text: &str, at: usize) -> usize {
    text.get(..at).map_or(at, |before| before.chars().count()) + 1
}

#[cfg(test)]
mod tests;
