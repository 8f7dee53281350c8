//! The threads of a store and the queues in front of them. Queues are bounded: beyond what
//! can be done soon, the honest answer is [`StoreError::Busy`].
use crate::conn::{Engine, Role};
use crate::count::Count;
use crate::fetcher::Fetch;
use crate::jobs::Job;
use crate::kept::Kept;
use crate::line::Line;
use crate::near::Near;
use crate::plain::Plain;
use crate::pool::Pool;
use crate::reader::Look;
use crate::store::{Shared, StoreConfig};
use crate::stretch::{self, Helpers};
use crate::{
    StoreError, checkpoint, consent, fetcher, integrity, migrate, reader, reindex, watch, worker, writer,
};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{JoinHandle, available_parallelism};

const QUEUE: usize = 4096;

pub(crate) struct Threads {
    queues: RwLock<Option<Queues>>,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

struct Queues {
    jobs: Sender<Box<dyn Job>>,
    plain: Sender<Plain>,
    fetches: Sender<Fetch>,
    looks: Sender<Look>,
    near: Option<Arc<Near>>,
    /// Dropped it ends the watch.
    _open: Sender<()>,
}

/// The other ends.
struct Work {
    jobs: Receiver<Box<dyn Job>>,
    plain: Receiver<Plain>,
    fetches: Receiver<Fetch>,
    looks: Receiver<Look>,
    closed: Receiver<()>,
}

impl Threads {
    pub(crate) fn start(shared: &Arc<Shared>, config: &StoreConfig) -> Result<Threads, StoreError> {
        let mut conn = shared.engine.connect(&shared.url, Role::Migrator)?;
        migrate::migrate(&mut conn, |conn| {
            let own = &shared.params.bases;
            reindex::bring_up_to_date(conn, own)?;
            consent::bring_up_to_date(conn, own)?;
            let enforced = integrity::bring_up_to_date(conn, config.enforced.as_deref(), own)?;
            shared.enforced.get_or_init(|| enforced);
            Ok(())
        })?;
        shared.params.refresh(&mut conn)?;
        drop(conn);
        if let Some(count) = count(shared)? {
            shared.kept.get_or_init(|| Kept::new(count));
        }
        let mut handles = Vec::new();
        let connections = config.connections.max(1);
        let (readers, writers) = match shared.engine {
            Engine::Sqlite => (connections, 1),
            Engine::Postgres => ((connections / 3).max(1), connections - connections / 3),
        };
        let pool = |role, size| Pool::new(shared, role, size);
        let line = |pool: &Pool, number| Line {
            shared: shared.clone(),
            pool: pool.clone(),
            number: number as u64,
        };
        let (to_write, to_read) = (pool(Role::Writer, writers), pool(Role::Reader, readers));
        let near = (shared.engine == Engine::Sqlite)
            .then(|| Arc::new(Near::new(&shared.url, shared.patience, connections)));
        let (queues, work) = queues(near);
        match shared.engine {
            Engine::Sqlite => handles.extend(writer_threads(line(&to_write, 0), &work)?),
            Engine::Postgres => {
                let lines = (0..writers).map(|number| line(&to_write, number));
                handles.extend(worker_threads(lines, &work)?);
            }
        }
        for number in 0..readers {
            let (engine, line, looks) = (shared.engine, line(&to_read, number), work.looks.clone());
            handles.push(spawn("baton-read", move || reader::run(line, engine, looks))?);
        }
        let fetch = line(&pool(Role::Fetcher, 1), 0);
        handles.push(spawn("baton-fetch", move || fetcher::run(fetch, work.fetches))?);
        let (watched, closed) = (shared.clone(), work.closed);
        handles.push(spawn("baton-watch", move || watch::run(&watched, &closed))?);
        Ok(Threads {
            queues: RwLock::new(Some(queues)),
            handles: Mutex::new(handles),
        })
    }

    pub(crate) fn write(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.send(|queues| &queues.jobs, job)
    }

