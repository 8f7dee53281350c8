//! Point reads of current versions. On PostgreSQL a thread with a connection of its own takes those
//! that wait together in one round trip: while one is under way, the next group gathers.
use crate::StoreError;
use crate::line::Line;
use crate::point::{self, Packed};
use crossbeam_channel::Receiver;
use fhir::TypeId;
use tokio::sync::oneshot;

/// Point reads in one statement.
const TOGETHER: usize = 64;

/// A point read of a current version.
pub(crate) struct Fetch {
    pub(crate) type_id: TypeId,
    pub(crate) id: String,
    pub(crate) reply: oneshot::Sender<Result<Option<Packed>, StoreError>>,
}

/// Until the queue is closed and empty.
pub(crate) fn run(line: Line, fetches: Receiver<Fetch>) {
    while let Ok(first) = fetches.recv() {
        let mut group = vec![first];
        group.extend(fetches.try_iter().take(TOGETHER - 1));
        fetch(&line, group);
    }
}

fn fetch(line: &Line, group: Vec<Fetch>) {
    let wanted: Vec<(TypeId, &str)> = group
        .iter()
        .map(|fetch| (fetch.type_id, fetch.id.as_str()))
        .collect();
    // Whoever no longer waits needs no answer.
    match line.once(|conn, _| point::fetch(conn, &wanted)) {
        Ok(found) => group.into_iter().zip(found).for_each(|(fetch, found)| {
            let _ = fetch.reply.send(Ok(found));
        }),
        Err(error) => group.into_iter().for_each(|fetch| {
            let _ = fetch.reply.send(Err(error.shared()));
        }),
    }
}
