//! SQLite connections for point reads on the caller's thread, where one takes less time than
//! another thread takes to wake.
use crate::StoreError;
use crate::conn::{Conn, Engine, Role};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) struct Near {
    url: String,
    patience: Duration,
    put_back: Sender<Conn>,
    idle: Receiver<Conn>,
    opened: AtomicUsize,
    most: usize,
}

impl Near {
    pub(crate) fn new(url: &str, patience: Duration, most: usize) -> Near {
        let (put_back, idle) = bounded(most);
        Near {
            url: url.to_string(),
            patience,
            put_back,
            idle,
            opened: AtomicUsize::new(0),
            most,
        }
    }

    /// Does the work if a connection is idle or may still be opened. One whose work failed is
    /// given up.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        let mut conn = self.idle.try_recv().ok().or_else(|| self.open())?;
        let done = work(&mut conn);
        // There is room for all that were opened.
        if done.is_err() || self.put_back.try_send(conn).is_err() {
            self.opened.fetch_sub(1, Ordering::Relaxed);
        }
        Some(done)
    }

    fn open(&self) -> Option<Conn> {
        let one_more = |opened| (opened < self.most).then_some(opened + 1);
        self.opened
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()?;
        let conn = self.connect().ok();
        if conn.is_none() {
            self.opened.fetch_sub(1, Ordering::Relaxed);
        }
        conn
    }

    fn connect(&self) -> Result<Conn, StoreError> {
        let mut conn = Engine::Sqlite.connect(&self.url, Role::Fetcher)?;
        conn.wait_at_most(self.patience, Role::Fetcher)?;
        Ok(conn)
    }
}
