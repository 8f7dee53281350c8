//! Of SQLite, kept by all threads of the process.
//!
//! What is kept is true at one count of commits ([`Count`]) and used at no other. Our own writer says
//! which versions its commit replaces and moves the count along; at a count that it did not make,
//! another process has written, and everything is forgotten. So a read sees what was committed
//! before it began, here or elsewhere.
use super::entry::Entry;
use super::generations::Generations;
use crate::count::Count;
use fhir::TypeId;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub(crate) struct Kept {
    count: Count,
    state: RwLock<State>,
    /// Keys of what the transaction under way replaces.
    replaced: Mutex<Vec<i64>>,
}

#[derive(Default)]
struct State {
    /// At which count of commits this is true.
    at: u32,
    /// A commit of our own is being made: another count may be its.
    committing: bool,
    memory: Generations,
}

/// The count before a read that found nothing here.
#[derive(Clone, Copy)]
pub(crate) struct Ticket(Option<u32>);

impl Kept {
    pub(crate) fn new(count: Count) -> Kept {
        Kept {
            count,
            state: RwLock::default(),
            replaced: Mutex::default(),
        }
    }

    /// The current version, or the right to have it kept once it was read.
    pub(crate) fn find(&self, type_id: TypeId, id: &str) -> Result<Arc<Entry>, Ticket> {
        let Some(count) = self.count.read() else {
            return Err(Ticket(None));
        };
        let state = self.read();
        if state.at == count {
            if let Some(found) = state.memory.young(type_id, id) {
                return Ok(found.clone());
            }
            let is_old = state.memory.has(type_id, id);
            drop(state);
            let found = is_old.then(|| self.renew(count, type_id, id)).flatten();
            return found.ok_or(Ticket(Some(count)));
        }
        drop(state);
        Err(Ticket(self.forget_foreign()))
    }

    /// For the next generation, unless something was written meanwhile.
    fn renew(&self, count: u32, type_id: TypeId, id: &str) -> Option<Arc<Entry>> {
        let mut state = self.write();
        match state.at == count {
            true => state.memory.find(type_id, id),
            false => None,
        }
    }

    /// The count from which on it can be kept again; None while our own commit decides that.
    fn forget_foreign(&self) -> Option<u32> {
        let mut state = self.write();
        let count = self.count.read()?;
        if state.committing {
            return None;
        }
        state.move_to(count);
        Some(count)
    }

    /// What was read after the ticket was given, if nothing has been written since.
    pub(crate) fn keep(&self, ticket: Ticket, entry: &Arc<Entry>) {
        let Some(count) = ticket.0 else {
            return;
        };
        let mut state = self.write();
        if state.at == count && !state.committing && self.count.read() == Some(count) {
            state.memory.add(entry.clone());
        }
    }

    /// The transaction under way replaces this row.
    pub(crate) fn replaces(&self, key: i64) {
        self.replaced().push(key);
    }

    /// Around the `COMMIT` of the one writer, who has the lock of the log: until it is done, nobody
    /// else moves the count.
    pub(crate) fn during<E>(&self, commit: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let before = self.count.read();
        self.begin(before);
        let done = commit();
        self.end(before, done.is_ok());
        done
    }

    fn begin(&self, before: Option<u32>) {
        let mut state = self.write();
        state.committing = true;
        if let Some(count) = before.filter(|count| *count != state.at) {
            state.move_to(count);
        }
    }

    /// One commit raises the count by one; one that wrote nothing leaves it. If others have written
    /// since, the next read finds a count that is not ours; after one that failed the next count may be
    /// another's, so nothing is known any more.
    fn end(&self, before: Option<u32>, committed: bool) {
        let mut state = self.write();
        if !committed {
            let at = state.at;
            state.move_to(at);
        }
        for key in self.replaced().drain(..) {
            state.memory.remove(key);
        }
        if let Some(before) = before.filter(|before| self.count.read() != Some(*before)) {
            state.at = before.wrapping_add(1);
        }
        state.committing = false;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn replaced(&self) -> std::sync::MutexGuard<'_, Vec<i64>> {
        self.replaced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn move_to(&mut self, count: u32) {
        self.memory = Generations::default();
        self.at = count;
    }
}
