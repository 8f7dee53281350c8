//! How far somebody sees: which resources of a type are there for them.
//! <https://hl7.org/fhir/R4/security.html#binding>
//!
//! One description, used twice: as a [`Filter`] it narrows a search like any other condition, and
//! in memory ([`Reach::decide`]) it judges a resource in hand, an old version for instance. What is
//! beyond is treated as if it did not exist.
mod decide;
mod open;
mod panel;
mod restrict;
#[cfg(test)]
mod tests;

pub use decide::{Decision, Open, patients};
pub use open::is_open;
pub use panel::{Panel, of_ids, of_passing};
pub use restrict::{Rights, Use, restrict};

use super::{Filter, compartment};
use crate::TypeId;
use std::sync::Arc;

/// What is seen of one type: all of it, or what any of the shares holds.
#[derive(Clone, Debug)]
pub enum Reach {
    All,
    Any(Vec<Share>),
}

/// What belongs to these patients and passes all filters.
#[derive(Clone, Debug)]
pub struct Share {
    pub whose: Whose,
    pub narrowed: Vec<Filter>,
}

#[derive(Clone, Debug)]
pub enum Whose {
    Everybody,
    /// Of the compartment of this patient.
    Patient(String),
    /// Of the compartments of these patients.
    Patients(Arc<Panel>),
}

impl Reach {
    pub const NOTHING: Reach = Reach::Any(Vec::new());

    pub fn is_all(&self) -> bool {
        matches!(self, Reach::All)
    }

    pub fn add(&mut self, share: Share) {
        let all = matches!(share.whose, Whose::Everybody) && share.narrowed.is_empty();
        match self {
            Reach::Any(_) if all => *self = Reach::All,
            Reach::Any(shares) => shares.push(share),
            Reach::All => {}
        }
    }

    /// Those shares of it that are wanted.
    pub fn only(&self, wanted: impl Fn(&Share) -> bool) -> Reach {
        match self {
            Reach::All => Reach::All,
            Reach::Any(shares) => Reach::Any(shares.iter().filter(|one| wanted(one)).cloned().collect()),
        }
    }

    /// The same, whosever it is.
    pub fn of_whomever(&self) -> Reach {
        let mut wide = self.only(|_| false);
        if let Reach::Any(shares) = self {
            let whose = Whose::Everybody;
            shares.iter().for_each(|share| {
                wide.add(Share {
                    whose: whose.clone(),
                    narrowed: share.narrowed.clone(),
                });
            });
        }
        wide
    }

    /// The same, whatever consents and labels withhold: for what somebody brings.
    pub fn unveiled(&self) -> Reach {
        let Reach::Any(shares) = self else {
            return Reach::All;
        };
        let mut wide = Reach::NOTHING;
        for share in shares {
            let mut share = share.clone();
            share
                .narrowed
                .retain(|filter| !matches!(filter, Filter::Shown(_)));
            wide.add(share);
        }
        wide
    }

    /// As a condition on resources of the type; None where nothing is hidden.
    pub fn filter(&self, on: TypeId) -> Option<Filter> {
        match self {
            Reach::All => None,
            Reach::Any(shares) => Some(any(shares.iter().map(|share| share.filter(on)).collect())),
        }
    }
}

impl Share {
    fn filter(&self, on: TypeId) -> Filter {
        let belongs = match &self.whose {
            Whose::Everybody => None,
            Whose::Patient(id) => Some(of_patient(on, id)),
            Whose::Patients(panel) if has_patients(on) => Some(Filter::OfPatients(panel.clone())),
            Whose::Patients(_) => Some(Filter::Nothing),
        };
        let mut parts: Vec<Filter> = belongs.into_iter().collect();
        parts.extend(self.narrowed.iter().cloned());
        match parts.len() {
            1 => parts.remove(0),
            _ => Filter::And(parts),
        }
    }
}

/// In the compartment of one patient.
fn of_patient(on: TypeId, id: &str) -> Filter {
    patient_type()
        .and_then(|focus| compartment::members(focus, id, on, ""))
        .unwrap_or(Filter::Nothing)
}

/// Any of them, without a wrapping that nobody needs.
pub fn any(mut filters: Vec<Filter>) -> Filter {
    match filters.len() {
        0 => Filter::Nothing,
        1 => filters.remove(0),
        _ => Filter::Or(filters),
    }
}

/// Whether resources of the type can belong to patients.
pub fn has_patients(on: TypeId) -> bool {
    let links = |focus: TypeId| on == focus || compartment::links(focus, on).next().is_some();
    patient_type().is_some_and(links)
}

/// Whose compartment all this is about.
pub fn patient_type() -> Option<TypeId> {
    TypeId::of("Patient")
}
