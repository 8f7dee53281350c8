//! One parameter of the resource itself, with its modifier: what a chain ends in.
//! <https://hl7.org/fhir/R4/search.html#modifiers>
use super::composite::composite;
use super::context::Context;
use super::escape::unescape;
use super::{date::date, invalid, near, reference::is_id, text, unsupported, values};
use crate::registry::{ParamKind, SearchParam};
use crate::search::check::Check;
use crate::search::terminology::Lookup;
use crate::search::{Filter, Test, Token};
use crate::{Issue, TypeId};

pub fn filter(on: TypeId, name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let (code, modifier) = match name.split_once(':') {
        Some((code, modifier)) => (code, Some(modifier)),
        None => (name, None),
    };
    match (code, modifier) {
        ("_id", None) => ids(name, value, cx),
        ("_id", Some("not")) => Ok(Filter::Not(Box::new(ids(name, value, cx)?))),
        ("_lastUpdated", None) => last_updated(name, value, cx),
        ("_text", None) => text::words(name, value, cx).map(|words| Filter::Checked(Check::Narrative(words))),
        ("_content", None) => {
            text::words(name, value, cx).map(|words| Filter::Checked(Check::Content(words)))
        }
        ("_id" | "_lastUpdated" | "_text" | "_content", Some(_)) => {
            Err(unsupported(name, "does not support that modifier"))
        }
        _ => plain(cx.param(on, code)?, name, modifier, value, cx),
    }
}

pub fn plain(
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
        (ParamKind::Token, Some("text")) => text::display(param, name, value, cx),
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
pub fn terminology(
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

pub fn ids(name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
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

pub fn last_updated(name: &str, value: &str, cx: &Context) -> Result<Filter, Issue> {
    let ranges: Result<Vec<_>, _> = cx.alternatives(name, value)?.into_iter().map(date).collect();
    ranges
        .map(Filter::LastUpdated)
        .map_err(|rule| invalid(name, rule))
}
