//! Prefixes on ranges of time and numbers: `fhir::search::compare` as SQL.
use super::sql::{Bind, Sql};
use fhir::datetime::DateRange;
use fhir::search::compare::{Comparisons, Is, Side, dates, numbers};
use fhir::search::index::hash;
use fhir::search::near::Near;
use fhir::search::{NumberRange, Prefixed, QuantityTest};

pub fn date(sql: &mut Sql, test: &Prefixed<DateRange>, alias: &str) {
    instant(sql, test, &format!("{alias}.low"), &format!("{alias}.high"));
}

/// `low` and `high` are the columns, which are the same for `_lastUpdated`.
pub fn instant(sql: &mut Sql, test: &Prefixed<DateRange>, low: &str, high: &str) {
    compare(sql, dates(test), low, high, Bind::Big);
}

pub fn number(sql: &mut Sql, test: &Prefixed<NumberRange>, alias: &str) {
    let (low, high) = (format!("{alias}.low"), format!("{alias}.high"));
    compare(sql, numbers(test), &low, &high, Bind::Double);
}

/// `unit` and `system` are the columns as the condition names them.
pub fn quantity(sql: &mut Sql, test: &Prefixed<QuantityTest>, alias: &str, [unit, system]: &[String; 2]) {
    let number = Prefixed {
        prefix: test.prefix,
        value: test.value.number,
    };
    let value = format!("{alias}.value");
    compare(sql, numbers(&number), &value, &value, Bind::Double);
    for (column, wanted) in [(unit, &test.value.code), (system, &test.value.system)] {
        if wanted.is_some() {
            sql.push(&format!(" AND {column} = "))
                .big(hash(wanted.as_deref()));
        }
    }
}

/// The area around a point: `low` holds the latitude, `high` the longitude.
pub fn near(sql: &mut Sql, near: &Near, alias: &str) {
    let area = near.area();
    between(sql, &format!("{alias}.low"), (area.south, area.north));
    sql.push(" AND (");
    let longitude = format!("{alias}.high");
    sql.any(&area.spans, &mut |sql, span| between(sql, &longitude, *span));
    sql.push(")");
}

fn between(sql: &mut Sql, column: &str, (from, to): (f64, f64)) {
    sql.push(column).push(" BETWEEN ").bind(Bind::Double(from));
    sql.push(" AND ").bind(Bind::Double(to));
}

fn compare<T>(sql: &mut Sql, comparisons: Comparisons<T>, low: &str, high: &str, bind: fn(T) -> Bind) {
    let (parts, between) = match comparisons {
        Comparisons::All(parts) => (parts, " AND "),
        Comparisons::Any(parts) => (parts, " OR "),
    };
    sql.push("(");
    sql.join(parts, between, "1 = 1", |sql, part| {
        sql.push(match part.side {
            Side::Low => low,
            Side::High => high,
        });
        sql.push(match part.is {
            Is::Less => " < ",
            Is::AtMost => " <= ",
            Is::AtLeast => " >= ",
            Is::More => " > ",
        });
        sql.bind(bind(part.than));
    });
    sql.push(")");
}
