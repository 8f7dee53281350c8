//! Query string to [`Query`]: strict, so that nothing asked for is ignored in silence.
//! <https://hl7.org/fhir/R4/search.html>
//!
//! `filter` reads names (modifiers, chains, `_has`), `control` the parameters that shape the
//! answer, `escape`, `number`, `date` and `reference` the values. Diagnostics name parameters and
//! rules, never the values searched for: those may identify a patient.
mod composite;
mod context;
mod control;
mod date;
mod escape;
mod expression;
mod filter;
mod near;
mod number;
mod operator;
mod plain;
mod quantity;
mod reference;
mod text;
mod values;

pub(crate) use reference::is_id;

use super::{Filter, Query};
use crate::registry::CustomParams;
use crate::{Issue, IssueCode, Severity, TypeId};
use context::Context;

/// Limits the caller decides.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub default_count: usize,
    pub max_count: usize,
}

/// `pairs` are decoded names and values in order. `base` is the FHIR base URL, so that absolute
/// references to this server are recognised as local. Every problem is reported, each naming
/// the parameter and what would be valid. With `lenient` (Prefer: handling=lenient) unknown
/// parameters are left out and returned as warnings. Only R4's parameters are known.
pub fn parse(
    on: TypeId,
    pairs: &[(String, String)],
    base: &str,
    limits: Limits,
    lenient: bool,
) -> Result<(Query, Vec<Issue>), Vec<Issue>> {
    parse_with(on, pairs, base, limits, lenient, CustomParams::none())
}

/// The same with the parameters that a database adds. One that is still being indexed is an error
/// of the code `transient`.
pub fn parse_with(
    on: TypeId,
    pairs: &[(String, String)],
    base: &str,
    limits: Limits,
    lenient: bool,
    custom: &CustomParams,
) -> Result<(Query, Vec<Issue>), Vec<Issue>> {
    let mut query = Query::new(on, Vec::new(), limits.default_count.min(limits.max_count));
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let cx = Context::new(base, custom);
    for (name, value) in pairs {
        match one(&mut query, name, value, &cx, limits) {
            Ok(()) => {}
            Err(issue) if lenient && issue.code == IssueCode::NotSupported => {
                told(&mut warnings, ignored(issue))
            }
            Err(issue) => told(&mut errors, issue),
        }
    }
    query.bases = cx.own().clone();
    query.custom = cx.used();
    if errors.is_empty() {
        Ok((query, warnings))
    } else {
        Err(errors)
    }
}

/// As many as somebody reads, each once: a hostile search must not become a larger answer.
fn told(issues: &mut Vec<Issue>, issue: Issue) {
    if issues.len() < MOST_TOLD && !issues.contains(&issue) {
        issues.push(issue);
    }
}

/// Each may name all parameters of its type.
const MOST_TOLD: usize = 20;

/// One condition by name and value, as `parse` would read it: for criteria kept as text.
pub fn parse_filter(on: TypeId, name: &str, value: &str, base: &str) -> Result<Filter, Issue> {
    filter::filter(on, name, value, &Context::new(base, CustomParams::none()))
}

fn one(query: &mut Query, name: &str, value: &str, cx: &Context, limits: Limits) -> Result<(), Issue> {
    if value.is_empty() {
        return Err(invalid(name, "has no value; leave it out or give one"));
    }
    if value.contains('\0') {
        return Err(invalid(name, "contains a NUL character, which no resource can"));
    }
    let mut shown = value.to_string();
    match control::apply(query, name, value, cx, limits)? {
        control::Applied::Yes => {}
        control::Applied::As(understood) => shown = understood,
        control::Applied::Hidden => return Ok(()),
        control::Applied::No => add(&mut query.filters, filter::filter(query.on, name, value, cx)?),
    }
    query.echo.push((name.to_string(), shown));
    Ok(())
}

/// What must hold together stands side by side, so that the store may start from any of it.
fn add(filters: &mut Vec<Filter>, filter: Filter) {
    match filter {
        Filter::And(parts) => parts.into_iter().for_each(|part| add(filters, part)),
        other => filters.push(other),
    }
}

fn ignored(issue: Issue) -> Issue {
    Issue {
        severity: Severity::Warning,
        diagnostics: format!("{} It was ignored (handling=lenient).", issue.diagnostics),
        ..issue
    }
}

/// The value breaks a rule; `rule` completes the sentence.
fn invalid(name: &str, rule: &str) -> Issue {
    Issue::error(IssueCode::Value, format!("Search parameter '{name}' {rule}."))
}

/// What was asked for is unknown or not offered; a lenient caller lives without it.
fn unsupported(name: &str, rule: &str) -> Issue {
    Issue::error(
        IssueCode::NotSupported,
        format!("Search parameter '{name}' {rule}."),
    )
}

#[cfg(test)]
mod tests;
