//! Named values that outlive a process and are shared by all gateways of a database.
use crate::conn::on_each;
use crate::schema::setting;
use crate::{StoreError, Tx};
use diesel::prelude::*;

impl Tx<'_> {
    pub fn setting(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        let wanted = setting::table.find(name).select(setting::value);
        let found: QueryResult<String> = on_each!(&mut *self.conn, |conn| wanted.get_result(conn));
        Ok(found.optional()?)
    }

    pub fn put_setting(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        on_each!(&mut *self.conn, |conn| {
            diesel::insert_into(setting::table)
                .values((setting::name.eq(name), setting::value.eq(value)))
                .on_conflict(setting::name)
                .do_update()
                .set(setting::value.eq(value))
                .execute(conn)?
        });
        Ok(())
    }

    pub fn remove_setting(&mut self, name: &str) -> Result<(), StoreError> {
        diesel::delete(setting::table.find(name)).execute(&mut *self.conn)?;
        Ok(())
    }
}
