//! Prefixes on ranges of time and numbers. <https://hl7.org/fhir/R4/search.html#prefix>
//!
//! Dates compare ranges with ranges. For numbers only `eq`, `ne` and `ap` use the precision the
//! client wrote; the others compare with the exact value.
use super::sql::{Bind, Sql};
use fhir::datetime::DateRange;
use fhir::search::index::hash;
use fhir::search::{NumberRange, Prefix, Prefixed, QuantityTest};

const DAY: i64 = 86_400_000_000;

/// One column compared with one value.
struct Compare(&'static str, &'static str, Bind);

pub fn date(sql: &mut Sql, test: &Prefixed<DateRange>, alias: &str) {
    instant(sql, test, &format!("{alias}.low"), &format!("{alias}.high"));
}

/// `low` and `high` are the columns, which are the same for `_lastUpdated`.
pub fn instant(sql: &mut Sql, test: &Prefixed<DateRange>, low: &str, high: &str) {
    let DateRange { low: from, high: to } = test.value;
    let (from_bind, to_bind) = (Bind::Big(from), Bind::Big(to));
    match test.prefix {
        // `low <= to` follows from the other two and bounds the range that is scanned.
        Prefix::Eq => {
            all(
                sql,
                low,
                high,
                [
                    Compare("low", ">=", from_bind),
                    Compare("low", "<=", to_bind.clone()),
                    Compare("high", "<=", to_bind),
                ],
            );
        }
        Prefix::Ne => one_of(
            sql,
            low,
            high,
            [Compare("low", "<", from_bind), Compare("high", ">", to_bind)],
        ),
        Prefix::Gt => all(sql, low, high, [Compare("high", ">", to_bind)]),
        Prefix::Lt => all(sql, low, high, [Compare("low", "<", from_bind)]),
        Prefix::Ge => all(sql, low, high, [Compare("high", ">=", from_bind)]),
        Prefix::Le => all(sql, low, high, [Compare("low", "<=", to_bind)]),
        Prefix::Sa => all(sql, low, high, [Compare("low", ">", to_bind)]),
        Prefix::Eb => all(sql, low, high, [Compare("high", "<", from_bind)]),
        Prefix::Ap => {
            // As much again on either side, at least a day.
            let slack = to.saturating_sub(from).max(DAY);
            let (from, to) = (
                Bind::Big(from.saturating_sub(slack)),
                Bind::Big(to.saturating_add(slack)),
            );
            all(
                sql,
                low,
                high,
                [Compare("low", "<=", to), Compare("high", ">=", from)],
            );
        }
    }
}

pub fn number(sql: &mut Sql, test: &Prefixed<NumberRange>, alias: &str) {
    amount(
        sql,
        test.prefix,
        &test.value,
        &format!("{alias}.low"),
        &format!("{alias}.high"),
    );
}

pub fn quantity(sql: &mut Sql, test: &Prefixed<QuantityTest>, alias: &str) {
    let value = format!("{alias}.value");
    amount(sql, test.prefix, &test.value.number, &value, &value);
    for (column, wanted) in [("code", &test.value.code), ("system", &test.value.system)] {
        if wanted.is_some() {
            sql.push(&format!(" AND {alias}.{column} = "))
                .big(hash(wanted.as_deref()));
        }
    }
}

fn amount(sql: &mut Sql, prefix: Prefix, number: &NumberRange, low: &str, high: &str) {
    let exact = Bind::Double(number.value);
    let (from, to) = (Bind::Double(number.low), Bind::Double(number.high));
    match prefix {
        Prefix::Eq => all(
            sql,
            low,
            high,
            [Compare("low", ">=", from), Compare("high", "<", to)],
        ),
        Prefix::Ne => one_of(
            sql,
            low,
            high,
            [Compare("low", "<", from), Compare("high", ">=", to)],
        ),
        Prefix::Gt => all(sql, low, high, [Compare("high", ">", exact)]),
        Prefix::Lt => all(sql, low, high, [Compare("low", "<", exact)]),
        Prefix::Ge => all(sql, low, high, [Compare("high", ">=", exact)]),
        Prefix::Le => all(sql, low, high, [Compare("low", "<=", exact)]),
        Prefix::Sa => all(sql, low, high, [Compare("low", ">", exact)]),
        Prefix::Eb => all(sql, low, high, [Compare("high", "<", exact)]),
        Prefix::Ap => {
            let slack = (number.value.abs() * 0.1).max(number.high - number.value);
            let (from, to) = (
                Bind::Double(number.value - slack),
                Bind::Double(number.value + slack),
            );
            all(
                sql,
                low,
                high,
                [Compare("low", "<=", to), Compare("high", ">=", from)],
            );
        }
    }
}

fn all<const N: usize>(sql: &mut Sql, low: &str, high: &str, parts: [Compare; N]) {
    compare(sql, low, high, parts, " AND ");
}

fn one_of<const N: usize>(sql: &mut Sql, low: &str, high: &str, parts: [Compare; N]) {
    sql.push("(");
    compare(sql, low, high, parts, " OR ");
    sql.push(")");
}

fn compare<const N: usize>(sql: &mut Sql, low: &str, high: &str, parts: [Compare; N], between: &str) {
    sql.join(
        parts,
        between,
        "1 = 1",
        |sql, Compare(column, operator, value)| {
            let column = if column == "low" { low } else { high };
            sql.push(column).push(" ").push(operator).push(" ").bind(value);
        },
    );
}
