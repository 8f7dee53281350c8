//! Whether a resource in hand is within reach: what the store's index says of current versions,
//! said of one body in memory. <https://hl7.org/fhir/R4/compartmentdefinition.html>
use super::{Panel, Reach, Share, Whose, patient_type};
use crate::TypeId;
use crate::consent::{self, Asker};
use crate::registry::registry;
use crate::resource::part;
use crate::search::Filter;
use crate::search::compartment;
use crate::search::holds::{Subject, holds};
use crate::search::index::{references, starts};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

#[derive(Clone, Debug)]
pub enum Decision {
    Seen,
    Hidden,
    /// Seen if any of these holds.
    If(Vec<Open>),
}

/// What the database has to be asked of a resource in hand: all of it must hold.
#[derive(Clone, Debug, Default)]
pub struct Open {
    /// One of the patients is of the panel.
    pub panel: Option<(BTreeSet<String>, Arc<Panel>)>,
    /// Consents and labels show it to them.
    pub shown: Option<Arc<Asker>>,
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

    /// A stored resource as far as it decides whether somebody sees it: all of it where a query has a say.
    pub fn part(&self, on: TypeId, text: &str) -> serde_json::Result<Value> {
        let Reach::Any(shares) = self else {
            return serde_json::from_str(text);
        };
        let narrowed = || shares.iter().flat_map(|share| &share.narrowed);
        let telling = match narrowed().all(|filter| matches!(filter, Filter::Shown(_))) {
            true if narrowed().next().is_none() => whose(on),
            true => facts(on),
            false => None,
        };
        match telling {
            Some(names) => part(text, names),
            None => serde_json::from_str(text),
        }
    }
}

/// Names of members by the type of the resource; None where others may tell as well.
type Telling = LazyLock<Vec<OnceLock<Option<Vec<String>>>>>;

fn each_type() -> Vec<OnceLock<Option<Vec<String>>>> {
    registry().types().iter().map(|_| OnceLock::new()).collect()
}

/// The members that tell whose it is.
fn whose(on: TypeId) -> Option<&'static [String]> {
    static TYPES: Telling = LazyLock::new(each_type);
    let of_links = || {
        let names = compartment::links(patient_type()?, on).map(starts);
        names.collect::<Option<Vec<_>>>().map(|names| names.concat())
    };
    TYPES.get(usize::from(on.0))?.get_or_init(of_links).as_deref()
}

/// These and all that consents and labels ask for.
fn facts(on: TypeId) -> Option<&'static [String]> {
    static TYPES: Telling = LazyLock::new(each_type);
    let of_facts = || {
        let names: Option<Vec<_>> = consent::params(on).map(starts).collect();
        Some([whose(on)?, &names?.concat()].concat())
    };
    TYPES.get(usize::from(on.0))?.get_or_init(of_facts).as_deref()
}

impl Share {
    fn decide(&self, subject: Subject) -> Decision {
        let mut open = Open::default();
        for filter in &self.narrowed {
            match filter {
                Filter::Shown(asker) => open.shown = Some(asker.clone()),
                filter if holds(filter, subject) == Some(true) => {}
                _ => return Decision::Hidden,
            }
        }
        match &self.whose {
            Whose::Everybody => {}
            Whose::Patient(id) if patients(subject).contains(id) => {}
            Whose::Patient(_) => return Decision::Hidden,
            Whose::Patients(panel) => match patients(subject) {
                none if none.is_empty() => return Decision::Hidden,
                some => open.panel = Some((some, panel.clone())),
            },
        }
        match open {
            Open {
                panel: None,
                shown: None,
            } => Decision::Seen,
            open => Decision::If(vec![open]),
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
