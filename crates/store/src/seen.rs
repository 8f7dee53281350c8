//! What a transaction read before it decided what to write, so that nothing is lost that others wrote
//! in between.
use crate::{Expect, StoreError, Stored, Tx};
use fhir::TypeId;
use std::collections::HashMap;

/// The versions that were there; 0 where there was none.
#[derive(Clone, Debug, Default)]
pub struct Seen(HashMap<(TypeId, String), i64>);

impl Seen {
    /// [`Tx::get_many`], remembered. To be locked, too, when the work is run again.
    pub fn read(&mut self, tx: &mut Tx, keys: &[(TypeId, String)]) -> Result<Vec<Stored>, StoreError> {
        let found = tx.get_to_change(keys)?;
        self.0.extend(keys.iter().map(|key| (key.clone(), 0)));
        let there = found
            .iter()
            .map(|stored| ((stored.type_id, stored.id.clone()), stored.version));
        self.0.extend(there);
        Ok(found)
    }

    /// Remembers what was found otherwise.
    pub fn saw(&mut self, type_id: TypeId, id: &str, version: i64) {
        self.0.insert((type_id, id.to_owned()), version);
    }

    /// What a change that was worked out from this is to expect.
    pub fn expect(&self, type_id: TypeId, id: &str) -> Expect {
        match self.0.get(&(type_id, id.to_owned())) {
            None => Expect::Any,
            Some(0) => Expect::Fresh,
            Some(version) => Expect::Read(*version),
        }
    }
}
