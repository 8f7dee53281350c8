//! Point reads of current versions. On PostgreSQL a thread with a connection of its own takes those
//! that wait together in one round trip: while one is under way, the next group gathers.
use crate::StoreError;
use crate::conn::Conn;
use crate::error::Transient;
use crate::kept::Entry;
use crate::line::Line;
use crate::point;
use crate::pool::Held;
use crossbeam_channel::Receiver;
use fhir::TypeId;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Point reads in one statement.
const TOGETHER: usize = 64;

/// A point read of a current version.
pub(crate) struct Fetch {
    pub(crate) type_id: TypeId,
    pub(crate) id: String,
    pub(crate) reply: oneshot::Sender<Result<Option<Arc<Entry>>, StoreError>>,
}

/// Until the queue is closed and empty.
pub(crate) fn run(line: Line, fetches: Receiver<Fetch>) {
    while let Ok(first) = fetches.recv() {
        fetch(&line, gathered(first, &fetches), &fetches);
    }
}

/// Those who are about to ask come along: where the processors are busy, giving way lets them ask first,
/// and where not, it costs nothing.
fn gathered(first: Fetch, fetches: &Receiver<Fetch>) -> Vec<Fetch> {
    let (mut group, mut before) = (vec![first], 0);
    while group.len() > before && group.len() < TOGETHER {
        before = group.len();
        std::thread::yield_now();
        group.extend(fetches.try_iter().take(TOGETHER - before));
    }
    group
}

fn fetch(line: &Line, group: Vec<Fetch>, waiting: &Receiver<Fetch>) {
    let wanted: Vec<(TypeId, &str)> = group
        .iter()
        .map(|fetch| (fetch.type_id, fetch.id.as_str()))
        .collect();
    // Whoever no longer waits needs no answer.
    match line.held(|held| read(held, &wanted)) {
        Ok(found) => group.into_iter().zip(found).for_each(|(fetch, found)| {
            let _ = fetch.reply.send(Ok(found));
        }),
        Err(error) => {
            // Whoever waits behind them would wait for the same lock.
            let late = matches!(error, StoreError::Transient(Transient::Locked, _));
            let behind = waiting.try_iter().take(if late { usize::MAX } else { 0 });
            group.into_iter().chain(behind).for_each(|fetch| {
                let _ = fetch.reply.send(Err(error.shared()));
            });
        }
    }
}

/// In their order.
fn read(held: &mut Held, wanted: &[(TypeId, &str)]) -> Result<Vec<Option<Arc<Entry>>>, StoreError> {
    match &mut held.conn {
        Conn::Postgres(conn) => held.followed.fetch(conn, wanted),
        conn => {
            let one = |(type_id, id): &(TypeId, &str)| {
                let found = point::fetch_one(conn, *type_id, id)?;
                Ok(found.map(|packed| Arc::new(Entry::packed(packed))))
            };
            wanted.iter().map(one).collect()
        }
    }
}
