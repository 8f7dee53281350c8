//! The keys that sign access tokens.
use super::EPOCH_AUTH;
use crate::conn::Conn;
use crate::schema::signing_key;
use crate::seal::SEALED;
use crate::{StoreError, Tx};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = signing_key)]
pub struct SigningKey {
    pub kid: String,
    pub algorithm: String,
    /// PKCS#8 in base64; sealed in the table, since whoever has it can make tokens.
    pub private: String,
    /// Microseconds.
    pub created: i64,
    pub retired: Option<i64>,
}

fn place(kid: &str) -> String {
    format!("the signing key {kid}")
}

impl Tx<'_> {
    /// Newest first.
    pub fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        let rows = self.signing_key_rows()?;
        rows.into_iter().map(|row| self.open_key(row)).collect()
    }

    fn signing_key_rows(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(signing_key::table
            .order(signing_key::created.desc())
            .load(&mut *self.conn)?)
    }

    fn open_key(&self, row: SigningKey) -> Result<SigningKey, StoreError> {
        Ok(SigningKey {
            private: self.opened(&place(&row.kid), row.private)?,
            ..row
        })
    }

    /// Refused where those that are there do not open: one database, one seal.
    pub fn insert_signing_key(&mut self, new: &SigningKey) -> Result<(), StoreError> {
        self.signing_keys()?;
        let sealed = SigningKey {
            private: self.sealed(&place(&new.kid), &new.private)?,
            ..new.clone()
        };
        diesel::insert_into(signing_key::table)
            .values(sealed)
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)
    }

    /// Whether any is not sealed.
    pub fn signing_keys_lie_open(&mut self) -> Result<bool, StoreError> {
        let rows = self.signing_key_rows()?;
        Ok(rows.iter().any(|row| !row.private.starts_with(SEALED)))
    }

    /// Seals those that lie open, where there is a key to seal with. Returns how many.
    pub fn seal_signing_keys(&mut self) -> Result<usize, StoreError> {
        self.overwrite_what_goes(true)?;
        let rows = self.signing_key_rows()?;
        let mut sealed = 0;
        for row in rows.iter().filter(|row| !row.private.starts_with(SEALED)) {
            let private = self.sealed(&place(&row.kid), &row.private)?;
            if private != row.private {
                let found = signing_key::table.find(&row.kid);
                sealed += diesel::update(found)
                    .set(signing_key::private.eq(private))
                    .execute(&mut *self.conn)?;
            }
        }
        self.overwrite_what_goes(false)?;
        Ok(sealed)
    }

    /// SQLite leaves replaced values in free space otherwise.
    fn overwrite_what_goes(&mut self, on: bool) -> Result<(), StoreError> {
        if let Conn::Sqlite(conn) = &mut *self.conn {
            conn.batch_execute(if on {
                "PRAGMA secure_delete = ON"
            } else {
                "PRAGMA secure_delete = OFF"
            })?;
        }
        Ok(())
    }

    /// All of them, as when their seal is lost or they are known to others.
    pub fn drop_signing_keys(&mut self) -> Result<usize, StoreError> {
        let rows = diesel::delete(signing_key::table).execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(rows)
    }

    /// All that are in use.
    pub fn retire_signing_keys(&mut self, now: i64) -> Result<usize, StoreError> {
        let in_use = signing_key::table.filter(signing_key::retired.is_null());
        let rows = diesel::update(in_use)
            .set(signing_key::retired.eq(now))
            .execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(rows)
    }

    /// Those retired before that instant.
    pub fn forget_signing_keys(&mut self, before: i64) -> Result<usize, StoreError> {
        let old = signing_key::table.filter(signing_key::retired.lt(before));
        let rows = diesel::delete(old).execute(&mut *self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(rows)
    }
}
