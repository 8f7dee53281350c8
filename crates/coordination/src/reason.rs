//! Why an episode, a plan or a task was closed by Baton rather than by a person.
use crate::codes::system;
use mapping::Code;

/// Codes of `urn:baton:reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    DischargeCancelled,
    AdmissionCancelled,
    Deceased,
    Readmitted,
    NotEligible,
    Merged,
    PeriodEnded,
    Withdrawn,
}

impl Reason {
    pub fn code(self) -> &'static str {
        match self {
            Reason::DischargeCancelled => "discharge-cancelled",
            Reason::AdmissionCancelled => "admission-cancelled",
            Reason::Deceased => "deceased",
            Reason::Readmitted => "readmitted",
            Reason::NotEligible => "not-eligible",
            Reason::Merged => "merged",
            Reason::PeriodEnded => "period-ended",
            Reason::Withdrawn => "withdrawn",
        }
    }

    pub fn text(self) -> &'static str {
        match self {
            Reason::DischargeCancelled => "The discharge was cancelled: the patient is still in the hospital",
            Reason::AdmissionCancelled => "The admission was cancelled",
            Reason::Deceased => "The patient has died",
            Reason::Readmitted => "The patient was admitted again within the episode",
            Reason::NotEligible => "The stay does not meet the protocol",
            Reason::Merged => "The stay stands under another visit number",
            Reason::PeriodEnded => "The episode's period has ended",
            Reason::Withdrawn => "The episode was deleted",
        }
    }

    pub fn as_code(self) -> Code {
        Code::new(system::REASON, self.code())
    }

    /// Whether the transition took place and ended, rather than never having been one.
    pub fn ends_a_real_transition(self) -> bool {
        matches!(self, Reason::Deceased | Reason::Readmitted | Reason::PeriodEnded)
    }
}
