//! What all parameters of one search share: the server's base URL, the parameters there are, and
//! a budget.
//!
//! A chain over several target types multiplies, and lists are free to write; both engines have
//! limits on the size of a statement. The budget refuses such a search before it reaches them.
use super::escape::split;
use super::{invalid, unsupported};
use crate::base::Bases;
use crate::registry::{Custom, CustomParams, ParamKind, Registry, SearchParam, Standing, registry};
use crate::{Issue, IssueCode, ParamId, TypeId};
use std::cell::{Cell, RefCell};

/// Conditions and values in one search.
const BUDGET: usize = 2_000;
/// Values in one list: SQLite's expressions are at most 1,000 deep.
const MAX_ALTERNATIVES: usize = 500;

pub struct Context<'a> {
    pub base: &'a str,
    custom: &'a CustomParams,
    /// Those of the database's own parameters that were asked for.
    used: RefCell<Vec<ParamId>>,
    left: Cell<usize>,
}

impl<'a> Context<'a> {
    pub fn new(base: &'a str, custom: &'a CustomParams) -> Context<'a> {
        Context {
            base,
            custom,
            used: RefCell::default(),
            left: Cell::new(BUDGET),
        }
    }

    /// The bases under which the database is served.
    pub fn own(&self) -> &Bases {
        &self.custom.bases
    }

    pub fn used(self) -> Vec<ParamId> {
        self.used.into_inner()
    }

    /// The parameter, or an issue that lists those there are.
    pub fn param(&self, on: TypeId, code: &str) -> Result<&'static SearchParam, Issue> {
        let registry: &'static Registry = registry();
        if let Some(param) = registry.param(on, code) {
            return Ok(param);
        }
        match self.custom.find(on, code) {
            Some(Custom {
                param,
                standing: Standing::Serving,
            }) => {
                self.used.borrow_mut().push(param.id);
                Ok(param)
            }
            Some(Custom {
                standing: Standing::Building { done, total },
                ..
            }) => Err(being_indexed(on, code, done, total)),
            None => Err(self.unknown(on, code)),
        }
    }

    fn unknown(&self, on: TypeId, code: &str) -> Issue {
        let official = registry().params(on).iter();
        let mut valid: Vec<_> = official.chain(self.custom.serving(on)).map(|p| p.code).collect();
        valid.sort_unstable();
        let rule = format!("is not known for {}; valid: {}", on.name(), valid.join(", "));
        unsupported(code, &rule)
    }

    pub fn reference_param(&self, on: TypeId, code: &str) -> Result<&'static SearchParam, Issue> {
        let param = self.param(on, code)?;
        if param.kind == ParamKind::Reference {
            return Ok(param);
        }
        let rule = format!(
            "of {} is not a reference, so nothing can be chained or included by it",
            on.name()
        );
        Err(invalid(code, &rule))
    }

    /// The reference parameters that a database adds, for `*`.
    pub fn own_references(&self, on: TypeId) -> Vec<&'static SearchParam> {
        let references = self.custom.serving(on);
        let own: Vec<_> = references
            .filter(|param| param.kind == ParamKind::Reference)
            .collect();
        self.used.borrow_mut().extend(own.iter().map(|param| param.id));
        own
    }

    pub fn spend(&self, name: &str, cost: usize) -> Result<(), Issue> {
        let left = self.left.get().checked_sub(cost);
        self.left.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| {
            too_costly(
                name,
                "makes the search larger than this server allows; split it, or name the type in chains",
            )
        })
    }

    /// The values between commas, still escaped.
    pub fn alternatives<'v>(&self, name: &str, value: &'v str) -> Result<Vec<&'v str>, Issue> {
        let parts = split(value, ',');
        if parts.len() > MAX_ALTERNATIVES {
            return Err(too_costly(name, "has more than 500 values"));
        }
        self.spend(name, parts.len())?;
        Ok(parts)
    }
}

/// The search is right and will be answered in a while.
fn being_indexed(on: TypeId, code: &str, done: i64, total: i64) -> Issue {
    let rule = format!(
        "of {} is being indexed: {done} of {total} stored resources are done; search again later, \
         SearchParameter/$reindex-status tells how far it is",
        on.name()
    );
    Issue::error(IssueCode::Transient, format!("Search parameter '{code}' {rule}."))
}

pub fn too_costly(name: &str, rule: &str) -> Issue {
    Issue::error(IssueCode::TooCostly, format!("Search parameter '{name}' {rule}."))
}
