//! `code$value`: parts joined by `$`. <https://hl7.org/fhir/R4/search.html#combining>
//!
//! A code and a quantity are answered from the row that holds both. Other parts have rows of their own:
//! of elements of the resource itself there is one each, so these are exact; where the element repeats,
//! the resource decides.
use super::context::Context;
use super::escape::split;
use super::{invalid, unsupported, values};
use crate::Issue;
use crate::path::Expr;
use crate::registry::SearchParam;
use crate::search::check::{Check, Part};
use crate::search::index::pairs;
use crate::search::{Filter, Test};
use std::sync::Arc;

pub fn composite(
    param: &'static SearchParam,
    name: &str,
    value: &str,
    cx: &Context,
) -> Result<Filter, Issue> {
    let params: Vec<_> = param
        .components
        .iter()
        .map(|(code, _)| cx.param(param.on, code))
        .collect::<Result<_, _>>()?;
    let alternatives: Vec<Vec<Test>> = cx
        .alternatives(name, value)?
        .into_iter()
        .map(|alternative| tests(&params, name, alternative, cx))
        .collect::<Result<_, _>>()?;
    if !pairs(param).is_empty() {
        return Ok(in_one_row(param, alternatives));
    }
    let mut all = joined(&params, &alternatives);
    if param.expression != param.on.name() {
        all.push(Filter::Checked(
            check(param, &params, alternatives, cx)
                .ok_or_else(|| unsupported(name, "cannot be read by this server"))?,
        ));
    }
    Ok(Filter::And(all))
}

fn in_one_row(param: &'static SearchParam, alternatives: Vec<Vec<Test>>) -> Filter {
    let pairs = alternatives
        .into_iter()
        .filter_map(|tests| match <[Test; 2]>::try_from(tests) {
            Ok([Test::Token(codes), Test::Quantity(quantities)]) => Some((codes, quantities)),
            _ => None,
        });
    Filter::Param {
        param,
        test: Test::Paired(pairs.collect()),
    }
}

fn tests(
    params: &[&'static SearchParam],
    name: &str,
    alternative: &str,
    cx: &Context,
) -> Result<Vec<Test>, Issue> {
    let texts = split(alternative, '$');
    if texts.len() != params.len() {
        return Err(invalid(name, "takes its parts joined by '$'"));
    }
    params
        .iter()
        .zip(texts)
        .map(|(param, text)| values::test(param, name, None, text, cx))
        .collect()
}

/// The first part by any of its values, where a search can start; then the alternatives.
fn joined(params: &[&'static SearchParam], alternatives: &[Vec<Test>]) -> Vec<Filter> {
    let part = |(param, test): (&&'static SearchParam, &Test)| Filter::Param {
        param,
        test: test.clone(),
    };
    let whole = |tests: &Vec<Test>| params.iter().zip(tests).map(part).collect::<Vec<_>>();
    if let [one] = alternatives {
        return whole(one);
    }
    let firsts: Vec<_> = alternatives.iter().filter_map(|tests| tests.first()).collect();
    let mut all: Vec<_> = params
        .first()
        .zip(Test::any(&firsts))
        .map(|(param, test)| Filter::Param { param, test })
        .into_iter()
        .collect();
    all.push(Filter::Or(
        alternatives
            .iter()
            .map(|tests| Filter::And(whole(tests)))
            .collect(),
    ));
    all
}

fn check(
    param: &SearchParam,
    params: &[&'static SearchParam],
    alternatives: Vec<Vec<Test>>,
    cx: &Context,
) -> Option<Check> {
    let part = |(param, (_, path)): (&&'static SearchParam, &(&str, &str))| {
        let path = Expr::compile(path).ok()?;
        Some(Part { param, path })
    };
    let parts: Option<Vec<_>> = params.iter().zip(&param.components).map(part).collect();
    Some(Check::Composite {
        base: Arc::new(Expr::compile(param.expression).ok()?),
        parts: Arc::new(parts?),
        alternatives,
        bases: cx.own().clone(),
    })
}
