//! Who holds which texts while jobs take turns at SQLite's writing connection: what advisory locks are
//! on PostgreSQL. A text is held until its job ends, and no job waits for one that waits for it.
use std::collections::{HashMap, HashSet};

/// Tells the jobs of a stretch apart.
pub(crate) type Number = u64;

/// Texts by their hashes.
#[derive(Default)]
pub(crate) struct Locks {
    held: HashMap<i64, Number>,
    waiting: HashMap<Number, Vec<i64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Granted,
    /// Others hold some of it, and will end.
    Wait,
    /// Others hold some of it, and wait for what this one holds.
    Never,
}

impl Locks {
    /// All of these or none.
    pub(crate) fn ask(&mut self, who: Number, wanted: &[i64]) -> Asked {
        self.waiting.remove(&who);
        if self.holders(who, wanted).is_empty() {
            self.held.extend(wanted.iter().map(|text| (*text, who)));
            return Asked::Granted;
        }
        if self.leads_to(who, wanted) {
            return Asked::Never;
        }
        self.waiting.insert(who, wanted.to_vec());
        Asked::Wait
    }

    /// Lets go of all that this one holds.
    pub(crate) fn end(&mut self, who: Number) {
        self.held.retain(|_, holder| *holder != who);
        self.waiting.remove(&who);
    }

    /// Others that hold any of these.
    fn holders(&self, who: Number, wanted: &[i64]) -> Vec<Number> {
        let held = wanted.iter().filter_map(|text| self.held.get(text));
        held.copied().filter(|holder| *holder != who).collect()
    }

    /// Whether who waits for these would wait for itself.
    fn leads_to(&self, who: Number, wanted: &[i64]) -> bool {
        let mut next = self.holders(who, wanted);
        let mut seen = HashSet::new();
        while let Some(holder) = next.pop() {
            if !seen.insert(holder) {
                continue;
            }
            let for_what = self.waiting.get(&holder).into_iter().flatten();
            let mut holders = for_what.filter_map(|text| self.held.get(text)).copied();
            if holders.any(|it| it == who) {
                return true;
            }
            let for_what = self.waiting.get(&holder).map_or(&[][..], Vec::as_slice);
            next.extend(self.holders(holder, for_what));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Locks};
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn what_is_held_is_waited_for_until_its_job_ends() {
        let mut locks = Locks::default();
        assert_eq!(locks.ask(1, &[7, 8]), Asked::Granted);
        assert_eq!(locks.ask(1, &[8, 9]), Asked::Granted);
        assert_eq!(locks.ask(2, &[5, 9]), Asked::Wait);
        assert_eq!(
            locks.ask(3, &[5]),
            Asked::Granted,
            "who waits holds nothing of it"
        );
        locks.end(1);
        assert_eq!(locks.ask(2, &[5, 9]), Asked::Wait);
        locks.end(3);
        assert_eq!(locks.ask(2, &[5, 9]), Asked::Granted);
    }

    #[test]
    fn who_would_wait_for_itself_is_told_so() {
        let mut locks = Locks::default();
        for (who, text) in [(1, 10), (2, 20), (3, 30)] {
            assert_eq!(locks.ask(who, &[text]), Asked::Granted);
        }
        assert_eq!(locks.ask(1, &[20]), Asked::Wait);
        assert_eq!(locks.ask(2, &[30]), Asked::Wait);
        assert_eq!(locks.ask(3, &[10]), Asked::Never);
        locks.end(3);
        assert_eq!(locks.ask(2, &[30]), Asked::Granted);
    }

    proptest! {
        /// Whatever is asked in whatever order: nobody holds what another holds, and while any wait,
        /// one at least does not.
        #[test]
        fn somebody_can_always_go_on(steps in prop::collection::vec((0_u64..5, prop::collection::vec(0_i64..6, 1..3), any::<bool>()), 1..60)) {
            let mut locks = Locks::default();
            let mut waiting: HashMap<u64, Vec<i64>> = HashMap::new();
            let mut held: HashMap<i64, u64> = HashMap::new();
            for (who, texts, ends) in steps {
                if waiting.contains_key(&who) {
                    continue;
                }
                if ends {
                    locks.end(who);
                    held.retain(|_, holder| *holder != who);
                    // All who wait ask again.
                    for (other, texts) in waiting.clone() {
                        match locks.ask(other, &texts) {
                            Asked::Granted => {
                                held.extend(texts.iter().map(|text| (*text, other)));
                                waiting.remove(&other);
                            }
                            Asked::Wait => {}
                            Asked::Never => prop_assert!(false, "who was to wait is told that it is in vain"),
                        }
                    }
                    continue;
                }
                let free = texts.iter().all(|text| held.get(text).is_none_or(|holder| *holder == who));
                let asked = locks.ask(who, &texts);
                prop_assert_eq!(free, asked == Asked::Granted);
                match asked {
                    Asked::Granted => held.extend(texts.iter().map(|text| (*text, who))),
                    Asked::Wait => drop(waiting.insert(who, texts)),
                    Asked::Never => {
                        locks.end(who);
                        held.retain(|_, holder| *holder != who);
                    }
                }
                let holds_up = |texts: &[i64]| texts.iter().filter_map(|text| held.get(text)).any(|it| !waiting.contains_key(it));
                let free = |texts: &[i64], who: u64| texts.iter().all(|text| held.get(text).is_none_or(|it| *it == who));
                let moves = waiting.is_empty() || waiting.iter().any(|(who, texts)| holds_up(texts) || free(texts, *who));
                prop_assert!(moves, "{waiting:?} {held:?}");
            }
        }
    }
}
