//! FHIRPath, compiled, over serde_json values. <http://hl7.org/fhirpath/N1/>
//!
//! Search parameters, patches, invariants and protocol conditions are FHIRPath. What is here is
//! what those need; a name that is not a known function is refused when an expression is compiled,
//! never skipped when it runs. Depth is bounded when an expression is read, work while it is
//! evaluated, so that no expression and no resource can stop the server. `as` filters collections,
//! as R4's search expressions assume, and `resolve() is Patient` is answered from the reference
//! itself, without a look-up.
mod arithmetic;
mod ast;
mod call;
mod collection;
mod compare;
mod convert;
mod eval;
mod function;
mod guard;
mod item;
mod math;
mod navigate;
mod parse;
mod pattern;
mod quantity;
mod starts;
mod text;
mod token;
mod typing;

pub(crate) use guard::Guard;
pub use item::Item;

use crate::TypeId;
use serde_json::Value;
use std::fmt;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expr {
    root: ast::Node,
    starts: Option<Vec<String>>,
}

/// What an expression may refer to beside the resource. Clock and data are given, never fetched.
#[derive(Clone, Debug)]
pub struct Env<'a> {
    variables: Vec<(&'a str, &'a Value)>,
    /// Microseconds since 1970.
    now: Option<i64>,
    /// `%rootResource`, where the resource is a contained one.
    container: Option<&'a Value>,
    /// Bound on nodes visited, items made and text compared.
    work: u64,
}

/// Far more than a condition on a resource takes, and done in a fraction of a second.
const WORK: u64 = 2_000_000;

impl Default for Env<'_> {
    fn default() -> Self {
        Env {
            variables: Vec::new(),
            now: None,
            container: None,
            work: WORK,
        }
    }
}

impl<'a> Env<'a> {
    /// Makes `%name` stand for a resource, an element, or a plain JSON value.
    pub fn with(mut self, name: &'a str, value: &'a Value) -> Env<'a> {
        self.variables.push((name, value));
        self
    }

    /// The resource that contains the one evaluated on.
    pub fn within(mut self, container: &'a Value) -> Env<'a> {
        self.container = Some(container);
        self
    }

    /// Another bound on work than the usual one.
    pub fn work(mut self, units: u64) -> Env<'a> {
        self.work = units;
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
        parse::parse(text).map(|root| Expr {
            starts: starts::starts(&root),
            root,
        })
    }

    /// Names of members without which it selects nothing; None where it may all the same.
    pub(crate) fn starts(&self) -> Option<&[String]> {
        self.starts.as_deref()
    }

    /// The types the expression yields on a resource of type `on`, by the definitions; None where
    /// they cannot be told, an error where the path leads nowhere.
    pub fn types(&self, on: TypeId) -> Result<Option<Vec<&'static str>>, String> {
        typing::of(&self.root, on)
    }

    /// The same for a path that goes on from what this expression yields.
    pub fn then_types(&self, path: &str, on: TypeId) -> Result<Option<Vec<&'static str>>, String> {
        let path = Expr::compile(path).map_err(|error| error.to_string())?;
        typing::from(&path.root, self.types(on)?)
    }

    /// The items the expression selects from a resource; none where the work is too much.
    pub fn evaluate<'a>(&'a self, resource: &'a Value, env: &Env<'a>) -> Vec<Item<'a>> {
        self.try_evaluate(resource, env).unwrap_or_default()
    }

    /// The same, and whether the bound on work was reached.
    pub fn try_evaluate<'a>(
        &'a self,
        resource: &'a Value,
        env: &Env<'a>,
    ) -> Result<Vec<Item<'a>>, TooCostly> {
        if self
            .starts
            .as_ref()
            .is_some_and(|names| !starts::any(resource, names))
        {
            return Ok(Vec::new());
        }
        self.try_evaluate_on(&Item::of_json(resource), resource, env)
    }

    /// The items selected from one element of `resource`, as composite components need it.
    pub fn evaluate_on<'a>(&'a self, item: &Item<'a>, resource: &'a Value, env: &Env<'a>) -> Vec<Item<'a>> {
        self.try_evaluate_on(item, resource, env).unwrap_or_default()
    }

    fn try_evaluate_on<'a>(
        &'a self,
        item: &Item<'a>,
        resource: &'a Value,
        env: &Env<'a>,
    ) -> Result<Vec<Item<'a>>, TooCostly> {
        let scope = eval::Scope::new(resource, item, env);
        let items = scope.evaluate(&self.root, eval::Context::of(std::slice::from_ref(item)));
        if scope.exhausted() {
            Err(TooCostly)
        } else {
            Ok(items)
        }
    }

    /// True when the result is true, or one item of another kind; an empty result is false.
    pub fn holds<'a>(&'a self, resource: &'a Value, env: &Env<'a>) -> bool {
        self.holds_on(&Item::of_json(resource), resource, env) == Ok(true)
    }

    /// The same for one element of a resource.
    pub(crate) fn holds_on<'a>(
        &'a self,
        item: &Item<'a>,
        resource: &'a Value,
        env: &Env<'a>,
    ) -> Result<bool, TooCostly> {
        let scope = eval::Scope::new(resource, item, env);
        let context = eval::Context::of(std::slice::from_ref(item));
        let holds = scope.condition(&self.root, context) == Some(true);
        if scope.exhausted() {
            Err(TooCostly)
        } else {
            Ok(holds)
        }
    }
}

/// An evaluation that was ended because it took too much work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooCostly;

#[cfg(test)]
mod tests;
