//! Whether the end of a stay starts a protocol: by class and discharge disposition.
//!
//! Transitional care starts when a patient goes from acute, rehabilitation, skilled nursing or
//! observation care to the community; an emergency visit alone does not qualify.
use crate::protocol::Protocol;
use mapping::{Code, Stay};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Eligible,
    Ineligible,
    /// The disposition is absent or not in the protocol's tables: a person has to look.
    Review,
}

/// The verdict on a finished stay.
pub fn verdict(protocol: &Protocol, stay: &Stay) -> Verdict {
    if !has_class(&protocol.eligible_classes, stay.class.as_ref()) {
        return Verdict::Ineligible;
    }
    if has_disposition(&protocol.dispositions.excluded, stay) {
        return Verdict::Ineligible;
    }
    if has_disposition(&protocol.dispositions.eligible, stay) {
        Verdict::Eligible
    } else {
        Verdict::Review
    }
}

/// Acute care: what a readmission is to.
pub fn is_acute(protocol: &Protocol, stay: &Stay) -> bool {
    has_class(&protocol.acute_classes, stay.class.as_ref())
}

pub fn is_transfer(protocol: &Protocol, stay: &Stay) -> bool {
    has_disposition(&protocol.dispositions.transfer, stay)
}

pub fn return_is_planned(protocol: &Protocol, stay: &Stay) -> bool {
    has_disposition(&protocol.dispositions.planned_return, stay)
}

fn has_class(classes: &[Code], class: Option<&Code>) -> bool {
    class.is_some_and(|class| classes.contains(class))
}

/// Senders write `1` for `01`.
fn has_disposition(codes: &[String], stay: &Stay) -> bool {
    stay.disposition.iter().any(|found| {
        let code = found.code.as_str();
        let padded = (code.len() == 1 && code.as_bytes()[0].is_ascii_digit()).then(|| format!("0{code}"));
        codes
            .iter()
            .any(|known| known == code || Some(known) == padded.as_ref())
    })
}
