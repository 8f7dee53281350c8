//! The registered HL7 v2 senders, cached: a message costs no look-up, a change shows in a second.
use hl7v2::Sender;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::admin::{EPOCH_SENDER, SenderRow};
use store::{Store, StoreError};

/// How long a cached registry is believed without asking, in microseconds.
const FRESH: i64 = 1_000_000;

type ByName = HashMap<(String, String), Arc<Sender>>;

#[derive(Default)]
pub struct Senders {
    cache: Mutex<Cache>,
}

#[derive(Clone, Default)]
struct Cache {
    epoch: Option<i64>,
    checked: i64,
    by_name: Arc<ByName>,
}

impl Senders {
    /// The sender of that MSH-3 and MSH-4. One not known here is looked for in the database, so
    /// that it can send as soon as it is registered.
    pub async fn find(
        &self,
        store: &Store,
        name: &(String, String),
        now: i64,
    ) -> Result<Option<Arc<Sender>>, StoreError> {
        let cache = self.cached();
        let fresh = cache.epoch.is_some() && now - cache.checked < FRESH;
        match cache.by_name.get(name) {
            Some(sender) if fresh => Ok(Some(sender.clone())),
            _ => Ok(self.checked(store, cache, now).await?.get(name).cloned()),
        }
    }

    async fn checked(&self, store: &Store, cache: Cache, now: i64) -> Result<Arc<ByName>, StoreError> {
        let known = cache.epoch;
        let read = move |tx: &mut store::Tx| {
            let epoch = tx.epoch(EPOCH_SENDER)?;
            let rows = if known == Some(epoch) {
                None
            } else {
                Some(tx.senders()?)
            };
            Ok((epoch, rows))
        };
        let (epoch, rows) = store.read(read).await?;
        let by_name = rows.map_or(cache.by_name, |rows| Arc::new(by_name(rows)));
        let next = Cache {
            epoch: Some(epoch),
            checked: now,
            by_name: by_name.clone(),
        };
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(by_name)
    }

    fn cached(&self) -> Cache {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn by_name(rows: Vec<SenderRow>) -> ByName {
    let mut senders = ByName::new();
    for row in rows.into_iter().filter(|row| row.disabled.is_none()) {
        match serde_json::from_str::<Sender>(&row.config) {
            Ok(sender) => {
                senders.insert((row.application, row.facility), Arc::new(sender));
            }
            Err(error) => {
                tracing::error!(sender = row.name, %error, "the sender's configuration is unreadable")
            }
        }
    }
    senders
}
