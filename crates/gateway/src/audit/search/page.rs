//! Pages of both streams.
use super::place::Reached;
use super::sieve::Sieve;
use super::stream::{self, Found};
use super::{By, Order};
use crate::auth::{Access, Caller};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::registry::registry;
use fhir::search::index::{EntryValue, entries_of, references};
use fhir::search::{Query, Summary, Total};
use serde_json::Value;
use std::collections::BTreeSet;
use store::audit::Place;
use store::{Page, StoreError, Stored, Tx};

pub struct Pages<'a> {
    query: &'a Query,
    caller: &'a Caller,
    order: Order,
    sieve: Sieve,
    reached: Reached,
}

impl<'a> Pages<'a> {
    pub fn of(
        tx: &mut Tx,
        query: &'a Query,
        base: &str,
        caller: &'a Caller,
    ) -> Result<Pages<'a>, StoreError> {
        Ok(Pages {
            query,
            caller,
            order: Order::of(&query.sort),
            sieve: Sieve::of(tx, query, base)?,
            reached: Reached::of(query)?,
        })
    }

    pub fn page(self, tx: &mut Tx) -> Result<Page, StoreError> {
        let counted = self.query.summary == Summary::Count || self.query.total != Total::None;
        let total = match counted {
            true => stream::count(tx, &self.sieve)?,
            false => 0,
        };
        let mut page = match self.order {
            _ if self.query.summary == Summary::Count => self.stored(tx, None, 0)?,
            Order::Apart => self.apart(tx)?,
            Order::ByTime { by, descending } => self.merged(tx, by, descending)?,
        };
        page.prev = None;
        page.total = page.total.map(|stored| stored + total);
        Ok(page)
    }

    fn stored(&self, tx: &mut Tx, cursor: Option<String>, count: usize) -> Result<Page, StoreError> {
        tx.search(&Query {
            cursor,
            count,
            ..self.query.clone()
        })
    }

    /// No more stored ones; totals are told all the same.
    fn none(&self, tx: &mut Tx) -> Result<Page, StoreError> {
        match self.query.total {
            Total::None => Ok(empty()),
            _ => Ok(Page {
                total: self.stored(tx, None, 1)?.total,
                ..empty()
            }),
        }
    }

    fn apart(&self, tx: &mut Tx) -> Result<Page, StoreError> {
        let count = self.query.count;
        let mut page = match self.reached.is_over {
            true => self.none(tx)?,
            false => self.stored(tx, self.reached.stored.clone(), count)?,
        };
        if let Some(stored) = page.next.take() {
            let mut next = self.reached.clone();
            next.stored = Some(stored);
            page.next = Some(next.token()?);
            return Ok(page);
        }
        let free = count.saturating_sub(page.matches.len());
        let found = stream::find(tx, &self.sieve, true, self.reached.place(), free)?;
        let mut over = self.reached.clone();
        (over.is_over, over.stored) = (true, None);
        // A page that is full of stored ones goes on with the first recorded one, if there is any.
        let more = found.reached.is_some() || (free == 0 && self.any(tx)?);
        page.next = more.then(|| over.at(found.reached).token()).transpose()?;
        page.cut |= found.is_cut;
        self.add(tx, &mut page, found.matches)?;
        Ok(page)
    }

    fn any(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let found = stream::find(tx, &self.sieve, true, None, 1)?;
        Ok(!found.matches.is_empty() || found.is_cut)
    }

    fn merged(&self, tx: &mut Tx, by: By, descending: bool) -> Result<Page, StoreError> {
        let count = self.query.count;
        let mut stored = match self.reached.is_over {
            true => self.none(tx)?,
            false => self.stored(tx, self.reached.stored.clone(), count)?,
        };
        let found = stream::find(tx, &self.sieve, descending, self.reached.place(), count)?;
        let times: Vec<i64> = stored
            .matches
            .iter()
            .map(|one| time(one, by, descending))
            .collect();
        let (of_stored, of_recorded) = split(&times, &found, count, descending);
        let is_over = of_stored == stored.matches.len() && stored.next.is_none();
        let all_recorded = of_recorded == found.matches.len();
        let place = match all_recorded {
            true => found.reached.or(found.matches.last().map(|(place, _)| *place)),
            false => found.matches[..of_recorded].last().map(|(place, _)| *place),
        };
        let more = !is_over || !all_recorded || found.reached.is_some();
        let mut reached = self.reached.clone().at(place);
        reached.is_over = is_over;
        // As far as the page goes; what is included belongs to that too.
        if of_stored < stored.matches.len() {
            stored = match of_stored {
                0 => Page {
                    next: self.reached.stored.clone(),
                    total: stored.total,
                    plan: stored.plan,
                    ..empty()
                },
                some => self.stored(tx, self.reached.stored.clone(), some)?,
            };
        }
        reached.stored = stored.next.take();
        let mut page = stored;
        page.next = more.then(|| reached.token()).transpose()?;
        page.cut |= found.is_cut && all_recorded;
        let taken = found.matches.into_iter().take(of_recorded).collect();
        let (times, from) = (times[..of_stored].to_vec(), page.matches.len());
        self.add(tx, &mut page, taken)?;
        page.matches = interleaved(times, page.matches, from, descending);
        Ok(page)
    }

    /// Recorded ones, and what is to be included with them.
    fn add(&self, tx: &mut Tx, page: &mut Page, found: Vec<(Place, Stored)>) -> Result<(), StoreError> {
        let mut wanted: BTreeSet<(TypeId, String)> = BTreeSet::new();
        for (_, stored) in &found {
            wanted.extend(self.included(stored));
        }
        page.truncated |= !found.is_empty() && self.query.includes.iter().any(|include| include.iterate);
        wanted.retain(|(on, id)| {
            !page
                .included
                .iter()
                .any(|known| (known.type_id, &known.id) == (*on, id))
        });
        let wanted: Vec<(TypeId, String)> = wanted.into_iter().collect();
        let present = tx.get_many(&wanted)?.into_iter().filter(|stored| !stored.deleted);
        page.included.extend(present);
        page.matches.extend(found.into_iter().map(|(_, stored)| stored));
        Ok(())
    }

    /// Only of types that are open as a whole.
    fn included(&self, stored: &Stored) -> Vec<(TypeId, String)> {
        let forward = self
            .query
            .includes
            .iter()
            .filter(|include| !include.reverse && include.from == self.query.on);
        let mut led = Vec::new();
        for include in forward {
            let Ok(resource) = serde_json::from_str(&stored.body) else {
                continue;
            };
            let params = registry().params(self.query.on).iter();
            let chosen = params.filter(|param| include.by.is_none_or(|by| by.id == param.id));
            led.extend(
                chosen
                    .flat_map(|param| references(&resource, param, &self.sieve.bases))
                    .filter(|(to, _)| {
                        include.target.is_none_or(|target| target == *to)
                            && self.caller.may(*to, Access::Read)
                    }),
            );
        }
        led
    }
}

