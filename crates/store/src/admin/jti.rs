//! Ids of assertions and tokens that count no more: used once, or revoked.
use super::EPOCH_AUTH;
use crate::conn::on_each;
use crate::schema::jti;
use crate::{StoreError, Tx};
use diesel::prelude::*;

impl Tx<'_> {
    /// False when it was used before. Two gateways that try at once: one wins.
    pub fn use_jti(&mut self, issuer: &str, id: &str, expires: i64) -> Result<bool, StoreError> {
        let row = (
            jti::issuer.eq(issuer),
            jti::token.eq(id),
            jti::expires.eq(expires),
        );
        let rows = on_each!(&mut *self.conn, |c| {
            diesel::insert_into(jti::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(c)?
        });
        Ok(rows == 1)
    }

    /// As [`Tx::use_jti`], and makes every gateway look.
    pub fn revoke_jti(&mut self, issuer: &str, id: &str, expires: i64) -> Result<bool, StoreError> {
        let first = self.use_jti(issuer, id, expires)?;
        self.bump(EPOCH_AUTH)?;
        Ok(first)
    }

    /// Those of the issuer that have not expired; `now` in the unit of `expires`.
    pub fn used_jtis(&mut self, issuer: &str, now: i64) -> Result<Vec<String>, StoreError> {
        let live = jti::table
            .filter(jti::issuer.eq(issuer))
            .filter(jti::expires.gt(now));
        Ok(live.select(jti::token).load(&mut *self.conn)?)
    }

    /// Deletes what has expired.
    pub fn forget_jtis(&mut self, now: i64) -> Result<usize, StoreError> {
        Ok(diesel::delete(jti::table.filter(jti::expires.le(now))).execute(&mut *self.conn)?)
    }
}
