//! Work on its way to a thread of the store, and its answer on the way back.
use crate::error::failure;
use crate::reply::{self, Along, Asker, Ready, Reply};
use crate::{StoreError, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::ThreadId;
use std::time::Duration;

/// A closure of a caller with its result type hidden. `run` may happen several times (after a
/// deadlock); `answer` happens once, after the commit.
pub(crate) trait Job: Send {
    fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, end: Result<(), StoreError>, along: Along);
    /// Whether it may take turns at SQLite's connection with others that may.
    fn takes_turns(&self) -> bool;
    /// Where the caller waits.
    fn thread(&self) -> ThreadId;
    /// Nobody waits any more, so there is no need to begin.
    fn is_abandoned(&self) -> bool;
    /// Since it was asked for.
    fn waited(&self) -> Duration;
}

struct Call<T, F> {
    work: F,
    value: Option<T>,
    asker: Asker<T>,
    takes_turns: bool,
}

impl<T, F> Job for Call<T, F>
where
    T: Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        self.value = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>, along: Along) {
        let Call { value, asker, .. } = *self;
        let result = end.and_then(|()| value.ok_or_else(|| StoreError::Database("no result".into())));
        asker.answer(result, along);
    }

    fn takes_turns(&self) -> bool {
        self.takes_turns
    }

    fn thread(&self) -> ThreadId {
        self.asker.thread()
    }

    fn is_abandoned(&self) -> bool {
        self.asker.is_gone()
    }

    fn waited(&self) -> Duration {
        self.asker.waited()
    }
}

pub(crate) fn call<T, F>(work: F) -> (Box<dyn Job>, Reply<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
{
    let (asker, reply) = reply::channel();
    (of(work, asker, false), reply)
}

/// Work that may take turns: see [`crate::Store::write_in_turns`].
pub(crate) fn in_turns<T, F>(work: F) -> (Box<dyn Job>, Reply<T>)
where
    T: Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
{
    let (asker, reply) = reply::channel();
    (of(work, asker, true), reply)
}

/// For who waits already.
pub(crate) fn of<T, F>(work: F, asker: Asker<T>, takes_turns: bool) -> Box<dyn Job>
where
    T: Send + 'static,
    F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
{
    Box::new(Call {
        work,
        value: None,
        asker,
        takes_turns,
    })
}

/// Its answer as one of a group.
pub(crate) fn ready(job: Box<dyn Job>, end: Result<(), StoreError>) -> Ready {
    Ready {
        thread: job.thread(),
        give: Box::new(move |along| job.answer(end, along)),
    }
}

/// The job, if it is still to be begun. Who has waited too long is told so while nothing is done yet.
pub(crate) fn due(job: Box<dyn Job>, patience: Duration) -> Option<Box<dyn Job>> {
    if job.is_abandoned() {
        return None;
    }
    if job.waited() > patience {
        job.answer(Err(StoreError::Busy), Along::default());
        return None;
    }
    Some(job)
}

/// Runs once and turns a panic into an error, so that a bug in one piece of work harms no other.
/// Work that ignored a failed write does not get to commit half of it.
pub(crate) fn run(job: &mut dyn Job, tx: &mut Tx) -> Result<(), StoreError> {
    failure::clear();
    let done = catch_unwind(AssertUnwindSafe(|| job.run(tx)))
        .unwrap_or_else(|_| Err(StoreError::Database("the work panicked".to_string())));
    done.and_then(|()| failure::ignored())
}
