//! What unguessable texts stand for: sessions, sign-ins under way, codes, refresh tokens, launches.
//! Only their hashes are kept, so that who reads the database holds none of them.
use crate::schema::handle;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = handle)]
pub struct Handle {
    pub hash: String,
    pub kind: String,
    /// JSON, by kind.
    pub body: String,
    /// Microseconds.
    pub expires: i64,
    pub used: Option<i64>,
}

/// What became of using one that works once.
pub enum Use {
    First(Handle),
    Again(Handle),
    /// Or expired.
    Unknown,
}

impl Tx<'_> {
    /// One that has not expired; it may have been used.
    pub fn handle(&mut self, kind: &str, hash: &str, now: i64) -> Result<Option<Handle>, StoreError> {
        let live = handle::table
            .find(hash)
            .filter(handle::kind.eq(kind))
            .filter(handle::expires.gt(now));
        Ok(live.get_result(&mut *self.conn).optional()?)
    }

    pub fn insert_handle(&mut self, new: &Handle) -> Result<(), StoreError> {
        diesel::insert_into(handle::table)
            .values(new)
            .execute(&mut *self.conn)?;
        Ok(())
    }

    /// Marks it used. Two who try at once: one is the first.
    pub fn use_handle(&mut self, kind: &str, hash: &str, now: i64) -> Result<Use, StoreError> {
        let unused = handle::table
            .find(hash)
            .filter(handle::kind.eq(kind))
            .filter(handle::expires.gt(now))
            .filter(handle::used.is_null());
        let rows = diesel::update(unused)
            .set(handle::used.eq(now))
            .execute(&mut *self.conn)?;
        Ok(match (rows, self.handle(kind, hash, now)?) {
            (1, Some(first)) => Use::First(first),
            (_, Some(again)) => Use::Again(again),
            (_, None) => Use::Unknown,
        })
    }

    /// False when it is gone.
    pub fn change_handle(&mut self, hash: &str, body: &str, expires: i64) -> Result<bool, StoreError> {
        let rows = diesel::update(handle::table.find(hash))
            .set((handle::body.eq(body), handle::expires.eq(expires)))
            .execute(&mut *self.conn)?;
        Ok(rows == 1)
    }

    pub fn remove_handle(&mut self, hash: &str) -> Result<(), StoreError> {
        diesel::delete(handle::table.find(hash)).execute(&mut *self.conn)?;
        Ok(())
    }

    pub fn forget_handles(&mut self, now: i64) -> Result<usize, StoreError> {
        Ok(diesel::delete(handle::table.filter(handle::expires.le(now))).execute(&mut *self.conn)?)
    }
}
