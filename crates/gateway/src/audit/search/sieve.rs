//! Whether a recorded event is what a search asks for: by what the row tells, then as the resource
//! that it is served as.
use super::super::recorded;
use super::{refused, settle::settle};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::datetime::DateRange;
use fhir::search::holds::{Subject, holds};
use fhir::search::{Filter, Prefix, Prefixed, Query, Reference, Test};
use store::audit::{Range, Recorded};
use store::{StoreError, Stored, Tx};

pub struct Sieve {
    on: TypeId,
    base: String,
    pub bases: Bases,
    filters: Vec<Filter>,
    /// Any of these patients, of each list.
    patients: Vec<Vec<String>>,
    from: i64,
    until: i64,
    /// Where only writes are of interest, and it is known when those were.
    instants: Option<Vec<i64>>,
}

impl Sieve {
    pub fn of(tx: &mut Tx, query: &Query, base: &str) -> Result<Sieve, StoreError> {
        let bases = tx.bases();
        let filters = query.filters.iter().map(|filter| settle(tx, query.on, filter));
        let mut sieve = Sieve {
            on: query.on,
            base: base.to_owned(),
            bases,
            filters: filters.collect::<Result<_, _>>()?,
            patients: Vec::new(),
            from: 0,
            until: i64::MAX,
            instants: None,
        };
        let filters = std::mem::take(&mut sieve.filters);
        filters.iter().for_each(|filter| sieve.narrow(filter));
        sieve.instants = instants(tx, &filters)?;
        sieve.filters = filters;
        Ok(sieve)
    }

    /// What can be told without the resource.
    fn narrow(&mut self, filter: &Filter) {
        match filter {
            Filter::LastUpdated(dates) => self.within(dates),
            Filter::Param { param, test } => match (param.code, test) {
                ("date" | "recorded", Test::Date(dates)) => self.within(dates),
                ("patient", Test::Reference(wanted)) => self.patients.push(ids(wanted)),
                _ => {}
            },
            _ => {}
        }
    }

    fn within(&mut self, dates: &[Prefixed<DateRange>]) {
        let [Prefixed { prefix, value }] = dates else {
            return;
        };
        match prefix {
            Prefix::Eq => {
                self.from = self.from.max(value.low);
                self.until = self.until.min(value.high);
            }
            Prefix::Ge | Prefix::Gt | Prefix::Sa => self.from = self.from.max(value.low),
            Prefix::Le | Prefix::Lt | Prefix::Eb => self.until = self.until.min(value.high),
            _ => {}
        }
    }

    pub fn range(&self, descending: bool) -> Range {
        Range {
            from: self.from,
            until: self.until,
            descending,
            beyond: None,
            instants: self.instants.clone(),
        }
    }

    /// Before the event becomes a resource.
    pub fn may_pass(&self, recorded: &Recorded) -> bool {
        let of_any = |ids: &Vec<String>| recorded.event.patients.iter().any(|id| ids.contains(id));
        recorded::is_told(self.on, recorded) && self.patients.iter().all(of_any)
    }

    pub fn pass(&self, recorded: &Recorded) -> Result<Option<Stored>, StoreError> {
        let Some((stored, resource)) = recorded::shown(self.on, recorded, &self.base) else {
            return Ok(None);
        };
        let subject = Subject {
            on: self.on,
            id: &stored.id,
            updated: stored.updated,
            resource: &resource,
            bases: &self.bases,
        };
        for filter in &self.filters {
            match holds(filter, subject) {
                Some(true) => {}
                Some(false) => return Ok(None),
                None => return Err(undecided()),
            }
        }
        Ok(Some(stored))
    }
}

/// A `target` is a resource that was written, and its versions know when.
fn instants(tx: &mut Tx, filters: &[Filter]) -> Result<Option<Vec<i64>>, StoreError> {
    let targets = filters.iter().find_map(|filter| match filter {
        Filter::Param {
            param,
            test: Test::Reference(wanted),
        } if param.code == "target" => Some(wanted),
        _ => None,
    });
    let mut all = Vec::new();
    for target in targets.into_iter().flatten() {
        let Reference::Local {
            type_id: Some(on),
            id,
        } = target
        else {
            return Ok(None);
        };
        match tx.written(*on, id)? {
            Some(times) => all.extend(times),
            None => return Ok(None),
        }
    }
    Ok(targets.map(|_| all))
}

fn ids(wanted: &[Reference]) -> Vec<String> {
    let local = wanted.iter().filter_map(|reference| match reference {
        Reference::Local { id, .. } => Some(id.clone()),
        Reference::Url(_) => None,
    });
    local.collect()
}

fn undecided() -> StoreError {
    refused("Recorded events cannot be searched by one of the parameters; leave it away")
}
