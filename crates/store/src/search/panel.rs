//! Whose records somebody may see: the patients by name where they can be named, else by what they
//! pass. <https://hl7.org/fhir/R4/compartmentdefinition.html>
//!
//! References to a few are seeks; a chain from many is read as a whole.
use super::{checked, few};
use crate::StoreError;
use crate::conn::Conn;
use fhir::TypeId;
use fhir::search::Filter;
use fhir::search::reach::{Panel, of_ids, of_passing, patient_type};

/// More are not named.
const MOST: usize = 2_000;

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
        None => panel.keep(few::ids(conn, focus, &passes, MOST)?),
    };
    Ok(match found {
        Some(ids) => of_ids(focus, on, ids),
        None => of_passing(focus, on, &passes),
    })
}
