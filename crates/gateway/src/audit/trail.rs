//! Where events wait for the task that writes them.
use crate::error::{ApiError, unavailable};
use fhir::consent::purpose;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::Store;
use store::audit::{Blocks, Event};
use tokio::sync::{Notify, oneshot};

/// Events that wait, at most.
const QUEUE: usize = 16_384;
/// Events that come in this time share a row.
const GATHER: Duration = Duration::from_millis(200);
/// How often it is asked meanwhile whether too many wait.
const GLANCE: Duration = Duration::from_millis(25);
/// Between two tries to write.
const AGAIN: Duration = Duration::from_millis(250);
/// Unwritten for so long, there is no more access.
const PATIENCE: Duration = Duration::from_secs(3);
/// At the end: whoever stops a server whose database is gone does not wait for it to come back.
const FAREWELL: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Clone)]
pub struct Trail {
    desk: Arc<Desk>,
    on: bool,
}

#[derive(Default)]
struct Desk {
    waiting: Mutex<Waiting>,
    /// For the writer: there is something.
    news: Notify,
    /// For those whose events found no place.
    room: Notify,
    /// Events cannot be written.
    stalled: AtomicBool,
    /// So many were taken to be written, and are not yet.
    taken: AtomicUsize,
}

#[derive(Default)]
struct Waiting {
    events: Blocks,
    /// Who wants to know when all before is written.
    asking: Vec<oneshot::Sender<()>>,
    /// Nobody writes any more.
    closed: bool,
}

/// There is no place for an event.
enum Full {
    Now,
    Closed,
}

impl Trail {
    /// Within a runtime, whose task writes the events. With `on` false nothing but writes is
    /// recorded, and whoever breaks the glass: for measuring what recording costs.
    pub fn start(store: Store, on: bool) -> Trail {
        let desk = Arc::<Desk>::default();
        let writer = Writer {
            store,
            desk: desk.clone(),
        };
        tokio::spawn(writer.run());
        Trail { desk, on }
    }

    pub fn is_on(&self) -> bool {
        self.on
    }

    /// No access without audit.
    pub fn ready(&self) -> Result<(), ApiError> {
        match self.desk.stalled.load(Ordering::Relaxed) {
            true => Err(unrecorded()),
            false => Ok(()),
        }
    }

    /// Hands an event over; waits only while too many do.
    pub async fn note(&self, event: &Event) -> Result<(), ApiError> {
        if !self.on && !purpose::breaks_glass(&event.origin.purpose) {
            return Ok(());
        }
        match self.desk.add(event) {
            Ok(()) => Ok(()),
            Err(Full::Closed) => Err(unrecorded()),
            Err(Full::Now) => {
                let added = tokio::time::timeout(PATIENCE, self.desk.wait(event)).await;
                added.unwrap_or(false).then_some(()).ok_or_else(unrecorded)
            }
        }
    }

    /// The same for all that was handed over until now, or there is no answer.
    pub async fn settled(&self) -> Result<(), ApiError> {
        match tokio::time::timeout(PATIENCE, self.desk.ask()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(unrecorded()),
        }
    }

    /// Until all that was handed over is written, or will not be soon.
    pub async fn flush(&self) {
        let written = tokio::time::timeout(FAREWELL, self.desk.ask()).await;
        if !matches!(written, Ok(Ok(()))) {
            let events = self.desk.unwritten();
            tracing::error!(
                events,
                "the last events of the audit were not written, and are lost"
            );
        }
    }
}

fn unrecorded() -> ApiError {
    unavailable("The audit cannot be written, and without it nothing is answered; send the request again")
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, event: &Event) -> Result<(), Full> {
        let mut waiting = self.lock();
        match waiting.events.len() {
            _ if waiting.closed => return Err(Full::Closed),
            0 => self.news.notify_one(),
            QUEUE.. => return Err(Full::Now),
            _ => {}
        }
        waiting.events.add(event);
        Ok(())
    }

    /// Until there is room; false when there will be none.
    async fn wait(&self, event: &Event) -> bool {
        loop {
            // Before looking, so that what happens in between is not missed.
            let room = self.room.notified();
            match self.add(event) {
                Ok(()) => return true,
                Err(Full::Closed) => return false,
                Err(Full::Now) => room.await,
            }
        }
    }

    /// Comes back when what was handed over before is written.
    fn ask(&self) -> oneshot::Receiver<()> {
        let (done, written) = oneshot::channel();
        let mut waiting = self.lock();
        // Dropped where nobody writes, which is the answer.
        if !waiting.closed {
            waiting.asking.push(done);
            self.news.notify_one();
        }
        written
    }

    fn unwritten(&self) -> usize {
        self.lock().events.len() + self.taken.load(Ordering::Relaxed)
    }

    fn take(&self) -> (Blocks, Vec<oneshot::Sender<()>>) {
        let taken = {
            let mut waiting = self.lock();
            let events = std::mem::take(&mut waiting.events);
            self.taken.store(events.len(), Ordering::Relaxed);
            (events, std::mem::take(&mut waiting.asking))
        };
        self.room.notify_waiters();
        taken
    }

    /// What comes soon belongs to the same row, unless so much comes that somebody would have to wait.
    /// Nobody is woken for each event meanwhile.
    async fn gather(&self) {
        let began = Instant::now();
        while began.elapsed() < GATHER && self.may_gather() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    fn may_gather(&self) -> bool {
        let waiting = self.lock();
        waiting.asking.is_empty() && waiting.events.len() < QUEUE / 2
    }
}

struct Writer {
    store: Store,
    desk: Arc<Desk>,
}

/// Whatever ended it, nobody waits in vain.
impl Drop for Writer {
    fn drop(&mut self) {
        let mut waiting = self.desk.lock();
        waiting.closed = true;
        waiting.asking.clear();
        drop(waiting);
        self.desk.room.notify_waiters();
    }
}

impl Writer {
    async fn run(self) {
        loop {
            self.desk.news.notified().await;
            self.desk.gather().await;
            let (events, asking) = self.desk.take();
            if !events.is_empty() {
                self.write(events).await;
            }
            for done in asking {
                // Who asked may have given up.
                let _ = done.send(());
            }
        }
    }

    /// Again and again until it is done.
    async fn write(&self, events: Blocks) {
        let (began, count, events) = (Instant::now(), events.len(), Arc::new(events));
        loop {
            let shared = events.clone();
            match self.store.write(move |tx| tx.record_all(&shared)).await {
                Ok(_) => break,
                Err(error) => self.failed(&error, began),
            }
            tokio::time::sleep(AGAIN).await;
        }
        self.desk.taken.store(0, Ordering::Relaxed);
        self.desk.stalled.store(false, Ordering::Relaxed);
        metrics::counter!("baton_audit_events_total").increment(count as u64);
    }

    fn failed(&self, error: &store::StoreError, began: Instant) {
        metrics::counter!("baton_audit_failures_total").increment(1);
        tracing::error!(%error, "the audit could not be written; tried again");
        if began.elapsed() > PATIENCE {
            self.desk.stalled.store(true, Ordering::Relaxed);
        }
    }
}
