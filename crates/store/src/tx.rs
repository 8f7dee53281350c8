//! One transaction: reads, the write door, and the tables around the resources.
use crate::apply::Texts;
use crate::conn::Conn;
use crate::pg::statement;
use crate::prepare::{By, Prepared};
use crate::store::Shared;
use crate::{
    Applied, Change, Context, History, HistoryPage, Page, StoreError, Stored, apply, custom, history, point,
    search, watch,
};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::event::Event;
use fhir::registry::CustomParams;
use fhir::search::Query;
use std::sync::Arc;

/// An open transaction on one connection. What goes wrong in it must reach the caller of
/// `Store::write`: an error that is swallowed still rolls everything back.
pub struct Tx<'c> {
    pub(crate) conn: &'c mut Conn,
    pub(crate) shared: &'c Shared,
    /// The events of stays as read last: who folds them and who reacts to the fold both ask.
    pub(crate) events: Option<EventsOf>,
    /// By these index rows are made.
    pub(crate) params: Arc<CustomParams>,
}

/// Events, and the Encounters they were asked for by.
pub(crate) type EventsOf = (Vec<String>, Arc<[Event]>);

impl<'c> Tx<'c> {
    pub(crate) fn new(conn: &'c mut Conn, shared: &'c Shared) -> Tx<'c> {
        Tx {
            conn,
            shared,
            events: None,
            params: shared.params.get(),
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

    /// What counts as a reference to this server.
    pub fn bases(&self) -> Bases {
        self.params.bases.clone()
    }

    /// The current version; a deleted one says so in `deleted`.
    pub fn get(&mut self, type_id: TypeId, id: &str) -> Result<Option<Stored>, StoreError> {
        Ok(point::get(self.conn, type_id, id)?.map(|row| row.stored))
    }

    /// In one round trip, in no particular order; absent ones are left out, deleted ones say so.
    pub fn get_many(&mut self, keys: &[(TypeId, String)]) -> Result<Vec<Stored>, StoreError> {
        let wanted: Vec<(TypeId, &str)> = keys.iter().map(|(type_id, id)| (*type_id, id.as_str())).collect();
        Ok(point::many(self.conn, &wanted)?
            .into_iter()
            .map(|row| row.stored)
            .collect())
    }

    pub fn version(&mut self, type_id: TypeId, id: &str, version: i64) -> Result<Option<Stored>, StoreError> {
        match point::get(self.conn, type_id, id)? {
            Some(row) if row.stored.version == version => Ok(Some(row.stored)),
            Some(row) => point::past(self.conn, row.key, version),
            None => Ok(None),
        }
    }

    pub fn history(&mut self, asked: &History) -> Result<HistoryPage, StoreError> {
        watch::during(self, |tx| history::page(tx, asked))
    }

    pub fn search(&mut self, query: &Query) -> Result<Page, StoreError> {
        let page = watch::during(self, |tx| search::run(tx.conn, query))?;
        custom::still_serving(self.conn, &query.custom)?;
        Ok(page)
    }

    /// Serialises all who use the same text, until the transaction ends (an advisory lock on
    /// PostgreSQL, nothing on SQLite's single writer): for conditional writes and stays.
    pub fn lock(&mut self, what: &str) -> Result<(), StoreError> {
        self.lock_all(&[what])
    }

    /// The same for several texts at once, in an order that cannot deadlock.
    pub fn lock_all(&mut self, what: &[&str]) -> Result<(), StoreError> {
        self.lock_in_order(None, what)
    }

    /// The same, and first shares another text with all who share it: who locks that one waits
    /// for them, and they for it.
    pub fn lock_all_sharing(&mut self, what: &[&str], shared: &str) -> Result<(), StoreError> {
        self.lock_in_order(Some(shared), what)
    }

    fn lock_in_order(&mut self, shared: Option<&str>, what: &[&str]) -> Result<(), StoreError> {
        if let Conn::Postgres(conn) = self.conn {
            let hash = |text: &str| fhir::search::index::hash(Some(text));
            let mut numbers: Vec<i64> = what.iter().map(|text| hash(text)).collect();
            numbers.sort_unstable();
            numbers.dedup();
            // Who held the lock until now may have told more.
            self.events = None;
            Lock {
                shared: &shared.map(hash),
                numbers: &numbers,
            }
            .execute(conn)?;
        }
        Ok(())
    }

    /// The door: see `apply.rs`. What is returned is for `changes`, in their order; what the
    /// reaction added is stored too.
    pub fn apply(&mut self, changes: Vec<Change>, ctx: &Context) -> Result<Vec<Applied>, StoreError> {
        let changes = Prepared::all(changes, ctx, self.by());
        let changes: Vec<&Prepared> = changes.iter().collect();
        apply::apply(self, &changes, ctx, Texts::Wanted)
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

struct Lock<'a> {
    shared: &'a Option<i64>,
    numbers: &'a [i64],
}

statement!(Lock, "SELECT baton_lock_texts(", ")", |self, binds| binds
    .add::<Nullable<BigInt>, _>(self.shared)
    .and_then(|()| binds.add::<Array<BigInt>, _>(&self.numbers)));
