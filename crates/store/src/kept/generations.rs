//! A bounded memory of versions: when the young are many they become the old, and the old are forgotten.
//! What is asked for again stays.
use super::entry::Entry;
use fhir::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes in each of two generations.
const MOST: usize = 6 << 20;
/// Longer ones are not kept.
const LONGEST: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Generations {
    young: Generation,
    old: Generation,
}

#[derive(Default)]
struct Generation {
    by_type: HashMap<TypeId, HashMap<String, Arc<Entry>>>,
    by_key: HashMap<i64, Arc<Entry>>,
    bytes: usize,
}

impl Generations {
    /// Whether it need not be read.
    pub(super) fn has(&self, type_id: TypeId, id: &str) -> bool {
        self.young.get(type_id, id).is_some() || self.old.get(type_id, id).is_some()
    }

    /// What is among the young, which nobody changes by asking.
    pub(super) fn young(&self, type_id: TypeId, id: &str) -> Option<&Arc<Entry>> {
        self.young.get(type_id, id)
    }

    /// The same; what is old becomes young.
    pub(super) fn find(&mut self, type_id: TypeId, id: &str) -> Option<Arc<Entry>> {
        if let Some(found) = self.young.get(type_id, id) {
            return Some(found.clone());
        }
        let found = self.old.get(type_id, id)?.clone();
        self.add(found.clone());
        Some(found)
    }

    pub(super) fn add(&mut self, entry: Arc<Entry>) {
        if entry.size() > LONGEST {
            return;
        }
        if self.young.bytes > MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.add(entry);
    }

    /// What is there of this row.
    pub(super) fn by_key(&self, key: i64) -> Option<&Arc<Entry>> {
        self.young.by_key.get(&key).or_else(|| self.old.by_key.get(&key))
    }

    pub(super) fn remove(&mut self, key: i64) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

impl Generation {
    fn get(&self, type_id: TypeId, id: &str) -> Option<&Arc<Entry>> {
        self.by_type.get(&type_id)?.get(id)
    }

    fn add(&mut self, entry: Arc<Entry>) {
        let key = entry.packed.key;
        self.remove(key);
        self.bytes += entry.size();
        let of_type = self.by_type.entry(entry.packed.type_id).or_default();
        of_type.insert(entry.packed.id.clone(), entry.clone());
        self.by_key.insert(key, entry);
    }

    fn remove(&mut self, key: i64) {
        let Some(gone) = self.by_key.remove(&key) else {
            return;
        };
        self.bytes -= gone.size();
        if let Some(of_type) = self.by_type.get_mut(&gone.packed.type_id) {
            of_type.remove(&gone.packed.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Packed;

    fn entry(key: i64, version: i64) -> Arc<Entry> {
        Arc::new(Entry::packed(Packed {
            type_id: TypeId(1),
            id: key.to_string(),
            key,
            version,
            updated: 0,
            deleted: false,
            body: vec![b'x'; 5_000],
        }))
    }

    #[test]
    fn memory_is_bounded_and_what_was_read_last_stays() {
        let mut memory = Generations::default();
        (0..10_000).for_each(|n| memory.add(entry(n, 1)));
        assert!(memory.young.bytes + memory.old.bytes <= 2 * (MOST + LONGEST));
        assert!(memory.young(TypeId(1), "9999").is_some());
        assert!(!memory.has(TypeId(1), "0"));
    }

    #[test]
    fn what_is_asked_for_again_outlives_its_generation() {
        let mut memory = Generations::default();
        for n in 0..10_000 {
            memory.add(entry(n, 1));
            assert!(memory.find(TypeId(1), "0").is_some(), "{n}");
        }
        memory.remove(0);
        assert!(memory.find(TypeId(1), "0").is_none() && memory.by_key(0).is_none());
    }

    #[test]
    fn what_is_replaced_or_removed_takes_no_room() {
        let mut generation = Generation::default();
        (0..5).for_each(|version| generation.add(entry(1, version)));
        assert_eq!(generation.bytes, entry(1, 0).size());
        let found = generation.get(TypeId(1), "1").map(|found| found.packed.version);
        assert_eq!(found, Some(4));
        generation.remove(1);
        generation.remove(2);
        assert_eq!(generation.bytes, 0);
        assert!(generation.get(TypeId(1), "1").is_none());
    }
}
