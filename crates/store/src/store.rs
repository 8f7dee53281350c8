//! The store as callers see it: queues in front of threads that own the connections.
use crate::apply::Texts;
use crate::audit::Horizon;
use crate::conn::{Conn, Engine};
use crate::custom::{self, Known, Turn, Work};
use crate::fetcher::{Ask, Fetch};
use crate::jobs;
use crate::kept::{Entry, Kept};
use crate::keys::Sequence;
use crate::lease::Holder;
use crate::near::Near;
use crate::plain::{Plain, are_plain};
use crate::prepare::{By, Prepared};
use crate::reader::Look;
use crate::reply;
use crate::threads::Threads;
use crate::watch::Watch;
use crate::{Applied, Change, Context, Page, Reaction, Seal, StoreError, Stored, Tx, apply, point};
use fhir::TypeId;
use fhir::registry::CustomParams;
use fhir::search::Query;
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a turn of background work waits for transactions to end, and how often it asks.
const SETTLE_TRIES: u32 = 500;
const SETTLE_PAUSE: Duration = Duration::from_millis(20);

/// Where and how to store.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite://path`, `sqlite::memory:` is refused; `postgres://…`.
    pub url: String,
    /// Connections to PostgreSQL, beside one for reads by id, or reader threads on SQLite.
    pub connections: usize,
    /// Types whose references must lead somewhere; None keeps to what the database says.
    pub enforced: Option<Vec<TypeId>>,
    /// Seconds that one search may take.
    pub search_seconds: u64,
    /// Seconds that work may wait for its turn, and then again for a lock.
    pub wait_seconds: u64,
}

/// What all transactions of a process share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    pub(crate) reaction: Arc<dyn Reaction>,
    pub(crate) sequence: Sequence,
    /// Search parameters beyond R4's.
    pub(crate) params: Known,
    /// Known once the database was asked.
    pub(crate) enforced: OnceLock<Vec<TypeId>>,
    pub(crate) watch: Watch,
    /// How long work may wait for its turn, and for a lock.
    pub(crate) patience: Duration,
    /// Whether a Consent that cannot be followed is refused.
    pub(crate) enforces_consents: AtomicBool,
    /// How secrets lie in the database, once that was said.
    pub(crate) seal: OnceLock<Arc<dyn Seal>>,
    /// Up to where the audit may be sealed.
    pub(crate) horizon: Horizon,
    /// Current versions in memory, on SQLite.
    pub(crate) kept: OnceLock<Kept>,
}

impl Shared {
    /// Types whose references must lead somewhere.
    pub(crate) fn enforced(&self) -> &[TypeId] {
        self.enforced.get().map_or(&[], Vec::as_slice)
    }
}

/// Cheap to clone. All calls are async-friendly: work runs on the store's own threads and the
/// returned future only waits, so actix workers never block.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    threads: Arc<Threads>,
}

impl Store {
    /// Connects, migrates an empty or older database, starts the threads.
    pub fn open(config: &StoreConfig, reaction: Arc<dyn Reaction>) -> Result<Store, StoreError> {
        let shared = Arc::new(Shared {
            engine: Engine::of(&config.url)?,
            url: config.url.clone(),
            reaction,
            sequence: Sequence::default(),
            params: Known::default(),
            enforced: OnceLock::new(),
            watch: Watch::new(config.search_seconds),
            patience: Duration::from_secs(config.wait_seconds),
            enforces_consents: AtomicBool::new(false),
            seal: OnceLock::new(),
            horizon: Horizon::default(),
            kept: OnceLock::new(),
        });
        let threads = Arc::new(Threads::start(&shared, config)?);
        Ok(Store { shared, threads })
    }

    /// Seals secrets from now on, and opens those that are sealed. The first call counts.
    pub fn seal_with(&self, seal: Arc<dyn Seal>) {
        let _ = self.shared.seal.set(seal);
    }

