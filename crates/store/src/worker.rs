//! PostgreSQL's writing threads: a transaction per job, and plain creates that wait together in
//! one statement, which is its own transaction and one round trip.
use crate::commit::{Applied, Context};
use crate::conn::Conn;
use crate::error::Transient;
use crate::jobs::{self, Job};
use crate::line::Line;
use crate::prepare::Prepared;
use crate::reply::{self, Along, Asker};
use crate::store::Shared;
use crate::{StoreError, Tx, apply};
use crossbeam_channel::{Receiver, never, select};

/// Creates in one statement.
const TOGETHER: usize = 64;

/// Creates under fresh ids of types nobody reacts to.
pub(crate) struct Create {
    pub(crate) changes: Vec<Prepared>,
    pub(crate) ctx: Context,
    pub(crate) asker: Asker<Vec<Applied>>,
}

/// Until both queues are closed and empty.
pub(crate) fn run(line: Line, mut jobs: Receiver<Box<dyn Job>>, mut creates: Receiver<Create>) {
    let mut open = 2;
    while open > 0 {
        select! {
            recv(jobs) -> next => match next {
                Ok(job) => transact(&line, job),
                Err(_) => { open -= 1; jobs = never(); }
            },
            recv(creates) -> next => match next {
                Ok(first) => create(&line, first, &creates),
                Err(_) => { open -= 1; creates = never(); }
            },
        }
    }
}

fn transact(line: &Line, job: Box<dyn Job>) {
    if let Some(mut job) = jobs::due(job, line.shared.patience) {
        let end = line.transact(&mut *job, "BEGIN");
        job.answer(end, Along::default());
    }
}

fn create(line: &Line, first: Create, waiting: &Receiver<Create>) {
    let mut group = vec![first];
    group.extend(waiting.try_iter().take(TOGETHER - 1));
    let together = line.once(|conn, shared| insert(conn, shared, &group));
    let late = matches!(together, Err(StoreError::Transient(Transient::Locked, _)));
    if late {
        // Whoever waits behind them would wait for the same.
        group.extend(waiting.try_iter());
    }
    let several = group.len() > 1;
    match together {
        Ok(applied) => {
            let answers = group.into_iter().zip(applied);
            reply::give(answers.map(|(create, applied)| create.asker.ready(Ok(applied))));
        }
        // One may have spoilt it for all.
        Err(_) if several && !late => group.into_iter().for_each(|create| alone(line, create)),
        Err(error) => {
            let refused = |create: Create| create.asker.ready(Err(error.shared()));
            reply::give(group.into_iter().map(refused));
        }
    }
}

fn alone(line: &Line, create: Create) {
    let group = [create];
    let end = line
        .once(|conn, shared| insert(conn, shared, &group))
        .map(|mut applied| applied.remove(0));
    let [create] = group;
    create.asker.answer(end, Along::default());
}

fn insert(conn: &mut Conn, shared: &Shared, group: &[Create]) -> Result<Vec<Vec<Applied>>, StoreError> {
    let all: Vec<(&Prepared, &Context)> = group
        .iter()
        .flat_map(|create| create.changes.iter().map(|change| (change, &create.ctx)))
        .collect();
    let mut applied = match rows(&mut Tx::new(conn, shared), &all) {
        // The statement was a transaction of its own, and it did nothing.
        Err(StoreError::Transient(Transient::Outdated, _)) => {
            shared.params.refresh(conn)?;
            rows(&mut Tx::new(conn, shared), &all)?
        }
        end => end?,
    }
    .into_iter();
    Ok(group
        .iter()
        .map(|create| applied.by_ref().take(create.changes.len()).collect())
        .collect())
}

/// With index rows by the parameters that this transaction knows.
fn rows(tx: &mut Tx, all: &[(&Prepared, &Context)]) -> Result<Vec<Applied>, StoreError> {
    if all.iter().all(|(change, _)| change.is_by(&tx.params)) {
        return apply::insert(tx, all);
    }
    let again: Vec<Prepared> = all.iter().map(|(change, _)| change.again(&tx.params)).collect();
    let all: Vec<(&Prepared, &Context)> = again
        .iter()
        .zip(all)
        .map(|(change, (_, ctx))| (change, *ctx))
        .collect();
    apply::insert(tx, &all)
}
