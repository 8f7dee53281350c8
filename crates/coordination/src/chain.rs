//! Who was folded into whom: patients by A40, visit numbers by MRG-5.
//! HL7 v2.5.1 chapter 3, §3.6 (merging and continuing identities).
use std::collections::BTreeMap;

/// Successors by id. Built by joining in event order, so that the latest word about a loser
/// stands, and a later merge that would close a cycle revives its survivor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    into: BTreeMap<String, String>,
}

impl Chain {
    pub fn join(&mut self, loser: &str, survivor: &str) {
        if loser == survivor {
            return;
        }
        self.into.remove(loser);
        if self.resolve(survivor) == loser {
            self.into.remove(survivor);
        }
        self.into.insert(loser.to_owned(), survivor.to_owned());
    }

    /// The last of the chain that starts at `id`; itself when it was never folded away.
    pub fn resolve<'a>(&'a self, id: &'a str) -> &'a str {
        let mut last = id;
        while let Some(next) = self.into.get(last) {
            last = next;
        }
        last
    }

    /// What `id` was folded into by name, before following the chain.
    pub fn successor(&self, id: &str) -> Option<&str> {
        self.into.get(id).map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.into.is_empty()
    }

    /// Those folded into `id` directly.
    pub fn direct(&self, id: &str) -> Vec<&str> {
        self.into
            .iter()
            .filter(|(_, to)| *to == id)
            .map(|(from, _)| from.as_str())
            .collect()
    }

    /// Those folded into `id` over any number of steps.
    pub fn below(&self, id: &str) -> Vec<&str> {
        let reaches = |from: &str| from != id && self.resolve_to(from, id);
        self.into
            .keys()
            .map(String::as_str)
            .filter(|from| reaches(from))
            .collect()
    }

    fn resolve_to(&self, from: &str, to: &str) -> bool {
        let mut at = from;
        while let Some(next) = self.into.get(at) {
            if next == to {
                return true;
            }
            at = next;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Chain;

    #[test]
    fn chains_lead_to_the_last_survivor() {
        let mut chain = Chain::default();
        chain.join("a", "b");
        chain.join("b", "c");
        assert_eq!(chain.resolve("a"), "c");
        assert_eq!(chain.direct("c"), ["b"]);
        assert_eq!(chain.below("c"), ["a", "b"]);
    }

    #[test]
    fn a_merge_back_revives_the_survivor() {
        let mut chain = Chain::default();
        chain.join("a", "b");
        chain.join("b", "c");
        chain.join("c", "a");
        assert_eq!(chain.resolve("b"), "a");
        assert_eq!(chain.resolve("c"), "a");
        assert_eq!(chain.successor("a"), None);
    }

    #[test]
    fn the_latest_word_about_a_loser_stands() {
        let mut chain = Chain::default();
        chain.join("a", "b");
        chain.join("a", "c");
        assert_eq!(chain.resolve("a"), "c");
        assert!(chain.direct("b").is_empty());
    }
}
