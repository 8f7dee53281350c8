//! One transaction: reads, the write door, and the tables around the resources.
use crate::apply::Texts;
use crate::conn::Conn;
use crate::messages::stay_lock;
use crate::pg::statement;
use crate::prepare::{By, Prepared};
use crate::store::Shared;
use crate::turns::Lent;
use crate::{
    Applied, Change, Context, History, HistoryPage, Page, StoreError, Stored, apply, custom, history, point,
    search, watch,
};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::event::Event;
use fhir::registry::CustomParams;
use fhir::search::Query;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// An open transaction on one connection. What goes wrong in it must reach the caller of
/// `Store::write`: an error that is swallowed still rolls everything back.
pub struct Tx<'c> {
    pub(crate) conn: Lent<'c>,
    pub(crate) shared: &'c Shared,
    /// The events of stays as read last: who folds them and who reacts to the fold both ask.
    pub(crate) events: Option<EventsOf>,
    /// Hashes of the texts that are locked.
    held: HashSet<i64>,
    /// By these index rows are made.
    pub(crate) params: Arc<CustomParams>,
    /// Whether this work lost a race before: what it reads to change it is locked then.
    pub(crate) has_lost: bool,
}

/// Events, and the Encounters they were asked for by.
pub(crate) struct EventsOf {
    pub(crate) asked: Vec<String>,
    /// Those, and whom their visit numbers led to.
    pub(crate) of: BTreeSet<String>,
    pub(crate) events: Arc<[Event]>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(conn: Lent<'c>, shared: &'c Shared) -> Tx<'c> {
        Tx {
            conn,
            shared,
            events: None,
            held: HashSet::new(),
            params: shared.params.get(),
            has_lost: false,
        }
    }
}

