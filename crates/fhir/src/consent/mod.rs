//! What patients' consents and security labels let other organisations see.
//! <https://hl7.org/fhir/R4/consent.html>, <https://hl7.org/fhir/R4/security-labels.html>
//!
//! A Consent is compiled into flat rules when it is written ([`compile`]), so that a search can ask
//! for the absence of one. [`rule`] says when a rule holds and [`decide`] what follows from all of
//! them, in memory; the store says the same in SQL, and a test holds both against each other.
//!
//! - An active Consent about privacy binds. Denials win over permissions of other Consents, as in
//!   XACML's deny-overrides: the order in which Consents were written plays no part, and who changes
//!   their mind makes the old one inactive.
//! - Within a Consent the innermost provision that fits decides; of several beside each other a denial.
//! - Without any Consent everything is shown but what a label hides (`data/sensitivity.tsv`). That is
//!   shown where a Consent of every patient concerned permits the label by name.
//! - What is not understood is read so that it denies more or permits less, and told to who writes it.
pub mod asker;
mod compile;
pub mod decide;
mod facts;
pub mod label;
mod product;
pub mod purpose;
mod rule;
mod terms;
#[cfg(test)]
mod tests;

pub use asker::{Asker, Recipient};
pub use compile::{Compiled, compile};
pub use facts::{Facts, code_params, date_params, label_param, params};
pub use rule::{Coded, Rule};

use crate::TypeId;
use std::sync::LazyLock;

/// Rises when the same Consent would give other rules, so that stores compile theirs again.
pub const VERSION: u32 = 1;

/// Whether resources of this type say who sees what: Consents, and those that tell who belongs where.
/// Nobody of another organisation may write them, or they would let themselves in.
pub fn governs(on: TypeId) -> bool {
    let leads = |step: &asker::Step| match step {
        asker::Step::Back { from, .. } | asker::Step::Forth { from, .. } => *from == on,
    };
    binding() == Some(on) || asker::steps().iter().any(leads)
}

/// Resources of this type bind.
pub fn binding() -> Option<TypeId> {
    static TYPE: LazyLock<Option<TypeId>> = LazyLock::new(|| TypeId::of("Consent"));
    *TYPE
}
