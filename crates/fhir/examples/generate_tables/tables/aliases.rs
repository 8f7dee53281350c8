//! Which parameters can read the index rows of others instead of owning rows: what a write costs
//! is its index rows. `patient` reads `subject`'s, `combo-code` reads `code`'s and
//! `component-code`'s, `phonetic` reads `name`'s.
use super::params::{Row, alternatives};

/// Fills `same_as` and `only_targets`.
pub fn find(rows: &mut [Row]) {
    for me in 0..rows.len() {
        let (owners, target) = owners(rows, me);
        rows[me].same_as = owners.into_iter().map(|owner| rows[owner].code.clone()).collect();
        rows[me].only_targets = target;
    }
    for me in 0..rows.len() {
        rows[me].same_as = rows[me]
            .same_as
            .iter()
            .flat_map(|code| flattened(rows, code))
            .collect();
        rows[me].same_as.dedup();
    }
}

/// An alias points to rows that exist, never to another alias.
fn flattened(rows: &[Row], code: &str) -> Vec<String> {
    let parts = rows
        .iter()
        .find(|row| row.code == code)
        .map(|row| row.same_as.clone());
    parts
        .filter(|parts| !parts.is_empty())
        .unwrap_or_else(|| vec![code.to_owned()])
}

/// The rows to read instead of `me`'s own, and the target type that counts.
fn owners(rows: &[Row], me: usize) -> (Vec<usize>, String) {
    let row = &rows[me];
    if row.kind == "composite" {
        return (Vec::new(), String::new());
    }
    if let Some(owner) = owner(rows, &row.kind, &row.expression).filter(|owner| *owner != me) {
        return (vec![owner], String::new());
    }
    if let Some((whole, target)) = narrowed(&row.expression) {
        let owner = owner(rows, &row.kind, whole);
        return (
            owner.into_iter().collect(),
            owner.map(|_| target.to_owned()).unwrap_or_default(),
        );
    }
    (union(rows, row).unwrap_or_default(), String::new())
}

/// `X.where(resolve() is T)` for the whole expression: `X` and `T`.
fn narrowed(expression: &str) -> Option<(&str, &str)> {
    let (whole, rest) = expression.split_once(".where(resolve() is ")?;
    let target = rest.strip_suffix(')')?;
    target
        .chars()
        .all(char::is_alphanumeric)
        .then_some((whole, target))
}

/// Of all rows with this kind and expression the one named like the element, or else the first.
fn owner(rows: &[Row], kind: &str, expression: &str) -> Option<usize> {
    let matching = |row: &Row| row.kind == kind && plain(&row.expression) == plain(expression);
    let named = |row: &Row| matching(row) && expression.ends_with(&format!(".{}", row.code));
    rows.iter()
        .position(named)
        .or_else(|| rows.iter().position(matching))
}

/// The rows that together hold every alternative of a union, and nothing else.
fn union(rows: &[Row], row: &Row) -> Option<Vec<usize>> {
    let mine = parts(row);
    let within = |other: &Row| {
        let theirs = parts(other);
        other.kind == row.kind && theirs.len() < mine.len() && theirs.iter().all(|part| mine.contains(part))
    };
    let owning = |at: &usize| owner(rows, &row.kind, &rows[*at].expression) == Some(*at);
    let owners: Vec<usize> = (0..rows.len())
        .filter(|at| within(&rows[*at]))
        .filter(owning)
        .collect();
    let held: Vec<&str> = owners.iter().flat_map(|at| parts(&rows[*at])).collect();
    mine.iter().all(|part| held.contains(part)).then_some(owners)
}

fn parts(row: &Row) -> Vec<&str> {
    alternatives(&row.expression).into_iter().map(plain).collect()
}

fn plain(expression: &str) -> &str {
    expression
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(expression)
}