    pub(crate) fn plain(&self, plain: Plain) -> Result<(), StoreError> {
        self.send(|queues| &queues.plain, plain)
    }

    /// Connections for point reads on the caller's thread.
    pub(crate) fn near(&self) -> Option<Arc<Near>> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.as_ref()?.near.clone()
    }

    pub(crate) fn fetch(&self, fetch: Fetch) -> Result<(), StoreError> {
        self.send(|queues| &queues.fetches, fetch)
    }

    pub(crate) fn look(&self, look: Look) -> Result<(), StoreError> {
        self.send(|queues| &queues.looks, look)
    }

    fn send<T>(&self, queue: impl Fn(&Queues) -> &Sender<T>, work: T) -> Result<(), StoreError> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let sent = queues.as_ref().map(|queues| queue(queues).try_send(work));
        match sent {
            Some(Ok(())) => Ok(()),
            None | Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) => Err(StoreError::Busy),
        }
    }

    /// Accepting work, with all threads there to do it.
    pub(crate) fn is_open(&self) -> bool {
        let accepting = self
            .queues
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some();
        let handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        accepting && !handles.iter().any(JoinHandle::is_finished)
    }

    /// Closing the queues lets the threads finish what is in them and end.
    pub(crate) fn close(&self) {
        drop(self.queues.write().unwrap_or_else(PoisonError::into_inner).take());
        let handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in handles {
            if handle.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

/// What tells whether versions in memory are still current.
fn count(shared: &Shared) -> Result<Option<Count>, StoreError> {
    match shared.engine {
        Engine::Sqlite => Count::of(&shared.url),
        Engine::Postgres => Ok(None),
    }
}

fn queues(near: Option<Arc<Near>>) -> (Queues, Work) {
    let (jobs, jobs_end) = bounded(QUEUE);
    let (plain, plain_end) = bounded(QUEUE);
    let (fetches, fetches_end) = bounded(QUEUE);
    let (looks, looks_end) = bounded(QUEUE);
    let (open, closed) = bounded(0);
    let work = Work {
        jobs: jobs_end,
        plain: plain_end,
        fetches: fetches_end,
        looks: looks_end,
        closed,
    };
    (
        Queues {
            jobs,
            plain,
            fetches,
            looks,
            near,
            _open: open,
        },
        work,
    )
}

/// PostgreSQL's. Plain changes are for as many as there are processors: fewer, larger statements.
fn worker_threads(lines: impl Iterator<Item = Line>, work: &Work) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let few = available_parallelism().map_or(1, NonZeroUsize::get);
    let (held_up, held_up_end) = bounded(QUEUE);
    let start = |(number, line): (usize, Line)| {
        let work = worker::Work {
            jobs: work.jobs.clone(),
            held_up: held_up_end.clone(),
            plain: (number < few).then(|| worker::PlainWork {
                changes: work.plain.clone(),
                held_up: held_up.clone(),
            }),
        };
        spawn("baton-write", move || worker::run(line, work))
    };
    lines.enumerate().map(start).collect()
}

/// SQLite's one, who helps it with long work, and who copies its log.
fn writer_threads(line: Line, work: &Work) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let beside = Line {
        pool: Pool::new(&line.shared, Role::Writer, 1),
        shared: line.shared.clone(),
        number: line.number,
    };
    let (jobs, (told, heard)) = (work.jobs.clone(), checkpoint::channel());
    let others = available_parallelism().map_or(0, |all| all.get() - 1);
    let (helpers, help) = Helpers::new(others.min(stretch::THREADS));
    let mut handles = vec![
        spawn("baton-write", move || writer::serve(line, jobs, &told, helpers))?,
        spawn("baton-checkpoint", move || checkpoint::run(&beside, &heard))?,
    ];
    for help in help {
        handles.push(spawn("baton-beside", move || help.run())?);
    }
    Ok(handles)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.to_string())
        .spawn(work)
        .map_err(|error| StoreError::Database(format!("no thread: {error}")))
}
