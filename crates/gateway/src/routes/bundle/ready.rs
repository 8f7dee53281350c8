//! A transaction with all that can be done before it begins: resources linked, parsed, validated
//! and indexed on all cores, given what the criteria find now. The transaction itself looks again
//! at the criteria its writes depend on, and only what has come to mean something else is made anew.
use super::batch::unsupported;
use super::cores;
use super::identity::{Found, distinct, found, links};
use super::plan::Plan;
use super::references;
use super::refusal::{Refusals, at};
use super::what::What;
use crate::error::ApiError;
use crate::routes::update::{expected, same_id, target};
use fhir::Resource;
use fhir::bundle::{Links, resource};
use std::collections::{BTreeMap, BTreeSet};
use store::{Change, Expect, Op, Prepared, StoreError, Stored};

pub struct Ready {
    pub found: Found,
    pub links: Links,
    /// By entry; what reads, patches, or has nothing to do has none.
    pub changes: BTreeMap<usize, Prepared>,
}

/// The store's part of the preparation.
pub type Prepare<'a> = &'a (dyn Fn(Change) -> Prepared + Sync);

impl Ready {
    /// Every refusal of every entry at once.
    pub fn new(plan: &Plan, found: Found, prepare: Prepare) -> Result<Ready, ApiError> {
        distinct(plan, &found)?;
        let mut refusals = Refusals::default();
        let mut links = links(plan, &found);
        references::resolve(plan, &found, &mut links, &mut refusals);
        let made = cores::each(plan.steps.len(), |index| {
            make(plan, index, &found, &links, prepare)
        });
        let mut changes = BTreeMap::new();
        for (index, made) in made.into_iter().enumerate() {
            match made {
                Ok(Some(change)) => drop(changes.insert(index, change)),
                Ok(None) => {}
                Err(error) => refusals.add(index, error),
            }
        }
        refusals.none_or_error().map(|()| Ready {
            found,
            links,
            changes,
        })
    }

    /// The same where criteria find others than before: the entries that this changes.
    pub fn anew(&self, plan: &Plan, known: &Found, prepare: Prepare) -> Result<Anew, StoreError> {
        let mut links = links(plan, known);
        let mut refusals = Refusals::default();
        references::resolve(plan, known, &mut links, &mut refusals);
        refusals.none_or_error()?;
        let moved = links.changed_since(&self.links);
        let other: BTreeSet<usize> = known
            .keys()
            .copied()
            .filter(|place| name(found(known, *place)) != name(found(&self.found, *place)))
            .collect();
        let concerned = |index: &usize| {
            let step = &plan.steps[*index];
            step.what.claim().is_some_and(|place| other.contains(&place))
                || plan
                    .text(*index)
                    .is_some_and(|text| moved.relink(text, step.full_url.as_deref()).is_some())
        };
        let entries: Vec<usize> = (0..plan.steps.len()).filter(concerned).collect();
        let made = cores::each(entries.len(), |n| make(plan, entries[n], known, &links, prepare));
        let mut changes = BTreeMap::new();
        for (index, made) in entries.into_iter().zip(made) {
            changes.insert(index, made.map_err(|error| at(index, error.into()))?);
        }
        Ok(Anew { links, changes })
    }
}

pub struct Anew {
    pub links: Links,
    /// What takes the place of what was ready; None where nothing is to be written any more.
    pub changes: BTreeMap<usize, Option<Prepared>>,
}

fn name(stored: Option<&Stored>) -> Option<&str> {
    stored.map(|stored| stored.id.as_str())
}

/// The change of one entry. What its neighbours and criteria are called is known.
fn make(
    plan: &Plan,
    index: usize,
    known: &Found,
    links: &Links,
    prepare: Prepare,
) -> Result<Option<Prepared>, ApiError> {
    let linked = || linked(plan, index, links);
    let change = |type_id, id: &str, op, expect| {
        Ok(Some(prepare(Change {
            type_id,
            id: id.to_owned(),
            op,
            expect,
        })))
    };
    let put = |resource: Resource, id: &str, expect| {
        change(resource.type_id, id, Op::Put(Box::new(resource)), expect)
    };
    match &plan.steps[index].what {
        What::Create { id, unless, .. } => {
            let resource = linked()?;
            match unless.and_then(|place| found(known, place)) {
                Some(_) => Ok(None),
                None => put(resource, id, Expect::Fresh),
            }
        }
        What::Update { id, expect, .. } => {
            let resource = linked()?;
            same_id(&resource, id)?;
            put(resource, id, *expect)
        }
        What::UpdateBy {
            id, criteria, expect, ..
        } => {
            let resource = linked()?;
            let found = found(known, *criteria);
            let (id, expect) = (target(&resource, found, id)?, expected(&resource, found, *expect));
            put(resource, &id, expect)
        }
        What::Delete { type_id, id, expect } => change(*type_id, id, Op::Delete, *expect),
        What::DeleteBy {
            type_id,
            criteria,
            expect,
        } => match found(known, *criteria) {
            Some(stored) => change(*type_id, &stored.id, Op::Delete, *expect),
            None => Ok(None),
        },
        What::Patch { .. } | What::PatchBy { .. } | What::Look(_) => Ok(None),
    }
}

/// The resource of an entry, pointing to where its neighbours will be, and valid.
fn linked(plan: &Plan, index: usize, links: &Links) -> Result<Resource, ApiError> {
    let step = &plan.steps[index];
    let text = plan.text(index).unwrap_or_default();
    let moved = links.relink(text, step.full_url.as_deref());
    let type_id = step.what.type_id().ok_or_else(unsupported)?;
    resource(index, type_id, moved.as_deref().unwrap_or(text)).map_err(ApiError::invalid)
}