    /// One transaction; may be run again after a deadlock or serialization failure, so the
    /// closure must be repeatable. On SQLite all writes go through one thread that groups
    /// concurrent callers into one commit. Resolves after the commit is durable.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (job, reply) = jobs::call(work);
        self.threads.write(job)?;
        reply.answer().await
    }

    /// The same for long work that locks ([`Tx::lock_all`]) what it reads and goes on to write, as
    /// it would have to on PostgreSQL anyway. On SQLite others of this kind may take turns with it at the
    /// connection: after each [`Tx::lend`], and where it waits for a lock.
    pub async fn write_in_turns<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (job, reply) = jobs::in_turns(work);
        self.threads.write(job)?;
        reply.answer().await
    }

    /// Read-only work on one state of the database.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let mut work = Some(work);
        // A connection that breaks in the middle cannot give the closure back.
        self.look(true, move |tx| work.take().ok_or(StoreError::Busy)?(tx))
            .await
    }

    pub(crate) async fn look<T, F>(&self, snapshot: bool, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (job, reply) = jobs::call(work);
        // Whoever drops the future takes this along.
        let here = Arc::new(());
        let caller = Arc::downgrade(&here);
        self.threads.look(Look {
            job,
            snapshot,
            caller,
        })?;
        let answer = reply.answer().await;
        drop(here);
        answer
    }

    /// The current version by primary key, a deleted one included. SQLite answers on the
    /// caller's thread; on PostgreSQL concurrent calls may share one round trip.
    pub async fn fetch(&self, type_id: TypeId, id: String) -> Result<Option<Stored>, StoreError> {
        if let Some(near) = self.threads.near()
            && let Some(found) = self.fetch_near(&near, type_id, &id)
        {
            return found?.map(|entry| entry.stored()).transpose();
        }
        let (asker, reply) = reply::channel();
        let wanted = (type_id, id);
        self.fetch_by(Fetch::Version(Ask { wanted, asker }))?;
        reply.answer().await?.map(|entry| entry.stored()).transpose()
    }

    pub(crate) fn fetch_by(&self, fetch: Fetch) -> Result<(), StoreError> {
        self.threads.fetch(fetch)
    }

    /// Short work on the caller's thread, where that is for SQLite and a connection is idle.
    pub(crate) fn near_with<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
    ) -> Option<Result<T, StoreError>> {
        self.threads.near()?.with(work)
    }

    /// From memory, or by a connection on this thread if one is idle.
    fn fetch_near(
        &self,
        near: &Near,
        type_id: TypeId,
        id: &str,
    ) -> Option<Result<Option<Arc<Entry>>, StoreError>> {
        let kept = self.shared.kept.get();
        let ticket = match kept.map(|kept| kept.find(type_id, id)) {
            Some(Ok(found)) => return Some(Ok(Some(found))),
            Some(Err(ticket)) => Some(ticket),
            None => None,
        };
        let read = |conn: &mut _| {
            let found = point::fetch_one(conn, type_id, id)?;
            found.map(Entry::unpacked).transpose()
        };
        let found = match near.with(read)? {
            Ok(found) => found.map(Arc::new),
            Err(error) => return Some(Err(error)),
        };
        if let (Some(kept), Some(ticket), Some(found)) = (kept, ticket, &found) {
            kept.keep(ticket, found);
        }
        Some(Ok(found))
    }

    /// A commit without reads around it: the fast path for plain REST writes. On PostgreSQL a create
    /// whose type the reaction does not watch is one round trip, an update or delete two.
    pub async fn commit(&self, changes: Vec<Change>, ctx: Context) -> Result<Vec<Applied>, StoreError> {
        let plain = self.shared.engine == Engine::Postgres
            && are_plain(&changes, &ctx, self.by(CustomParams::none()));
        let changes = Prepared::all(changes, &ctx, self.by(&self.shared.params.get()));
        if plain {
            let (asker, reply) = reply::channel();
            self.threads.plain(Plain::new(changes, ctx, asker))?;
            return reply.answer().await;
        }
        let work = move |tx: &mut Tx| {
            let changes: Vec<&Prepared> = changes.iter().collect();
            apply::apply(tx, &changes, &ctx, Texts::Wanted)
        };
        self.write(work).await
    }

    /// Does now, on the caller's thread, what [`Tx::apply`] would do in the transaction.
    pub fn prepare(&self, change: Change, ctx: &Context) -> Prepared {
        Prepared::of(change, ctx, self.by(&self.shared.params.get()))
    }

    fn by<'a>(&'a self, params: &'a CustomParams) -> By<'a> {
        By {
            reaction: &*self.shared.reaction,
            params,
            enforced: self.shared.enforced(),
        }
    }

    pub async fn search(&self, query: Query) -> Result<Page, StoreError> {
        self.look(false, move |tx| tx.search(&query)).await
    }

    /// The search parameters that this database adds to R4's, as far as this process knows.
    pub fn custom(&self) -> Arc<CustomParams> {
        self.shared.params.get()
    }

    /// Learns what other gateways, or commits of a moment ago, changed about them.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        self.look(false, |tx| tx.shared.params.ask(&mut tx.conn)).await
    }

    /// One short turn of the work that search parameters leave behind: reading again what other
    /// gateways changed, indexing what is stored, removing what is no longer searched. Any number
    /// of gateways may call this again and again, each under a name of its own: one works.
    pub async fn tend(&self, name: &str, now: i64) -> Result<Turn, StoreError> {
        let by = Holder {
            name: name.to_owned(),
            now,
        };
        let asked = by.clone();
        let work = self.read(move |tx| custom::choose(tx, &asked)).await?;
        match &work {
            Work::Nothing => return Ok(Turn::Idle),
            Work::Settle { open, .. } if !self.are_over(open.clone()).await? => return Ok(Turn::Waiting),
            _ => {}
        }
        self.write(move |tx| custom::write(tx, &work, &by)).await
    }

    /// Whether these transactions end in good time; if not, another turn asks about others.
    async fn are_over(&self, open: HashSet<String>) -> Result<bool, StoreError> {
        let open = Arc::new(open);
        for _ in 0..SETTLE_TRIES {
            let open = open.clone();
            if self.read(move |tx| custom::settle(tx, &open)).await? {
                return Ok(true);
            }
            tokio::time::sleep(SETTLE_PAUSE).await;
        }
        Ok(false)
    }

    /// Whether work is accepted. That the database answers is [`Store::ping`]'s to say.
    pub fn is_ready(&self) -> bool {
        self.threads.is_open()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|_| Ok(())).await
    }

    /// Finishes what was accepted, refuses what comes later, and ends the threads. Blocks.
    pub fn close(&self) {
        self.threads.close();
    }
}
