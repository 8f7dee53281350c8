//! Of PostgreSQL, what one connection has read and what it must ask to know that it still holds.
//!
//! Every write leaves a row in `audit` that names key and version. So the statement that reads what is
//! not in memory also reads what was written since rows of the audit were settled (`audit/horizon.rs`
//! has why none can appear before): whatever that replaces is forgotten before anybody is answered. So
//! a read sees what was committed before it began, and what all that wait together have to ask is
//! little more than what one would.
use super::entry::Entry;
use super::generations::Generations;
use crate::StoreError;
use crate::audit::{Look, Settling};
use crate::pg::statement;
use crate::point::{Packed, Wanted};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, SmallInt, Text};
use fhir::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;

/// Rows of the audit to look at again and again while the oldest of them are not settled; as in the
/// statements. Where more come, as in a long transaction, memory waits for its end.
const MOST: usize = 512;
/// Where a row of the answer does not stand among what was asked for: one of the audit.
const WRITTEN: i64 = -1;
/// How far it goes.
const REACHED: i64 = 0;

/// Belongs to its connection: another one may lead elsewhere.
#[derive(Default)]
pub(crate) struct Followed {
    memory: Generations,
    /// The row of the audit behind which all must be looked at; without one nothing is kept.
    from: Option<i64>,
    settling: Settling,
}

type Found = Vec<Option<Arc<Entry>>>;
/// Place, key, version, updated, deleted, body; other places have other numbers there.
type Row = (i64, i64, i64, i64, bool, Vec<u8>);
/// A row of the audit: id, key, version; and beside each the oldest open transaction and the next one.
type Seen = (i64, i64, i64, i64, i64);

impl Followed {
    /// What is there of these, in their order.
    pub(crate) fn fetch(
        &mut self,
        conn: &mut PgConnection,
        wanted: &[(TypeId, &str)],
    ) -> Result<Found, StoreError> {
        let is_absent = |place: &usize| !self.memory.has(wanted[*place].0, wanted[*place].1);
        let (absent, kept): (Vec<_>, Vec<_>) = (0..wanted.len()).partition(is_absent);
        let mut found = vec![None; wanted.len()];
        self.read(conn, wanted, &absent, &mut found)?;
        let mut gone = Vec::new();
        for place in kept {
            found[place] = self.memory.find(wanted[place].0, wanted[place].1);
            if found[place].is_none() {
                gone.push(place);
            }
        }
        if !gone.is_empty() {
            self.read(conn, wanted, &gone, &mut found)?;
        }
        Ok(found)
    }

    fn read(
        &mut self,
        conn: &mut PgConnection,
        wanted: &[(TypeId, &str)],
        places: &[usize],
        found: &mut Found,
    ) -> Result<(), StoreError> {
        if let (Some(from), []) = (self.from, places) {
            return self.check(conn, from);
        }
        let asked: Vec<(TypeId, &str)> = places.iter().map(|place| wanted[*place]).collect();
        let from = self.from.unwrap_or(i64::MAX);
        let ask = Ask(from, Wanted::of(&asked));
        let rows = ask.load::<Row>(conn)?;
        let written = rows.iter().filter(|row| row.0 == WRITTEN);
        let written: Vec<(i64, i64)> = written.map(|row| (row.1, row.2)).collect();
        match rows.iter().find(|row| row.0 == REACHED) {
            Some((_, last, oldest, next, is_there, _)) => {
                let look = Look {
                    last: *last,
                    oldest: *oldest,
                    next: *next,
                };
                self.follow(&written, look, *is_there);
            }
            None => self.forget(),
        }
        for row in rows {
            let nth = usize::try_from(row.0 - 1).ok();
            if let Some(place) = nth.and_then(|nth| places.get(nth)) {
                let entry = Arc::new(Entry::packed(packed(wanted[*place], row)));
                if self.from.is_some() {
                    self.memory.add(entry.clone());
                }
                found[*place] = Some(entry);
            }
        }
        Ok(())
    }

    /// Where nothing is missing.
    fn check(&mut self, conn: &mut PgConnection, from: i64) -> Result<(), StoreError> {
        let rows = Check(from, PhantomData).load::<Seen>(conn)?;
        let (Some((first, ..)), Some((last, _, _, oldest, next))) = (rows.first(), rows.last()) else {
            self.forget();
            return Ok(());
        };
        let look = Look {
            last: *last,
            oldest: *oldest,
            next: *next,
        };
        let is_there = *first == from;
        let written = rows.iter().map(|row| (row.1, row.2));
        let written: Vec<(i64, i64)> = written.skip(usize::from(is_there)).collect();
        self.follow(&written, look, is_there);
        Ok(())
    }

    /// Forgets what was replaced by these keys and versions, or all, when it is not known what was.
    fn follow(&mut self, written: &[(i64, i64)], look: Look, is_there: bool) {
        for (key, version) in written {
            let entry = self.memory.by_key(*key);
            if entry.is_some_and(|entry| entry.packed.version < *version) {
                self.memory.remove(*key);
            }
        }
        // The row may be gone because the audit is not kept any longer, and later ones with it.
        if written.len() >= MOST || (self.from.is_some() && !is_there) {
            self.forget();
        }
        if let Some(settled) = self.settling.settled(look) {
            self.from = Some(settled);
        }
    }

    fn forget(&mut self) {
        *self = Followed::default();
    }
}

fn packed((type_id, id): (TypeId, &str), (_, key, version, updated, deleted, body): Row) -> Packed {
    Packed {
        type_id,
        id: id.to_owned(),
        key,
        version,
        updated,
        deleted,
        body,
    }
}

struct Ask<'a>(i64, Wanted<'a>);

statement!(
    Ask,
    "SELECT -1::int8, key, version, id, deleted, ''::bytea FROM (SELECT key, version, id, deleted FROM audit WHERE id > ",
    "",
    |self, binds| {
        binds.add::<BigInt, _>(&self.0)?;
        binds.next_call(
            " ORDER BY id LIMIT 512) AS written UNION ALL \
             SELECT 0, coalesce((SELECT max(id) FROM audit), 0), \
             pg_snapshot_xmin(pg_current_snapshot())::text::int8, pg_snapshot_xmax(pg_current_snapshot())::text::int8, \
             EXISTS (SELECT FROM audit WHERE id = ",
        );
        binds.add::<BigInt, _>(&self.0)?;
        binds.next_call(
            "), ''::bytea UNION ALL SELECT w.place, r.key, r.version, r.updated, r.deleted, r.body FROM unnest(",
        );
        binds.add::<Array<SmallInt>, _>(&self.1.types)?;
        binds.add::<Array<Text>, _>(&self.1.ids)?;
        binds.next_call(
            ") WITH ORDINALITY AS w (type_id, id, place) JOIN resource r ON r.type_id = w.type_id AND r.id = w.id",
        );
        Ok::<(), diesel::result::Error>(())
    }
);

/// The row behind which all must be looked at, and those behind it.
struct Check<'a>(i64, PhantomData<&'a ()>);

statement!(
    Check,
    "SELECT id, key, version, (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8), \
     (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int8) FROM audit WHERE id >= ",
    " ORDER BY id LIMIT 513",
    |self, binds| binds.add::<BigInt, _>(&self.0)
);

impl diesel::query_builder::Query for Check<'_> {
    type SqlType = (BigInt, BigInt, BigInt, BigInt, BigInt);
}

impl diesel::query_builder::Query for Ask<'_> {
    type SqlType = (BigInt, BigInt, BigInt, BigInt, Bool, Binary);
}
