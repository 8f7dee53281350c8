//! What a written SearchParameter means for the parameters of this database: part of its write.
use super::advance;
use super::row::{self, ParamJob, State, owns_rows, text};
use crate::conn::on_each;
use crate::schema::search_param;
use crate::{Context, StoreError, Tx};
use diesel::prelude::*;
use fhir::registry::custom::{Definition, read};
use fhir::{Issue, IssueCode, ParamId, TypeId, registry};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Parameters of one type: each costs every write of the type.
const MOST: usize = 50;
/// Whoever changes definitions waits for others who do.
const LOCK: &str = "search parameters";

/// Whether resources of this type define parameters.
pub(crate) fn watches(type_id: TypeId) -> bool {
    static DEFINES: LazyLock<Option<TypeId>> = LazyLock::new(|| TypeId::of("SearchParameter"));
    *DEFINES == Some(type_id)
}

/// A definition by its id, as it is now; None when it is deleted.
pub(crate) type Written<'a> = (&'a str, Option<&'a Value>);

pub(crate) fn follow(tx: &mut Tx, written: &[Written], ctx: &Context) -> Result<(), StoreError> {
    if written.is_empty() {
        return Ok(());
    }
    tx.lock(LOCK)?;
    let mut written = written.to_vec();
    // What is gone makes room; composites need their parts.
    written.sort_by_key(|(_, after)| after.map_or(0, |after| 1 + u8::from(after["type"] == "composite")));
    for (id, after) in written {
        let wanted = match after {
            None => Vec::new(),
            Some(after) => {
                let custom = super::load(&mut tx.conn, &tx.params.bases)?;
                read(after, Some(&custom)).map_err(refused)?
            }
        };
        if reconcile(tx, id, &wanted, ctx.now)? {
            advance(tx)?;
        }
    }
    Ok(())
}

fn refused(issues: Vec<Issue>) -> StoreError {
    StoreError::Rejected { status: 422, issues }
}

/// Brings the rows of a definition to what it says now; whether anything had to change.
fn reconcile(tx: &mut Tx, id: &str, wanted: &[Definition], now: i64) -> Result<bool, StoreError> {
    let rows = row::all(&mut tx.conn)?;
    let (own, others): (Vec<&ParamJob>, Vec<&ParamJob>) = rows
        .iter()
        .filter(|row| row.is_wanted())
        .partition(|row| row.resource_id == id);
    let texts: HashSet<String> = wanted.iter().map(text).collect();
    let known: HashSet<&str> = own.iter().map(|row| row.definition.as_str()).collect();
    let new: Vec<&Definition> = wanted
        .iter()
        .filter(|one| !known.contains(text(one).as_str()))
        .collect();
    check(&new, &own, &others)?;
    // A form that serves goes on until the one that replaces it is complete.
    let replaced = |row: &ParamJob| {
        let successor = wanted.iter().find(|one| TypeId::of(&one.on) == row.on());
        row.state() == Some(State::Serving) && successor.is_some_and(owns_rows)
    };
    let gone = own
        .iter()
        .filter(|row| !texts.contains(&row.definition) && !replaced(row));
    let gone: Vec<i32> = gone.map(|row| row.id).collect();
    row::enter(&mut tx.conn, &gone, State::Leaving, now)?;
    for definition in &new {
        let state = if owns_rows(definition) {
            State::Waiting
        } else {
            State::Serving
        };
        insert(tx, &rows, id, (definition, state, now))?;
    }
    Ok(!gone.is_empty() || !new.is_empty())
}

fn check(new: &[&Definition], own: &[&ParamJob], others: &[&ParamJob]) -> Result<(), StoreError> {
    let mut issues = Vec::new();
    for definition in new {
        let on = TypeId::of(&definition.on);
        let mut here = others.iter().filter(|row| row.on() == on);
        if let Some(other) = here.clone().find(|row| row.code == definition.code) {
            let rule = format!(
                "{} has the parameter '{}' from SearchParameter/{} already; choose another code, or retire that one",
                definition.on, definition.code, other.resource_id
            );
            issues.push(Issue::error(IssueCode::Duplicate, rule).at("SearchParameter.code"));
        }
        let adds = !own.iter().any(|row| row.on() == on);
        if adds && here.by_ref().count() >= MOST {
            let rule = format!(
                "{} has {MOST} parameters beyond R4's, as many as this server takes; retire one",
                definition.on
            );
            issues.push(Issue::error(IssueCode::TooCostly, rule).at("SearchParameter.base"));
        }
    }
    if issues.is_empty() {
        Ok(())
    } else {
        Err(refused(issues))
    }
}

fn insert(
    tx: &mut Tx,
    rows: &[ParamJob],
    resource_id: &str,
    new: (&Definition, State, i64),
) -> Result<(), StoreError> {
    let definition = new.0;
    let Some(on) = TypeId::of(&definition.on) else {
        return Ok(());
    };
    let row = ParamJob::new(fresh_id(tx, rows, on, &definition.code), on, resource_id, new);
    on_each!(&mut *tx.conn, |c| diesel::insert_into(search_param::table)
        .values(&row)
        .execute(c))?;
    tracing::info!(
        on = definition.on,
        code = definition.code,
        "a search parameter was defined"
    );
    Ok(())
}

/// An id that no parameter has, and that none had lately: whoever still searches by an old form
/// must not find the rows of another.
fn fresh_id(tx: &Tx, rows: &[ParamJob], on: TypeId, code: &str) -> ParamId {
    let generation = tx.params.generation;
    let mut ids = (0..).map(|salt: u32| ParamId::of(on.name(), &format!("{code}@{generation}.{salt}")));
    let free = |id: &ParamId| registry().param_by_id(*id).is_none() && rows.iter().all(|row| row.id != id.0);
    ids.find(free).unwrap_or(ParamId(0))
}

/// Builds every form of a definition once more, beside those that serve.
pub(crate) fn renew(tx: &mut Tx, resource_id: &str, now: i64) -> Result<bool, StoreError> {
    tx.lock(LOCK)?;
    let rows = row::all(&mut tx.conn)?;
    let own = rows
        .iter()
        .filter(|row| row.resource_id == resource_id && row.is_wanted());
    let (mut seen, mut begun) = (HashSet::new(), Vec::new());
    for row in own {
        if row.state() != Some(State::Serving) {
            begun.push(row.id);
        }
        let definition: Option<Definition> = serde_json::from_str(&row.definition).ok();
        if let Some(definition) = definition.filter(owns_rows) {
            seen.insert(definition);
        }
    }
    row::enter(&mut tx.conn, &begun, State::Leaving, now)?;
    for definition in &seen {
        let rows = row::all(&mut tx.conn)?;
        insert(tx, &rows, resource_id, (definition, State::Waiting, now))?;
    }
    if !seen.is_empty() {
        advance(tx)?;
    }
    Ok(!seen.is_empty())
}
