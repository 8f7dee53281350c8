//! Index rows of a resource: what `fhir::search::index` found, in the shape of the tables.
use fhir::search::index::{Entry, EntryValue, hash};

/// The rows of one resource, each family sorted and without duplicates, still without its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct IndexRows {
    pub(crate) token: Vec<(i32, String, i64)>,
    pub(crate) reference: Vec<(i32, String, i16)>,
    pub(crate) date: Vec<(i32, i64, i64)>,
    pub(crate) string: Vec<(i32, String, String)>,
    pub(crate) number: Vec<(i32, Real, Real)>,
    pub(crate) quantity: Vec<(i32, Real, i64, i64)>,
}

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
    pub(crate) fn of(entries: Vec<Entry>) -> IndexRows {
        let mut rows = IndexRows::default();
        for entry in entries {
            rows.push(entry);
        }
        tidy(&mut rows.token);
        tidy(&mut rows.reference);
        tidy(&mut rows.date);
        tidy(&mut rows.string);
        tidy(&mut rows.number);
        tidy(&mut rows.quantity);
        rows
    }

    fn push(&mut self, entry: Entry) {
        let param = entry.param.0;
        match entry.value {
            EntryValue::Token { system, code } | EntryValue::Identifier { system, code } => {
                self.token.push((param, storable(code), hash_of(system)));
            }
            EntryValue::Uri(uri) => self.token.push((param, storable(uri), 0)),
            EntryValue::Local { type_id, id } => {
                self.reference.push((param, storable(id), type_column(type_id)));
            }
            EntryValue::Url(url) => self.reference.push((param, storable(url), ELSEWHERE)),
            EntryValue::Date { low, high } => self.date.push((param, low, high)),
            EntryValue::Str { norm, exact } => {
                let exact = if exact == norm {
                    String::new()
                } else {
                    storable(exact)
                };
                self.string.push((param, storable(norm), exact));
            }
            EntryValue::Number { low, high } => self.number.push((param, Real::new(low), Real::new(high))),
            EntryValue::Quantity { value, system, code } => {
                self.quantity
                    .push((param, Real::new(value), hash_of(code), hash_of(system)));
            }
        }
    }

    /// What must go and what must come to get from `self` to `new`.
    pub(crate) fn diff(&self, new: &IndexRows) -> (IndexRows, IndexRows) {
        (self.minus(new), new.minus(self))
    }

    fn minus(&self, other: &IndexRows) -> IndexRows {
        IndexRows {
            token: minus(&self.token, &other.token),
            reference: minus(&self.reference, &other.reference),
            date: minus(&self.date, &other.date),
            string: minus(&self.string, &other.string),
            number: minus(&self.number, &other.number),
            quantity: minus(&self.quantity, &other.quantity),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.token.len()
            + self.reference.len()
            + self.date.len()
            + self.string.len()
            + self.number.len()
            + self.quantity.len()
    }
}

fn tidy<T: Ord>(rows: &mut Vec<T>) {
    rows.sort_unstable();
    rows.dedup();
}

/// Both are sorted.
fn minus<T: Ord + Clone>(rows: &[T], without: &[T]) -> Vec<T> {
    rows.iter()
        .filter(|row| without.binary_search(row).is_err())
        .cloned()
        .collect()
}

fn hash_of(text: Option<String>) -> i64 {
    hash(text.as_deref())
}

/// R4 has some 150 types, so the number always fits.
pub(crate) fn type_column(type_id: fhir::TypeId) -> i16 {
    i16::try_from(type_id.0).unwrap_or(i16::MAX)
}

/// PostgreSQL's text has no NUL.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "")
    } else {
        text
    }
}
