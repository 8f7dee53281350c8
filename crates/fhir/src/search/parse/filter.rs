//! One name and value to a [`Filter`]: chains and `_has`, down to the parameter.
//! <https://hl7.org/fhir/R4/search.html#chaining>
use super::context::{Context, too_costly};
use super::operator::{self, Operator};
use super::{expression, invalid, plain, values};
use crate::registry::{SearchParam, registry};
use crate::search::Filter;
use crate::{Issue, IssueCode, TypeId};

/// Chains and `_has` nest; a tree this deep is nobody's question.
const MAX_DEPTH: usize = 8;

/// What is asked of a parameter: its value, and in `_filter` the operator before it.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub value: &'a str,
    pub operator: Option<Operator>,
}

pub fn filter(on: TypeId, name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    if name == "_filter" {
        return expression::filter(on, value, cx);
    }
    wanted(
        on,
        name,
        Wanted {
            value,
            operator: None,
        },
        cx,
    )
}

pub fn wanted(on: TypeId, name: &str, wanted: Wanted, cx: &Context) -> Result<Filter, Issue> {
    at_depth(on, name, wanted, cx, MAX_DEPTH)
}

fn at_depth(on: TypeId, name: &str, wanted: Wanted, cx: &Context, depth: usize) -> Result<Filter, Issue> {
    cx.spend(name, 1)?;
    if depth == 0 {
        return Err(too_costly(name, "nests chains deeper than this server allows"));
    }
    // <https://hl7.org/fhir/R4/search.html#list>
    let list = (name == "_list").then_some("List:item:_id");
    if let Some(rest) = name.strip_prefix("_has:").or(list) {
        return has(on, name, rest, wanted, cx, depth);
    }
    if let Some((head, rest)) = name.split_once('.') {
        return chain(on, head, rest, wanted, cx, depth);
    }
    match wanted.operator {
        Some(operator) => operator::filter(on, name, operator, wanted.value, cx),
        None => plain::filter(on, name, wanted.value, cx),
    }
}

/// <https://hl7.org/fhir/R4/search.html#has>
fn has(
    on: TypeId,
    name: &str,
    rest: &str,
    wanted: Wanted,
    cx: &Context,
    depth: usize,
) -> Result<Filter, Issue> {
    const RULE: &str =
        "is written _has:Type:reference-parameter:parameter, such as _has:Observation:patient:code";
    let mut parts = rest.splitn(3, ':');
    let (Some(from), Some(by), Some(inner)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(invalid(name, RULE));
    };
    let from = TypeId::of(from).ok_or_else(|| invalid(name, "names an unknown resource type"))?;
    let by = cx.reference_param(from, by)?;
    if !by.targets.is_empty() && !by.targets.contains(&on) {
        return Err(invalid(name, &format!("cannot lead to {}", on.name())));
    }
    let inner = Box::new(at_depth(from, inner, wanted, cx, depth - 1)?);
    Ok(Filter::Has { from, by, inner })
}

fn chain(
    on: TypeId,
    head: &str,
    rest: &str,
    wanted: Wanted,
    cx: &Context,
    depth: usize,
) -> Result<Filter, Issue> {
    let (code, typed) = match head.split_once(':') {
        Some((code, type_name)) => (code, Some(type_name)),
        None => (head, None),
    };
    let param = cx.reference_param(on, code)?;
    let targets = match typed {
        Some(type_name) => vec![values::target(param, head, type_name)?],
        None => possible_targets(param),
    };
    let (mut links, mut last) = (Vec::new(), None);
    for target in targets {
        match at_depth(target, rest, wanted, cx, depth - 1) {
            Ok(inner) => links.push(Filter::Chain {
                param,
                target: vec![target],
                inner: Box::new(inner),
            }),
            // Not a target the rest of the chain fits; what costs too much, or is not ready, is
            // no such thing.
            Err(issue) if matches!(issue.code, IssueCode::TooCostly | IssueCode::Transient) => {
                return Err(issue);
            }
            Err(issue) => last = Some(issue),
        }
    }
    match (links.pop(), last) {
        (Some(only), _) if links.is_empty() => Ok(only),
        (Some(one), _) => {
            links.push(one);
            Ok(Filter::Or(links))
        }
        (None, Some(issue)) => Err(issue),
        (None, None) => Ok(Filter::Nothing),
    }
}

fn possible_targets(param: &SearchParam) -> Vec<TypeId> {
    match (param.only_targets.is_empty(), param.targets.is_empty()) {
        (false, _) => param.only_targets.clone(),
        (true, false) => param.targets.clone(),
        (true, true) => registry().types().to_vec(),
    }
}
