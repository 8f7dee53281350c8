//! What was recorded, event by event in the order of time, whichever rows they are in.
use super::detail::Detail;
use super::row::Row;
use super::{Event, SPAN};
use crate::conn::{Conn, on_each};
use crate::rows::type_column;
use crate::schema::{audit, resource, resource_history};
use crate::{StoreError, Tx};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

/// Rows read at once.
const CHUNK: i64 = 256;

/// Where an event stands: when it was, its row, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: i64,
    pub row: i64,
    /// 0 for a row that is one event.
    pub nth: u32,
}

#[derive(Clone, Debug)]
pub struct Recorded {
    pub place: Place,
    /// Whether its row holds several.
    pub is_one_of_several: bool,
    pub event: Event,
}

/// Which events, and from where on.
#[derive(Clone, Debug)]
pub struct Range {
    /// Microseconds, both included.
    pub from: i64,
    pub until: i64,
    pub descending: bool,
    /// Those beyond this one.
    pub beyond: Option<Place>,
    /// Writes of these instants alone.
    pub instants: Option<Vec<i64>>,
}

impl Range {
    /// All there is, oldest first.
    pub fn all() -> Range {
        Range {
            from: 0,
            until: i64::MAX,
            descending: false,
            beyond: None,
            instants: None,
        }
    }

    fn holds(&self, place: Place) -> bool {
        let beyond = self.beyond.is_none_or(|other| match self.descending {
            true => place < other,
            false => place > other,
        });
        beyond && (self.from..=self.until).contains(&place.at)
    }

    /// Of rows' times: an event can be a span before its row's.
    fn of_rows(&self) -> (i64, i64) {
        let reached = self.beyond.map(|place| place.at);
        match self.descending {
            true => (
                self.from,
                reached.unwrap_or(i64::MAX).min(self.until).saturating_add(SPAN),
            ),
            false => (
                reached.unwrap_or(0).max(self.from),
                self.until.saturating_add(SPAN),
            ),
        }
    }
}

impl Tx<'_> {
    /// Visits them until told to stop; whether there was an end to them.
    pub fn recorded(
        &mut self,
        range: &Range,
        visit: &mut dyn FnMut(Recorded) -> ControlFlow<()>,
    ) -> Result<bool, StoreError> {
        let bounds = range.of_rows();
        let mut waiting: BTreeMap<Place, Recorded> = BTreeMap::new();
        let mut last: Option<(i64, i64)> = None;
        loop {
            let rows = chunk(&mut self.conn, range, bounds, last)?;
            let is_end = (rows.len() as i64) < CHUNK;
            last = rows.last().map(|row| (row.at, row.id)).or(last);
            for recorded in events(&mut self.conn, rows)? {
                if range.holds(recorded.place) {
                    waiting.insert(recorded.place, recorded);
                }
            }
            // Rows to come have no event before, or behind, this instant.
            let settled = last.filter(|_| !is_end).map(|(at, _)| at);
            while let Some(next) = pop(&mut waiting, range.descending, settled) {
                if visit(next).is_break() {
                    return Ok(false);
                }
            }
            if is_end {
                return Ok(true);
            }
        }
    }

    /// When the versions of a resource were written; None where a clock that ran backwards makes
    /// their times differ from those of the audit.
    pub fn written(&mut self, type_id: fhir::TypeId, id: &str) -> Result<Option<Vec<i64>>, StoreError> {
        let type_id = type_column(type_id);
        let current = resource::table
            .filter(resource::type_id.eq(type_id))
            .filter(resource::id.eq(id))
            .select(resource::updated);
        let past = resource_history::table
            .filter(resource_history::type_id.eq(type_id))
            .filter(resource_history::id.eq(id))
            .select(resource_history::updated);
        let mut times: Vec<i64> = current.load(&mut *self.conn)?;
        times.extend(past.load::<i64>(&mut *self.conn)?);
        let versions = times.len();
        times.sort_unstable();
        times.dedup();
        Ok((times.len() == versions).then_some(times))
    }

    /// The event at that place of that row.
    pub fn recorded_in(&mut self, row: i64, nth: Option<u32>) -> Result<Option<Recorded>, StoreError> {
        let rows = audit::table.filter(audit::id.eq(row));
        let rows = rows.select(Row::as_select()).load(&mut *self.conn)?;
        let mut all = events(&mut self.conn, rows)?.into_iter();
        Ok(all.find(|recorded| recorded.number() == nth))
    }
}