fn empty() -> Page {
    Page {
        matches: Vec::new(),
        included: Vec::new(),
        truncated: false,
        cut: false,
        plan: Vec::new(),
        total: None,
        next: None,
        prev: None,
    }
}

/// By what a stored one is sorted.
fn time(stored: &Stored, by: By, descending: bool) -> i64 {
    if by == By::LastUpdated {
        return stored.updated;
    }
    let resource: Value = serde_json::from_str(&stored.body).unwrap_or_default();
    let params = super::DATES
        .iter()
        .filter_map(|code| registry().param(stored.type_id, code));
    let entries = params.flat_map(|param| entries_of(&resource, param, &Bases::default()));
    let times = entries.filter_map(|entry| match entry.value {
        EntryValue::Date { low, high } => Some(if descending { high } else { low }),
        _ => None,
    });
    let extreme = if descending { times.max() } else { times.min() };
    extreme.unwrap_or(if descending { i64::MIN } else { i64::MAX })
}

/// How many of each are on the page. Behind where a look was cut nobody knows what comes.
fn split(times: &[i64], found: &Found, count: usize, descending: bool) -> (usize, usize) {
    let cut = found.reached.filter(|_| found.is_cut).map(|place| place.at);
    let (mut stored, mut recorded) = (0, 0);
    while stored + recorded < count {
        let next = found.matches.get(recorded).map(|(place, _)| place.at);
        let known = next.or(cut);
        match (times.get(stored), known) {
            (Some(time), Some(at)) if is_before(*time, at, descending) => stored += 1,
            (Some(_), None) => stored += 1,
            _ if next.is_some() => recorded += 1,
            _ => break,
        }
    }
    (stored, recorded)
}

/// Of the same instant the stored one is the earlier: its write is what was recorded.
fn is_before(time: i64, at: i64, descending: bool) -> bool {
    match descending {
        true => time > at,
        false => time <= at,
    }
}

/// The first `from` are stored ones with these times, the others recorded.
fn interleaved(times: Vec<i64>, mut matches: Vec<Stored>, from: usize, descending: bool) -> Vec<Stored> {
    let recorded = matches.split_off(from);
    let mut recorded = recorded.into_iter().peekable();
    let mut all = Vec::with_capacity(matches.len());
    for (stored, time) in matches.into_iter().zip(times) {
        while let Some(next) = recorded.next_if(|next| !is_before(time, next.updated, descending)) {
            all.push(next);
        }
        all.push(stored);
    }
    all.extend(recorded);
    all
}
