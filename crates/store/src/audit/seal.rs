//! The chain: each seal hashes the rows behind its predecessor's, and its predecessor's hash, so
//! that whoever changes or removes a row must forge all seals from there on, and whoever kept a
//! later one elsewhere can tell. Sealing in the background costs writes nothing; a row is open to
//! unseen change until then, which is about a second.
use super::row::{self, Hash, Row};
use crate::lease::{self, Holder};
use crate::schema::audit_seal;
use crate::{Store, StoreError, Tx};
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// Under this name one gateway seals for all.
const LEASE: &str = "audit";
/// Rows of one seal.
const MOST: i64 = 2_048;
/// What is kept of each row's hash beside the seal's.
pub(super) const MARK: usize = 4;
/// Says how hashes are made.
const FORM: &[u8] = b"baton audit 1";

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_seal)]
pub(super) struct Seal {
    pub(super) number: i64,
    pub(super) at: i64,
    pub(super) first_id: i64,
    pub(super) last_id: i64,
    pub(super) entries: i64,
    pub(super) marks: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl Seal {
    /// What its hash must be behind that of its predecessor.
    pub(super) fn expected(&self, previous: &[u8], rows: &[Hash]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(FORM);
        hasher.update(previous);
        for number in [self.number, self.at, self.first_id, self.last_id, self.entries] {
            hasher.update(number.to_be_bytes());
        }
        rows.iter().for_each(|hash| hasher.update(hash));
        hasher.finalize().into()
    }

    fn over(previous: Option<&Seal>, last_id: i64, rows: &[Row], at: i64) -> Seal {
        let hashes: Vec<Hash> = rows.iter().map(Row::hash).collect();
        let seal = Seal {
            number: previous.map_or(0, |seal| seal.number) + 1,
            at,
            first_id: previous.map_or(0, |seal| seal.last_id) + 1,
            last_id,
            entries: rows.len() as i64,
            marks: hashes.iter().flat_map(|hash| &hash[..MARK]).copied().collect(),
            hash: Vec::new(),
        };
        let hash = seal.expected(previous.map_or(&[], |seal| &seal.hash), &hashes);
        Seal {
            hash: hash.to_vec(),
            ..seal
        }
    }
}

impl Store {
    /// Seals what is settled and open, some thousand rows at a time; true when there may be more.
    /// Any number of gateways may call this again and again, each under a name of its own.
    pub async fn seal_audit(&self, name: &str, now: i64) -> Result<bool, StoreError> {
        let by = Holder {
            name: name.to_owned(),
            now,
        };
        let asked = by.clone();
        let next = self.read(move |tx| next(tx, &asked)).await?;
        let Some(seal) = next else {
            return Ok(false);
        };
        let more = seal.entries == MOST;
        self.write(move |tx| add(tx, &seal, &by)).await?;
        Ok(more)
    }
}

fn next(tx: &mut Tx, by: &Holder) -> Result<Option<Seal>, StoreError> {
    if lease::is_taken(&mut tx.conn, LEASE, by)? {
        return Ok(None);
    }
    let settled = tx.shared.horizon.settled(&mut tx.conn)?;
    let previous = last(tx)?;
    let first = previous.as_ref().map_or(0, |seal| seal.last_id) + 1;
    let rows = row::between(&mut tx.conn, first, settled, MOST)?;
    let Some(end) = rows.last().map(|row| row.id) else {
        return Ok(None);
    };
    let full = rows.len() as i64 == MOST;
    let last_id = if full { end } else { settled };
    Ok(Some(Seal::over(previous.as_ref(), last_id, &rows, by.now)))
}

pub(super) fn last(tx: &mut Tx) -> Result<Option<Seal>, StoreError> {
    let seals = audit_seal::table.order(audit_seal::number.desc()).limit(1);
    Ok(seals
        .select(Seal::as_select())
        .get_result(&mut *tx.conn)
        .optional()?)
}

/// Unless another gateway was faster.
fn add(tx: &mut Tx, seal: &Seal, by: &Holder) -> Result<(), StoreError> {
    let previous = last(tx)?.map_or(0, |seal| seal.number);
    if lease::hold(&mut tx.conn, LEASE, by)? && previous + 1 == seal.number {
        diesel::insert_into(audit_seal::table)
            .values(seal)
            .execute(&mut *tx.conn)?;
    }
    Ok(())
}
