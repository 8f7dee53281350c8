//! One name and value to a [`Filter`]: plain, chained, `_has`, `:missing`, composite.
//! <https://hl7.org/fhir/R4/search.html#chaining>
use super::composite::composite;
use super::context::{Context, too_costly};
use super::escape::unescape;
use super::{date::date, invalid, near, reference::is_id, unsupported, values};
use crate::registry::{ParamKind, Registry, SearchParam, registry};
use crate::search::check::Check;
use crate::search::terminology::Lookup;
use crate::search::{Filter, Test, Token};
use crate::{Issue, IssueCode, TypeId};

/// Chains and `_has` nest; a tree this deep is nobody's question.
const MAX_DEPTH: usize = 8;

pub fn filter(on: TypeId, name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    at_depth(on, name, value, cx, MAX_DEPTH)
}

fn at_depth(on: TypeId, name: &str, value: &str, cx: &Context, depth: usize) -> Result<Filter, Issue> {
    cx.spend(name, 1)?;
    if depth == 0 {
        return Err(too_costly(name, "nests chains deeper than this server allows"));
    }
    // <https://hl7.org/fhir/R4/search.html#list>
    let list = (name == "_list").then_some("List:item:_id");
    if let Some(rest) = name.strip_prefix("_has:").or(list) {
        return has(on, name, rest, value, cx, depth);
    }
    if let Some((head, rest)) = name.split_once('.') {
        return chain(on, head, rest, value, cx, depth);
    }
    let (code, modifier) = match name.split_once(':') {
        Some((code, modifier)) => (code, Some(modifier)),
        None => (name, None),
    };
    match (code, modifier) {
        ("_id", None) => ids(name, value, cx),
        ("_id", Some("not")) => Ok(Filter::Not(Box::new(ids(name, value, cx)?))),
        ("_lastUpdated", None) => last_updated(name, value, cx),
        ("_id" | "_lastUpdated", Some(_)) => Err(unsupported(name, "does not support that modifier")),
        _ => plain(lookup(on, code)?, name, modifier, value, cx),
    }
}

fn plain(
    param: &'static SearchParam,
    name: &str,
    modifier: Option<&str>,
    value: &str,
    cx: &Context,
) -> Result<Filter, Issue> {
    match (param.kind, modifier) {
        (ParamKind::Composite, None) => composite(param, name, value, cx),
        (ParamKind::Composite, Some(_)) => Err(unsupported(name, "takes no modifier")),
        (_, Some("missing")) => match value {
            "true" | "false" => Ok(Filter::Missing {
                param,
                missing: value == "true",
            }),
            _ => Err(invalid(name, "takes true or false")),
        },
        (ParamKind::Special, _) => near::filter(param, name, modifier, &cx.alternatives(name, value)?),
        (ParamKind::Token, Some("of-type")) => of_type(param, name, value, cx),
        (ParamKind::Token, Some(relation @ ("in" | "not-in" | "above" | "below"))) => {
            terminology(param, name, relation, &cx.alternatives(name, value)?)
        }
        _ => {
            let test = values::test(param, name, modifier, value, cx)?;
            let filter = Filter::Param { param, test };
            Ok(if modifier == Some("not") {
                Filter::Not(Box::new(filter))
            } else {
                filter
            })
        }
    }
}

/// <https://hl7.org/fhir/R4/search.html#token>
fn terminology(
    param: &'static SearchParam,
    name: &str,
    relation: &str,
    value: &[&str],
) -> Result<Filter, Issue> {
    let wrong = |rule| invalid(name, rule);
    let lookup = match relation {
        "above" => values::each(value, values::system_code).map(Lookup::Above),
        "below" => values::each(value, values::system_code).map(Lookup::Below),
        _ => values::each(value, |url| Ok(unescape(url))).map(Lookup::In),
    };
    let filter = Filter::Terminology {
        param,
        lookup: lookup.map_err(wrong)?,
    };
    Ok(if relation == "not-in" {
        Filter::Not(Box::new(filter))
    } else {
        filter
    })
}

