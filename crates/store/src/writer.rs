//! SQLite's writing thread, with those that help it with long work (`stretch.rs`). Those who wait
//! together share one commit, which is what makes `synchronous=FULL` affordable. Failures stay apart:
//! a job that fails after it wrote makes its group start over with a savepoint for each, so that the
//! usual case pays for none.
use crate::checkpoint::Committed;
use crate::conn::{Conn, on_each};
use crate::jobs::{self, Job};
use crate::line::Line;
use crate::reply;
use crate::store::Shared;
use crate::stretch::{Helpers, Outcome, Stretch};
use crate::turns::{Desk, Lent};
use crate::{StoreError, Tx};
use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A group ends when it is this large or its work took this long.
const GROUP: usize = 256;
const WORK: Duration = Duration::from_millis(20);
/// Callers just answered are likely to come back: as long as fewer came than last time, the next
/// one is worth waiting for this long, since a commit costs more.
const PATIENCE: Duration = Duration::from_micros(200);

pub(crate) type Ended = (Box<dyn Job>, Result<(), StoreError>);

/// Until the queue is closed and empty.
pub(crate) fn serve(line: Line, queue: Receiver<Box<dyn Job>>, committed: &Committed, helpers: Helpers) {
    let mut group = Group {
        queue,
        helpers,
        last: 1,
        ended: Vec::new(),
    };
    while let Ok(first) = group.queue.recv() {
        let Some(first) = jobs::due(first, line.shared.patience) else {
            continue;
        };
        let done = match line.pool.get() {
            Ok(held) => group.commit(&Arc::new(Desk::new(held)), &line.shared, first),
            Err(error) => {
                group.ended.push((first, Ok(())));
                Err(error)
            }
        };
        group.answer(done);
        committed.tell();
    }
}

struct Group {
    queue: Receiver<Box<dyn Job>>,
    helpers: Helpers,
    /// How many shared the last commit.
    last: usize,
    ended: Vec<Ended>,
}

/// When a group is large enough, or was long enough.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    began: Instant,
    /// How many shared the last commit.
    pub(crate) last: usize,
    /// How many of this group are done.
    pub(crate) ended: usize,
}

impl Limits {
    /// The next job behind so many of this group, if it is to have one more.
    pub(crate) fn next(&self, queue: &Receiver<Box<dyn Job>>, begun: usize) -> Option<Box<dyn Job>> {
        if begun >= GROUP || self.began.elapsed() >= WORK {
            return None;
        }
        match begun < self.last {
            true => queue.recv_timeout(PATIENCE).ok(),
            false => queue.try_recv().ok(),
        }
    }
}

impl Group {
    fn commit(
        &mut self,
        desk: &Arc<Desk>,
        shared: &Arc<Shared>,
        first: Box<dyn Job>,
    ) -> Result<(), StoreError> {
        if let Err(error) = desk.alone(|conn| conn.batch_execute("BEGIN IMMEDIATE")) {
            self.ended.push((first, Ok(())));
            return Err(error.into());
        }
        if let Err(error) = desk.alone(|conn| shared.params.refresh(conn)) {
            self.ended.push((first, Ok(())));
            desk.alone(|conn| undo(conn, shared, "ROLLBACK"));
            return Err(error);
        }
        let worked = self.work(desk, shared, first);
        desk.alone(|conn| {
            let end = worked.and_then(|()| commit(conn, shared));
            let end = end.inspect_err(|_| undo(conn, shared, "ROLLBACK"));
            // Searches go by what is known, too, and the next write may be long in coming.
            shared.params.certain(conn).and(end)
        })
    }

    fn work(
        &mut self,
        desk: &Arc<Desk>,
        shared: &Arc<Shared>,
        first: Box<dyn Job>,
    ) -> Result<(), StoreError> {
        let (began, mut apart) = (Instant::now(), false);
        let mut next = VecDeque::from([first]);
        while let Some(job) = next.pop_front() {
            match jobs::due(job, shared.patience) {
                None => {}
                Some(job) if apart => desk.alone(|conn| self.run_apart(conn, shared, job)),
                Some(job) if job.takes_turns() => {
                    let stretch = Stretch::new(desk, shared, &self.queue, self.limits(began));
                    let (left, spoilt) = self.stretch(stretch, job);
                    next.extend(left);
                    if spoilt {
                        desk.alone(|conn| self.start_over(conn, shared))?;
                    }
                    apart = spoilt;
                }
                Some(job) => apart = desk.alone(|conn| self.run(conn, shared, job))?,
            }
            if next.is_empty() {
                next.extend(self.limits(began).next(&self.queue, self.ended.len()));
            }
        }
        Ok(())
    }

