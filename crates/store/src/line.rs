//! A thread's own connection: opened when first needed, opened again after it broke.
//!
//! Each thread of the store keeps one, so a pool would only add check-outs.
use crate::conn::{Conn, Role};
use crate::error::Transient;
use crate::jobs::{self, Job};
use crate::store::Shared;
use crate::{StoreError, Tx};
use diesel::connection::SimpleConnection;
use std::sync::Arc;
use std::time::Duration;

/// Races are run again this often.
const RACES: u64 = 7;

pub(crate) struct Line {
    shared: Arc<Shared>,
    role: Role,
    conn: Option<Conn>,
    /// Tells the threads apart, so that two who collided do not wait equally long.
    number: u64,
}

impl Line {
    pub(crate) fn new(shared: &Arc<Shared>, role: Role, number: u64, conn: Option<Conn>) -> Line {
        Line {
            shared: shared.clone(),
            role,
            conn,
            number,
        }
    }

    pub(crate) fn connect(&mut self) -> Result<(&mut Conn, &Shared), StoreError> {
        if self.conn.is_none() {
            self.conn = Some(self.shared.engine.connect(&self.shared.url, self.role)?);
        }
        match &mut self.conn {
            Some(conn) => Ok((conn, &self.shared)),
            None => Err(StoreError::Busy),
        }
    }

    /// One statement outside of a transaction; a broken connection is replaced once.
    pub(crate) fn once<T>(
        &mut self,
        mut work: impl FnMut(&mut Conn, &Shared) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut replaced = false;
        loop {
            let (conn, shared) = self.connect()?;
            match work(conn, shared) {
                Err(StoreError::Transient(Transient::Disconnected, text)) => {
                    self.conn = None;
                    if std::mem::replace(&mut replaced, true) {
                        return Err(StoreError::Transient(Transient::Disconnected, text));
                    }
                }
                done => return done,
            }
        }
    }

    /// One transaction for one job, again while it loses races.
    pub(crate) fn transact(&mut self, job: &mut dyn Job, begin: &str) -> Result<(), StoreError> {
        let mut races = 0;
        let mut replaced = false;
        loop {
            let end = self.attempt(job, begin);
            match end {
                Err(StoreError::Transient(Transient::Race, _)) if races < RACES => {
                    races += 1;
                    std::thread::sleep(Duration::from_millis(races * races + self.number % 7));
                }
                Err(StoreError::Transient(Transient::Disconnected, _)) if !replaced => replaced = true,
                end => return end,
            }
        }
    }

    fn attempt(&mut self, job: &mut dyn Job, begin: &str) -> Result<(), StoreError> {
        self.once(|conn, _| Ok(conn.batch_execute(begin)?))?;
        let (conn, shared) = self.connect()?;
        let done = jobs::run(job, &mut Tx { conn, shared });
        let end = match done {
            Ok(()) => conn
                .batch_execute("COMMIT")
                .map_err(|error| unknown(error.into())),
            Err(error) => Err(error),
        };
        if end.is_err() && conn.batch_execute("ROLLBACK").is_err() {
            self.conn = None;
        }
        end
    }
}

/// A connection lost in COMMIT leaves open whether the work is stored: it must not run again.
fn unknown(error: StoreError) -> StoreError {
    match error {
        StoreError::Transient(Transient::Disconnected, text) => {
            StoreError::Database(format!("the connection broke in COMMIT: {text}"))
        }
        error => error,
    }
}
