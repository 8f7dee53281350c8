//! Whose records somebody may see: the patients by name where they can be named, else by what they
//! pass. <https://hl7.org/fhir/R4/compartmentdefinition.html>
//!
//! References to a few are seeks; a chain from many is read as a whole.
use super::sql::{Sql, Statement};
use super::{checked, engine, keys};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::Text;
use fhir::TypeId;
use fhir::search::Filter;
use fhir::search::reach::{Panel, of_ids, of_passing, patient_type};

/// More are not named.
const MOST: usize = 500;

/// Resources of type `on` in the compartment of one of the patients.
pub fn references(
    conn: &mut Conn,
    on: TypeId,
    panel: &Panel,
    at: &mut checked::Settling,
) -> Result<Filter, StoreError> {
    let Some(focus) = patient_type() else {
        return Ok(Filter::Nothing);
    };
    if let Some(Some(ids)) = panel.found() {
        return Ok(of_ids(focus, on, ids));
    }
    let passes = checked::settle(conn, focus, &panel.passes, at)?;
    let found = match panel.found() {
        Some(found) => found,
        None => panel.keep(named(conn, focus, &passes)?),
    };
    Ok(match found {
        Some(ids) => of_ids(focus, on, ids),
        None => of_passing(focus, on, &passes),
    })
}

/// The ids of those who pass, where an index finds them and they are few.
fn named(conn: &mut Conn, focus: TypeId, passes: &Filter) -> Result<Option<Vec<String>>, StoreError> {
    let mut sql = Sql::default();
    sql.push("SELECT r.id FROM (");
    keys::select(&mut sql, focus, std::slice::from_ref(passes), engine(conn))?;
    sql.push(") k JOIN resource r ON r.key = k.key LIMIT +")
        .big(i64::try_from(MOST + 1).unwrap_or(i64::MAX));
    let statement: Statement<(Text,)> = sql.returning();
    let found = on_each!(conn, |c| statement.load::<(String,)>(c))?;
    let few = found.len() <= MOST;
    Ok(few.then(|| found.into_iter().map(|(id,)| id).collect()))
}
