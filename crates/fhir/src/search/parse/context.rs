//! What all parameters of one search share: the server's base URL and a budget.
//!
//! A chain over several target types multiplies, and lists are free to write; both engines have
//! limits on the size of a statement. The budget refuses such a search before it reaches them.
use super::escape::split;
use crate::{Issue, IssueCode};
use std::cell::Cell;

/// Conditions and values in one search.
const BUDGET: usize = 2_000;
/// Values in one list: SQLite's expressions are at most 1,000 deep.
const MAX_ALTERNATIVES: usize = 500;

pub struct Context<'a> {
    pub base: &'a str,
    left: Cell<usize>,
}

impl<'a> Context<'a> {
    pub fn new(base: &'a str) -> Context<'a> {
        Context {
            base,
            left: Cell::new(BUDGET),
        }
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

pub fn too_costly(name: &str, rule: &str) -> Issue {
    Issue::error(IssueCode::TooCostly, format!("Search parameter '{name}' {rule}."))
}
