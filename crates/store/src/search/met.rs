//! Codes that have never met: a search for both is over before it begins. Which have is noted with every
//! write (`rows.rs`), for the pairs of parameters that `fhir::search::index::met` lists.
use super::family::names_a_code;
use super::rank::names_few;
use super::sql::{Bind, Sql, Statement};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use fhir::search::index::{clip, met};
use fhir::search::{Filter, Test, Token};
use fhir::{ParamId, TypeId};

/// More codes are not asked about.
const MOST: usize = 8;

/// What must hold at once, or that nothing passes. Among few resources it does not matter.
pub fn possible(conn: &mut Conn, on: TypeId, filters: Vec<Filter>) -> Result<Vec<Filter>, StoreError> {
    if names_few(&filters) {
        return Ok(filters);
    }
    for (one, other) in met(on) {
        if let (Some(codes), Some(others)) = (codes(&filters, *one), codes(&filters, *other))
            && !have_met(conn, (*one, codes), (*other, others))?
        {
            return Ok(vec![Filter::Nothing]);
        }
    }
    Ok(filters)
}

/// The codes that one of the filters asks of this parameter.
fn codes(filters: &[Filter], of: ParamId) -> Option<Vec<Bind>> {
    let asked = filters.iter().find_map(|filter| match filter {
        Filter::Param {
            param,
            test: Test::Token(tokens),
        } if param.id == of => Some(tokens),
        _ => None,
    })?;
    let few = asked.len() <= MOST && asked.iter().all(names_a_code);
    few.then(|| asked.iter().filter_map(code).collect())
}

fn code(token: &Token) -> Option<Bind> {
    match token {
        Token::Code(code) | Token::NoSystem(code) | Token::SystemCode(_, code) => {
            Some(Bind::Text(clip(code).to_string()))
        }
        Token::System(_) => None,
    }
}

fn have_met(
    conn: &mut Conn,
    (one, codes): (ParamId, Vec<Bind>),
    (other, others): (ParamId, Vec<Bind>),
) -> Result<bool, StoreError> {
    let mut sql = Sql::default();
    sql.push("SELECT EXISTS (SELECT 1 FROM idx_met m WHERE m.param = ")
        .bind(Bind::Int(one.0))
        .push(" AND ");
    sql.equals("m.code", codes)
        .push(" AND m.other = ")
        .bind(Bind::Int(other.0))
        .push(" AND ");
    sql.equals("m.other_code", others).push(")");
    let statement: Statement<(Bool,)> = sql.returning();
    Ok(on_each!(conn, |c| statement.get_result::<(bool,)>(c))?.0)
}
