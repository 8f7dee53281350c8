//! What every write does: check, stamp, store, then let the reaction answer in the same
//! transaction. <https://hl7.org/fhir/R4/http.html#update>
use crate::commit::{Applied, Changed, Context, Expect};
use crate::error::failure;
use crate::plan::{Step, plan};
use crate::point;
use crate::prepare::Prepared;
use crate::write_sql::{self, Version};
use crate::{Change, StoreError, Stored, Tx};
use fhir::{Issue, IssueCode, TypeId};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// A reaction may answer its own changes this often; more is a fault in it.
const ROUNDS: usize = 4;
/// Who derived changes are by, in the audit.
pub(crate) const DERIVED: &str = "baton";

pub(crate) fn apply(tx: &mut Tx, changes: &[Prepared], ctx: &Context) -> Result<Vec<Applied>, StoreError> {
    let (applied, effects) = store(tx, changes, ctx)?;
    // From here on rows are written: whoever ignores an error must not commit them.
    react(tx, effects, ctx).inspect_err(|_| failure::note(None))?;
    Ok(applied)
}

/// Lets the reaction look at resources whose ground changed though they did not.
pub(crate) fn reconsider(tx: &mut Tx, names: &[(TypeId, String)], ctx: &Context) -> Result<(), StoreError> {
    let stored = tx.get_many(names)?.into_iter().filter(|stored| !stored.deleted);
    let effects: Result<Vec<Effect>, StoreError> = stored.map(unchanged).collect();
    react(tx, effects?, ctx).inspect_err(|_| failure::note(None))
}

fn unchanged(stored: Stored) -> Result<Effect, StoreError> {
    Ok(Effect {
        after: Some(parsed(&stored)?),
        type_id: stored.type_id,
        id: stored.id,
        before: None,
    })
}

/// Creates under fresh ids that nobody reacts to: nothing to look up, nothing to follow.
pub(crate) fn insert(tx: &mut Tx, changes: &[(&Prepared, &Context)]) -> Result<Vec<Applied>, StoreError> {
    let steps: Result<Vec<Step>, StoreError> = changes
        .iter()
        .map(|(change, ctx)| plan(change, None, ctx))
        .collect();
    let mut steps = steps?;
    write(tx, &mut steps)?;
    Ok(steps
        .into_iter()
        .zip(changes)
        .map(|(step, (change, _))| step.applied(change))
        .collect())
}

/// A written change of a type the reaction watches.
struct Effect {
    type_id: TypeId,
    id: String,
    before: Option<Value>,
    after: Option<Value>,
}

fn react(tx: &mut Tx, mut effects: Vec<Effect>, ctx: &Context) -> Result<(), StoreError> {
    let derived = Context {
        actor: DERIVED.to_string(),
        ..ctx.clone()
    };
    for round in 0..ROUNDS {
        if effects.is_empty() {
            return Ok(());
        }
        let changed: Vec<Changed> = effects.iter_mut().map(Effect::changed).collect();
        let by = if round == 0 { ctx } else { &derived };
        let answer: Vec<Change> = tx.shared.reaction.clone().react(tx, &changed, by)?;
        effects = store(tx, &Prepared::all(answer, &derived), &derived)?.1;
    }
    match effects.first() {
        None => Ok(()),
        Some(effect) => {
            let name = effect.type_id.name();
            Err(StoreError::Database(format!(
                "the reaction to {name} did not settle in {ROUNDS} rounds"
            )))
        }
    }
}

impl Effect {
    fn changed(&mut self) -> Changed<'_> {
        Changed {
            type_id: self.type_id,
            id: &self.id,
            before: self.before.take(),
            after: self.after.as_ref(),
        }
    }
}

