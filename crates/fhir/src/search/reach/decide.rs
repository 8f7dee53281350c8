//! Whether a resource in hand is within reach: what the store's index says of current versions,
//! said of one body in memory. <https://hl7.org/fhir/R4/compartmentdefinition.html>
use super::{Panel, Reach, Share, Whose, patient_type};
use crate::search::compartment;
use crate::search::holds::{Subject, holds};
use crate::search::index::references;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Decision {
    Seen,
    Hidden,
    /// Seen if one of the patients of any of these pairs is of the panel beside them.
    If(Vec<(BTreeSet<String>, Arc<Panel>)>),
}

impl Reach {
    pub fn decide(&self, subject: Subject) -> Decision {
        let Reach::Any(shares) = self else {
            return Decision::Seen;
        };
        let mut open = Vec::new();
        for share in shares {
            match share.decide(subject) {
                Decision::Seen => return Decision::Seen,
                Decision::Hidden => {}
                Decision::If(more) => open.extend(more),
            }
        }
        match open.is_empty() {
            true => Decision::Hidden,
            false => Decision::If(open),
        }
    }
}

impl Share {
    fn decide(&self, subject: Subject) -> Decision {
        if !self
            .narrowed
            .iter()
            .all(|filter| holds(filter, subject) == Some(true))
        {
            return Decision::Hidden;
        }
        match &self.whose {
            Whose::Everybody => Decision::Seen,
            Whose::Patient(id) if patients(subject).contains(id) => Decision::Seen,
            Whose::Patient(_) => Decision::Hidden,
            Whose::Patients(panel) => match patients(subject) {
                none if none.is_empty() => Decision::Hidden,
                some => Decision::If(vec![(some, panel.clone())]),
            },
        }
    }
}

/// The patients whose compartments hold this.
pub fn patients(subject: Subject) -> BTreeSet<String> {
    let Some(focus) = patient_type() else {
        return BTreeSet::new();
    };
    let led = compartment::links(focus, subject.on)
        .flat_map(|param| references(subject.resource, param, subject.bases));
    let own = (subject.on == focus).then(|| subject.id.to_owned());
    led.filter(|(on, _)| *on == focus)
        .map(|(_, id)| id)
        .chain(own)
        .collect()
}
