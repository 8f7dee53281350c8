//! Connections come from r2d2 pools: opened when first needed, replaced after they broke.
//!
//! Nothing is tested at check-out, which would cost a round trip per statement: whoever finds
//! that a connection broke says so in [`Held`], and the pool opens another.
use crate::conn::{Conn, Engine, Role};
use crate::error::Transient;
use crate::kept::Followed;
use crate::store::Shared;
use crate::{StoreError, watch};
use diesel::r2d2::{self, ManageConnection, NopErrorHandler, PooledConnection};
use std::time::Duration;

/// How long to wait for a database that does not answer, or for a connection to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens connections of one role.
#[derive(Debug)]
pub(crate) struct Opener {
    engine: Engine,
    url: String,
    role: Role,
    patience: Duration,
}

/// A pooled connection and what became of it.
pub(crate) struct Held {
    pub(crate) conn: Conn,
    pub(crate) broken: bool,
    /// What was read by it, and is known to be current still.
    pub(crate) followed: Followed,
    backend: Option<i32>,
}

impl ManageConnection for Opener {
    type Connection = Held;
    type Error = StoreError;

    fn connect(&self) -> Result<Held, StoreError> {
        let mut conn = self.engine.connect(&self.url, self.role)?;
        conn.wait_at_most(self.patience, self.role)?;
        Ok(Held {
            backend: watch::backend(&mut conn)?,
            conn,
            broken: false,
            followed: Followed::default(),
        })
    }

    fn is_valid(&self, held: &mut Held) -> Result<(), StoreError> {
        match held.broken {
            true => Err(StoreError::Busy),
            false => Ok(()),
        }
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.broken
    }
}

#[derive(Clone)]
pub(crate) struct Pool(r2d2::Pool<Opener>);

impl Pool {
    pub(crate) fn new(shared: &Shared, role: Role, size: usize) -> Pool {
        let opener = Opener {
            engine: shared.engine,
            url: shared.url.clone(),
            role,
            patience: shared.patience,
        };
        let builder = r2d2::Pool::builder()
            .max_size(u32::try_from(size.max(1)).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(PATIENCE)
            // The last failure is in the error of whoever waited.
            .error_handler(Box::new(NopErrorHandler));
        Pool(builder.build_unchecked(opener))
    }

    pub(crate) fn get(&self) -> Result<PooledConnection<Opener>, StoreError> {
        let none = |error| StoreError::Transient(Transient::Disconnected, format!("no connection: {error}"));
        let held = self.0.get().map_err(none)?;
        watch::works_on(held.backend);
        Ok(held)
    }

    /// How many connections may have broken at once.
    pub(crate) fn size(&self) -> u32 {
        self.0.max_size()
    }
}
