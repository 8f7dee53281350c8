//! Who asks from outside, for what, and when.
use crate::TypeId;
use crate::datetime::parse_range;
use crate::registry::{SearchParam, registry};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

/// Somebody of another organisation, as rules know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// References that stand for them: the person, their roles, their organisations.
    pub actors: BTreeSet<String>,
    /// None where they did not say.
    pub purpose: Option<&'static str>,
    /// Microseconds.
    pub now: i64,
}

/// A caller of whom the database has to tell to which organisations they belong. Found out once, so
/// that the answer to one request is of one piece.
#[derive(Debug)]
pub struct Asker {
    /// Such as `Practitioner/x`; None is a client of no known organisation.
    pub who: Option<String>,
    /// The organisations whose people see everything.
    pub own: Arc<[String]>,
    pub purpose: Option<&'static str>,
    pub now: i64,
    /// None where it is one of our own.
    found: OnceLock<Option<Recipient>>,
}

impl Asker {
    pub fn new(
        who: Option<String>,
        own: Arc<[String]>,
        purpose: Option<&'static str>,
        now: i64,
    ) -> Arc<Asker> {
        let found = OnceLock::new();
        Arc::new(Asker {
            who,
            own,
            purpose,
            now,
            found,
        })
    }

    /// What was found out before.
    pub fn found(&self) -> Option<&Option<Recipient>> {
        self.found.get()
    }

    /// What is known without asking: a client of no known organisation stands for nobody.
    pub fn known(&self) -> Option<&Option<Recipient>> {
        match self.who {
            None => Some(self.keep(BTreeSet::new())),
            Some(_) => self.found(),
        }
    }

    /// Keeps the first answer: who they are, in all forms.
    pub fn keep(&self, actors: BTreeSet<String>) -> &Option<Recipient> {
        self.found.get_or_init(|| {
            let (purpose, now) = (self.purpose, self.now);
            let is_own = self.own.iter().any(|own| actors.contains(own));
            (!is_own).then_some(Recipient { actors, purpose, now })
        })
    }
}

/// How to find out who else somebody is (`data/actors.tsv`).
#[derive(Debug)]
pub enum Step {
    /// Resources of a type that refer to one of them.
    Back {
        to: TypeId,
        from: TypeId,
        by: &'static SearchParam,
    },
    /// What resources of a type refer to.
    Forth {
        from: TypeId,
        by: &'static SearchParam,
        /// Only while they are in force.
        current: bool,
    },
}

pub fn steps() -> &'static [Step] {
    static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
        let lines = include_str!("../../data/actors.tsv").lines();
        lines.filter_map(step).collect()
    });
    &STEPS
}

fn step(line: &str) -> Option<Step> {
    let param = |from: &str, by: &str| {
        let from = TypeId::of(from)?;
        Some((from, registry().param(from, by)?))
    };
    match line.split('\t').collect::<Vec<_>>()[..] {
        ["back", to, from, by, "current"] => {
            let (to, (from, by)) = (TypeId::of(to)?, param(from, by)?);
            Some(Step::Back { to, from, by })
        }
        ["forth", from, by, when] => {
            let (from, by) = param(from, by)?;
            let current = when == "current";
            Some(Step::Forth { from, by, current })
        }
        _ => None,
    }
}

/// Whether a role is one now.
pub fn is_current(resource: &Value, now: i64) -> bool {
    let end = |name: &str| resource["period"][name].as_str().and_then(parse_range);
    resource["active"] != false
        && end("start").is_none_or(|start| start.low <= now)
        && end("end").is_none_or(|end| now <= end.high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_step_is_understood() {
        let lines = include_str!("../../data/actors.tsv").lines();
        assert_eq!(steps().len(), lines.filter(|line| !line.starts_with('#')).count());
    }

    #[test]
    fn a_role_lasts_as_long_as_it_says() {
        let at = |text: &str| parse_range(text).unwrap().low;
        let role = json!({"period": {"start": "2026-01-01", "end": "2026-06"}});
        assert!(is_current(&role, at("2026-06-30")) && is_current(&json!({}), 0));
        assert!(!is_current(&role, at("2025-12-31")) && !is_current(&role, at("2026-07-01")));
        assert!(!is_current(&json!({"active": false}), 0) && is_current(&json!({"active": true}), 0));
    }

    #[test]
    fn our_own_are_no_recipients() {
        let own: Arc<[String]> = ["Organization/here".to_owned()].into();
        let found = |actors: &[&str]| {
            let asker = Asker::new(None, own.clone(), Some("TREAT"), 5);
            let actors = actors.iter().map(|actor| (*actor).to_owned()).collect();
            asker.keep(actors).clone()
        };
        assert!(found(&["Practitioner/a", "Organization/here"]).is_none());
        let other = found(&["Organization/there"]).unwrap();
        assert_eq!((other.purpose, other.now), (Some("TREAT"), 5));
        assert!(found(&[]).is_some());
    }
}
