//! What every write does: check, stamp, store, then let the reaction answer in the same
//! transaction. <https://hl7.org/fhir/R4/http.html#update>
use crate::commit::{Applied, Changed, Context, Expect};
use crate::error::failure;
use crate::integrity;
use crate::plan::{Step, plan};
use crate::point;
use crate::prepare::Prepared;
use crate::provenance;
use crate::within;
use crate::write_sql::{self, Version};
use crate::{Change, StoreError, Stored, Tx};
use crate::{consent, custom};
use fhir::{Issue, IssueCode, TypeId};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// A reaction may answer its own changes this often; more is a fault in it.
const ROUNDS: usize = 4;
/// Who derived changes are by: [`Context::actor`] of whatever Baton does by itself.
pub const DERIVED: &str = "baton";
/// Changes, and bytes of their text, that are stored in one step: as much as a large transaction
/// needs besides what was prepared.
const PART: usize = 1_000;
const PART_BYTES: usize = 4 << 20;

pub(crate) fn apply(
    tx: &mut Tx,
    changes: &[&Prepared],
    ctx: &Context,
    texts: Texts,
) -> Result<Vec<Applied>, StoreError> {
    if !changes.iter().all(|change| change.is_by(&tx.params)) {
        let again: Vec<Prepared> = changes.iter().map(|change| change.again(&tx.params)).collect();
        let again: Vec<&Prepared> = again.iter().collect();
        return apply(tx, &again, ctx, texts);
    }
    match &ctx.within {
        Some(bounds) => within::apply(tx, changes, &**bounds, ctx, texts),
        None => carry_out(tx, changes, ctx, texts),
    }
}

/// What was judged, or need not be.
pub(crate) fn carry_out(
    tx: &mut Tx,
    changes: &[&Prepared],
    ctx: &Context,
    texts: Texts,
) -> Result<Vec<Applied>, StoreError> {
    let (applied, effects) = store(tx, changes, ctx, texts)?;
    if let Some(said) = &ctx.provenance {
        provenance::attach(tx, said, &applied, ctx).inspect_err(|_| failure::note(None))?;
    }
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

fn unchanged(stored: Stored) -> Result<Effect<'static>, StoreError> {
    Ok(Effect {
        after: Some(Cow::Owned(parsed(&stored)?)),
        type_id: stored.type_id,
        id: stored.id,
        before: None,
    })
}

/// Whether the caller needs the stored text of each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Texts {
    Wanted,
    /// [`Applied::body`] stays empty where it would have to be copied.
    Unwanted,
}

/// A written change from which something may follow.
struct Effect<'a> {
    type_id: TypeId,
    id: String,
    before: Option<Value>,
    after: Option<Cow<'a, Value>>,
}

fn react(tx: &mut Tx, effects: Vec<Effect>, ctx: &Context) -> Result<(), StoreError> {
    let derived = Context {
        actor: DERIVED.to_string(),
        origin: None,
        provenance: None,
        within: None,
        ..ctx.clone()
    };
    let mut answer = follow(tx, effects, ctx)?;
    for _ in 0..ROUNDS {
        let changes = tx.prepare(std::mem::take(&mut answer), &derived);
        let changes: Vec<&Prepared> = changes.iter().collect();
        let (_, effects) = store(tx, &changes, &derived, Texts::Unwanted)?;
        answer = follow(tx, effects, &derived)?;
        if answer.is_empty() {
            return Ok(());
        }
    }
    let name = answer.first().map_or("", |change| change.type_id.name());
    Err(StoreError::Database(format!(
        "the reaction, last to {name}, did not settle in {ROUNDS} rounds"
    )))
}

/// What the reaction answers to these.
fn follow(tx: &mut Tx, mut effects: Vec<Effect>, ctx: &Context) -> Result<Vec<Change>, StoreError> {
    effects.retain(|effect| tx.shared.reaction.watches(effect.type_id));
    if effects.is_empty() {
        return Ok(Vec::new());
    }
    let changed: Vec<Changed> = effects.iter_mut().map(Effect::changed).collect();
    tx.shared.reaction.clone().react(tx, &changed, ctx)
}

impl Effect<'_> {
    fn changed(&mut self) -> Changed<'_> {
        Changed {
            type_id: self.type_id,
            id: &self.id,
            before: self.before.take(),
            after: self.after.as_deref(),
        }
    }
}

/// One round, of which nothing follows. For what goes with a write.
pub(crate) fn beside(tx: &mut Tx, change: &Prepared, ctx: &Context) -> Result<(), StoreError> {
    store(tx, &[change], ctx, Texts::Unwanted).map(drop)
}

/// One round. Everything is checked before the first row is written, as far as one part goes.
fn store<'a>(
    tx: &mut Tx,
    changes: &[&'a Prepared],
    ctx: &Context,
    texts: Texts,
) -> Result<(Vec<Applied>, Vec<Effect<'a>>), StoreError> {
    refuse_twice(changes)?;
    let (mut applied, mut effects) = (Vec::with_capacity(changes.len()), Vec::new());
    let mut rest = changes;
    if part(rest) < rest.len() {
        lock(tx, changes)?;
    }
    while !rest.is_empty() {
        let (now, later) = rest.split_at(part(rest));
        rest = later;
        let stored = store_part(tx, now, ctx, texts, &mut effects);
        applied.extend(match applied.is_empty() {
            true => stored?,
            false => stored.inspect_err(|_| failure::note(None))?,
        });
    }
    define(tx, &effects, ctx).inspect_err(|_| failure::note(None))?;
    bind(tx, &effects).inspect_err(|_| failure::note(None))?;
    integrity::check(tx, changes, &applied, ctx).inspect_err(|_| failure::note(None))?;
    Ok((applied, effects))
}

