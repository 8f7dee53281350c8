//! A stretch of a group: jobs that take turns at its connection, run by as many threads as there are
//! processors for. It ends where the group ends, at a job that wants the connection for itself, and
//! when one failed after somebody wrote.
use crate::StoreError;
use crate::error::Transient;
use crate::jobs::{self, Job};
use crate::store::Shared;
use crate::turns::Desk;
use crate::writer::{self, Ended, Limits};
use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// More threads than this would only wait for the connection.
pub(crate) const THREADS: usize = 3;

pub(crate) struct Stretch {
    desk: Arc<Desk>,
    shared: Arc<Shared>,
    queue: Receiver<Box<dyn Job>>,
    limits: Limits,
    begun: AtomicUsize,
    numbers: AtomicU64,
    /// Nothing is begun any more.
    over: AtomicBool,
    outcome: Mutex<Outcome>,
}

/// What came of a stretch.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) ended: Vec<Ended>,
    /// All of it is to be undone.
    pub(crate) spoilt: bool,
    /// Jobs that want the connection for themselves.
    pub(crate) left: Vec<Box<dyn Job>>,
}

impl Stretch {
    pub(crate) fn new(
        desk: &Arc<Desk>,
        shared: &Arc<Shared>,
        queue: &Receiver<Box<dyn Job>>,
        limits: Limits,
    ) -> Stretch {
        Stretch {
            desk: desk.clone(),
            shared: shared.clone(),
            queue: queue.clone(),
            begun: AtomicUsize::new(limits.ended),
            limits,
            numbers: AtomicU64::new(0),
            over: AtomicBool::new(false),
            outcome: Mutex::default(),
        }
    }

    /// Until it is over. What came of it is known when all threads are back.
    fn run(&self, first: Option<Box<dyn Job>>) {
        let mut next = first.or_else(|| self.another());
        while let Some(job) = next {
            self.begun.fetch_add(1, Ordering::Relaxed);
            self.one(job);
            next = self.another();
        }
    }

    fn one(&self, mut job: Box<dyn Job>) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let mut conn = self.desk.turn(number);
        let before = writer::changes(&mut conn);
        let (mut conn, end) = writer::run(conn, &self.shared, &mut *job);
        // Others may have written it; it is rare enough.
        let wrote = |conn| before.is_none() || writer::changes(conn) != before;
        let spoilt = match &end {
            Ok(()) => false,
            Err(StoreError::Transient(Transient::Race, _)) => true,
            Err(_) => wrote(&mut conn),
        };
        drop(conn);
        let mut outcome = self.outcome.lock();
        outcome.spoilt |= spoilt;
        outcome.ended.push((job, end));
        self.over.fetch_or(spoilt, Ordering::Relaxed);
    }

    fn another(&self) -> Option<Box<dyn Job>> {
        while !self.over.load(Ordering::Relaxed) {
            let job = self
                .limits
                .next(&self.queue, self.begun.load(Ordering::Relaxed))?;
            match jobs::due(job, self.shared.patience) {
                Some(job) if job.takes_turns() => return Some(job),
                Some(job) => {
                    self.over.store(true, Ordering::Relaxed);
                    self.outcome.lock().left.push(job);
                }
                None => {}
            }
        }
        None
    }
}

/// The threads that help with stretches.
pub(crate) struct Helpers {
    stretches: Sender<Arc<Stretch>>,
    back: Receiver<()>,
    count: usize,
}

/// A helper's ends.
pub(crate) struct Help {
    stretches: Receiver<Arc<Stretch>>,
    back: Sender<()>,
}

impl Helpers {
    /// And what each of that many has to [`Help::run`].
    pub(crate) fn new(count: usize) -> (Helpers, Vec<Help>) {
        let (stretches, to_run) = bounded::<Arc<Stretch>>(count);
        let (done, back) = bounded(count);
        let help = || Help {
            stretches: to_run.clone(),
            back: done.clone(),
        };
        let all = (0..count).map(|_| help()).collect();
        (
            Helpers {
                stretches,
                back,
                count,
            },
            all,
        )
    }

    /// Runs a stretch to its end, with help where more than one job is to be expected.
    pub(crate) fn run(&self, stretch: Stretch, first: Box<dyn Job>) -> Outcome {
        let stretch = Arc::new(stretch);
        let expected = stretch.queue.len().max(stretch.limits.last.saturating_sub(1));
        let wanted = expected.min(self.count);
        let called = (0..wanted).filter(|_| self.stretches.try_send(stretch.clone()).is_ok());
        let called = called.count();
        stretch.run(Some(first));
        let back = self.back.iter().take(called).count();
        if back < called {
            tracing::error!("a thread that helps the writer ended");
        }
        let mut outcome = stretch.outcome.lock();
        std::mem::take(&mut outcome)
    }
}

impl Help {
    /// Until the writer is gone.
    pub(crate) fn run(self) {
        for stretch in &self.stretches {
            // Dropped behind the stretch, also when it panics: the writer waits for it.
            let _back = Back(&self.back);
            let stretch = stretch;
            stretch.run(None);
        }
    }
}

struct Back<'a>(&'a Sender<()>);

impl Drop for Back<'_> {
    fn drop(&mut self) {
        // A writer that is gone waits for nobody.
        let _ = self.0.send(());
    }
}
