//! The keys that sign access tokens.
use super::EPOCH_AUTH;
use crate::schema::signing_key;
use crate::{StoreError, Tx};
use diesel::prelude::*;

#[derive(Clone, Queryable, Insertable)]
#[diesel(table_name = signing_key)]
pub struct SigningKey {
    pub kid: String,
    pub algorithm: String,
    /// PKCS#8 in base64: whoever can read this table can make tokens.
    pub private: String,
    /// Microseconds.
    pub created: i64,
    pub retired: Option<i64>,
}

impl Tx<'_> {
    /// Newest first.
    pub fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        Ok(signing_key::table
            .order(signing_key::created.desc())
            .load(self.conn)?)
    }

    pub fn insert_signing_key(&mut self, new: &SigningKey) -> Result<(), StoreError> {
        diesel::insert_into(signing_key::table)
            .values(new)
            .execute(self.conn)?;
        self.bump(EPOCH_AUTH)
    }

    /// All that are in use.
    pub fn retire_signing_keys(&mut self, now: i64) -> Result<usize, StoreError> {
        let in_use = signing_key::table.filter(signing_key::retired.is_null());
        let rows = diesel::update(in_use)
            .set(signing_key::retired.eq(now))
            .execute(self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(rows)
    }

    /// Those retired before that instant.
    pub fn forget_signing_keys(&mut self, before: i64) -> Result<usize, StoreError> {
        let old = signing_key::table.filter(signing_key::retired.lt(before));
        let rows = diesel::delete(old).execute(self.conn)?;
        self.bump(EPOCH_AUTH)?;
        Ok(rows)
    }
}
