//! SQLite's one writing thread. Those who wait together share one commit, which is what makes
//! `synchronous=FULL` affordable; a savepoint each keeps their failures apart.
use crate::conn::Conn;
use crate::jobs::{self, Job};
use crate::line::Line;
use crate::store::Shared;
use crate::{StoreError, Tx};
use crossbeam_channel::Receiver;
use diesel::connection::SimpleConnection;
use std::time::{Duration, Instant};

/// A group ends when it is this large or its work took this long.
const GROUP: usize = 256;
const WORK: Duration = Duration::from_millis(5);

type Ended = (Box<dyn Job>, Result<(), StoreError>);

/// Until the queue is closed and empty.
pub(crate) fn run(mut line: Line, queue: Receiver<Box<dyn Job>>) {
    while let Ok(first) = queue.recv() {
        let mut ended = Vec::new();
        let committed = match line.connect() {
            Ok((conn, shared)) => group(conn, shared, first, &queue, &mut ended),
            Err(error) => {
                ended.push((first, Ok(())));
                Err(error)
            }
        };
        answer(ended, committed);
    }
}

fn group(
    conn: &mut Conn,
    shared: &Shared,
    first: Box<dyn Job>,
    queue: &Receiver<Box<dyn Job>>,
    ended: &mut Vec<Ended>,
) -> Result<(), StoreError> {
    if let Err(error) = conn.batch_execute("BEGIN IMMEDIATE") {
        ended.push((first, Ok(())));
        return Err(error.into());
    }
    let began = Instant::now();
    let mut next = Some(first);
    while let Some(mut job) = next.take() {
        if !job.is_abandoned() {
            let end = in_savepoint(conn, shared, &mut *job);
            ended.push((job, end));
        }
        if ended.len() < GROUP && began.elapsed() < WORK {
            next = queue.try_recv().ok();
        }
    }
    conn.batch_execute("COMMIT").map_err(|error| {
        abandon(conn, shared, "ROLLBACK");
        error.into()
    })
}

fn in_savepoint(conn: &mut Conn, shared: &Shared, job: &mut dyn Job) -> Result<(), StoreError> {
    conn.batch_execute("SAVEPOINT job")?;
    let end = jobs::run(job, &mut Tx { conn, shared });
    if end.is_err() {
        abandon(conn, shared, "ROLLBACK TO job");
    }
    conn.batch_execute("RELEASE job")?;
    end
}

/// The block of row keys may have been taken in what is undone now.
fn abandon(conn: &mut Conn, shared: &Shared, sql: &str) {
    shared.sequence.forget();
    if let Err(error) = conn.batch_execute(sql) {
        tracing::error!(%error, "rollback failed");
    }
}

/// After the commit: what succeeded in a commit that failed has failed too.
fn answer(ended: Vec<Ended>, committed: Result<(), StoreError>) {
    for (job, end) in ended {
        let end = end.and_then(|()| match &committed {
            Ok(()) => Ok(()),
            Err(error) => Err(error.shared()),
        });
        job.answer(end);
    }
}
