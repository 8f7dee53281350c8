//! Which admissions and discharges hold. A discharge stands unless its cancellation (A13) was
//! entered after it, and an admission likewise (A11); what was entered later still stands again.
//! Updates and transfers never change a status. HL7 v2.5.1 §3.3.3, §3.3.11, §3.3.13.
use super::render::Moment;
use fhir::event::{Event, Trigger};

/// Encounter.status with the instants it was reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub status: &'static str,
    pub at: Moment,
}

/// A trigger that may move the status.
#[derive(Clone, Debug)]
struct Milestone {
    trigger: Trigger,
    recorded: i64,
    at: Moment,
}

#[derive(Clone, Debug, Default)]
pub struct Standing {
    milestones: Vec<Milestone>,
    /// When the latest A13 was entered.
    reopened: Option<i64>,
    /// When the latest A11 was entered, and when it happened.
    voided: Option<(i64, Moment)>,
}

impl Standing {
    /// `own` is false for events of an earlier visit number: those ended that number, not the stay.
    pub fn absorb(&mut self, event: &Event, own: bool) {
        match event.trigger {
            Trigger::Discharge | Trigger::CancelDischarge | Trigger::CancelAdmit if !own => return,
            Trigger::CancelDischarge => self.reopened = self.reopened.max(Some(event.recorded)),
            Trigger::CancelAdmit => {
                let known = self
                    .voided
                    .as_ref()
                    .is_some_and(|(recorded, _)| *recorded >= event.recorded);
                if !known {
                    self.voided = Some((event.recorded, Moment::of(event)));
                }
            }
            _ => {}
        }
        self.milestones.push(Milestone {
            trigger: event.trigger,
            recorded: event.recorded,
            at: Moment::of(event),
        });
    }

    /// Whether something entered at that time about the end of the stay still counts.
    pub fn counts(&self, recorded: i64) -> bool {
        self.reopened.is_none_or(|at| recorded > at) && self.not_voided(recorded)
    }

    pub fn is_cancelled(&self) -> bool {
        self.voided.is_some()
            && !self
                .milestones
                .iter()
                .any(|m| starts(m.trigger) && self.not_voided(m.recorded))
    }

    pub fn is_finished(&self) -> bool {
        let stands = |m: &Milestone| m.trigger == Trigger::Discharge && self.counts(m.recorded);
        !self.is_cancelled() && self.milestones.iter().any(stands)
    }

    /// The statuses the stay went through, the present one last. `end` is the chosen discharge.
    pub fn steps(&self, end: Option<&Moment>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut push = |status, at: &Moment| {
            steps.push(Step {
                status,
                at: at.clone(),
            })
        };
        let planned = self.current().find(|m| m.trigger == Trigger::PreAdmit);
        let present = self.current().find(|m| brings_in(m.trigger));
        if let Some(planned) = planned.filter(|p| present.is_none_or(|there| p.at.at <= there.at.at)) {
            push("planned", &planned.at);
        }
        if let Some(there) = present {
            push("in-progress", &there.at);
        }
        match (&self.voided, end) {
            (Some((_, at)), _) if self.is_cancelled() => push("cancelled", at),
            (_, Some(end)) if self.is_finished() => push("finished", end),
            _ => {}
        }
        if let (true, Some(first)) = (steps.is_empty(), self.milestones.first()) {
            steps.push(Step {
                status: "unknown",
                at: first.at.clone(),
            });
        }
        steps
    }

    /// When the patient came, whether or not that was cancelled later.
    pub fn began(&self) -> Option<&Moment> {
        self.current()
            .find(|m| brings_in(m.trigger) && starts(m.trigger))
            .map(|m| &m.at)
    }

    /// All there is of a cancelled stay, or what was entered since it began anew.
    fn current(&self) -> impl Iterator<Item = &Milestone> {
        let cancelled = self.is_cancelled();
        self.milestones
            .iter()
            .filter(move |m| cancelled || self.not_voided(m.recorded))
    }

    fn not_voided(&self, recorded: i64) -> bool {
        self.voided.as_ref().is_none_or(|(at, _)| recorded > *at)
    }
}

/// Begins a stay anew after a cancelled admission.
fn starts(trigger: Trigger) -> bool {
    use Trigger::*;
    matches!(trigger, PreAdmit | Register | Admit | ToInpatient | ToOutpatient)
}

/// Shows that the patient is in the house.
fn brings_in(trigger: Trigger) -> bool {
    use Trigger::*;
    matches!(
        trigger,
        Register | Admit | ToInpatient | ToOutpatient | Transfer | CancelTransfer | CancelDischarge
    )
}
