//! Parameters that know few codes: those are named, so that the index is asked by seeks.
//!
//! Rows of codes are ordered by code and only then by resource. What asks for no code in particular
//! (is there any? is there one with such a quantity?) would read all rows of the parameter; where a
//! handful of codes is all there are, it is a seek for each of them.
use super::family::{Family, Source, sources};
use super::forms::either;
use super::sql::{Sql, Statement};
use super::start::countable;
use super::{look, units};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::Text;
use fhir::ParamId;
use fhir::registry::{ParamKind, SearchParam, registry};
use fhir::search::index::{pairs, places, usual};
use fhir::search::{Filter, Prefixed, QuantityTest, Test, Token};

/// More codes than this are not named.
const MOST: i64 = 16;

/// The filter with codes in it, where that makes seeks of it.
pub fn named(conn: &mut Conn, filter: Filter) -> Result<Filter, StoreError> {
    match &filter {
        Filter::Missing { param, missing } => any_code(conn, param, *missing, &filter),
        Filter::Param {
            param,
            test: test @ Test::Quantity(tests),
        } => {
            let parts = quantity(conn, param, &sources(param, Some(test))?, tests)?;
            Ok(parts.map_or(filter, either))
        }
        _ => Ok(filter),
    }
}

/// Something is missing where it has none of the codes there are.
fn any_code(
    conn: &mut Conn,
    param: &'static SearchParam,
    missing: bool,
    filter: &Filter,
) -> Result<Filter, StoreError> {
    let sources = match param.kind {
        ParamKind::Token if usual(param).is_none() => sources(param, None)?,
        _ => Vec::new(),
    };
    let ([source], true) = (&sources[..], param.only_targets.is_empty()) else {
        return Ok(filter.clone());
    };
    let Some(codes) = of(conn, source)? else {
        return Ok(filter.clone());
    };
    let has = match codes.is_empty() {
        true => Filter::Nothing,
        false => Filter::Param {
            param,
            test: Test::Token(codes),
        },
    };
    Ok(if missing { Filter::Not(Box::new(has)) } else { has })
}

/// A quantity in each place where there may be one.
fn quantity(
    conn: &mut Conn,
    param: &'static SearchParam,
    sources: &[Source],
    tests: &[Prefixed<QuantityTest>],
) -> Result<Option<Vec<Filter>>, StoreError> {
    let mut parts = Vec::new();
    for source in sources {
        let part = match source.family {
            Family::Coded => beside_codes(conn, param, source, tests)?,
            _ => in_units(conn, param, source, tests)?,
        };
        let Some(part) = part else { return Ok(None) };
        // What nothing passes would only be asked of each resource.
        let is_none = match part {
            Filter::Nothing => true,
            _ if sources.len() == 1 || !countable(&part) => false,
            _ => look::count(conn, param.on, std::slice::from_ref(&part), &[0])? == [0],
        };
        parts.extend((!is_none).then_some(part));
    }
    Ok(Some(parts))
}

/// A quantity beside codes is one of a pair.
fn beside_codes(
    conn: &mut Conn,
    param: &'static SearchParam,
    source: &Source,
    tests: &[Prefixed<QuantityTest>],
) -> Result<Option<Filter>, StoreError> {
    let (Some(param), Some(codes)) = (pair_in(param, source), of(conn, source)?) else {
        return Ok(None);
    };
    let test = Test::Paired(vec![(codes, tests.to_vec())]);
    Ok(Some(Filter::Param { param, test }))
}

fn in_units(
    conn: &mut Conn,
    param: &'static SearchParam,
    source: &Source,
    tests: &[Prefixed<QuantityTest>],
) -> Result<Option<Filter>, StoreError> {
    let Some(param) = plain(param) else {
        return Ok(None);
    };
    let tests = units::in_use(conn, source, tests)?;
    Ok(Some(match tests.is_empty() {
        true => Filter::Nothing,
        false => Filter::Param {
            param,
            test: Test::Quantity(tests),
        },
    }))
}

/// The parameter whose rows are those of this one that have no code beside them.
fn plain(param: &'static SearchParam) -> Option<&'static SearchParam> {
    if param.same_as.is_empty() {
        return Some(param);
    }
    let plain: Vec<ParamId> = param
        .same_as
        .iter()
        .copied()
        .filter(|id| registry().param_by_id(*id).is_some_and(|one| !is_coded(one)))
        .collect();
    match plain[..] {
        [id] => registry().param_by_id(id),
        _ => None,
    }
}

fn is_coded(param: &SearchParam) -> bool {
    places(param).iter().any(|place| place.coded)
}

/// The composite whose pairs lie in these rows.
fn pair_in(param: &SearchParam, source: &Source) -> Option<&'static SearchParam> {
    let mut alone = registry()
        .params(param.on)
        .iter()
        .filter(|one| pairs(one).len() == 1);
    alone.find(|pair| sources(pair, None).is_ok_and(|of| of.iter().any(|of| of == source)))
}

/// All codes of the rows, where they are few: the next one after each.
fn of(conn: &mut Conn, source: &Source) -> Result<Option<Vec<Token>>, StoreError> {
    if !matches!(source.family, Family::Coded | Family::Token) {
        return Ok(None);
    }
    let (mut sql, table) = (Sql::default(), source.table());
    sql.push("WITH RECURSIVE c(n, code) AS (SELECT 1, (SELECT min(t.code) FROM ")
        .push(&format!("{table} t WHERE "));
    source.param(&mut sql, "t");
    sql.push(&format!(
        ") UNION ALL SELECT c.n + 1, (SELECT min(t.code) FROM {table} t WHERE t.code > c.code AND "
    ));
    source.param(&mut sql, "t");
    sql.push(") FROM c WHERE c.code IS NOT NULL AND c.n <= ")
        .big(MOST)
        .push(") SELECT c.code FROM c WHERE c.code IS NOT NULL");
    let statement: Statement<(Text,)> = sql.returning();
    let found = on_each!(conn, |c| statement.load::<(String,)>(c))?;
    let few = i64::try_from(found.len()).is_ok_and(|found| found <= MOST);
    Ok(few.then(|| found.into_iter().map(|(code,)| Token::Code(code)).collect()))
}
