//! Failed attempts to sign in, by a hash of the name: names without an account are counted alike.
use crate::conn::on_each;
use crate::schema::login_attempt;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = login_attempt)]
pub struct Attempts {
    pub name: String,
    pub failed: i64,
    /// Microseconds.
    pub locked_until: i64,
    pub expires: i64,
}

impl Tx<'_> {
    pub fn attempts(&mut self, name: &str) -> Result<Option<Attempts>, StoreError> {
        Ok(login_attempt::table
            .find(name)
            .get_result(&mut *self.conn)
            .optional()?)
    }

    pub fn put_attempts(&mut self, row: &Attempts) -> Result<(), StoreError> {
        on_each!(&mut *self.conn, |c| {
            diesel::insert_into(login_attempt::table)
                .values(row)
                .on_conflict(login_attempt::name)
                .do_update()
                .set(row)
                .execute(c)?
        });
        Ok(())
    }

    pub fn remove_attempts(&mut self, name: &str) -> Result<(), StoreError> {
        diesel::delete(login_attempt::table.find(name)).execute(&mut *self.conn)?;
        Ok(())
    }

    pub fn forget_attempts(&mut self, now: i64) -> Result<usize, StoreError> {
        let over = login_attempt::table.filter(login_attempt::expires.le(now));
        Ok(diesel::delete(over).execute(&mut *self.conn)?)
    }
}
