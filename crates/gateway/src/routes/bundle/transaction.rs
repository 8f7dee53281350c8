//! All or nothing, in one store transaction: DELETE, POST, PUT, PATCH, then GET.
//! <https://hl7.org/fhir/R4/http.html#trules>
use super::identity::{Found, distinct, found};
use super::lookup::find;
use super::plan::Plan;
use super::ready::{Anew, Prepare, Ready};
use super::refusal::at;
use super::response::Done;
use super::what::What;
use super::{beside, patches, said};
use crate::auth::{Access, Caller};
use crate::error::{ApiError, shown_to};
use crate::routes::call::Return;
use crate::routes::create::kept;
use crate::routes::{Call, Reply, patch};
use crate::state::AppState;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use fhir::Issue;
use fhir::bundle::{Entry, Method};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use store::{Applied, Context, Outcome, Prepared, StoreError, Texts, Tx};

/// What else belongs into the same transaction.
pub type Also = Box<dyn Fn(&mut Tx) -> Result<(), StoreError> + Send>;

pub async fn run(
    state: &AppState,
    caller: &Caller,
    call: &Call,
    bytes: Bytes,
    entries: Vec<Result<Entry, Vec<Issue>>>,
    also: Option<Also>,
) -> Result<Vec<Done>, ApiError> {
    let size = bytes.len();
    let (at_hand, who, what) = (state.clone(), caller.clone(), call.clone());
    let plan = beside(size, move || Plan::new(&at_hand, &who, &what, bytes, entries)).await??;
    let plan = Arc::new(plan);
    let found = now_found(state, &plan).await?;
    let (at_hand, planned) = (state.store.clone(), plan.clone());
    let ready = beside(size, move || {
        let prepare = |change| at_hand.prepare(change, &planned.context);
        Ready::new(&planned, found, &prepare)
    })
    .await??;
    let prepare = state.store.clone();
    let work = move |tx: &mut Tx| {
        let prepare = |change| prepare.prepare(change, &plan.context);
        let replies = work(&plan, &ready, tx, &prepare)?;
        also.as_ref().map_or(Ok(()), |also| also(tx))?;
        Ok(replies)
    };
    let replies = state.store.write(work).await?;
    let done = |(method, reply)| Done {
        method: Some(method),
        result: Ok(reply),
    };
    Ok(replies.into_iter().map(done).collect())
}

/// What the criteria find before the transaction begins.
async fn now_found(state: &AppState, plan: &Arc<Plan>) -> Result<Found, ApiError> {
    if plan.criteria.is_empty() {
        return Ok(Found::new());
    }
    let plan = plan.clone();
    let look = move |tx: &mut Tx| single(&plan, tx, 0..plan.criteria.len());
    let mut found = state.store.read(look).await?;
    // Only what they are called matters until the transaction looks itself.
    for stored in found.values_mut().flatten() {
        stored.body = String::new();
    }
    Ok(found)
}

/// At most one resource per criteria.
fn single(plan: &Plan, tx: &mut Tx, places: impl Iterator<Item = usize>) -> Result<Found, StoreError> {
    let all = find(tx, &plan.criteria, places)?;
    all.into_iter()
        .map(|(place, mut matches)| match matches.len() {
            0 | 1 => Ok((place, matches.pop())),
            count => Err(at(
                plan.first_use[place],
                StoreError::MultipleMatches {
                    criteria: String::new(),
                    count,
                },
            )),
        })
        .collect()
}

fn work(
    plan: &Plan,
    ready: &Ready,
    tx: &mut Tx,
    prepare: Prepare,
) -> Result<Vec<(Method, Reply)>, StoreError> {
    let claims = claim(plan, tx)?;
    let mut known = ready.found.clone();
    known.extend(single(plan, tx, claims.into_iter())?);
    let same =
        |place: &usize| found(&known, *place).map(|s| &s.id) == found(&ready.found, *place).map(|s| &s.id);
    let anew = match known.keys().all(same) {
        true => None,
        false => {
            distinct(plan, &known)?;
            Some(ready.anew(plan, &known, prepare)?)
        }
    };
    let links = anew.as_ref().map_or(&ready.links, |anew| &anew.links);
    let patched = patches::all(plan, &known, links, tx, prepare)?;
    let context = said::context(plan, &known, links)?;
    let changes = changes(plan, ready, anew.as_ref(), &patched);
    let mut replies = apply(plan, tx, changes, &context)?;
    (0..plan.steps.len())
        .map(|index| {
            let method = plan.steps[index].method;
            let reply = reply(plan, index, replies.remove(&index), &known, tx);
            Ok((method, reply.map_err(|error| at(index, error))?))
        })
        .collect()
}