    fn limits(&self, began: Instant) -> Limits {
        Limits {
            began,
            last: self.last,
            ended: self.ended.len(),
        }
    }

    /// What is left to be done, and whether the group is to start over: then all of the stretch run
    /// again, those that failed, too, as they may have seen what is undone.
    fn stretch(&mut self, stretch: Stretch, first: Box<dyn Job>) -> (Vec<Box<dyn Job>>, bool) {
        let Outcome { ended, spoilt, left } = self.helpers.run(stretch, first);
        self.ended
            .extend(ended.into_iter().map(|(job, end)| match spoilt {
                true => (job, Ok(())),
                false => (job, end),
            }));
        (left, spoilt)
    }

    /// Without a savepoint, which would cost a third of a small write. True when the job failed
    /// after it had written something, so that the group had to start over.
    fn run(&mut self, conn: &mut Conn, shared: &Shared, mut job: Box<dyn Job>) -> Result<bool, StoreError> {
        let before = changes(conn);
        let (_, end) = run(Lent::Own(conn), shared, &mut *job);
        let spoilt = end.is_err() && (before.is_none() || changes(conn) != before);
        let again = if spoilt {
            self.start_over(conn, shared)
        } else {
            Ok(())
        };
        self.ended.push((job, end));
        again.map(|()| spoilt)
    }

    /// Undoes all and runs those that had succeeded again, with a savepoint each.
    fn start_over(&mut self, conn: &mut Conn, shared: &Shared) -> Result<(), StoreError> {
        undo(conn, shared, "ROLLBACK");
        conn.batch_execute("BEGIN IMMEDIATE")?;
        for (job, end) in std::mem::take(&mut self.ended) {
            match end {
                Ok(()) => self.run_apart(conn, shared, job),
                failed => self.ended.push((job, failed)),
            }
        }
        Ok(())
    }

    fn run_apart(&mut self, conn: &mut Conn, shared: &Shared, mut job: Box<dyn Job>) {
        let end = in_savepoint(conn, shared, &mut *job);
        self.ended.push((job, end));
    }

    /// After the commit: what succeeded in a commit that failed has failed too.
    fn answer(&mut self, committed: Result<(), StoreError>) {
        self.last = self.ended.len();
        reply::give(self.ended.drain(..).map(|(job, end)| {
            let end = end.and_then(|()| match &committed {
                Ok(()) => Ok(()),
                Err(error) => Err(error.shared()),
            });
            jobs::ready(job, end)
        }));
    }
}

fn commit(conn: &mut Conn, shared: &Shared) -> Result<(), StoreError> {
    let mut commit = || Ok(conn.batch_execute("COMMIT")?);
    match shared.kept.get() {
        Some(kept) => kept.during(commit),
        None => commit(),
    }
}

fn in_savepoint(conn: &mut Conn, shared: &Shared, job: &mut dyn Job) -> Result<(), StoreError> {
    conn.batch_execute("SAVEPOINT job")?;
    let (_, end) = run(Lent::Own(conn), shared, job);
    if end.is_err() {
        undo(conn, shared, "ROLLBACK TO job");
    }
    conn.batch_execute("RELEASE job")?;
    end
}

/// Search parameters that a job defines are known to those behind it in the group.
pub(crate) fn run<'c>(
    mut conn: Lent<'c>,
    shared: &'c Shared,
    job: &mut dyn Job,
) -> (Lent<'c>, Result<(), StoreError>) {
    if let Err(error) = shared.params.certain(&mut conn) {
        return (conn, Err(error));
    }
    let mut tx = Tx::new(conn, shared);
    let end = jobs::run(job, &mut tx);
    if end.is_ok() {
        shared.params.follow(tx.params);
    }
    (tx.conn, end)
}

/// The block of row keys may have been taken in what is undone now.
fn undo(conn: &mut Conn, shared: &Shared, sql: &str) {
    shared.sequence.forget();
    shared.params.doubt();
    if let Err(error) = conn.batch_execute(sql) {
        tracing::error!(%error, "rollback failed");
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// Rows changed since the connection was opened.
    fn total_changes() -> diesel::sql_types::BigInt;
}

pub(crate) fn changes(conn: &mut Conn) -> Option<i64> {
    // Not through the enum, which writes the SQL anew each time.
    on_each!(conn, |c| diesel::select(total_changes()).get_result(c)).ok()
}
