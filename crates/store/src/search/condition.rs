//! A filter as a condition on one resource. <https://hl7.org/fhir/R4/search.html>
//!
//! What one seek decides is an EXISTS probe; what has to be found first (strings, chains) is
//! `key IN (...)`, which both engines can also start from.
use super::family::{Family, Source, scope, sources, target_type, type_bind};
use super::sql::{Bind, Sql};
use super::start::Start;
use super::{keys, ranges, shown, values};
use crate::StoreError;
use crate::conn::Engine;
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::index::{Usual, usual};
use fhir::search::{Filter, Test, Token};

type Written = Result<(), StoreError>;

/// The resource a condition is about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub on: TypeId,
    /// SQL of its key.
    pub key: &'a str,
    /// PostgreSQL plans anti-joins well, SQLite lists; see [`absent`].
    pub engine: Engine,
}

pub fn holds(sql: &mut Sql, filter: &Filter, subject: Subject) -> Written {
    match filter {
        Filter::Id(ids) => id(sql, ids, subject),
        Filter::LastUpdated(ranges) => {
            let row = sql.alias();
            sql.push(&format!(
                "EXISTS (SELECT 1 FROM resource {row} WHERE {row}.key = {} AND (",
                subject.key
            ));
            let updated = format!("{row}.updated");
            sql.any(ranges, &mut |sql, range| {
                ranges::instant(sql, range, &updated, &updated)
            });
            sql.push(")").each().push(")");
        }
        Filter::Param { param, test } => return matches(sql, param, test, subject),
        Filter::Missing { param, missing } => return absent(sql, param, *missing, subject),
        Filter::Chain { param, target, inner } => return chain(sql, param, target, inner, subject),
        Filter::Has { from, by, inner } => return has(sql, *from, by, inner, subject),
        Filter::Not(inner) => {
            sql.push("NOT (");
            holds(sql, inner, subject)?;
            sql.push(")");
        }
        Filter::Or(filters) => return several(sql, filters, " OR ", "1 = 0", subject),
        Filter::And(filters) => return several(sql, filters, " AND ", "1 = 1", subject),
        // The resources decide: `checked.rs`.
        Filter::Checked(_) => {
            sql.push("1 = 1");
        }
        // `checked.rs` has put codes or references in their place.
        Filter::Terminology { .. } | Filter::OfPatients(_) => {
            sql.push("1 = 0");
        }
        // `checked.rs` has found out who asks, and left out our own.
        Filter::Shown(asker) => match asker.found() {
            Some(Some(recipient)) => return shown::holds(sql, recipient, subject),
            _ => {
                sql.push("1 = 0");
            }
        },
        Filter::Nothing => {
            sql.push("1 = 0");
        }
    }
    Ok(())
}

/// Halved and halved again, since SQLite counts how deep an expression nests.
pub fn several(sql: &mut Sql, filters: &[Filter], between: &str, none: &str, subject: Subject) -> Written {
    sql.push("(");
    match filters {
        [] => {
            sql.push(none);
        }
        [one] => holds(sql, one, subject)?,
        _ => {
            let (left, right) = filters.split_at(filters.len() / 2);
            several(sql, left, between, none, subject)?;
            sql.push(between);
            several(sql, right, between, none, subject)?;
        }
    }
    sql.push(")");
    Ok(())
}

fn id(sql: &mut Sql, ids: &[String], subject: Subject) {
    let row = sql.alias();
    sql.push(&format!(
        "{} IN (SELECT {row}.key FROM resource {row} WHERE {row}.type_id = ",
        subject.key
    ));
    sql.bind(type_bind(subject.on)).push(" AND ");
    sql.equals(&format!("{row}.id"), ids.iter().cloned().map(Bind::Text))
        .push(")");
}

fn matches(sql: &mut Sql, param: &SearchParam, test: &Test, subject: Subject) -> Written {
    if let (Test::Token(tokens), Some(usual)) = (test, usual(param)) {
        return with_usual(sql, param, tokens, usual, subject);
    }
    plainly(sql, param, test, subject)
}

fn plainly(sql: &mut Sql, param: &SearchParam, test: &Test, subject: Subject) -> Written {
    let sources = sources(param, Some(test))?;
    sql.push("(");
    sql.join(sources, " OR ", "1 = 0", |sql, source| {
        row_exists(sql, param, test, &source, subject);
    });
    sql.push(")");
    Ok(())
}

fn row_exists(sql: &mut Sql, param: &SearchParam, test: &Test, source: &Source, subject: Subject) {
    let (row, table, key) = (sql.alias(), source.table(), subject.key);
    let seeks = source.seeks(test);
    sql.push(&if seeks {
        format!("EXISTS (SELECT 1 FROM {table} {row} WHERE {row}.key = {key} AND ")
    } else {
        format!("{key} IN (SELECT {row}.key FROM {table} {row} WHERE ")
    });
    if seeks {
        row_matches(sql, param, test, source, &row);
        sql.each();
    } else {
        rows_match(sql, param, test, source, &row);
    }
    sql.push(")");
    if !seeks && source.family == Family::Reference {
        sql.one_list();
    }
}

