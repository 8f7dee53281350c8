//! How a thread of the store does work on a connection of its pool: again on another one after
//! the first broke, and again after a lost race.
use crate::conn::Conn;
use crate::error::Transient;
use crate::jobs::{self, Job};
use crate::pool::{Held, Opener, Pool};
use crate::store::Shared;
use crate::turns::Lent;
use crate::{StoreError, Tx};
use diesel::connection::SimpleConnection;
use diesel::r2d2::PooledConnection;
use std::sync::Arc;
use std::time::Duration;

/// Races are run again this often.
const RACES: u64 = 7;

pub(crate) struct Line {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pool: Pool,
    /// Tells the threads apart, so that two who collided do not wait equally long.
    pub(crate) number: u64,
}

impl Line {
    /// One statement outside of a transaction.
    pub(crate) fn once<T>(
        &self,
        mut work: impl FnMut(&mut Conn, &Shared) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.on_connection(|held| work(&mut held.conn, &self.shared))
            .map(|(_, done)| done)
    }

    /// The same with what belongs to the connection.
    pub(crate) fn held<T>(
        &self,
        work: impl FnMut(&mut Held) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.on_connection(work).map(|(_, done)| done)
    }

    /// Work on a connection that may turn out to be broken, as all of the pool may be when the
    /// database was started again: each is given up once.
    fn on_connection<T>(
        &self,
        mut work: impl FnMut(&mut Held) -> Result<T, StoreError>,
    ) -> Result<(PooledConnection<Opener>, T), StoreError> {
        let mut broken = 0;
        loop {
            let mut held = self.pool.get()?;
            match work(&mut held) {
                Err(StoreError::Transient(Transient::Disconnected, _)) if broken < self.pool.size() => {
                    held.broken = true;
                    broken += 1;
                }
                Err(error) => {
                    held.broken = matches!(error, StoreError::Transient(Transient::Disconnected, _));
                    return Err(error);
                }
                Ok(done) => return Ok((held, done)),
            }
        }
    }

    /// One transaction for one job, again while it loses races.
    pub(crate) fn transact(&self, job: &mut dyn Job, begin: &str) -> Result<(), StoreError> {
        let mut races = 0;
        let mut replaced = false;
        loop {
            let end = self.attempt(job, begin, races > 0);
            match end {
                Err(StoreError::Transient(Transient::Race, _)) if races < RACES => {
                    races += 1;
                    std::thread::sleep(Duration::from_millis(races * races + self.number % 7));
                }
                Err(StoreError::Transient(Transient::Disconnected, _)) if !replaced => replaced = true,
                Err(StoreError::Transient(Transient::Outdated, _)) if races < RACES => {
                    races += 1;
                    self.once(|conn, shared| shared.params.ask(conn))?;
                }
                end => return end,
            }
        }
    }

    fn attempt(&self, job: &mut dyn Job, begin: &str, has_lost: bool) -> Result<(), StoreError> {
        let (mut held, ()) = self.on_connection(|held| Ok(held.conn.batch_execute(begin)?))?;
        let conn = &mut held.conn;
        let (done, params) = {
            let mut tx = Tx::new(Lent::Own(conn), &self.shared);
            tx.has_lost = has_lost;
            (jobs::run(job, &mut tx), tx.params)
        };
        let end = match done {
            Ok(()) => conn
                .batch_execute("COMMIT")
                .map_err(|error| unknown(error.into())),
            Err(error) => Err(error),
        };
        if end.is_ok() {
            self.shared.params.follow(params);
        }
        if end.is_err() && conn.batch_execute("ROLLBACK").is_err() {
            held.broken = true;
        }
        end
    }
}

/// A connection lost in what commits leaves open whether the work is stored: it must not run again.
pub(crate) fn unknown(error: StoreError) -> StoreError {
    match error {
        StoreError::Transient(Transient::Disconnected, text) => {
            StoreError::Database(format!("the connection broke while it committed: {text}"))
        }
        error => error,
    }
}
