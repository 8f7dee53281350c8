//! What only the resource itself can tell.
//!
//! Some searches ask which values stand in the same element: the parts of a composite in a
//! repeating element, the type of an identifier, the distance of a position. Rows for them would
//! be paid by every write; instead the index finds the candidates by the parts, which leaves few
//! wrong ones, and the resources, which are read for the answer anyway, decide.
//! <https://hl7.org/fhir/R4/search.html#combining>
use super::near::Near;
use super::words::{self, Terms, Words};
use super::{Test, Token, index, value};
use crate::base::Bases;
use crate::path::{Env, Expr, Item};
use crate::registry::SearchParam;
use serde_json::Value;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Check {
    /// One element of `base` has all parts of one of the alternatives.
    Composite {
        base: Arc<Expr>,
        parts: Arc<Vec<Part>>,
        alternatives: Vec<Vec<Test>>,
        bases: Bases,
    },
    /// `:of-type`: an identifier of that type with that value.
    OfType {
        param: &'static SearchParam,
        identifiers: Vec<TypedIdentifier>,
    },
    Near {
        param: &'static SearchParam,
        within: Vec<Near>,
    },
    /// `:text`: a display that starts with one of these folded texts.
    Display {
        param: &'static SearchParam,
        texts: Vec<String>,
    },
    /// `_text`
    Narrative(Words),
    /// `_content`
    Content(Words),
}

/// A part of a composite: the parameter it is of, and where its values are in the element.
#[derive(Debug)]
pub struct Part {
    pub param: &'static SearchParam,
    pub path: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypedIdentifier {
    pub of_type: Token,
    pub value: String,
}

impl Check {
    /// What every resource that passes has in the full-text index, where that says something.
    pub fn terms(&self) -> Option<Terms> {
        match self {
            Check::Display { texts, .. } => words::beginnings(texts),
            Check::Narrative(wanted) => Some(wanted.terms(true)),
            Check::Content(wanted) => Some(wanted.terms(false)),
            _ => None,
        }
    }

    pub fn holds(&self, resource: &Value) -> bool {
        match self {
            Check::Composite {
                base,
                parts,
                alternatives,
                bases,
            } => base
                .evaluate(resource, &Env::default())
                .iter()
                .any(|element| composite(element, resource, parts, alternatives, bases)),
            Check::OfType { param, identifiers } => index::nodes(resource, param)
                .any(|found| identifiers.iter().any(|wanted| of_type(found, wanted))),
            Check::Display { param, texts } => index::nodes(resource, param)
                .flat_map(words::displays)
                .map(index::normalise)
                .any(|display| texts.iter().any(|text| display.starts_with(text))),
            Check::Narrative(wanted) => wanted.hold(&words::narrative(resource)),
            Check::Content(wanted) => wanted.hold(&words::content(resource)),
            Check::Near { param, within } => {
                index::nodes(resource, param).any(|position| within.iter().any(|near| near.holds(position)))
            }
        }
    }
}

fn composite(
    element: &Item,
    resource: &Value,
    parts: &[Part],
    alternatives: &[Vec<Test>],
    bases: &Bases,
) -> bool {
    let values = |part: &Part| {
        let found = index::values_of(&part.path, element, resource, part.param.kind);
        index::with_own(found, bases)
    };
    let values: Vec<_> = parts.iter().map(values).collect();
    let all = |tests: &Vec<Test>| {
        tests
            .iter()
            .zip(&values)
            .all(|(test, values)| values.iter().any(|found| value::holds(test, found)))
    };
    alternatives.iter().any(all)
}

/// <https://hl7.org/fhir/R4/search.html#token> `:of-type` is type system|type code|value.
fn of_type(identifier: &Value, wanted: &TypedIdentifier) -> bool {
    let codings = identifier.pointer("/type/coding").and_then(Value::as_array);
    let typed = codings.into_iter().flatten().any(|coding| {
        let code = coding["code"].as_str().unwrap_or_default();
        value::token(&wanted.of_type, coding["system"].as_str(), code)
    });
    typed && identifier["value"].as_str() == Some(&wanted.value)
}
