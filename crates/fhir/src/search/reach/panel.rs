//! The patients whom somebody may see, as a search: found out once for all that one request asks.
//!
//! So the answer to a request is of one piece, and nothing that it writes widens what it may see.
use crate::TypeId;
use crate::search::{Filter, Reference, Test, compartment};
use std::sync::{Arc, OnceLock};

#[derive(Debug)]
pub struct Panel {
    /// What such a patient passes.
    pub passes: Filter,
    /// Their ids; None where they are too many to name.
    found: OnceLock<Option<Vec<String>>>,
}

impl Panel {
    pub fn new(passes: Filter) -> Arc<Panel> {
        let found = OnceLock::new();
        Arc::new(Panel { passes, found })
    }

    /// What was found out before.
    pub fn found(&self) -> Option<&Option<Vec<String>>> {
        self.found.get()
    }

    /// Keeps what was found first.
    pub fn keep(&self, ids: Option<Vec<String>>) -> &Option<Vec<String>> {
        self.found.get_or_init(|| ids)
    }
}

/// In the compartment of any of these patients.
pub fn of_ids(focus: TypeId, on: TypeId, ids: &[String]) -> Filter {
    if ids.is_empty() {
        return Filter::Nothing;
    }
    let reference = |id: &String| Reference::Local {
        type_id: Some(focus),
        id: id.clone(),
    };
    let references: Vec<Reference> = ids.iter().map(reference).collect();
    let links = compartment::links(focus, on).map(|param| Filter::Param {
        param,
        test: Test::Reference(references.clone()),
    });
    let own = (on == focus).then(|| Filter::Id(ids.to_vec()));
    super::any(links.chain(own).collect())
}

/// In the compartment of any patient who passes.
pub fn of_passing(focus: TypeId, on: TypeId, passes: &Filter) -> Filter {
    let links = compartment::links(focus, on).map(|param| Filter::Chain {
        param,
        target: vec![focus],
        inner: Box::new(passes.clone()),
    });
    let own = (on == focus).then(|| passes.clone());
    super::any(links.chain(own).collect())
}
