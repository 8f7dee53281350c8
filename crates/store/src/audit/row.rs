//! A row of the audit as it is stored, and its hash.
use crate::StoreError;
use crate::conn::Conn;
use crate::schema::audit;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) at: i64,
    pub(super) actor: String,
    pub(super) request: Vec<u8>,
    pub(super) key: i64,
    pub(super) version: i64,
    pub(super) deleted: bool,
    pub(super) detail: Option<Vec<u8>>,
}

pub(super) type Hash = [u8; 32];

impl Row {
    /// Of everything in the row, each part behind its length so that none can run into the next.
    pub(super) fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        for number in [self.id, self.at, self.key, self.version, i64::from(self.deleted)] {
            hasher.update(number.to_be_bytes());
        }
        let detail = self.detail.as_deref();
        for bytes in [Some(self.actor.as_bytes()), Some(&self.request[..]), detail] {
            let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
            hasher.update(length.to_be_bytes());
            hasher.update(bytes.unwrap_or_default());
        }
        hasher.finalize().into()
    }
}

/// Rows from the first id to the last, in order, at most so many.
pub(super) fn between(conn: &mut Conn, first: i64, last: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    let rows = audit::table
        .filter(audit::id.ge(first))
        .filter(audit::id.le(last))
        .order(audit::id)
        .limit(limit);
    Ok(rows.select(Row::as_select()).load(conn)?)
}
