//! SQLite's checkpoints are made beside the writer: copying the log into the file took a tenth of its
//! time, and its slowest answers were those that waited for it. A log that is written to all the time
//! is never copied to its end; what is missing then the writer copies (`wal_autocheckpoint`, far above
//! [`BACKLOG`]), and begins it anew.
//! <https://www.sqlite.org/wal.html#ckpt>
use crate::StoreError;
use crate::conn::Conn;
use crate::line::Line;
use crossbeam_channel::{Receiver, Sender, bounded};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::time::Duration;

/// Pages in the log, of 4 KiB each, that are worth two calls of `fsync`.
const BACKLOG: i64 = 4000;
/// How often is looked, at most.
const PAUSE: Duration = Duration::from_millis(10);
/// And after it failed, as on a disk that is full.
const REST: Duration = Duration::from_secs(1);

/// Where the writer tells that it has committed.
pub(crate) struct Committed(Sender<()>);

impl Committed {
    /// Tells, unless what was told before is still to be heard.
    pub(crate) fn tell(&self) {
        // Full means told; without a thread that hears it, the writer makes all checkpoints.
        let _ = self.0.try_send(());
    }
}

pub(crate) fn channel() -> (Committed, Receiver<()>) {
    let (told, heard) = bounded(1);
    (Committed(told), heard)
}

/// Until the writer is gone.
pub(crate) fn run(line: &Line, committed: &Receiver<()>) {
    while committed.recv().is_ok() {
        if let Err(error) = line.once(|conn, _| copy(conn)) {
            tracing::warn!(%error, "the log is not copied beside the writer, which does it itself");
            std::thread::sleep(REST);
        }
        std::thread::sleep(PAUSE);
    }
}

#[derive(QueryableByName)]
struct Log {
    #[diesel(sql_type = BigInt)]
    log: i64,
    #[diesel(sql_type = BigInt)]
    checkpointed: i64,
}

fn copy(conn: &mut Conn) -> Result<(), StoreError> {
    let log: Log = diesel::sql_query("PRAGMA wal_checkpoint(NOOP)").get_result(conn)?;
    if log.log - log.checkpointed >= BACKLOG {
        diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").execute(conn)?;
    }
    Ok(())
}
