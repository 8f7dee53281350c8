//! All or nothing, in one store transaction: DELETE, POST, PUT, then GET.
//! <https://hl7.org/fhir/R4/http.html#trules>
use super::identity::{Fate, distinct, fate, links, relink_all};
use super::lookup::{find_all, would_find};
use super::plan::Plan;
use super::refusal::at;
use super::response::{self, Done};
use super::what::What;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::routes::create::kept;
use crate::routes::{Call, Reply, patch};
use crate::state::AppState;
use actix_web::http::StatusCode;
use fhir::bundle::{Entry, Method};
use fhir::{Issue, IssueCode, TypeId};
use std::collections::{BTreeSet, HashMap};
use store::{Applied, Change, Outcome, StoreError, Stored, Tx};

pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    entries: Vec<Result<Entry, Vec<Issue>>>,
) -> Result<Reply, ApiError> {
    let plan = Plan::new(state, caller, call, entries)?;
    let results = state.store.write(move |tx| work(&plan, tx)).await?;
    let results: Vec<Done> = results
        .into_iter()
        .map(|(method, reply)| Done {
            method: Some(method),
            result: Ok(reply),
        })
        .collect();
    Ok(response::bundle("transaction-response", call, &results))
}

fn work(plan: &Plan, tx: &mut Tx) -> Result<Vec<(Method, Reply)>, StoreError> {
    lock(plan, tx)?;
    let found = found(plan, tx)?;
    let current = patched(plan, tx)?;
    let mut fates = each(plan, |index| {
        fate(&plan.steps[index], &found, current.get(&index))
    })?;
    distinct(plan, &fates)?;
    let mut links = links(plan, &fates);
    links.extend(references(plan, &found, &fates)?);
    relink_all(&mut fates, &links);
    let mut replies = apply(plan, tx, fates)?;
    each(plan, |index| {
        let method = plan.steps[index].method;
        let reply = match (&plan.steps[index].what, replies.remove(&index)) {
            (What::Look(look), _) => look.look(tx, plan)?,
            (_, Some(applied)) => Reply::applied(applied, plan.call.prefer, &plan.base),
            (_, None) => Reply {
                status: StatusCode::NO_CONTENT,
                ..Reply::resource(String::new())
            },
        };
        Ok((method, reply))
    })
}

/// Runs `work` for each entry; a refusal names the entry.
fn each<T>(plan: &Plan, mut work: impl FnMut(usize) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    (0..plan.steps.len())
        .map(|index| work(index).map_err(|error| at(index, error)))
        .collect()
}

/// What entries with an id patch, by entry.
fn patched(plan: &Plan, tx: &mut Tx) -> Result<HashMap<usize, Stored>, StoreError> {
    let each = plan.steps.iter().enumerate();
    let wanted: Vec<(usize, (TypeId, String))> = each
        .filter_map(|(index, step)| match &step.what {
            What::Patch { type_id, id, .. } => Some((index, (*type_id, id.clone()))),
            _ => None,
        })
        .collect();
    let keys: Vec<(TypeId, String)> = wanted.iter().map(|(_, key)| key.clone()).collect();
    let stored = tx.get_many(&keys)?;
    let of = |key: &(TypeId, String)| {
        stored
            .iter()
            .find(|s| s.type_id == key.0 && s.id == key.1)
            .cloned()
    };
    Ok(wanted
        .into_iter()
        .filter_map(|(index, key)| Some((index, of(&key)?)))
        .collect())
}

/// Whoever else may create or change what these criteria name waits.
fn lock(plan: &Plan, tx: &mut Tx) -> Result<(), StoreError> {
    let claims: BTreeSet<&str> = plan
        .steps
        .iter()
        .filter_map(|step| match step.what {
            What::Create { unless, .. } => unless,
            What::UpdateBy { criteria, .. }
            | What::DeleteBy { criteria, .. }
            | What::PatchBy { criteria, .. } => Some(criteria),
            _ => None,
        })
        .map(|place| plan.criteria[place].lock_text())
        .collect();
    let claims: Vec<&str> = claims.into_iter().collect();
    if claims.is_empty() {
        Ok(())
    } else {
        tx.lock_all(&claims)
    }
}

