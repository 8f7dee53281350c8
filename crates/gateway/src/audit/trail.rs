//! The queue of events and the task that writes them.
use crate::error::{ApiError, unavailable};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::Store;
use store::audit::Event;
use tokio::sync::{mpsc, oneshot};

const QUEUE: usize = 16_384;
/// Events that come in this time share a row.
const GATHER: Duration = Duration::from_millis(200);
/// How often it is asked meanwhile whether the queue fills.
const GLANCE: Duration = Duration::from_millis(25);
/// Between two tries to write.
const AGAIN: Duration = Duration::from_millis(250);
/// Unwritten for so long, there is no more access.
const PATIENCE: Duration = Duration::from_secs(3);

enum Note {
    Event(Box<Event>),
    Flush(oneshot::Sender<()>),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Trail {
    queue: mpsc::Sender<Note>,
    /// Events cannot be written.
    stalled: Arc<AtomicBool>,
    on: bool,
}

impl Trail {
    /// Within a runtime, whose task writes the events. With `on` false nothing but writes is
    /// recorded: for measuring what recording costs.
    pub fn start(store: Store, on: bool) -> Trail {
        let (queue, notes) = mpsc::channel(QUEUE);
        let stalled = Arc::new(AtomicBool::new(false));
        let writer = Writer {
            store,
            stalled: stalled.clone(),
        };
        tokio::spawn(writer.run(notes));
        Trail { queue, stalled, on }
    }

    pub fn is_on(&self) -> bool {
        self.on
    }

    /// No access without audit.
    pub fn ready(&self) -> Result<(), ApiError> {
        match self.stalled.load(Ordering::Relaxed) {
            true => Err(unrecorded()),
            false => Ok(()),
        }
    }

    /// Hands an event over; waits only while the queue is full.
    pub async fn note(&self, event: Event) -> Result<(), ApiError> {
        if !self.on {
            return Ok(());
        }
        match self.queue.try_send(Note::Event(Box::new(event))) {
            Err(mpsc::error::TrySendError::Full(note)) => self.wait(note).await,
            sent => sent.map_err(|_| unrecorded()),
        }
    }

    async fn wait(&self, note: Note) -> Result<(), ApiError> {
        let sent = tokio::time::timeout(PATIENCE, self.queue.send(note)).await;
        sent.ok().and_then(Result::ok).ok_or_else(unrecorded)
    }

    /// Until all that was handed over is written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Note::Flush(done)).await.is_ok() && written.await.is_err() {
            tracing::error!("the last events of the audit were not written");
        }
    }
}

fn unrecorded() -> ApiError {
    unavailable("The audit cannot be written, and without it nothing is answered; send the request again")
}

struct Writer {
    store: Store,
    stalled: Arc<AtomicBool>,
}

impl Writer {
    async fn run(self, mut notes: mpsc::Receiver<Note>) {
        let mut taken = Vec::new();
        while notes.recv_many(&mut taken, QUEUE).await > 0 {
            gather(&mut notes, &mut taken).await;
            let (mut events, mut waiting) = (Vec::with_capacity(taken.len()), Vec::new());
            for note in taken.drain(..) {
                match note {
                    Note::Event(event) => events.push(*event),
                    Note::Flush(done) => waiting.push(done),
                }
            }
            self.write(events).await;
            for done in waiting {
                // Who asked may have given up.
                let _ = done.send(());
            }
        }
    }

    /// Again and again until it is done.
    async fn write(&self, events: Vec<Event>) {
        let (began, count) = (Instant::now(), events.len());
        loop {
            let copy = events.clone();
            match self.store.write(move |tx| tx.record(copy.clone())).await {
                Ok(()) => break,
                Err(error) => self.failed(&error, began),
            }
            tokio::time::sleep(AGAIN).await;
        }
        self.stalled.store(false, Ordering::Relaxed);
        metrics::counter!("baton_audit_events_total").increment(count as u64);
    }

    fn failed(&self, error: &store::StoreError, began: Instant) {
        metrics::counter!("baton_audit_failures_total").increment(1);
        tracing::error!(%error, "the audit could not be written; tried again");
        if began.elapsed() > PATIENCE {
            self.stalled.store(true, Ordering::Relaxed);
        }
    }
}

/// What comes soon belongs to the same row, unless so much comes that somebody would have to wait.
/// Nobody is woken for each event meanwhile.
async fn gather(notes: &mut mpsc::Receiver<Note>, taken: &mut Vec<Note>) {
    let began = Instant::now();
    let flush = |note: &Note| matches!(note, Note::Flush(_));
    while began.elapsed() < GATHER && notes.len() < QUEUE / 2 && !taken.iter().any(flush) {
        tokio::time::sleep(GLANCE).await;
    }
    while let Ok(note) = notes.try_recv() {
        taken.push(note);
        if taken.len() >= QUEUE {
            break;
        }
    }
}