/// Whoever else may create or change what these criteria name waits.
fn claim(plan: &Plan, tx: &mut Tx) -> Result<BTreeSet<usize>, StoreError> {
    let claims: BTreeSet<usize> = plan.steps.iter().filter_map(|step| step.what.claim()).collect();
    let texts: BTreeSet<&str> = claims
        .iter()
        .map(|place| plan.criteria[*place].lock_text())
        .collect();
    if !texts.is_empty() {
        tx.lock_all(&texts.into_iter().collect::<Vec<_>>())?;
    }
    Ok(claims)
}

/// In the order of the specification.
fn changes<'a>(
    plan: &Plan,
    ready: &'a Ready,
    anew: Option<&'a Anew>,
    patched: &'a BTreeMap<usize, Prepared>,
) -> Vec<(usize, &'a Prepared)> {
    let again = |index: &usize| anew.and_then(|anew| anew.changes.get(index));
    let as_it_was = ready.changes.iter().filter(|(index, _)| again(index).is_none());
    let made = anew.into_iter().flat_map(|anew| &anew.changes);
    let made = made.filter_map(|(index, change)| Some((index, change.as_ref()?)));
    let mut all: Vec<(usize, &Prepared)> = as_it_was
        .chain(made)
        .chain(patched)
        .map(|(index, change)| (*index, change))
        .collect();
    all.sort_by_key(|(index, _)| (plan.steps[*index].method, *index));
    all
}

/// All writes through the one door; what became of each entry.
fn apply(
    plan: &Plan,
    tx: &mut Tx,
    changes: Vec<(usize, &Prepared)>,
    context: &Context,
) -> Result<HashMap<usize, Applied>, StoreError> {
    let (places, changes): (Vec<usize>, Vec<&Prepared>) = changes.into_iter().unzip();
    let texts = match plan.call.prefer {
        None | Some(Return::Representation) => Texts::Wanted,
        Some(Return::Minimal | Return::Outcome) => Texts::Unwanted,
    };
    let applied = tx.apply_prepared(&changes, context, texts).map_err(|error| {
        let refused = error.about();
        let of = |change: &&Prepared| refused == Some((change.type_id(), change.id()));
        match changes.iter().position(of).map(|n| places[n]) {
            Some(index) if plan.steps[index].method == Method::Patch && is_race(&error) => {
                patch::again(error)
            }
            Some(index) => at(index, shown_to(&plan.caller, error)),
            None => error,
        }
    })?;
    let mut results = HashMap::with_capacity(applied.len());
    for (index, applied) in places.into_iter().zip(applied) {
        if plan.steps[index].method == Method::Put && applied.outcome == Outcome::Created {
            plan.caller
                .writes(applied.type_id, Access::Create)
                .map_err(|error| at(index, error.into()))?;
        }
        results.insert(index, applied);
    }
    Ok(results)
}

fn reply(
    plan: &Plan,
    index: usize,
    applied: Option<Applied>,
    known: &Found,
    tx: &mut Tx,
) -> Result<Reply, StoreError> {
    let applied = match (&plan.steps[index].what, applied) {
        (What::Look(look), _) => return look.look(tx, plan),
        (What::Create { unless, .. }, None) => unless
            .and_then(|place| found(known, place))
            .map(|stored| kept(stored.clone())),
        (_, applied) => applied,
    };
    Ok(match applied {
        Some(applied) => Reply::applied(applied, plan.call.prefer, &plan.base),
        None => Reply {
            status: StatusCode::NO_CONTENT,
            ..Reply::resource(String::new())
        },
    })
}

fn is_race(error: &StoreError) -> bool {
    matches!(error, StoreError::Precondition { .. })
}
