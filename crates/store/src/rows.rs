//! Index rows of a resource: what `fhir::search::index` found, in the shape of the tables.
use crate::families::{CODED, DATE, FAMILIES, MET, NORM, NUMBER, QUANTITY, REFERENCE, STRING, TEXT, TOKEN};
use fhir::registry::CustomParams;
use fhir::search::index::{Entry, EntryValue, hash, met, stored_with};
use fhir::search::words::terms;
use fhir::{ParamId, Resource, TypeId};
use std::collections::BTreeSet;

/// One value of a row, of the kind its column has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Null,
    Int(i32),
    Small(i16),
    Big(i64),
    Real(Real),
    Text(String),
}

/// The cells of a row in the order of its family's columns, without the key.
pub(crate) type Row = Vec<Cell>;

/// The rows of one resource, each family sorted and without duplicates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct IndexRows([Vec<Row>; FAMILIES.len()]);

/// A finite number with a total order, so that rows can be sorted and compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Real(pub(crate) f64);

impl Real {
    /// Neither engine's B-tree is the place for infinities and negative zero.
    fn new(value: f64) -> Real {
        Real(value.clamp(f64::MIN, f64::MAX) + 0.0)
    }
}

impl PartialEq for Real {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Real {}

impl PartialOrd for Real {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Real {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// `target_type` of references that leave this server.
const ELSEWHERE: i16 = -1;

impl IndexRows {
    /// All rows of a resource.
    pub(crate) fn all(resource: &Resource, params: &CustomParams) -> IndexRows {
        let mut rows = IndexRows::of(stored_with(resource, params));
        rows.0[TEXT].extend(words(resource));
        for (one, other) in met(resource.type_id) {
            rows.meet(*one, *other);
        }
        rows
    }

    /// Rows of single parameters.
    pub(crate) fn of(stored: Vec<Entry>) -> IndexRows {
        let mut rows = IndexRows::default();
        for Entry { param, value } in stored {
            let (family, cells) = cells(value);
            let row: Row = std::iter::once(Cell::Int(param.0)).chain(cells).collect();
            if family == STRING {
                rows.0[NORM].push(row[..2].to_vec());
            }
            rows.0[family].push(row);
        }
        for family in &mut rows.0 {
            family.sort_unstable();
            family.dedup();
        }
        number(&mut rows.0[CODED]);
        rows
    }

    /// Notes which codes of two parameters are there together.
    fn meet(&mut self, one: ParamId, other: ParamId) {
        let row =
            |code: &Cell, with: &Cell| vec![Cell::Int(one.0), code.clone(), Cell::Int(other.0), with.clone()];
        let (codes, others) = (self.codes(one), self.codes(other));
        let each = codes
            .iter()
            .flat_map(|code| others.iter().map(|with| row(code, with)));
        let met: Vec<Row> = each.collect();
        self.0[MET].extend(met);
        self.0[MET].sort_unstable();
    }

    fn codes(&self, of: ParamId) -> BTreeSet<&Cell> {
        let rows = self.0[TOKEN].iter().chain(&self.0[CODED]);
        let own = rows.filter(|row| row[0] == Cell::Int(of.0));
        own.map(|row| &row[1]).collect()
    }

    pub(crate) fn family(&self, family: usize) -> &[Row] {
        &self.0[family]
    }

    /// What must go and what must come to get from `self` to `new`. Of a parameter whose rows may
    /// be there in part, or not yet, all go and all come.
    pub(crate) fn diff(&self, new: &IndexRows, partial: impl Fn(i32) -> bool) -> (IndexRows, IndexRows) {
        (self.minus(new, &partial).passing(), new.minus(self, &partial))
    }

    /// Those that go with their resource.
    pub(crate) fn passing(mut self) -> IndexRows {
        for (rows, family) in self.0.iter_mut().zip(&FAMILIES) {
            if family.lasts() {
                rows.clear();
            }
        }
        self
    }

    /// Whether the resource's own rows are the same.
    pub(crate) fn is_like(&self, other: &IndexRows) -> bool {
        let mut families = self.0.iter().zip(&other.0).zip(&FAMILIES);
        families.all(|((rows, others), family)| family.lasts() || rows == others)
    }