/// The same where all rows of the parameter may have to be read: asked first whether to go on.
pub fn rows_match(sql: &mut Sql, param: &SearchParam, test: &Test, source: &Source, row: &str) {
    source.param(sql, row);
    sql.go_on(row).push(" AND ");
    values::any(sql, param, test, source, row);
}

/// A condition on one index row of the parameter.
pub fn row_matches(sql: &mut Sql, param: &SearchParam, test: &Test, source: &Source, row: &str) {
    source.param(sql, row);
    sql.push(" AND ");
    values::any(sql, param, test, source, row);
}

/// The usual code has no row: who has none of the others has it.
fn with_usual(
    sql: &mut Sql,
    param: &SearchParam,
    tokens: &[Token],
    usual: &Usual,
    subject: Subject,
) -> Written {
    let (these, others): (Vec<_>, Vec<_>) = tokens.iter().cloned().partition(|token| is_usual(token, usual));
    if these.is_empty() {
        return plainly(sql, param, &Test::Token(others), subject);
    }
    let all = usual.others.iter().map(|code| Token::Code((*code).to_string()));
    sql.push("(NOT ");
    plainly(sql, param, &Test::Token(all.collect()), subject)?;
    if !others.is_empty() {
        sql.push(" OR ");
        plainly(sql, param, &Test::Token(others), subject)?;
    }
    sql.push(")");
    Ok(())
}

/// A `system|code` that the element's binding implies was read as `|code`.
pub fn is_usual(token: &Token, usual: &Usual) -> bool {
    matches!(token, Token::Code(code) | Token::NoSystem(code) if code == usual.code)
}

/// `:missing`. Families not ordered by key have no seek for it: SQLite then builds one list for
/// the whole statement, PostgreSQL a hash join; the other form of either is quadratic.
fn absent(sql: &mut Sql, param: &SearchParam, missing: bool, subject: Subject) -> Written {
    // Required, so never missing.
    if usual(param).is_some() {
        sql.push(if missing { "1 = 0" } else { "1 = 1" });
        return Ok(());
    }
    let sources = sources(param, None)?;
    sql.push("(");
    sql.join(
        sources,
        if missing { " AND " } else { " OR " },
        "1 = 0",
        |sql, source| {
            without_row(sql, param, &source, missing, subject);
        },
    );
    sql.push(")");
    Ok(())
}

fn without_row(sql: &mut Sql, param: &SearchParam, source: &Source, missing: bool, subject: Subject) {
    let row = sql.alias();
    let not = if missing { "NOT " } else { "" };
    let (table, key) = (source.table(), subject.key);
    if source.family.by_key() || subject.engine == Engine::Postgres {
        sql.push(&format!(
            "{not}EXISTS (SELECT 1 FROM {table} {row} WHERE {row}.key = {key} AND "
        ));
    } else {
        sql.push(&format!(
            "{key} {not}IN (SELECT {row}.key FROM {table} {row} WHERE "
        ));
    }
    source.scope(sql, param, &row);
    sql.go_on(&row);
    if source.family.by_key() {
        sql.each();
    }
    sql.push(")");
}

/// From the resources for which `inner` holds, by their ids, to those that refer to them.
fn chain(sql: &mut Sql, param: &SearchParam, target: &[TypeId], inner: &Filter, subject: Subject) -> Written {
    let (found, row, link) = (sql.alias(), sql.alias(), sql.alias());
    sql.push(&format!("{} IN (", subject.key));
    for (at, on) in target.iter().enumerate() {
        sql.push(if at > 0 { " UNION ALL " } else { "" });
        // CROSS JOIN keeps SQLite to this order; to PostgreSQL it is a join like any other.
        sql.push(&format!("SELECT {link}.key FROM ("));
        let inner = std::slice::from_ref(inner);
        keys::select(sql, *on, inner, Start::ranked(inner), subject.engine)?;
        sql.push(&format!(
            ") {found} CROSS JOIN resource {row} CROSS JOIN idx_reference {link} "
        ));
        sql.push(&format!(
            "WHERE {row}.key = {found}.key AND {link}.target = {row}.id AND "
        ));
        target_type(sql, &link, &[*on]);
        sql.push(" AND ");
        scope(sql, param, &link)?;
        sql.go_on(&link);
    }
    sql.push(if target.is_empty() { "NULL)" } else { ")" });
    Ok(())
}

/// Some resource of type `from` refers to this one and `inner` holds for it.
fn has(sql: &mut Sql, from: TypeId, by: &SearchParam, inner: &Filter, subject: Subject) -> Written {
    let (row, link) = (sql.alias(), sql.alias());
    sql.push(&format!(
        "EXISTS (SELECT 1 FROM resource {row} CROSS JOIN idx_reference {link} WHERE "
    ));
    sql.push(&format!(
        "{row}.key = {} AND {link}.target = {row}.id AND ",
        subject.key
    ));
    target_type(sql, &link, &[subject.on]);
    sql.push(" AND ");
    scope(sql, by, &link)?;
    sql.go_on(&link).push(" AND ");
    let key = format!("{link}.key");
    holds(
        sql,
        inner,
        Subject {
            on: from,
            key: &key,
            ..subject
        },
    )?;
    sql.each().push(")");
    Ok(())
}
