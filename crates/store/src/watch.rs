//! Searches end in time. One that takes longer than a search may, or that nobody waits for any
//! more, is cut off in the middle of a statement: PostgreSQL is told by another connection to
//! cancel it, SQLite asks [`go_on`] for the rows that its loops read.
//!
//! Time is counted in ticks of the watching thread, which looks at what each thread searches.
use crate::conn::{Conn, Role};
use crate::store::Shared;
use crate::{StoreError, Tx};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Integer};
use diesel::sqlite::Sqlite;
use fhir::{Issue, IssueCode};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(100);
const TICKS_PER_SECOND: u64 = 10;

/// The searches of one store.
pub(crate) struct Watch {
    ticks: AtomicU64,
    seconds: u64,
    places: Mutex<Vec<Weak<Place>>>,
}

/// Where one thread searches, when it does.
#[derive(Default)]
struct Place {
    stop: AtomicBool,
    search: Mutex<Option<Search>>,
}

struct Search {
    since: u64,
    /// PostgreSQL's process.
    backend: Option<i32>,
    /// Gone when nobody waits.
    caller: Option<Weak<()>>,
    cut: Option<Cut>,
}

#[derive(Clone, Copy)]
enum Cut {
    Late,
    Unwanted,
}

/// What this thread has at hand.
#[derive(Default)]
struct Here {
    place: Option<Arc<Place>>,
    backend: Option<i32>,
    caller: Option<Weak<()>>,
}

thread_local!(static HERE: RefCell<Here> = RefCell::default());

/// The connection that this thread works on from now on.
pub(crate) fn works_on(backend: Option<i32>) {
    HERE.with_borrow_mut(|here| here.backend = backend);
}

/// Who waits for what this thread reads.
pub(crate) fn works_for(caller: Option<Weak<()>>) {
    HERE.with_borrow_mut(|here| here.caller = caller);
}

/// A search, or other reading that may take long: done in time, or refused.
pub(crate) fn during<T>(
    tx: &mut Tx,
    work: impl FnOnce(&mut Tx) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let watch = &tx.shared.watch;
    let place = watch.begin();
    let end = work(tx);
    match (end, place.end()) {
        (Err(_), Some(Cut::Late)) => Err(too_long(tx.shared.watch.seconds)),
        (Err(_), Some(Cut::Unwanted)) => Err(StoreError::Busy),
        (end, _) => end,
    }
}

fn too_long(seconds: u64) -> StoreError {
    let rule = format!(
        "This search took longer than {seconds} seconds, which is as long as one may take here, and was given up; narrow it by what selects few resources, or leave out _total, _sort or alternatives"
    );
    StoreError::Rejected {
        status: 400,
        issues: vec![Issue::error(IssueCode::TooCostly, rule)],
    }
}

impl Watch {
    pub(crate) fn new(seconds: u64) -> Watch {
        Watch {
            ticks: AtomicU64::new(0),
            seconds,
            places: Mutex::default(),
        }
    }

    fn begin(&self) -> Arc<Place> {
        let since = self.ticks.load(Ordering::Relaxed);
        HERE.with_borrow_mut(|here| {
            let place = here.place.get_or_insert_with(|| self.enter()).clone();
            *lock(&place.search) = Some(Search {
                since,
                backend: here.backend,
                caller: here.caller.clone(),
                cut: None,
            });
            place
        })
    }

    fn enter(&self) -> Arc<Place> {
        let place = Arc::<Place>::default();
        let mut places = lock(&self.places);
        places.retain(|place| place.strong_count() > 0);
        places.push(Arc::downgrade(&place));
        place
    }

    fn tick(&self, cancel: &mut impl FnMut(i32)) {
        let now = self.ticks.fetch_add(1, Ordering::Relaxed);
        let places: Vec<_> = lock(&self.places).iter().filter_map(Weak::upgrade).collect();
        for place in places {
            // Held while the other side is told, so that only this very search is cut.
            let mut search = lock(&place.search);
            let Some(search) = search.as_mut() else { continue };
            let unwanted = search
                .caller
                .as_ref()
                .is_some_and(|caller| caller.strong_count() == 0);
            let late = now.saturating_sub(search.since) >= self.seconds.saturating_mul(TICKS_PER_SECOND);
            let cut = if late {
                Some(Cut::Late)
            } else {
                unwanted.then_some(Cut::Unwanted)
            };
            if cut.is_some() {
                search.cut = search.cut.or(cut);
                place.stop.store(true, Ordering::Relaxed);
                // Again at each tick: it may have been between two statements.
                search.backend.iter().for_each(|backend| cancel(*backend));
            }
        }
    }
}

impl Place {
    fn end(&self) -> Option<Cut> {
        let search = lock(&self.search).take();
        self.stop.store(false, Ordering::Relaxed);
        search?.cut
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The watching thread, until the store closes.
pub(crate) fn run(shared: &Shared, closed: &Receiver<()>) {
    let mut conn = None;
    while closed.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        shared.watch.tick(&mut |backend| {
            if let Err(error) = cancel(shared, &mut conn, backend) {
                tracing::warn!(%error, "a search could not be cut off");
                conn = None;
            }
        });
    }
}

fn cancel(shared: &Shared, conn: &mut Option<Conn>, backend: i32) -> Result<(), StoreError> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(shared.engine.connect(&shared.url, Role::Reader)?),
    };
    if let Conn::Postgres(conn) = conn {
        diesel::sql_query("SELECT pg_cancel_backend($1)")
            .bind::<Integer, _>(backend)
            .execute(conn)?;
    }
    Ok(())
}

/// By which another connection cancels what this one does.
pub(crate) fn backend(conn: &mut Conn) -> Result<Option<i32>, StoreError> {
    Ok(match conn {
        Conn::Postgres(conn) => Some(diesel::select(pg_backend_pid()).get_result(conn)?),
        Conn::Sqlite(_) => None,
    })
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_backend_pid() -> Integer;
    /// True, or the end of the statement. SQLite only.
    fn go_on(key: BigInt) -> Integer;
}

/// What `go_on` says.
#[derive(Debug)]
struct Answer;

impl ToSql<Integer, Sqlite> for Answer {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        let stopped = |here: &Here| {
            here.place
                .as_ref()
                .is_some_and(|place| place.stop.load(Ordering::Relaxed))
        };
        if HERE.with_borrow(stopped) {
            return Err("the search was cut off".into());
        }
        out.set_value(1);
        Ok(IsNull::No)
    }
}

/// Makes `go_on` known to a connection.
pub(crate) fn teach(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    Ok(go_on_utils::register_impl(conn, |_: i64| Answer)?)
}

#[cfg(test)]
mod tests;