impl Recorded {
    /// Its place among the events of its row, where there may be several.
    pub fn number(&self) -> Option<u32> {
        self.is_one_of_several.then_some(self.place.nth)
    }
}

fn pop(waiting: &mut BTreeMap<Place, Recorded>, descending: bool, settled: Option<i64>) -> Option<Recorded> {
    let entry = match descending {
        true => waiting.last_entry(),
        false => waiting.first_entry(),
    }?;
    let at = entry.key().at;
    let is_settled = settled.is_none_or(|settled| match descending {
        true => at > settled,
        false => at <= settled - SPAN,
    });
    is_settled.then(|| entry.remove())
}

fn chunk(
    conn: &mut Conn,
    range: &Range,
    (low, high): (i64, i64),
    last: Option<(i64, i64)>,
) -> Result<Vec<Row>, StoreError> {
    on_each!(conn, |conn| {
        let rows = audit::table.select(Row::as_select()).limit(CHUNK).into_boxed();
        let rows = rows.filter(audit::at.ge(low)).filter(audit::at.le(high));
        let rows = match &range.instants {
            None => rows,
            Some(instants) => rows.filter(audit::at.eq_any(instants)),
        };
        let rows = match (last, range.descending) {
            (None, _) => rows,
            (Some((at, id)), true) => rows
                .filter(audit::at.le(at))
                .filter(audit::at.lt(at).or(audit::id.lt(id))),
            (Some((at, id)), false) => rows
                .filter(audit::at.ge(at))
                .filter(audit::at.gt(at).or(audit::id.gt(id))),
        };
        Ok(match range.descending {
            true => rows.order((audit::at.desc(), audit::id.desc())).load(conn)?,
            false => rows.order((audit::at.asc(), audit::id.asc())).load(conn)?,
        })
    })
}

fn events(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Recorded>, StoreError> {
    let names = names(conn, &rows)?;
    let mut all = Vec::new();
    for row in rows {
        match Detail::read(row.detail.as_deref())? {
            Detail::Block(events) => all.extend(events.into_iter().zip(0..).map(|(event, nth)| Recorded {
                place: Place {
                    at: event.at,
                    row: row.id,
                    nth,
                },
                is_one_of_several: true,
                event,
            })),
            detail => all.push(write(&row, detail, names.get(&row.key))),
        }
    }
    Ok(all)
}

/// What the row keys are of.
fn names(conn: &mut Conn, rows: &[Row]) -> Result<HashMap<i64, (&'static str, String)>, StoreError> {
    let keys: Vec<i64> = rows.iter().map(|row| row.key).filter(|key| *key != 0).collect();
    let found: Vec<(i64, i16, String)> = resource::table
        .filter(resource::key.eq_any(keys))
        .select((resource::key, resource::type_id, resource::id))
        .load(conn)?;
    let named = |(key, type_id, id): (i64, i16, String)| {
        let type_id = crate::rows::type_of(type_id);
        (key, (type_id.name(), id))
    };
    Ok(found.into_iter().map(named).collect())
}

fn write(row: &Row, detail: Detail, name: Option<&(&'static str, String)>) -> Recorded {
    let (origin, patient) = match detail {
        Detail::Write { origin, patient } => (origin, patient),
        _ => Default::default(),
    };
    let (action, status) = match (row.deleted, row.version) {
        (true, _) => ("delete", 204),
        (false, 1) => ("create", 201),
        (false, _) => ("update", 200),
    };
    let event = Event {
        at: row.at,
        actor: row.actor.clone(),
        origin,
        request: request(&row.request),
        action: action.into(),
        status,
        on: name.map(|(on, _)| (*on).into()),
        id: name.map(|(_, id)| id.clone()),
        version: Some(row.version),
        patients: patient.into_iter().collect(),
        query: None,
    };
    Recorded {
        place: Place {
            at: row.at,
            row: row.id,
            nth: 0,
        },
        is_one_of_several: false,
        event,
    }
}

fn request(bytes: &[u8]) -> String {
    match uuid::Uuid::from_slice(bytes) {
        Ok(id) => id.to_string(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
