//! Changes that need nothing beside them, on PostgreSQL: those of several callers in one statement.
//!
//! Nobody reacts to them, and no reference hangs on them. What is there is read without locks, what each
//! does is decided as ever, and a statement that is its own transaction writes it all, or nothing where
//! what was read is no longer so. A create has nothing to read. So an update takes two round trips instead
//! of four, and those that wait together share them.
use crate::apply::{self, Found, Texts, apply};
use crate::commit::{Applied, Change, Context, Expect, Op};
use crate::error::Transient;
use crate::jobs::{self, Job};
use crate::line::unknown;
use crate::plan::{Step, plan};
use crate::point;
use crate::prepare::{By, Prepared};
use crate::reply::{Along, Asker};
use crate::write_sql::{self, Version};
use crate::{StoreError, Tx};
use fhir::TypeId;
use std::collections::HashSet;
use std::time::Duration;

/// Of one caller.
pub(crate) struct Plain {
    changes: Vec<Prepared>,
    ctx: Context,
    asker: Asker<Vec<Applied>>,
}

/// Whether they may go this way. Several of one caller do only if all are new, so that there is nothing
/// that one of them could fail by.
pub(crate) fn are_plain(changes: &[Change], ctx: &Context, by: By) -> bool {
    let is_free = |change: &Change| match change.op {
        Op::Put(_) => !by.enforced.contains(&change.type_id),
        Op::Delete => by.enforced.is_empty(),
    };
    let is_new = |change: &Change| matches!(change.op, Op::Put(_)) && change.expect == Expect::Fresh;
    ctx.provenance.is_none()
        && ctx.within.is_none()
        && (changes.len() == 1 || changes.iter().all(is_new))
        && changes
            .iter()
            .all(|change| is_free(change) && !by.watches(change.type_id))
}

impl Plain {
    pub(crate) fn new(changes: Vec<Prepared>, ctx: Context, asker: Asker<Vec<Applied>>) -> Plain {
        Plain { changes, ctx, asker }
    }

    /// What it changes that may be there.
    fn target(&self) -> Option<(TypeId, &str)> {
        let mut known = self
            .changes
            .iter()
            .filter(|change| change.expect != Expect::Fresh);
        known.next().map(|change| (change.type_id, change.id.as_str()))
    }

    /// If somebody still waits, and not for too long: as [`crate::jobs::due`] has it.
    pub(crate) fn due(self, patience: Duration) -> Option<Plain> {
        if self.asker.is_gone() {
            return None;
        }
        if self.asker.waited() > patience {
            self.into_asker().answer(Err(StoreError::Busy), Along::default());
            return None;
        }
        Some(self)
    }

    pub(crate) fn into_asker(self) -> Asker<Vec<Applied>> {
        self.asker
    }

    /// For a transaction of its own, where it could not be done with others.
    pub(crate) fn into_job(self) -> Box<dyn Job> {
        let Plain { changes, ctx, asker } = self;
        let work = move |tx: &mut Tx| {
            let changes: Vec<&Prepared> = changes.iter().collect();
            apply(tx, &changes, &ctx, Texts::Wanted)
        };
        jobs::of(work, asker, false)
    }
}

/// Those that can go together, and those that change what one of them changes.
pub(crate) fn apart(group: Vec<Plain>) -> (Vec<Plain>, Vec<Plain>) {
    let mut taken = HashSet::new();
    let first: Vec<bool> = group
        .iter()
        .map(|plain| plain.target().is_none_or(|target| taken.insert(target)))
        .collect();
    let mut first = first.into_iter();
    group.into_iter().partition(|_| first.next() == Some(true))
}

/// What became of each, in their order. An error is of all, and nothing is written.
pub(crate) fn write(
    tx: &mut Tx,
    group: &[Plain],
) -> Result<Vec<Result<Vec<Applied>, StoreError>>, StoreError> {
    let again: Vec<Vec<Prepared>> = group.iter().map(|plain| by_new_rules(plain, tx)).collect();
    let asked = group
        .iter()
        .zip(&again)
        .map(|(plain, again)| match again.is_empty() {
            true => (plain.changes.as_slice(), &plain.ctx),
            false => (again.as_slice(), &plain.ctx),
        });
    let asked: Vec<(&[Prepared], &Context)> = asked.collect();
    let changes: Vec<&Prepared> = asked.iter().flat_map(|(changes, _)| *changes).collect();
    let found = apply::current(tx, &changes, point::many)?;
    let mut all: Vec<Result<Vec<Step>, StoreError>> = asked
        .iter()
        .map(|(changes, ctx)| decided(tx, changes, &found, ctx))
        .collect();
    apply::number(tx, all.iter_mut().flatten().flatten())?;
    let versions = all.iter().flatten().flatten();
    let versions: Vec<&Version> = versions.filter_map(|step| step.write.as_ref()).collect();
    let has_read = group.iter().any(|plain| plain.target().is_some());
    if !versions.is_empty() {
        let written = write_sql::write_over(&mut tx.conn, &versions, tx.params.generation);
        match written {
            // The connection was whole when it read, so this may be stored: nobody may try again.
            Err(error @ StoreError::Transient(Transient::Disconnected, _)) if has_read => {
                return Ok(group.iter().map(|_| Err(unknown(error.shared()))).collect());
            }
            end => end?,
        }
    }
    let applied = |(steps, (changes, _)): (Result<Vec<Step>, _>, &(&[Prepared], _))| {
        let steps = steps?.into_iter().zip(*changes);
        Ok(steps
            .map(|(step, change)| step.applied(change, Texts::Wanted))
            .collect())
    };
    Ok(all.into_iter().zip(&asked).map(applied).collect())
}

/// The changes with index rows by the parameters that this transaction knows, if theirs are others.
fn by_new_rules(plain: &Plain, tx: &Tx) -> Vec<Prepared> {
    let is_old = plain.changes.iter().any(|change| !change.is_by(&tx.params));
    let again = plain.changes.iter().filter(|_| is_old);
    again.map(|change| change.again(&tx.params)).collect()
}

fn decided<'a>(
    tx: &Tx,
    changes: &'a [Prepared],
    found: &Found<'a>,
    ctx: &'a Context,
) -> Result<Vec<Step<'a>>, StoreError> {
    let decide = |change: &'a Prepared| plan(change, apply::found(found, change), ctx, &tx.params);
    changes.iter().map(decide).collect()
}
