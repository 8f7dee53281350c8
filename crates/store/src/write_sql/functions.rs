//! The text of PostgreSQL's functions, and their installation.
use crate::StoreError;
use crate::families::{Column, FAMILIES, Family, Kind};
use crate::schema::setting;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fhir::search::index::hash;

const TEMPLATE: &str = include_str!("functions.sql");
const SETTING: &str = "functions";

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
        .replace("{rows}", &each(parameters, ",\n    "))
        .replace("{inserts}", &each(insert, "\n"))
        .replace("{deletes}", &each(delete, "\n"))
}

fn each(part: impl Fn(&Family) -> String, between: &str) -> String {
    let parts: Vec<_> = FAMILIES.iter().map(part).collect();
    parts.join(between)
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
    guarded(
        family,
        &format!("INSERT INTO {table} ({names})\n        SELECT * FROM unnest({arguments});"),
    )
}

fn delete(family: &Family) -> String {
    let same: Vec<_> = family
        .columns
        .iter()
        .filter(|c| c.identity)
        .map(|c| c.name)
        .collect();
    let (table, arguments) = (family.table, arguments(family, |column| column.identity));
    let equal = list(
        same.iter().map(|name| format!("old.{name} = gone.{name}")),
        " AND ",
    );
    guarded(
        family,
        &format!(
            "DELETE FROM {table} old USING unnest({arguments}) gone ({})\n        WHERE {equal};",
            same.join(", ")
        ),
    )
}

/// An empty array would cost as much as a full one.
fn guarded(family: &Family, statement: &str) -> String {
    let keys = family.columns.iter().filter(|column| column.kind == Kind::Key);
    let keys = list(keys.map(|column| argument(family, column)), "");
    format!("    IF cardinality({keys}) > 0 THEN\n        {statement}\n    END IF;")
}

fn arguments(family: &Family, wanted: impl Fn(&Column) -> bool) -> String {
    let columns = family.columns.iter().filter(|column| wanted(column));
    list(columns.map(|column| argument(family, column)), ", ")
}

fn list(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}
