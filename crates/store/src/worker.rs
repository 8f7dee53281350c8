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
use crate::turns::Lent;
use crate::{StoreError, Tx};
use crossbeam_channel::{Receiver, Sender, never, select};

/// Callers in one statement.
const TOGETHER: usize = 64;

/// What comes to one thread.
pub(crate) struct Work {
    pub(crate) jobs: Receiver<Box<dyn Job>>,
    /// Plain changes that others hold up.
    pub(crate) held_up: Receiver<Box<dyn Job>>,
    /// Where few threads do these, many share a statement.
    pub(crate) plain: Option<PlainWork>,
}

pub(crate) struct PlainWork {
    pub(crate) changes: Receiver<Plain>,
    /// Closed when nobody sends any more.
    pub(crate) held_up: Sender<Box<dyn Job>>,
}

/// Until all queues are closed and empty.
pub(crate) fn run(line: Line, work: Work) {
    let Work {
        mut jobs,
        mut held_up,
        mut plain,
    } = work;
    let mut changes = plain.as_ref().map_or_else(never, |plain| plain.changes.clone());
    let mut open = 2;
    while open > 0 || plain.is_some() {
        select! {
            recv(jobs) -> next => match next {
                Ok(job) => transact(&line, job),
                Err(_) => { open -= 1; jobs = never(); }
            },
            recv(held_up) -> next => match next {
                Ok(job) => transact(&line, job),
                Err(_) => { open -= 1; held_up = never(); }
            },
            recv(changes) -> next => match (next, &plain) {
                (Ok(first), Some(plain)) => gather(&line, first, plain),
                _ => { changes = never(); plain = None; }
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
fn gather(line: &Line, first: Plain, plain: &PlainWork) {
    let waiting = &plain.changes;
    let mut group = vec![first];
    group.extend(waiting.try_iter().take(TOGETHER - 1));
    while !group.is_empty() {
        let due = group.into_iter().filter_map(|one| one.due(line.shared.patience));
        let (now, later) = plain::apart(due.collect());
        let singly = together(line, now, waiting).into_iter();
        let left = singly.flat_map(|one| together(line, vec![one], waiting));
        // Whoever has locked what these change holds up nobody else.
        left.for_each(|one| give_away(one, &plain.held_up));
        group = later;
    }
}

fn give_away(one: Plain, held_up: &Sender<Box<dyn Job>>) {
    if let Err(refused) = held_up.try_send(one.into_job()) {
        refused
            .into_inner()
            .answer(Err(StoreError::Busy), Along::default());
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
    let done = plain::write(&mut Tx::new(Lent::Own(conn), shared), group);
    match done {
        // The statement was a transaction of its own, and it did nothing.
        Err(StoreError::Transient(Transient::Outdated, _)) => {
            shared.params.refresh(conn)?;
            plain::write(&mut Tx::new(Lent::Own(conn), shared), group)
        }
        end => end,
    }
}
