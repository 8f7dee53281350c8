//! Where a search starts: at the filter that leaves the fewest, as far as a look at the index tells.
//!
//! What a filter holds for is known to nobody but its index: a code may be one in ten or one in a
//! million. So where there is a choice, the rows of each filter that has some are counted, no further
//! than it matters, all in one statement. Few rows are read as a whole. Where all have many, a page is
//! full soon when resources are taken in the order of the answer and asked one by one.
use super::merged::Merged;
use super::rank::{self, best, rank};
use super::{look, text};
use crate::StoreError;
use crate::conn::Conn;
use fhir::search::index::places;
use fhir::search::{Filter, Prefix, Query, Reference, StrMode, Test, UriMode};

/// Rows that are read and sorted in no time; what holds for more is met often along the way.
pub const FEW: i64 = 2_000;
/// The rank of a range.
const RANGE: u8 = 6;
/// Alternatives whose rows are looked at one by one.
const ALTERNATIVES: usize = 8;

/// Where a search starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// The place of the filter; none are the resources themselves.
    pub at: Option<usize>,
    pub size: Size,
}

/// What is known of how many rows a start has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    #[default]
    Unknown,
    Few,
    /// And so have all other filters.
    Many,
    /// To know it, all rows would have to be read: resources are asked in their order first.
    Scattered,
}

impl Start {
    /// Without a look.
    pub fn ranked(filters: &[Filter]) -> Start {
        Start {
            at: best(filters, |_| true),
            size: Size::Unknown,
        }
    }

    pub fn is_few(&self) -> bool {
        self.size == Size::Few
    }

    /// Whether resources had better be asked in the order of the answer first, for a while.
    pub fn is_walked(&self) -> bool {
        matches!(self.size, Size::Many | Size::Scattered)
    }

    /// Whether nothing narrows the search.
    pub fn is_wide(&self) -> bool {
        self.at.is_none()
    }
}

/// The start of a page: what is merged is read no further than a page goes, however much there is.
pub fn of_page(conn: &mut Conn, query: &Query) -> Result<Start, StoreError> {
    match Merged::of(&query.filters) {
        Some(_) if query.sort.is_empty() => Ok(Start {
            at: Some(0),
            size: Size::Many,
        }),
        _ => choose(conn, query),
    }
}

/// The start of a search: looked for where it matters.
pub fn choose(conn: &mut Conn, query: &Query) -> Result<Start, StoreError> {
    let filters = &query.filters;
    if query.surely_few {
        return Ok(Start::ranked(filters));
    }
    let looked: Vec<usize> = (0..filters.len()).filter(|at| countable(&filters[*at])).collect();
    if !is_open(query, &looked) {
        return with_words(
            conn,
            query,
            scattered(query).unwrap_or_else(|| Start::ranked(filters)),
        );
    }
    let counts = look::count(conn, query.on, filters, &looked)?;
    let fewest = looked.iter().zip(&counts).min_by_key(|(_, count)| **count);
    if let Some((at, count)) = fewest
        && *count <= FEW
    {
        return Ok(Start {
            at: Some(*at),
            size: Size::Few,
        });
    }
    // All have many: from one whose rows come in the order of keys, or from what was not looked at.
    let merged = Merged::of(filters).is_some();
    let at = best(filters, |at| {
        !looked.contains(&at) || merged || in_order(&filters[at])
    });
    let known = at.is_none_or(|at| looked.contains(&at));
    let size = if known { Size::Many } else { Size::Unknown };
    match scattered(query) {
        Some(start) if at.is_none_or(|at| start.at == Some(at)) => Ok(start),
        _ => with_words(conn, query, Start { at, size }),
    }
}

/// Where nothing is narrower than a range of quantities, or alternatives with such a range; beside an
/// order also a range of time, which is in the order of keys by itself.
fn scattered(query: &Query) -> Option<Start> {
    let filters = &query.filters;
    let is_range = |filter: &Filter| match filter {
        Filter::Param { test, .. } if rank(filter).is_some() => match test {
            Test::Quantity(_) | Test::Paired(_) => true,
            Test::Date(_) => !query.sort.is_empty(),
            _ => false,
        },
        _ => false,
    };
    let at = filters.iter().position(|filter| match filter {
        Filter::Or(parts) => !parts.is_empty() && parts.iter().all(is_range),
        one => is_range(one) && !in_order(one),
    })?;
    let others = best(filters, |other| other != at);
    let narrower = others.is_some_and(|other| rank(&filters[other]) < Some(RANGE));
    (!narrower).then_some(Start {
        at: Some(at),
        size: Size::Scattered,
    })
}

/// A start from words: how frequent they are makes the difference to some engines.
fn with_words(conn: &mut Conn, query: &Query, start: Start) -> Result<Start, StoreError> {
    let filter = start.at.and_then(|at| query.filters.get(at));
    if let (Some(Filter::Checked(check)), true) = (filter, query.sort.is_empty())
        && let Some(terms) = check.terms()
        && text::are_frequent(conn, query.on, &terms)?
    {
        return Ok(Start {
            size: Size::Many,
            ..start
        });
    }
    Ok(start)
}

/// Whether there is a choice.
fn is_open(query: &Query, looked: &[usize]) -> bool {
    let filters = &query.filters;
    let [only] = looked else {
        return !looked.is_empty() && !rank::names_one(filters);
    };
    let others = filters.iter().filter(|filter| rank(filter).is_some()).count();
    !rank::names_one(filters) && (others > 1 || !query.sort.is_empty() || !in_order(&filters[*only]))
}

/// Whether the index tells in a few rows how many there are.
pub fn countable(filter: &Filter) -> bool {
    match filter {
        Filter::LastUpdated(ranges) => ranges.iter().all(|range| range.prefix != Prefix::Ne),
        Filter::Or(parts) => parts.len() <= ALTERNATIVES && parts.iter().all(has_rows),
        one => has_rows(one),
    }
}

fn has_rows(filter: &Filter) -> bool {
    let Filter::Param { param, test } = filter else {
        return false;
    };
    match test {
        // By unit, and not beside a code.
        Test::Quantity(_) => rank(filter).is_some() && places(param).iter().all(|place| !place.coded),
        Test::Token(_) | Test::Paired(_) => rank(filter).is_some(),
        Test::Reference(_) | Test::Uri(UriMode::Exact | UriMode::Above, _) => true,
        Test::Str(mode, _) => !matches!(mode, StrMode::Contains | StrMode::EndsWith),
        // The index is by the earliest time.
        Test::Date(dates) => dates
            .iter()
            .all(|date| matches!(date.prefix, Prefix::Eq | Prefix::Lt | Prefix::Le | Prefix::Sa)),
        _ => false,
    }
}

/// Whether the rows of one value, or of each of a few, come in the order of keys.
fn in_order(filter: &Filter) -> bool {
    let Filter::Param { test, .. } = filter else {
        return false;
    };
    match test {
        Test::Token(_) => true,
        Test::Paired(pairs) => matches!(&pairs[..], [(codes, _)] if codes.len() == 1),
        Test::Uri(mode, uris) => *mode == UriMode::Exact && uris.len() == 1,
        Test::Reference(targets) => matches!(targets[..], [Reference::Local { .. }]),
        _ => false,
    }
}
