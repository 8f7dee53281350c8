//! Row keys: type and sequence number, handed out in blocks so that a create asks nobody.
use crate::StoreError;
use crate::conn::Conn;
use crate::rows::type_column;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fhir::TypeId;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Bits of a key below the type: 17 million million resources per database.
const SEQUENCE_BITS: u32 = 44;
/// Numbers per block; the same as `INCREMENT BY` of PostgreSQL's `resource_sequence`.
const BLOCK: i64 = 4096;

/// The row key of a resource: all keys of a type are one contiguous range.
pub(crate) fn key(type_id: i16, sequence: i64) -> i64 {
    (i64::from(type_id) << SEQUENCE_BITS) | sequence
}

/// All keys of a type.
pub(crate) fn range(type_id: TypeId) -> Range<i64> {
    let type_id = type_column(type_id);
    key(type_id, 0)..key(type_id + 1, 0)
}

#[derive(QueryableByName)]
struct Block {
    #[diesel(sql_type = BigInt)]
    last: i64,
}

/// This process's block of sequence numbers.
#[derive(Default)]
pub(crate) struct Sequence {
    left: Mutex<Range<i64>>,
}

impl Sequence {
    pub(crate) fn take(&self, conn: &mut Conn, count: usize) -> Result<Vec<i64>, StoreError> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            match left.next() {
                Some(number) => taken.push(number),
                None => *left = next_block(conn)?,
            }
        }
        Ok(taken)
    }

    /// Forgets the block: SQLite's counter is rolled back with the work that took it.
    pub(crate) fn forget(&self) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = 0..0;
    }
}

fn next_block(conn: &mut Conn) -> Result<Range<i64>, StoreError> {
    let sql = match conn {
        Conn::Postgres(_) => "SELECT nextval('resource_sequence') AS last",
        Conn::Sqlite(_) => {
            "UPDATE setting SET value = CAST(value AS INTEGER) + 4096 WHERE name = 'sequence' \
             RETURNING CAST(value AS INTEGER) AS last"
        }
    };
    let block: Block = diesel::sql_query(sql).get_result(conn)?;
    Ok(block.last - BLOCK + 1..block.last + 1)
}
