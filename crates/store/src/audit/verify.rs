//! Whether the audit is as it was sealed, and if not, what was done to it and where.
use super::retain;
use super::row::{self, Hash, Row};
use super::seal::{MARK, Seal};
use crate::schema::{audit, audit_seal};
use crate::{Store, StoreError, Tx};
use diesel::prelude::*;
use std::fmt::{self, Display, Formatter};

/// How far the chain was followed. That of the last seal, kept elsewhere, is what a shortened or
/// rewritten chain cannot match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The seal; 0 before the first.
    pub number: i64,
    pub hash: Vec<u8>,
    /// The last row it covers.
    pub row: i64,
}

/// The number and the hash, as people keep them.
impl Display for Head {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{}:", self.number)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The row says something else.
    Changed { row: i64 },
    /// Rows that were there when they were sealed, between these two.
    Missing { count: usize, after: i64, before: i64 },
    /// A row that was not there.
    Added { row: i64 },
    /// Rows are as their seal says, but the seal is not what followed its predecessor.
    Seal { number: i64 },
    /// Seals between two others are gone.
    SealsMissing { first: i64, last: i64 },
}

/// One seal, compared with its rows.
#[derive(Debug)]
pub struct Verified {
    pub head: Head,
    pub rows: usize,
    pub damage: Vec<Damage>,
}

impl Store {
    /// The seal behind `head`, if there is one.
    pub async fn verify(&self, head: Head) -> Result<Option<Verified>, StoreError> {
        self.read(move |tx| verify(tx, &head)).await
    }

    /// Rows that no seal covers yet: those of the last moment, or of a server that was killed.
    pub async fn unsealed(&self, head: Head) -> Result<i64, StoreError> {
        let open = audit::table.filter(audit::id.gt(head.row)).count();
        self.read(move |tx| Ok(open.get_result(&mut *tx.conn)?)).await
    }
}

fn verify(tx: &mut Tx, head: &Head) -> Result<Option<Verified>, StoreError> {
    let next = audit_seal::table
        .filter(audit_seal::number.gt(head.number))
        .order(audit_seal::number)
        .limit(1);
    let Some(seal): Option<Seal> = next
        .select(Seal::as_select())
        .get_result(&mut *tx.conn)
        .optional()?
    else {
        return Ok(None);
    };
    let rows = row::between(
        &mut tx.conn,
        retain::lowest(head).saturating_add(1),
        seal.last_id,
        i64::MAX,
    )?;
    // The chain begins behind what was removed by right.
    let is_start = head.number == 0 && rows.is_empty() && retain::removed(tx)?.is_some();
    let damage = match is_start {
        true => Vec::new(),
        false => compare(head, &seal, &rows),
    };
    Ok(Some(Verified {
        damage,
        rows: rows.len(),
        head: head_of(&seal),
    }))
}

pub(super) fn head_of(seal: &Seal) -> Head {
    Head {
        number: seal.number,
        hash: seal.hash.clone(),
        row: seal.last_id,
    }
}

pub(super) fn compare(head: &Head, seal: &Seal, rows: &[Row]) -> Vec<Damage> {
    let mut damage = Vec::new();
    if seal.number != head.number + 1 {
        damage.push(Damage::SealsMissing {
            first: head.number + 1,
            last: seal.number - 1,
        });
    }
    let hashes: Vec<Hash> = rows.iter().map(Row::hash).collect();
    let follows = seal.first_id == head.row + 1 && seal.expected(&head.hash, &hashes)[..] == seal.hash;
    if follows {
        return damage;
    }
    let found: Vec<(i64, &[u8])> = rows
        .iter()
        .zip(&hashes)
        .map(|(row, hash)| (row.id, &hash[..MARK]))
        .collect();
    let before = damage.len();
    differences(&seal.marks, &found, (seal.first_id, seal.last_id), &mut damage);
    if damage.len() == before {
        damage.push(Damage::Seal { number: seal.number });
    }
    damage
}

/// Walks along what was sealed and what is there.
fn differences(marks: &[u8], found: &[(i64, &[u8])], (first, last): (i64, i64), damage: &mut Vec<Damage>) {
    let marks: Vec<&[u8]> = marks.chunks(MARK).collect();
    let (mut sealed, mut there) = (&marks[..], found);
    let mut reached = first - 1;
    loop {
        match (sealed, there) {
            ([], []) => return,
            ([mark, rest @ ..], [(id, same), next @ ..]) if mark == same => {
                (sealed, there, reached) = (rest, next, *id);
            }
            (_, rows) => {
                let next = rows.first().map_or(last + 1, |(id, _)| *id);
                let gone = rows.first().map_or(Some(sealed.len()), |(_, mark)| {
                    sealed.iter().position(|m| m == mark)
                });
                let back = sealed
                    .first()
                    .and_then(|mark| rows.iter().position(|(_, m)| m == mark));
                match (gone, sealed.is_empty() || back.is_some()) {
                    (Some(count), _) => {
                        damage.push(Damage::Missing {
                            count,
                            after: reached,
                            before: next,
                        });
                        sealed = &sealed[count..];
                    }
                    (None, true) => {
                        damage.push(Damage::Added { row: next });
                        (there, reached) = (&rows[1..], next);
                    }
                    (None, false) => {
                        damage.push(Damage::Changed { row: next });
                        (sealed, there, reached) = (&sealed[1..], &rows[1..], next);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sealed: &[&[u8; 4]], there: &[(i64, &[u8; 4])]) -> Vec<Damage> {
        let mut damage = Vec::new();
        let found: Vec<(i64, &[u8])> = there.iter().map(|(id, mark)| (*id, &mark[..])).collect();
        let sealed: Vec<u8> = sealed.iter().flat_map(|mark| **mark).collect();
        differences(&sealed, &found, (1, 3), &mut damage);
        damage
    }

    #[test]
    fn what_was_done_to_which_row() {
        let sealed = [b"aaaa", b"bbbb", b"cccc"];
        assert_eq!(told(&sealed, &[(1, b"aaaa"), (2, b"bbbb"), (3, b"cccc")]), []);
        assert_eq!(
            told(&sealed, &[(1, b"aaaa"), (2, b"xxxx"), (3, b"cccc")]),
            [Damage::Changed { row: 2 }]
        );
        let missing = |count, after, before| Damage::Missing { count, after, before };
        assert_eq!(told(&sealed, &[(1, b"aaaa"), (3, b"cccc")]), [missing(1, 1, 3)]);
        assert_eq!(told(&sealed, &[(1, b"aaaa")]), [missing(2, 1, 4)]);
        assert_eq!(told(&sealed, &[]), [missing(3, 0, 4)]);
        let more = [(1, b"aaaa"), (2, b"bbbb"), (3, b"cccc"), (4, b"dddd")];
        assert_eq!(told(&sealed, &more), [Damage::Added { row: 4 }]);
        let between = [(1, b"aaaa"), (2, b"dddd"), (3, b"bbbb"), (4, b"cccc")];
        assert_eq!(told(&sealed, &between), [Damage::Added { row: 2 }]);
        let swapped = [(1, b"aaaa"), (2, b"yyyy"), (3, b"zzzz")];
        assert_eq!(
            told(&sealed, &swapped),
            [Damage::Changed { row: 2 }, Damage::Changed { row: 3 }]
        );
    }
}