/// One round: everything is checked before the first row is written.
fn store(
    tx: &mut Tx,
    changes: &[Prepared],
    ctx: &Context,
) -> Result<(Vec<Applied>, Vec<Effect>), StoreError> {
    refuse_twice(changes)?;
    let current = current(tx, changes)?;
    let mut steps = Vec::with_capacity(changes.len());
    for change in changes {
        let before = current.get(&(change.type_id, change.id.as_str()));
        steps.push(plan(change, before, ctx)?);
    }
    write(tx, &mut steps)?;
    let mut effects = Vec::new();
    for (change, step) in changes.iter().zip(&steps) {
        if step.write.is_some() && tx.shared.reaction.watches(change.type_id) {
            effects.push(effect(
                change,
                current.get(&(change.type_id, change.id.as_str())),
                step,
            )?);
        }
    }
    Ok((
        steps
            .into_iter()
            .zip(changes)
            .map(|(step, change)| step.applied(change))
            .collect(),
        effects,
    ))
}

type Found<'a> = HashMap<(TypeId, &'a str), point::Current>;

/// The rows that are there now, locked; what is fresh needs no look-up.
fn current<'a>(tx: &mut Tx, changes: &'a [Prepared]) -> Result<Found<'a>, StoreError> {
    let wanted: Vec<(TypeId, &str)> = changes
        .iter()
        .filter(|change| change.expect != Expect::Fresh)
        .map(|change| (change.type_id, change.id.as_str()))
        .collect();
    let mut rows: HashMap<(TypeId, String), point::Current> = point::lock(tx.conn, &wanted)?
        .into_iter()
        .map(|row| ((row.stored.type_id, row.stored.id.clone()), row))
        .collect();
    let found = wanted.into_iter().filter_map(|(type_id, id)| {
        rows.remove(&(type_id, id.to_string()))
            .map(|row| ((type_id, id), row))
    });
    Ok(found.collect())
}

fn write(tx: &mut Tx, steps: &mut [Step]) -> Result<(), StoreError> {
    number(tx, steps)?;
    let versions: Vec<&Version> = steps.iter().filter_map(|step| step.write.as_ref()).collect();
    match versions.is_empty() {
        true => Ok(()),
        false => write_sql::write(tx.conn, &versions),
    }
}

/// Gives new resources their row keys.
fn number(tx: &mut Tx, steps: &mut [Step]) -> Result<(), StoreError> {
    let new = steps.iter().filter(|step| step.is_new()).count();
    let numbers = tx.shared.sequence.take(tx.conn, new)?;
    let versions = steps
        .iter_mut()
        .filter(|step| step.is_new())
        .filter_map(|step| step.write.as_mut());
    for (version, number) in versions.zip(numbers) {
        version.key = crate::keys::key(version.type_id, number);
    }
    Ok(())
}

fn refuse_twice(changes: &[Prepared]) -> Result<(), StoreError> {
    let mut seen = HashSet::with_capacity(changes.len());
    for change in changes {
        if !seen.insert((change.type_id, change.id.as_str())) {
            let name = change.type_id.name();
            let text = format!(
                "{name}/{} is changed more than once in one transaction; send one change for each resource.",
                change.id
            );
            let issues = vec![Issue::error(IssueCode::Invalid, text)];
            return Err(StoreError::Rejected { status: 400, issues });
        }
    }
    Ok(())
}

fn effect(change: &Prepared, before: Option<&point::Current>, step: &Step) -> Result<Effect, StoreError> {
    let before = before
        .map(|row| &row.stored)
        .filter(|stored| !stored.deleted)
        .map(parsed)
        .transpose()?;
    let after = change.put.as_ref().map(|put| {
        let mut value = put.resource.value.clone();
        step.stamp(&change.id, &mut value);
        value
    });
    Ok(Effect {
        type_id: change.type_id,
        id: change.id.clone(),
        before,
        after,
    })
}

fn parsed(stored: &Stored) -> Result<Value, StoreError> {
    serde_json::from_str(&stored.body).map_err(|error| {
        StoreError::Database(format!(
            "{}/{} is stored as broken JSON: {error}",
            stored.type_id.name(),
            stored.id
        ))
    })
}
