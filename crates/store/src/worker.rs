//! PostgreSQL's writing threads: a transaction per job, and plain changes that wait together in
//! one statement, which is its own transaction.
use crate::commit::Applied;
use crate::conn::Conn;
use crate::error::Transient;
use crate::jobs::{self, Job};
use crate::line::Line;
use crate::plain::{self, Plain};
use crate::reply::{self, Along};
use crate::store::Shared;
use crate::{StoreError, Tx};
use crossbeam_channel::{Receiver, never, select};

/// Callers in one statement.
const TOGETHER: usize = 64;

/// Until both queues are closed and empty.
pub(crate) fn run(line: Line, mut jobs: Receiver<Box<dyn Job>>, mut plain: Receiver<Plain>) {
    let mut open = 2;
    while open > 0 {
        select! {
            recv(jobs) -> next => match next {
                Ok(job) => transact(&line, job),
                Err(_) => { open -= 1; jobs = never(); }
            },
            recv(plain) -> next => match next {
                Ok(first) => gather(&line, first, &plain),
                Err(_) => { open -= 1; plain = never(); }
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

/// Of those that change the same, each waits for the one before.
fn gather(line: &Line, first: Plain, waiting: &Receiver<Plain>) {
    let mut group = vec![first];
    group.extend(waiting.try_iter().take(TOGETHER - 1));
    while !group.is_empty() {
        let due = group.into_iter().filter_map(|one| one.due(line.shared.patience));
        let (now, later) = plain::apart(due.collect());
        let apart = together(line, now, waiting).into_iter();
        let held_up: Vec<Plain> = apart.flat_map(|one| together(line, vec![one], waiting)).collect();
        // Only these wait for whoever has locked what they change, and behind all others.
        held_up.into_iter().for_each(|one| transact(line, Box::new(one)));
        group = later;
    }
}

/// Gives those back that could not be done so.
fn together(line: &Line, mut group: Vec<Plain>, waiting: &Receiver<Plain>) -> Vec<Plain> {
    match line.once(|conn, shared| write(conn, shared, &group)) {
        Ok(done) => {
            let answers = group.into_iter().zip(done);
            reply::give(answers.map(|(one, done)| one.into_asker().ready(done)));
            Vec::new()
        }
        Err(error @ StoreError::Transient(Transient::Locked, _)) => {
            // Whoever waits behind them would wait for the same.
            group.extend(waiting.try_iter());
            refuse(group, &error)
        }
        // One may have spoilt it for all.
        Err(error) if group.len() > 1 || is_race(&error) => group,
        Err(error) => refuse(group, &error),
    }
}

fn is_race(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Transient(Transient::Race | Transient::Outdated, _)
    )
}

fn refuse(group: Vec<Plain>, error: &StoreError) -> Vec<Plain> {
    let refused = group.into_iter().map(Plain::into_asker);
    reply::give(refused.map(|asker| asker.ready(Err(error.shared()))));
    Vec::new()
}

type Done = Vec<Result<Vec<Applied>, StoreError>>;

fn write(conn: &mut Conn, shared: &Shared, group: &[Plain]) -> Result<Done, StoreError> {
    match plain::write(&mut Tx::new(conn, shared), group) {
        // The statement was a transaction of its own, and it did nothing.
        Err(StoreError::Transient(Transient::Outdated, _)) => {
            shared.params.refresh(conn)?;
            plain::write(&mut Tx::new(conn, shared), group)
        }
        end => end,
    }
}
