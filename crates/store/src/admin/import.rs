//! How far `baton import` got, so that it can go on where it was stopped.
use crate::conn::on_each;
use crate::schema::import_file;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = import_file)]
pub struct ImportFile {
    pub path: String,
    /// Of the content: a changed file starts again.
    pub hash: String,
    /// Lines or bundles already stored.
    pub done: i64,
    /// Microseconds.
    pub updated: i64,
}

impl Tx<'_> {
    pub fn import_file(&mut self, path: &str) -> Result<Option<ImportFile>, StoreError> {
        Ok(import_file::table
            .find(path)
            .get_result(&mut *self.conn)
            .optional()?)
    }

    pub fn put_import_file(&mut self, file: &ImportFile) -> Result<(), StoreError> {
        on_each!(&mut *self.conn, |c| {
            let row = diesel::insert_into(import_file::table).values(file);
            row.on_conflict(import_file::path)
                .do_update()
                .set(file)
                .execute(c)?;
        });
        Ok(())
    }
}
