//! Jobs that take turns at SQLite's writing connection, all in one transaction: while one of them works
//! out what follows from what it read, another has the connection. They are as far apart as transactions
//! of PostgreSQL that lock the same texts: see [`crate::Store::write_in_turns`].
use crate::StoreError;
use crate::conn::Conn;
use crate::error::Transient;
use crate::locks::{Asked, Locks, Number};
use crate::pool::{Held, Opener};
use diesel::r2d2::PooledConnection;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::cell::OnceCell;
use std::ops::{Deref, DerefMut};

/// The connection of a group, and who of it has locked what.
pub(crate) struct Desk {
    place: Mutex<Place>,
    ended: Condvar,
}

struct Place {
    held: PooledConnection<Opener>,
    locks: Locks,
}

impl Desk {
    pub(crate) fn new(held: PooledConnection<Opener>) -> Desk {
        let locks = Locks::default();
        Desk {
            place: Mutex::new(Place { held, locks }),
            ended: Condvar::new(),
        }
    }

    /// For who does not take turns: nobody else has it meanwhile.
    pub(crate) fn alone<T>(&self, work: impl FnOnce(&mut Conn) -> T) -> T {
        let held: &mut Held = &mut self.place.lock().held;
        work(&mut held.conn)
    }

    /// For a job of this number.
    pub(crate) fn turn(&self, number: Number) -> Lent<'_> {
        Lent::Turn(Turn {
            place: OnceCell::new(),
            desk: self,
            number,
        })
    }
}

/// A job's turns at the connection. Dropped it ends the job's locks.
pub(crate) struct Turn<'d> {
    /// Taken when it is first needed, and again after it was lent.
    place: OnceCell<MutexGuard<'d, Place>>,
    desk: &'d Desk,
    number: Number,
}

impl<'d> Turn<'d> {
    fn place(&self) -> &MutexGuard<'d, Place> {
        self.place.get_or_init(|| self.desk.place.lock())
    }

    fn taken(&mut self) -> MutexGuard<'d, Place> {
        self.place.take().unwrap_or_else(|| self.desk.place.lock())
    }

    /// Waits until nobody else holds any of these. Who would wait for itself loses a race.
    fn lock(&mut self, texts: &[i64]) -> Result<(), StoreError> {
        let mut place = self.taken();
        let granted = loop {
            match place.locks.ask(self.number, texts) {
                Asked::Granted => break true,
                Asked::Wait => self.desk.ended.wait(&mut place),
                Asked::Never => break false,
            }
        };
        self.place = OnceCell::from(place);
        let race = || StoreError::Transient(Transient::Race, "two jobs wait for each other".to_owned());
        granted.then_some(()).ok_or_else(race)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.taken().locks.end(self.number);
        self.desk.ended.notify_all();
    }
}

/// The connection of a transaction: its own, or one that others use in between.
pub(crate) enum Lent<'c> {
    Own(&'c mut Conn),
    Turn(Turn<'c>),
}

impl Lent<'_> {
    /// Whether nobody else changes anything before the transaction ends.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(self, Lent::Own(conn) if matches!(conn, Conn::Sqlite(_)))
    }

    /// Others may have it until it is used next.
    pub(crate) fn lend(&mut self) {
        if let Lent::Turn(turn) = self {
            turn.place.take();
        }
    }

    /// Keeps others of the group from these texts; on PostgreSQL a statement does.
    pub(crate) fn lock(&mut self, texts: &[i64]) -> Result<(), StoreError> {
        match self {
            Lent::Own(_) => Ok(()),
            Lent::Turn(turn) => turn.lock(texts),
        }
    }
}

impl Deref for Lent<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        match self {
            Lent::Own(conn) => conn,
            Lent::Turn(turn) => &turn.place().held.conn,
        }
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        match self {
            Lent::Own(conn) => conn,
            Lent::Turn(turn) => {
                turn.place();
                match turn.place.get_mut() {
                    Some(place) => &mut place.held.conn,
                    None => unreachable!("it was taken"),
                }
            }
        }
    }
}