/// At most one resource per criteria.
fn found(plan: &Plan, tx: &mut Tx) -> Result<Vec<Option<Stored>>, StoreError> {
    let all = find_all(tx, &plan.criteria)?;
    let place_of = |criteria: usize| {
        let by_reference = plan
            .references
            .values()
            .find(|used| used.criteria == criteria)
            .map(|used| used.entry);
        by_reference.or_else(|| plan.steps.iter().position(|step| uses(&step.what, criteria)))
    };
    all.into_iter()
        .enumerate()
        .map(|(criteria, mut matches)| match matches.len() {
            0 | 1 => Ok(matches.pop()),
            count => Err(at(
                place_of(criteria).unwrap_or_default(),
                StoreError::MultipleMatches {
                    criteria: String::new(),
                    count,
                },
            )),
        })
        .collect()
}

fn uses(what: &What, place: usize) -> bool {
    match what {
        What::Create { unless, .. } => *unless == Some(place),
        What::UpdateBy { criteria, .. }
        | What::DeleteBy { criteria, .. }
        | What::PatchBy { criteria, .. } => *criteria == place,
        _ => false,
    }
}

/// What conditional references lead to: something stored, or something this transaction writes.
fn references(
    plan: &Plan,
    found: &[Option<Stored>],
    fates: &[Fate],
) -> Result<HashMap<String, String>, StoreError> {
    let mut links = HashMap::with_capacity(plan.references.len());
    for (text, used) in &plan.references {
        let local = match &found[used.criteria] {
            Some(stored) => format!("{}/{}", stored.type_id.name(), stored.id),
            None => written(plan, used.criteria, fates)
                .ok_or_else(|| at(used.entry, unresolved(&used.expression)))?,
        };
        links.insert(text.clone(), local);
    }
    Ok(links)
}

fn written(plan: &Plan, criteria: usize, fates: &[Fate]) -> Option<String> {
    let mut matches = fates.iter().filter_map(|fate| match fate {
        Fate::Change(Change {
            type_id,
            id,
            op: store::Op::Put(resource),
            ..
        }) => would_find(&plan.criteria[criteria], resource).then(|| format!("{}/{id}", type_id.name())),
        _ => None,
    });
    let first = matches.next()?;
    matches.next().is_none().then_some(first)
}

fn unresolved(expression: &str) -> StoreError {
    let rule = "This conditional reference finds no resource, or several of this transaction; send what it refers to first";
    let issue = Issue::error(IssueCode::NotFound, rule).at(expression);
    ApiError::with(StatusCode::PRECONDITION_FAILED, vec![issue]).into()
}

/// All writes through the one door; what became of each entry.
fn apply(plan: &Plan, tx: &mut Tx, fates: Vec<Fate>) -> Result<HashMap<usize, Applied>, StoreError> {
    let mut results = HashMap::with_capacity(fates.len());
    let mut changes: Vec<(usize, Change)> = Vec::with_capacity(fates.len());
    for (index, fate) in fates.into_iter().enumerate() {
        match fate {
            Fate::Change(change) => changes.push((index, change)),
            Fate::Kept(stored) => drop(results.insert(index, kept(stored))),
            Fate::Nothing | Fate::Later => {}
        }
    }
    changes.sort_by_key(|(index, _)| plan.steps[*index].method);
    let (places, changes): (Vec<usize>, Vec<Change>) = changes.into_iter().unzip();
    let identities: HashMap<_, _> = places
        .iter()
        .zip(&changes)
        .map(|(p, c)| ((c.type_id, c.id.clone()), *p))
        .collect();
    let applied = tx.apply(changes, &plan.context).map_err(|error| match &error {
        StoreError::Precondition { type_id, id, .. } => match identities.get(&(*type_id, id.clone())) {
            Some(index) if plan.steps[*index].method == Method::Patch => patch::again(error),
            Some(index) => at(*index, error),
            None => error,
        },
        _ => error,
    })?;
    for (index, applied) in places.into_iter().zip(applied) {
        if plan.steps[index].method == Method::Put && applied.outcome == Outcome::Created {
            plan.caller
                .require(applied.type_id, Access::Create)
                .map_err(|error| at(index, error.into()))?;
        }
        results.insert(index, applied);
    }
    Ok(results)
}
