//! Whether a resource in hand passes a filter: what the store's index decides, for one body in memory.
use super::index::{EntryValue, entries_of, pairs_of};
use super::{Filter, Test, compare, value};
use crate::TypeId;
use crate::base::Bases;
use crate::registry::SearchParam;
use serde_json::Value;

/// One version of a resource.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub on: TypeId,
    pub id: &'a str,
    pub updated: i64,
    pub resource: &'a Value,
    /// What counts as here.
    pub bases: &'a Bases,
}

/// None where the resource alone cannot tell.
pub fn holds(filter: &Filter, subject: Subject) -> Option<bool> {
    match filter {
        Filter::Id(ids) => Some(ids.iter().any(|id| id == subject.id)),
        Filter::LastUpdated(ranges) => {
            let at = subject.updated;
            Some(ranges.iter().any(|range| compare::dates(range).hold(at, at)))
        }
        Filter::Param {
            test: Test::Near(_), ..
        } => None,
        Filter::Param {
            param,
            test: test @ Test::Paired(_),
        } => {
            let found = pairs_of(subject.resource, param);
            Some(found.iter().any(|found| value::holds(test, found)))
        }
        Filter::Param { param, test } => {
            Some(own(param, subject).iter().any(|found| value::holds(test, found)))
        }
        Filter::Missing { param, missing } => Some(own(param, subject).is_empty() == *missing),
        Filter::Not(inner) => holds(inner, subject).map(|held| !held),
        Filter::Or(parts) => decided(parts, subject, true),
        Filter::And(parts) => decided(parts, subject, false),
        Filter::Checked(check) => Some(check.holds(subject.resource)),
        Filter::Nothing => Some(false),
        Filter::Chain { .. }
        | Filter::Has { .. }
        | Filter::Terminology { .. }
        | Filter::OfPatients(_)
        | Filter::Shown(_) => None,
    }
}

/// `by` decides as soon as one part says so; else all must have spoken.
fn decided(parts: &[Filter], subject: Subject, by: bool) -> Option<bool> {
    let held: Vec<Option<bool>> = parts.iter().map(|part| holds(part, subject)).collect();
    match held.contains(&Some(by)) {
        true => Some(by),
        false => held.iter().all(Option::is_some).then_some(!by),
    }
}

/// An alias such as `patient` reads all values of another parameter, and keeps those of its types.
fn own(param: &SearchParam, subject: Subject) -> Vec<EntryValue> {
    let only = &param.only_targets;
    let values = entries_of(subject.resource, param, subject.bases)
        .into_iter()
        .map(|entry| entry.value);
    values
        .filter(|value| match value {
            EntryValue::Local { type_id, .. } => only.is_empty() || only.contains(type_id),
            _ => true,
        })
        .collect()
}