/// What was written may define search parameters.
fn define(tx: &mut Tx, effects: &[Effect], ctx: &Context) -> Result<(), StoreError> {
    let written: Vec<(&str, Option<&Value>)> = effects
        .iter()
        .filter(|effect| custom::watches(effect.type_id))
        .map(|effect| (effect.id.as_str(), effect.after.as_deref()))
        .collect();
    custom::follow(tx, &written, ctx)
}

/// What was written may bind whoever reads.
fn bind(tx: &mut Tx, effects: &[Effect]) -> Result<(), StoreError> {
    let written: Vec<consent::Written> = effects
        .iter()
        .filter(|effect| consent::watches(effect.type_id))
        .map(|effect| {
            (
                effect.id.as_str(),
                effect.before.as_ref(),
                effect.after.as_deref(),
            )
        })
        .collect();
    consent::follow(tx, &written)
}

/// How many of the changes are stored in one step.
fn part(changes: &[&Prepared]) -> usize {
    let mut bytes = 0;
    let fits = changes.iter().take(PART).take_while(|change| {
        bytes += change.size();
        bytes <= PART_BYTES
    });
    fits.count().max(1).min(changes.len())
}

fn store_part<'a>(
    tx: &mut Tx,
    changes: &[&'a Prepared],
    ctx: &Context,
    texts: Texts,
    effects: &mut Vec<Effect<'a>>,
) -> Result<Vec<Applied>, StoreError> {
    let current = current(tx, changes, point::lock)?;
    let params = tx.params.clone();
    let mut steps = Vec::with_capacity(changes.len());
    for change in changes {
        steps.push(plan(change, found(&current, change), ctx, &params)?);
    }
    write(tx, &mut steps)?;
    integrity::hold(tx, changes, &steps).inspect_err(|_| failure::note(None))?;
    for (change, step) in changes.iter().zip(&steps) {
        if step.write.is_some() && tx.by().watches(change.type_id) {
            effects.push(effect(change, found(&current, change), step)?);
        }
    }
    let done = steps.into_iter().zip(changes);
    Ok(done.map(|(step, change)| step.applied(change, texts)).collect())
}

pub(crate) type Found<'a> = HashMap<(TypeId, &'a str), point::Current>;

pub(crate) fn found<'f, 'a>(current: &'f Found<'a>, change: &'a Prepared) -> Option<&'f point::Current> {
    current.get(&(change.type_id, change.id.as_str()))
}

/// What may be there; what is fresh needs no look-up.
fn wanted<'a>(changes: &[&'a Prepared]) -> Vec<(TypeId, &'a str)> {
    changes
        .iter()
        .filter(|change| change.expect != Expect::Fresh)
        .map(|change| (change.type_id, change.id.as_str()))
        .collect()
}

/// All rows at once, so that parts of two transactions cannot wait for each other.
fn lock(tx: &mut Tx, changes: &[&Prepared]) -> Result<(), StoreError> {
    point::lock_only(&mut tx.conn, &wanted(changes))
}

/// The rows that are there now, locked if they are read so.
pub(crate) fn current<'a>(
    tx: &mut Tx,
    changes: &[&'a Prepared],
    read: point::Read,
) -> Result<Found<'a>, StoreError> {
    let wanted = wanted(changes);
    let mut rows: HashMap<(TypeId, String), point::Current> = read(&mut tx.conn, &wanted)?
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
    number(tx, steps.iter_mut())?;
    let versions: Vec<&Version> = steps.iter().filter_map(|step| step.write.as_ref()).collect();
    replace(tx, &versions);
    match versions.is_empty() {
        true => Ok(()),
        false => write_sql::write(&mut tx.conn, &versions, tx.params.generation),
    }
}

/// What was in memory of these is so no longer.
fn replace(tx: &Tx, versions: &[&Version]) {
    if let Some(kept) = tx.shared.kept.get() {
        let later = versions.iter().filter(|version| version.version > 1);
        later.for_each(|version| kept.replaces(version.key));
    }
}

/// Gives new resources their row keys.
pub(crate) fn number<'a: 's, 's>(
    tx: &mut Tx,
    steps: impl Iterator<Item = &'s mut Step<'a>>,
) -> Result<(), StoreError> {
    let new = steps.filter(|step| step.is_new());
    let versions: Vec<&mut Version> = new.filter_map(|step| step.write.as_mut()).collect();
    let numbers = tx.shared.sequence.take(&mut tx.conn, versions.len())?;
    for (version, number) in versions.into_iter().zip(numbers) {
        version.key = crate::keys::key(version.type_id, number);
    }
    Ok(())
}

fn refuse_twice(changes: &[&Prepared]) -> Result<(), StoreError> {
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

fn effect<'a>(
    change: &'a Prepared,
    before: Option<&point::Current>,
    step: &Step,
) -> Result<Effect<'a>, StoreError> {
    let before = before
        .map(|row| &row.stored)
        .filter(|stored| !stored.deleted)
        .map(parsed)
        .transpose()?;
    let after = change
        .put
        .as_ref()
        .and_then(|put| Some((put, put.value.as_ref()?)))
        .map(|(put, value)| match put.first() {
            Some(_) => Cow::Borrowed(value),
            None => Cow::Owned(step.stamped(&change.id, value)),
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
