//! Point reads of current versions. On PostgreSQL a thread with a connection of its own takes those
//! that wait together in one round trip: while one is under way, the next group gathers.
use crate::StoreError;
use crate::conn::Conn;
use crate::error::Transient;
use crate::kept::Entry;
use crate::line::Line;
use crate::pool::Held;
use crate::reply::{self, Asker, Ready};
use crate::{consent, point};
use crossbeam_channel::Receiver;
use fhir::TypeId;
use std::sync::Arc;

/// Point reads in one statement.
const TOGETHER: usize = 64;

/// A point read.
pub(crate) enum Fetch {
    /// Of a current version.
    Version(Ask<(TypeId, String), Option<Arc<Entry>>>),
    /// Of the rules of a version's patients.
    Rules(Ask<consent::Of, consent::Rules>),
}

pub(crate) struct Ask<W, T> {
    pub(crate) wanted: W,
    pub(crate) asker: Asker<T>,
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
    let (mut versions, mut rules) = (Vec::new(), Vec::new());
    for fetch in group {
        match fetch {
            Fetch::Version(ask) => versions.push(ask),
            Fetch::Rules(ask) => rules.push(ask),
        }
    }
    together(line, versions, waiting, |held, wanted| {
        let wanted: Vec<(TypeId, &str)> = wanted.iter().map(|(on, id)| (*on, id.as_str())).collect();
        read(held, &wanted)
    });
    together(line, rules, waiting, |held, wanted| {
        consent::rules_of(&mut held.conn, wanted)
    });
}

fn together<W, T: Send + 'static>(
    line: &Line,
    group: Vec<Ask<W, T>>,
    waiting: &Receiver<Fetch>,
    mut work: impl FnMut(&mut Held, &[&W]) -> Result<Vec<T>, StoreError>,
) {
    if group.is_empty() {
        return;
    }
    let wanted: Vec<&W> = group.iter().map(|ask| &ask.wanted).collect();
    match line.held(|held| work(held, &wanted)) {
        Ok(found) => {
            let answers = group.into_iter().zip(found);
            reply::give(answers.map(|(ask, found)| ask.asker.ready(Ok(found))));
        }
        Err(error) => {
            // Whoever waits behind them would wait for the same lock.
            let late = matches!(error, StoreError::Transient(Transient::Locked, _));
            let behind = waiting.try_iter().take(if late { usize::MAX } else { 0 });
            let refused = |ask: Ask<W, T>| ask.asker.ready(Err(error.shared()));
            let behind = behind.map(|fetch| fetch.refused(&error));
            reply::give(group.into_iter().map(refused).chain(behind));
        }
    }
}

impl Fetch {
    fn refused(self, error: &StoreError) -> Ready {
        match self {
            Fetch::Version(ask) => ask.asker.ready(Err(error.shared())),
            Fetch::Rules(ask) => ask.asker.ready(Err(error.shared())),
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