    /// Both are sorted.
    fn minus(&self, other: &IndexRows, partial: &impl Fn(i32) -> bool) -> IndexRows {
        let left = |family: usize| {
            let there = other.family(family);
            let rows = self.family(family).iter();
            rows.filter(|row| there.binary_search(row).is_err() || param(row).is_some_and(partial))
                .cloned()
                .collect()
        };
        IndexRows(std::array::from_fn(left))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// A word as the full-text index holds it: behind its type, so that each type has words of its own.
pub(crate) fn term(of: TypeId, word: &str) -> String {
    let mut term = String::with_capacity(word.len() + 2);
    push_term(&mut term, of, word);
    term
}

fn push_term(text: &mut String, of: TypeId, word: &str) {
    text.extend(char::from_u32(0x100 + u32::from(of.0)));
    text.extend(word.split('\0'));
}

/// No row where there is nothing to read.
fn words(resource: &Resource) -> Option<Row> {
    let terms = terms(&resource.value);
    let mut text = String::with_capacity(terms.iter().map(|word| word.len() + 3).sum());
    for word in &terms {
        if !text.is_empty() {
            text.push(' ');
        }
        push_term(&mut text, resource.type_id, word);
    }
    (!text.is_empty()).then(|| vec![Cell::Text(text)])
}

/// The family of a value, and its row behind `param`.
fn cells(value: EntryValue) -> (usize, Row) {
    match value {
        EntryValue::Token { system, code } | EntryValue::Identifier { system, code } => {
            (TOKEN, vec![text(code), hashed(system)])
        }
        EntryValue::Uri(uri) => (TOKEN, vec![text(uri), Cell::Big(0)]),
        EntryValue::Local { type_id, id } => (REFERENCE, vec![text(id), Cell::Small(type_column(type_id))]),
        EntryValue::Url(url) => (REFERENCE, vec![text(url), Cell::Small(ELSEWHERE)]),
        EntryValue::Date { low, high } => (DATE, vec![Cell::Big(low), Cell::Big(high)]),
        EntryValue::Str { norm, exact } => {
            // '' where it equals the folded text.
            let exact = if exact == norm { String::new() } else { exact };
            (STRING, vec![text(norm), text(exact)])
        }
        EntryValue::Number { low, high } => (NUMBER, vec![real(low), real(high)]),
        EntryValue::Quantity { value, system, code } => {
            (QUANTITY, vec![real(value), hashed(code), hashed(system)])
        }
        EntryValue::Coded {
            system,
            code,
            quantity,
        } => {
            let code = [text(code), Cell::Small(0), hashed(system)];
            (CODED, code.into_iter().chain(beside(quantity)).collect())
        }
    }
}

fn beside(quantity: Option<Box<EntryValue>>) -> [Cell; 3] {
    match quantity.map(|quantity| *quantity) {
        Some(EntryValue::Quantity { value, system, code }) => [real(value), hashed(code), hashed(system)],
        _ => [Cell::Null, Cell::Null, Cell::Null],
    }
}

/// The parameter a row is under.
fn param(row: &Row) -> Option<i32> {
    match row.first() {
        Some(Cell::Int(param)) => Some(*param),
        _ => None,
    }
}

/// Rows with the same code are told apart by a number: what else they hold may be NULL.
fn number(rows: &mut [Row]) {
    for at in 1..rows.len() {
        let (before, from) = rows.split_at_mut(at);
        let (Some(before), Some(row)) = (before.last(), from.first_mut()) else {
            continue;
        };
        if let (true, [.., Cell::Small(last), _, _, _, _]) = (before[..2] == row[..2], &before[..]) {
            row[2] = Cell::Small(last.saturating_add(1));
        }
    }
}

fn text(text: String) -> Cell {
    Cell::Text(storable(text))
}

fn real(value: f64) -> Cell {
    Cell::Real(Real::new(value))
}

fn hashed(text: Option<String>) -> Cell {
    Cell::Big(hash(text.as_deref()))
}

/// R4 has some 150 types, so the number always fits.
pub(crate) fn type_column(type_id: fhir::TypeId) -> i16 {
    i16::try_from(type_id.0).unwrap_or(i16::MAX)
}

/// The type of that number.
pub(crate) fn type_of(column: i16) -> TypeId {
    TypeId(u16::try_from(column).unwrap_or_default())
}

/// PostgreSQL's text has no NUL.
pub(crate) fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    }
}

#[cfg(test)]
mod tests;
