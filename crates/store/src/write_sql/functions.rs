//! The text of PostgreSQL's functions, and their installation.
use crate::StoreError;
use crate::families::{Column, FAMILIES, Family, Kind};
use crate::schema::setting;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fhir::search::index::hash;

const TEMPLATE: &str = include_str!("functions.sql");
const SETTING: &str = "functions";
/// As the template says of where arrays meet a table.
const PINNED: &str = "SET plan_cache_mode = force_generic_plan\n\
     SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off";

/// Installs the functions, unless these are there. Called at start with nobody else starting.
pub(crate) fn install(conn: &mut PgConnection) -> Result<(), StoreError> {
    let text = text();
    let wanted = hash(Some(&text)).to_string();
    let found: Option<String> = setting::table
        .find(SETTING)
        .select(setting::value)
        .get_result(conn)
        .optional()?;
    if found.as_ref() == Some(&wanted) {
        return Ok(());
    }
    conn.batch_execute(&text)?;
    diesel::insert_into(setting::table)
        .values((setting::name.eq(SETTING), setting::value.eq(&wanted)))
        .on_conflict(setting::name)
        .do_update()
        .set(setting::value.eq(&wanted))
        .execute(conn)?;
    Ok(())
}

fn text() -> String {
    TEMPLATE
        .replace("{rows}", &each(parameters, |_| true, ",\n    "))
        .replace("{notes}", &each(note, Family::lasts, "\n\n"))
        .replace("{inserts}", &each(insert, |_| true, "\n"))
        .replace("{deletes}", &each(delete, |family| !family.lasts(), "\n"))
}

fn each(part: impl Fn(&Family) -> String, of: impl Fn(&Family) -> bool, between: &str) -> String {
    list(FAMILIES.iter().filter(|family| of(family)).map(part), between)
}

/// One array per column: `token_param int4[], token_code text[], …`
fn parameters(family: &Family) -> String {
    let one = |column: &Column| {
        let of = match column.kind {
            Kind::Int => "int4",
            Kind::Small => "int2",
            Kind::Key | Kind::Big => "int8",
            Kind::Real => "float8",
            Kind::Text => "text",
        };
        format!("{} {of}[]", argument(family, column))
    };
    list(family.columns.iter().map(one), ", ")
}

fn argument(family: &Family, column: &Column) -> String {
    format!("{}_{}", family.table.trim_start_matches("idx_"), column.name)
}

fn insert(family: &Family) -> String {
    let (table, names) = (family.table, family.names());
    let arguments = arguments(family, |_| true);
    let statement = match family.lasts() {
        true => format!("PERFORM {}({arguments});", noting(family)),
        false => format!("INSERT INTO {table} ({names})\n        SELECT * FROM unnest({arguments});"),
    };
    guarded(family, &statement)
}

/// `baton_note_…`: of lasting rows those come that are not there yet.
fn note(family: &Family) -> String {
    let (table, names, parameters) = (family.table, family.names(), parameters(family));
    let (noting, arguments, same) = (noting(family), arguments(family, |_| true), same(family, "new"));
    format!(
        "CREATE OR REPLACE FUNCTION {noting}({parameters}) RETURNS void LANGUAGE plpgsql\n{PINNED} AS $$\nBEGIN\n    \
         INSERT INTO {table} ({names})\n    SELECT DISTINCT * FROM unnest({arguments}) new ({names})\n    \
         WHERE NOT EXISTS (SELECT FROM {table} old WHERE {same});\nEND $$;"
    )
}

fn noting(family: &Family) -> String {
    format!("baton_note_{}", family.table.trim_start_matches("idx_"))
}

/// `old.… = with.… AND …`
fn same(family: &Family, with: &str) -> String {
    let columns = family.columns.iter().filter(|column| column.identity);
    let one = |column: &Column| format!("old.{0} = {with}.{0}", column.name);
    list(columns.map(one), " AND ")
}

fn delete(family: &Family) -> String {
    let (table, arguments) = (family.table, arguments(family, |column| column.identity));
    let (names, same) = (family.identity(), same(family, "gone"));
    guarded(
        family,
        &format!("DELETE FROM {table} old USING unnest({arguments}) gone ({names})\n        WHERE {same};"),
    )
}

/// An empty array would cost as much as a full one.
fn guarded(family: &Family, statement: &str) -> String {
    let first = family.columns.iter().take(1);
    let first = list(first.map(|column| argument(family, column)), "");
    format!("    IF cardinality({first}) > 0 THEN\n        {statement}\n    END IF;")
}

fn arguments(family: &Family, wanted: impl Fn(&Column) -> bool) -> String {
    let columns = family.columns.iter().filter(|column| wanted(column));
    list(columns.map(|column| argument(family, column)), ", ")
}

fn list(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}
