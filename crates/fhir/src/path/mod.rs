//! FHIRPath, compiled, over serde_json values. <http://hl7.org/fhirpath/N1/>
//!
//! Search parameters and protocol conditions are FHIRPath. What is here is what those need; a
//! name that is not a known function is refused when an expression is compiled, never skipped
//! when it runs. `as` filters collections, as R4's search expressions assume, and
//! `resolve() is Patient` is answered from the reference itself, without a look-up.
mod arithmetic;
mod ast;
mod collection;
mod compare;
mod eval;
mod function;
mod item;
mod navigate;
mod parse;
mod quantity;
mod text;
mod token;

pub use item::Item;

use serde_json::Value;
use std::fmt;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expr {
    root: ast::Node,
}

/// What an expression may refer to beside the resource. Clock and data are given, never fetched.
#[derive(Clone, Debug, Default)]
pub struct Env<'a> {
    variables: Vec<(&'a str, &'a Value)>,
    /// Microseconds since 1970.
    now: Option<i64>,
}

impl<'a> Env<'a> {
    /// Makes `%name` stand for a resource, an element, or a plain JSON value.
    pub fn with(mut self, name: &'a str, value: &'a Value) -> Env<'a> {
        self.variables.push((name, value));
        self
    }

    /// Gives `now()` and `today()` (in UTC) their instant; without it they are empty.
    pub fn at(mut self, now: i64) -> Env<'a> {
        self.now = Some(now);
        self
    }
}

/// Why an expression does not compile, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    pub at: usize,
    pub message: String,
}

impl PathError {
    fn at(at: usize, message: &str) -> PathError {
        PathError {
            at,
            message: message.to_owned(),
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FHIRPath, character {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for PathError {}

impl Expr {
    pub fn compile(text: &str) -> Result<Expr, PathError> {
        parse::parse(text).map(|root| Expr { root })
    }

    /// The items the expression selects from a resource.
    pub fn evaluate<'a>(&'a self, resource: &'a Value, env: &Env<'a>) -> Vec<Item<'a>> {
        self.evaluate_on(&Item::of_json(resource), resource, env)
    }

    /// The items selected from one element of `resource`, as composite components need it.
    pub fn evaluate_on<'a>(&'a self, item: &Item<'a>, resource: &'a Value, env: &Env<'a>) -> Vec<Item<'a>> {
        eval::Scope::new(resource, env).evaluate(&self.root, std::slice::from_ref(item))
    }

    /// True when the result is true, or one item of another kind; an empty result is false.
    pub fn holds<'a>(&'a self, resource: &'a Value, env: &Env<'a>) -> bool {
        compare::truth(&self.evaluate(resource, env)) == Some(true)
    }
}

#[cfg(test)]
mod tests;