impl Tx<'_> {
    pub(crate) fn by(&self) -> By<'_> {
        By {
            reaction: &*self.shared.reaction,
            params: &self.params,
            enforced: self.shared.enforced(),
        }
    }

    /// Types whose references must lead somewhere.
    pub fn enforced(&self) -> &[TypeId] {
        self.shared.enforced()
    }

    /// What counts as a reference to this server.
    pub fn bases(&self) -> Bases {
        self.params.bases.clone()
    }

    /// The current version; a deleted one says so in `deleted`.
    pub fn get(&mut self, type_id: TypeId, id: &str) -> Result<Option<Stored>, StoreError> {
        Ok(point::get(&mut self.conn, type_id, id)?.map(|row| row.stored))
    }

    /// In one round trip, in no particular order; absent ones are left out, deleted ones say so.
    pub fn get_many(&mut self, keys: &[(TypeId, String)]) -> Result<Vec<Stored>, StoreError> {
        self.read_by(point::many, keys)
    }

    /// The same of what is to be changed. Where others were faster before, they have to wait now.
    pub(crate) fn get_to_change(&mut self, keys: &[(TypeId, String)]) -> Result<Vec<Stored>, StoreError> {
        match self.has_lost {
            false => self.read_by(point::many, keys),
            true => self.read_by(point::lock, keys),
        }
    }

    fn read_by(&mut self, read: point::Read, keys: &[(TypeId, String)]) -> Result<Vec<Stored>, StoreError> {
        let wanted: Vec<(TypeId, &str)> = keys.iter().map(|(type_id, id)| (*type_id, id.as_str())).collect();
        let rows = read(&mut self.conn, &wanted)?;
        Ok(rows.into_iter().map(|row| row.stored).collect())
    }

    pub fn version(&mut self, type_id: TypeId, id: &str, version: i64) -> Result<Option<Stored>, StoreError> {
        match point::get(&mut self.conn, type_id, id)? {
            Some(row) if row.stored.version == version => Ok(Some(row.stored)),
            Some(row) => point::past(&mut self.conn, row.key, version),
            None => Ok(None),
        }
    }

    pub fn history(&mut self, asked: &History) -> Result<HistoryPage, StoreError> {
        watch::during(self, |tx| history::page(tx, asked))
    }

    pub fn search(&mut self, query: &Query) -> Result<Page, StoreError> {
        let page = watch::during(self, |tx| search::run(&mut tx.conn, query))?;
        custom::still_serving(&mut self.conn, &query.custom)?;
        Ok(page)
    }

    /// The first matches of each, in one round trip where they are surely few.
    pub fn search_each(&mut self, queries: &[Query]) -> Result<Vec<Vec<Stored>>, StoreError> {
        let found = watch::during(self, |tx| search::together::find(&mut tx.conn, queries))?;
        for query in queries {
            custom::still_serving(&mut self.conn, &query.custom)?;
        }
        Ok(found)
    }

    /// Until this one needs the connection next, others that take turns may use it. To be said before
    /// some time is spent on what was read: see [`crate::Store::write_in_turns`].
    pub fn lend(&mut self) {
        self.conn.lend();
    }

    /// Serialises all who use the same text, until the transaction ends (an advisory lock on
    /// PostgreSQL, on SQLite nothing but where jobs take turns): for conditional writes and stays.
    pub fn lock(&mut self, what: &str) -> Result<(), StoreError> {
        self.lock_all(&[what])
    }

    /// The same for several texts at once, in an order that cannot deadlock.
    pub fn lock_all(&mut self, what: &[&str]) -> Result<(), StoreError> {
        let numbers = self.locked_here(what)?;
        if let Conn::Postgres(conn) = &mut *self.conn {
            Lock {
                shared: None,
                numbers: &numbers,
            }
            .execute(conn)?;
        }
        Ok(())
    }

    /// The same, and first shares a text that is the name of a setting: who changes that locks it, and
    /// waits for all who share it, as they for it. What it says then.
    pub fn lock_all_reading(&mut self, what: &[&str], setting: &str) -> Result<Option<String>, StoreError> {
        let numbers = self.locked_here(what)?;
        match &mut *self.conn {
            Conn::Sqlite(_) => self.setting(setting),
            Conn::Postgres(conn) => Ok(LockAndRead {
                shared: Some(hash(setting)),
                numbers: &numbers,
                wanted: setting,
            }
            .get_result(conn)?),
        }
    }

    /// Keeps others of this process that take turns from these texts. What the database is to lock, in
    /// an order that cannot deadlock. Who held these locks until now may have told more, but not about
    /// stays that are locked here.
    pub(crate) fn locked_here(&mut self, what: &[&str]) -> Result<Vec<i64>, StoreError> {
        if self.conn.is_alone() {
            return Ok(Vec::new());
        }
        let mut numbers: Vec<i64> = what.iter().map(|text| hash(text)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let is_held = |stay: &String| self.held.contains(&hash(&stay_lock(stay)));
        if !self
            .events
            .as_ref()
            .is_some_and(|known| known.of.iter().all(is_held))
        {
            self.events = None;
        }
        self.held.extend(&numbers);
        self.conn.lock(&numbers)?;
        Ok(numbers)
    }

    /// The door: see `apply.rs`. What is returned is for `changes`, in their order; what the
    /// reaction added is stored too.
    pub fn apply(&mut self, changes: Vec<Change>, ctx: &Context) -> Result<Vec<Applied>, StoreError> {
        let changes = self.prepare(changes, ctx);
        let changes: Vec<&Prepared> = changes.iter().collect();
        apply::apply(self, &changes, ctx, Texts::Wanted)
    }

    pub(crate) fn prepare(&mut self, changes: Vec<Change>, ctx: &Context) -> Vec<Prepared> {
        self.conn.lend();
        Prepared::all(changes, ctx, self.by())
    }

    /// The same for changes prepared by [`crate::Store::prepare`]: what is left is the engine's work.
    pub fn apply_prepared(
        &mut self,
        changes: &[&Prepared],
        ctx: &Context,
        texts: Texts,
    ) -> Result<Vec<Applied>, StoreError> {
        apply::apply(self, changes, ctx, texts)
    }

    /// Lets the reaction see these resources as if they were new. For stays of which something
    /// became known that the present Encounter does not show.
    pub fn reconsider(&mut self, names: &[(TypeId, String)], ctx: &Context) -> Result<(), StoreError> {
        match names {
            [] => Ok(()),
            _ => apply::reconsider(self, names, ctx),
        }
    }
}

fn hash(text: &str) -> i64 {
    fhir::search::index::hash(Some(text))
}

struct Lock<'a> {
    shared: Option<i64>,
    numbers: &'a [i64],
}

struct LockAndRead<'a> {
    shared: Option<i64>,
    numbers: &'a [i64],
    wanted: &'a str,
}

statement!(Lock, "SELECT baton_lock_texts(", ")", |self, binds| binds
    .add::<Nullable<BigInt>, _>(&self.shared)
    .and_then(|()| binds.add::<Array<BigInt>, _>(&self.numbers)));
statement!(LockAndRead, "SELECT baton_lock_and_read(", ")", |self, binds| {
    binds
        .add::<Nullable<BigInt>, _>(&self.shared)
        .and_then(|()| binds.add::<Array<BigInt>, _>(&self.numbers))
        .and_then(|()| binds.add::<Text, _>(&self.wanted))
});

impl diesel::query_builder::Query for LockAndRead<'_> {
    type SqlType = Nullable<Text>;
}
