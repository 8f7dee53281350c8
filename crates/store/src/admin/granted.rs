//! What people granted to apps; its tokens live no longer than it.
use crate::schema::granted;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = granted)]
pub struct Granted {
    pub id: String,
    pub client: String,
    pub account: String,
    /// JSON: scopes and context.
    pub body: String,
    /// Microseconds.
    pub created: i64,
    pub expires: i64,
    pub revoked: Option<i64>,
}

impl Tx<'_> {
    /// One that is neither over nor revoked.
    pub fn granted(&mut self, id: &str, now: i64) -> Result<Option<Granted>, StoreError> {
        let live = granted::table
            .find(id)
            .filter(granted::expires.gt(now))
            .filter(granted::revoked.is_null());
        Ok(live.get_result(&mut *self.conn).optional()?)
    }

    pub fn insert_granted(&mut self, new: &Granted) -> Result<(), StoreError> {
        diesel::insert_into(granted::table)
            .values(new)
            .execute(&mut *self.conn)?;
        Ok(())
    }

    pub fn extend_granted(&mut self, id: &str, expires: i64) -> Result<(), StoreError> {
        diesel::update(granted::table.find(id))
            .set(granted::expires.eq(expires))
            .execute(&mut *self.conn)?;
        Ok(())
    }

    /// Those of an account that are neither over nor revoked.
    pub fn granted_by(&mut self, account: &str, now: i64) -> Result<Vec<String>, StoreError> {
        let live = granted::table
            .filter(granted::account.eq(account))
            .filter(granted::expires.gt(now))
            .filter(granted::revoked.is_null());
        Ok(live.select(granted::id).load(&mut *self.conn)?)
    }

    /// Those to a client that are neither over nor revoked.
    pub fn granted_to(&mut self, client: &str, now: i64) -> Result<Vec<String>, StoreError> {
        let live = granted::table
            .filter(granted::client.eq(client))
            .filter(granted::expires.gt(now))
            .filter(granted::revoked.is_null());
        Ok(live.select(granted::id).load(&mut *self.conn)?)
    }

    /// Only marks it: what the access tokens need is the caller's to do.
    pub fn revoke_granted(&mut self, id: &str, now: i64) -> Result<(), StoreError> {
        diesel::update(granted::table.find(id))
            .set(granted::revoked.eq(now))
            .execute(&mut *self.conn)?;
        Ok(())
    }

    pub fn forget_granted(&mut self, now: i64) -> Result<usize, StoreError> {
        Ok(diesel::delete(granted::table.filter(granted::expires.le(now))).execute(&mut *self.conn)?)
    }
}
