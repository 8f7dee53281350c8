//! Work that one gateway does for all: whoever holds the lease, as long as it renews it. What is
//! written under a lease renews it in the same transaction, so two who both believe they hold it
//! cannot both go on.
use crate::StoreError;
use crate::conn::{Conn, on_each};
use crate::schema::lease;
use diesel::prelude::*;

/// A gateway that said nothing for so long is gone.
const LASTS: i64 = 5_000_000;

/// Who asks, and when that is.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) name: String,
    /// Microseconds.
    pub(crate) now: i64,
}

/// Whether somebody else is at work.
pub(crate) fn is_taken(conn: &mut Conn, name: &str, by: &Holder) -> Result<bool, StoreError> {
    let (holder, until): (String, i64) = lease::table
        .find(name)
        .select((lease::holder, lease::until))
        .get_result(conn)?;
    Ok(holder != by.name && until >= by.now)
}

/// Takes or renews it; false when it is another's.
pub(crate) fn hold(conn: &mut Conn, name: &str, by: &Holder) -> Result<bool, StoreError> {
    let free = lease::holder.eq(&by.name).or(lease::until.lt(by.now));
    let mine = diesel::update(lease::table.filter(lease::name.eq(name)).filter(free));
    let rows = on_each!(conn, |c| mine
        .set((lease::holder.eq(&by.name), lease::until.eq(by.now + LASTS)))
        .execute(c))?;
    Ok(rows == 1)
}
