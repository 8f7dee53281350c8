//! How often a SQLite database was changed, by whichever process: the counter at the head of the
//! index of its write-ahead log, which a commit raises before anybody is told of it.
//! <https://www.sqlite.org/walformat.html#the_wal_index_header>
//!
//! `PRAGMA data_version` would say the same for the price of a read, which is what is to be saved.
use crate::StoreError;
use crate::conn::{Conn, Engine, Role};
use diesel::connection::SimpleConnection;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Mutex;

/// The one form of the index there has been so far.
const FORMAT: u32 = 3_007_000;

pub(crate) struct Count {
    /// Never closed: whoever closes a file gives up all locks that the process has on it, those of
    /// SQLite's connections too. <https://www.sqlite.org/howtocorrupt.html#posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>
    index: ManuallyDrop<File>,
    /// The file is removed with the last connection, and another one made for the next.
    _keeps: Mutex<Conn>,
}

impl Count {
    /// None where there is no index of the known form.
    pub(crate) fn of(url: &str) -> Result<Option<Count>, StoreError> {
        let mut conn = Engine::Sqlite.connect(url, Role::Fetcher)?;
        conn.batch_execute("SELECT 1 FROM setting")?;
        let Some(index) = path(url).and_then(|path| File::open(path).ok()) else {
            return Ok(None);
        };
        let count = Count {
            index: ManuallyDrop::new(index),
            _keeps: Mutex::new(conn),
        };
        Ok(count.read().is_some().then_some(count))
    }

    /// After this, a read sees at least the state so counted.
    pub(crate) fn read(&self) -> Option<u32> {
        let mut head = [0; 12];
        self.index.read_exact_at(&mut head, 0).ok()?;
        let number = |at: usize| {
            let bytes = head.get(at..at + 4)?;
            Some(u32::from_ne_bytes(bytes.try_into().ok()?))
        };
        (number(0)? == FORMAT).then_some(number(8)?)
    }
}

/// Beside the database itself, wherever links lead.
fn path(url: &str) -> Option<PathBuf> {
    let database = std::fs::canonicalize(url.strip_prefix("sqlite://")?).ok()?;
    let mut path = database.into_os_string();
    path.push("-shm");
    Some(path.into())
}
