//! What people allowed apps last.
use crate::conn::on_each;
use crate::schema::allowed;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = allowed)]
pub struct Allowed {
    pub account: String,
    pub client: String,
    /// Space-separated.
    pub scope: String,
    /// Microseconds.
    pub at: i64,
}

impl Tx<'_> {
    pub fn allowed(&mut self, account: &str, client: &str) -> Result<Option<Allowed>, StoreError> {
        Ok(allowed::table
            .find((account, client))
            .get_result(&mut *self.conn)
            .optional()?)
    }

    /// The newest first.
    pub fn allowed_by(&mut self, account: &str) -> Result<Vec<Allowed>, StoreError> {
        let rows = allowed::table.filter(allowed::account.eq(account));
        Ok(rows
            .order((allowed::at.desc(), allowed::client))
            .load(&mut *self.conn)?)
    }

    pub fn put_allowed(&mut self, row: &Allowed) -> Result<(), StoreError> {
        on_each!(&mut *self.conn, |c| {
            diesel::insert_into(allowed::table)
                .values(row)
                .on_conflict((allowed::account, allowed::client))
                .do_update()
                .set(row)
                .execute(c)?
        });
        Ok(())
    }

    /// Of an account: to one client, or to all. Whether there was any.
    pub fn forget_allowed(&mut self, account: &str, client: Option<&str>) -> Result<bool, StoreError> {
        let of_account = allowed::table.filter(allowed::account.eq(account));
        let forgotten = match client {
            None => diesel::delete(of_account).execute(&mut *self.conn)?,
            Some(client) => {
                diesel::delete(of_account.filter(allowed::client.eq(client))).execute(&mut *self.conn)?
            }
        };
        Ok(forgotten > 0)
    }

    pub fn forget_allowed_to(&mut self, client: &str) -> Result<(), StoreError> {
        diesel::delete(allowed::table.filter(allowed::client.eq(client))).execute(&mut *self.conn)?;
        Ok(())
    }
}
