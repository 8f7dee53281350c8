//! Reading threads. Point reads that wait together share one round trip.
use crate::conn::Engine;
use crate::jobs::{self, Job};
use crate::line::Line;
use crate::{StoreError, Stored, Tx, point};
use crossbeam_channel::{Receiver, never, select};
use fhir::TypeId;
use std::collections::HashMap;
use tokio::sync::oneshot;

/// Point reads in one statement.
const TOGETHER: usize = 64;

/// A point read of a current version.
pub(crate) struct Fetch {
    pub(crate) type_id: TypeId,
    pub(crate) id: String,
    pub(crate) reply: oneshot::Sender<Result<Option<Stored>, StoreError>>,
}

/// Other reading.
pub(crate) struct Look {
    pub(crate) job: Box<dyn Job>,
    /// Whether all its statements must see one state of the database.
    pub(crate) snapshot: bool,
}

/// Until both queues are closed and empty.
pub(crate) fn run(line: Line, engine: Engine, mut fetches: Receiver<Fetch>, mut looks: Receiver<Look>) {
    let mut open = 2;
    while open > 0 {
        select! {
            recv(fetches) -> next => match next {
                Ok(first) => fetch(&line, first, &fetches),
                Err(_) => { open -= 1; fetches = never(); }
            },
            recv(looks) -> next => match next {
                Ok(look) => self::look(&line, engine, look),
                Err(_) => { open -= 1; looks = never(); }
            },
        }
    }
}

fn fetch(line: &Line, first: Fetch, waiting: &Receiver<Fetch>) {
    let mut group = vec![first];
    group.extend(waiting.try_iter().take(TOGETHER - 1));
    let wanted: Vec<(TypeId, &str)> = group
        .iter()
        .map(|fetch| (fetch.type_id, fetch.id.as_str()))
        .collect();
    let found = line.once(|conn, _| point::many(conn, &wanted));
    match found {
        Err(error) => {
            for fetch in group {
                // Whoever no longer waits needs no answer.
                let _ = fetch.reply.send(Err(error.shared()));
            }
        }
        Ok(found) => {
            let mut rows: HashMap<(TypeId, String), Stored> = HashMap::with_capacity(found.len());
            for row in found {
                rows.insert((row.stored.type_id, row.stored.id.clone()), row.stored);
            }
            for Fetch { type_id, id, reply } in group {
                let _ = reply.send(Ok(rows.get(&(type_id, id)).cloned()));
            }
        }
    }
}

fn look(line: &Line, engine: Engine, Look { mut job, snapshot }: Look) {
    if job.is_abandoned() {
        return;
    }
    let end = match (snapshot, engine) {
        (true, Engine::Sqlite) => line.transact(&mut *job, "BEGIN"),
        (true, Engine::Postgres) => {
            line.transact(&mut *job, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        }
        (false, _) => line.once(|conn, shared| jobs::run(&mut *job, &mut Tx::new(conn, shared))),
    };
    job.answer(end);
}
