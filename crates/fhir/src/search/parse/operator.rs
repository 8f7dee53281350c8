//! The operators of `_filter`, by the type of parameter they stand behind.
//! <https://hl7.org/fhir/R4/search_filter.html#ops>
use super::context::Context;
use super::{invalid, plain, unsupported, values};
use crate::registry::{ParamKind, SearchParam};
use crate::search::index::normalise;
use crate::search::{Filter, Prefix, StrMode, Test};
use crate::{Issue, TypeId};

/// <https://hl7.org/fhir/R4/search_filter.html#ops>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Lt,
    Ge,
    Le,
    Ap,
    Sa,
    Eb,
    Pr,
    Po,
    Ss,
    Sb,
    In,
    Ni,
    Re,
}

const OPERATORS: [(&str, Operator); 19] = [
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("co", Operator::Co),
    ("sw", Operator::Sw),
    ("ew", Operator::Ew),
    ("gt", Operator::Gt),
    ("lt", Operator::Lt),
    ("ge", Operator::Ge),
    ("le", Operator::Le),
    ("ap", Operator::Ap),
    ("sa", Operator::Sa),
    ("eb", Operator::Eb),
    ("pr", Operator::Pr),
    ("po", Operator::Po),
    ("ss", Operator::Ss),
    ("sb", Operator::Sb),
    ("in", Operator::In),
    ("ni", Operator::Ni),
    ("re", Operator::Re),
];

impl Operator {
    pub fn of(code: &str) -> Option<Operator> {
        let found = OPERATORS.iter().find(|(name, _)| *name == code);
        found.map(|(_, operator)| *operator)
    }

    fn prefix(self) -> Option<Prefix> {
        Some(match self {
            Operator::Eq => Prefix::Eq,
            Operator::Ne => Prefix::Ne,
            Operator::Gt => Prefix::Gt,
            Operator::Lt => Prefix::Lt,
            Operator::Ge => Prefix::Ge,
            Operator::Le => Prefix::Le,
            Operator::Ap => Prefix::Ap,
            Operator::Sa => Prefix::Sa,
            Operator::Eb => Prefix::Eb,
            Operator::Po => Prefix::Po,
            _ => return None,
        })
    }
}

/// One condition; `name` has no chain any more.
pub fn filter(
    on: TypeId,
    name: &str,
    operator: Operator,
    value: &str,
    cx: &Context,
) -> Result<Filter, Issue> {
    cx.spend(name, 1)?;
    match (name, operator) {
        ("_id" | "_text" | "_content", Operator::Eq) => plain::filter(on, name, value, cx),
        ("_id", Operator::Ne) => plain::filter(on, name, value, cx).map(not),
        ("_lastUpdated", operator) => last_updated(name, operator, value, cx),
        _ => of_param(cx.param(on, name)?, name, operator, value, cx),
    }
}

fn last_updated(name: &str, operator: Operator, value: &str, cx: &Context) -> Result<Filter, Issue> {
    match (plain::last_updated(name, value, cx)?, operator.prefix()) {
        (Filter::LastUpdated(mut ranges), Some(prefix)) => {
            ranges.iter_mut().for_each(|range| range.prefix = prefix);
            Ok(Filter::LastUpdated(ranges))
        }
        _ => Err(refuse(name)),
    }
}

fn of_param(
    param: &'static SearchParam,
    name: &str,
    operator: Operator,
    value: &str,
    cx: &Context,
) -> Result<Filter, Issue> {
    let by = |test| Filter::Param { param, test };
    let test = || values::test(param, name, None, &one(value), cx).map(by);
    match (param.kind, operator) {
        (_, Operator::Pr) => match value {
            "true" | "false" => Ok(Filter::Missing {
                param,
                missing: value == "false",
            }),
            _ => Err(invalid(name, "takes true or false after pr")),
        },
        (ParamKind::String, operator) => string(param, name, operator, value),
        (ParamKind::Token, Operator::In) => plain::terminology(param, name, "in", &[value]),
        (ParamKind::Token, Operator::Ni) => plain::terminology(param, name, "not-in", &[value]),
        (ParamKind::Token, Operator::Ss) => plain::terminology(param, name, "below", &[value]),
        (ParamKind::Token, Operator::Sb) => plain::terminology(param, name, "above", &[value]),
        (ParamKind::Reference, Operator::Eq | Operator::Re) => test(),
        (ParamKind::Token | ParamKind::Uri, Operator::Eq) => test(),
        (ParamKind::Token | ParamKind::Uri | ParamKind::Reference, Operator::Ne) => test().map(not),
        (ParamKind::Composite | ParamKind::Special, Operator::Eq) => {
            plain::plain(param, name, None, value, cx)
        }
        (ParamKind::Number | ParamKind::Date | ParamKind::Quantity, operator) => {
            let mut test = values::test(param, name, None, &one(value), cx)?;
            compared(&mut test, operator.prefix().ok_or_else(|| refuse(name))?);
            Ok(by(test))
        }
        _ => Err(refuse(name)),
    }
}

fn compared(test: &mut Test, prefix: Prefix) {
    match test {
        Test::Date(all) => all.iter_mut().for_each(|one| one.prefix = prefix),
        Test::Number(all) => all.iter_mut().for_each(|one| one.prefix = prefix),
        Test::Quantity(all) => all.iter_mut().for_each(|one| one.prefix = prefix),
        _ => {}
    }
}

fn string(param: &'static SearchParam, name: &str, operator: Operator, value: &str) -> Result<Filter, Issue> {
    let mode = match operator {
        Operator::Eq | Operator::Ne => StrMode::Whole,
        Operator::Co => StrMode::Contains,
        Operator::Sw => StrMode::StartsWith,
        Operator::Ew => StrMode::EndsWith,
        _ => return Err(refuse(name)),
    };
    let filter = Filter::Param {
        param,
        test: Test::Str(mode, vec![normalise(value)]),
    };
    Ok(if operator == Operator::Ne {
        not(filter)
    } else {
        filter
    })
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

/// A comma is no separator here.
fn one(value: &str) -> String {
    value.replace(',', "\\,")
}

fn refuse(name: &str) -> Issue {
    unsupported(
        name,
        "does not take that operator in _filter; strings take eq ne co sw ew, tokens eq ne in ni ss sb, \
         references eq ne re, numbers, dates and quantities eq ne gt lt ge le ap sa eb po, all take pr",
    )
}