/// The value by its rows, the type by the resource.
fn of_type(param: &'static SearchParam, name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let identifiers = values::each(&cx.alternatives(name, value)?, values::typed_identifier)
        .map_err(|rule| invalid(name, rule))?;
    let values = identifiers.iter().map(|i| Token::Code(i.value.clone())).collect();
    Ok(Filter::And(vec![
        Filter::Param {
            param,
            test: Test::Token(values),
        },
        Filter::Checked(Check::OfType { param, identifiers }),
    ]))
}

/// <https://hl7.org/fhir/R4/search.html#has>
fn has(on: TypeId, name: &str, rest: &str, value: &str, cx: &Context, depth: usize) -> Result<Filter, Issue> {
    const RULE: &str =
        "is written _has:Type:reference-parameter:parameter, such as _has:Observation:patient:code";
    let mut parts = rest.splitn(3, ':');
    let (Some(from), Some(by), Some(inner)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(invalid(name, RULE));
    };
    let from = TypeId::of(from).ok_or_else(|| invalid(name, "names an unknown resource type"))?;
    let by = reference_param(from, by)?;
    if !by.targets.is_empty() && !by.targets.contains(&on) {
        return Err(invalid(name, &format!("cannot lead to {}", on.name())));
    }
    let inner = Box::new(at_depth(from, inner, value, cx, depth - 1)?);
    Ok(Filter::Has { from, by, inner })
}

fn chain(
    on: TypeId,
    head: &str,
    rest: &str,
    value: &str,
    cx: &Context,
    depth: usize,
) -> Result<Filter, Issue> {
    let (code, typed) = match head.split_once(':') {
        Some((code, type_name)) => (code, Some(type_name)),
        None => (head, None),
    };
    let param = reference_param(on, code)?;
    let targets = match typed {
        Some(type_name) => vec![values::target(param, head, type_name)?],
        None => possible_targets(param),
    };
    let (mut links, mut last) = (Vec::new(), None);
    for target in targets {
        match at_depth(target, rest, value, cx, depth - 1) {
            Ok(inner) => links.push(Filter::Chain {
                param,
                target: vec![target],
                inner: Box::new(inner),
            }),
            // Not a target the rest of the chain fits; what costs too much is no such thing.
            Err(issue) if issue.code == IssueCode::TooCostly => return Err(issue),
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

fn ids(name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let ids: Vec<_> = cx.alternatives(name, value)?.into_iter().map(unescape).collect();
    if ids.iter().all(|id| is_id(id)) {
        Ok(Filter::Id(ids))
    } else {
        Err(invalid(
            name,
            "takes logical ids: letters, digits, '-' and '.', at most 64",
        ))
    }
}

fn last_updated(name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let ranges: Result<Vec<_>, _> = cx.alternatives(name, value)?.into_iter().map(date).collect();
    ranges
        .map(Filter::LastUpdated)
        .map_err(|rule| invalid(name, rule))
}

/// The parameter, or an issue that lists those there are.
pub fn lookup(on: TypeId, code: &str) -> Result<&'static SearchParam, Issue> {
    let registry: &'static Registry = registry();
    registry.param(on, code).ok_or_else(|| {
        let valid: Vec<_> = registry.params(on).iter().map(|p| p.code).collect();
        unsupported(
            code,
            &format!("is not known for {}; valid: {}", on.name(), valid.join(", ")),
        )
    })
}

pub fn reference_param(on: TypeId, code: &str) -> Result<&'static SearchParam, Issue> {
    let param = lookup(on, code)?;
    if param.kind == ParamKind::Reference {
        return Ok(param);
    }
    Err(invalid(
        code,
        &format!(
            "of {} is not a reference, so nothing can be chained or included by it",
            on.name()
        ),
    ))
}
