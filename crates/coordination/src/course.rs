//! Where a stay stands in a protocol: not in it, running, or ended and why.
mod readmission;

pub use readmission::Readmission;

use crate::calendar::Calendar;
use crate::deadline::Discharge;
use crate::eligibility::{self, Verdict};
use crate::facts::{Death, Facts, Origin, StayFacts};
use crate::identity::Identity;
use crate::protocol::Protocol;
use crate::reason::Reason;
use chrono::Days;
use mapping::{Stay, StayStatus};
use readmission::{readmission, readmitted};
use serde_json::Value;

/// A stay that started the protocol, now or once.
#[derive(Debug)]
pub struct Course<'a> {
    pub facts: &'a StayFacts,
    /// The version of the stay that everything is derived from.
    pub basis: &'a Stay,
    /// The same as JSON, for conditions.
    pub encounter: &'a Value,
    pub discharge: Discharge,
    /// The last second of the episode's period as planned.
    pub planned_end: i64,
    pub standing: Standing,
    pub readmission: Option<Readmission>,
    /// Other Encounters that tell of the same stay.
    pub doubles: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    Closed { reason: Reason, at: Option<i64> },
}

impl Standing {
    pub fn reason(self) -> Option<Reason> {
        match self {
            Standing::Running => None,
            Standing::Closed { reason, .. } => Some(reason),
        }
    }
}

/// The answer for one stay.
#[derive(Debug)]
pub enum Outcome<'a> {
    Course(Box<Course<'a>>),
    /// Never a transition as far as is known now; what may exist has no ground.
    Never,
    /// A transition written over FHIR that no longer is one, or whose episode a person deleted.
    Withdrawn(Reason),
    /// Finished, but nobody can tell from the disposition whether it is one.
    Review,
}

/// Asks for one stay. `exists`: whether its episode was opened earlier.
pub fn outcome<'a>(
    protocol: &Protocol,
    calendar: &Calendar,
    facts: &'a Facts,
    stay: &'a StayFacts,
    now: i64,
) -> Outcome<'a> {
    let identity = Identity {
        protocol: &protocol.url,
        encounter: &stay.stay.id,
    };
    let existing = facts.existing.get(&identity.episode());
    let starts = |discharge: Discharge| protocol.opens && protocol.effective.contains(&discharge.instant);
    let retracted = retraction(protocol, stay);
    let Some((basis, encounter, discharge)) = basis(protocol, calendar, stay) else {
        return match (&stay.origin, retracted) {
            (Origin::Plain, Some(reason)) if existing.is_some() => Outcome::Withdrawn(reason),
            (Origin::Plain, _) if needs_review(protocol, calendar, &stay.stay, now, starts) => {
                Outcome::Review
            }
            _ => Outcome::Never,
        };
    };
    if facts.was_deleted(&identity.episode(), discharge.instant) {
        return Outcome::Withdrawn(Reason::Withdrawn);
    }
    let planned_end = calendar.end_of(discharge.day + Days::new(u64::from(protocol.window_days - 1)));
    let mut course = Course {
        facts: stay,
        basis,
        encounter,
        discharge,
        planned_end,
        standing: Standing::Running,
        readmission: readmission(protocol, calendar, facts, &stay.stay),
        doubles: Vec::new(),
    };
    let closed = retracted
        .map(|reason| Standing::Closed { reason, at: None })
        .or_else(|| readmitted(protocol, calendar, facts, &course))
        .or_else(|| died(calendar, facts, &course, existing));
    course.standing = closed.unwrap_or(match now > planned_end {
        true => Standing::Closed {
            reason: Reason::PeriodEnded,
            at: None,
        },
        false => Standing::Running,
    });
    let opens = starts(discharge)
        && match stay.origin {
            Origin::Events(_) => now <= planned_end,
            Origin::Plain => course.standing == Standing::Running,
        };
    if existing.is_none() && !opens {
        Outcome::Never
    } else {
        Outcome::Course(Box::new(course))
    }
}

/// The last version of the stay that was a discharge into the protocol.
fn basis<'a>(
    protocol: &Protocol,
    calendar: &Calendar,
    stay: &'a StayFacts,
) -> Option<(&'a Stay, &'a Value, Discharge)> {
    let qualifies = |version: &'a Stay, encounter: &'a Value| {
        if version.status != StayStatus::Finished {
            return None;
        }
        let discharge = discharge(calendar, version)?;
        let eligible = eligibility::verdict(protocol, version) == Verdict::Eligible;
        eligible.then_some((version, encounter, discharge))
    };
    let earlier = || match &stay.origin {
        Origin::Plain => None,
        Origin::Events(versions) => versions
            .iter()
            .rev()
            .find_map(|(version, json)| qualifies(version, json)),
    };
    qualifies(&stay.stay, &stay.encounter).or_else(earlier)
}

pub fn discharge(calendar: &Calendar, stay: &Stay) -> Option<Discharge> {
    let moment = stay.discharged.as_ref()?;
    let instant = calendar.instant(moment)?;
    Some(Discharge {
        instant,
        day: calendar.date(instant),
    })
}

/// Why the stay as it is now is not a discharge into the protocol.
fn retraction(protocol: &Protocol, stay: &StayFacts) -> Option<Reason> {
    let (stay, origin) = (&stay.stay, &stay.origin);
    match stay.status {
        StayStatus::Cancelled => Some(Reason::AdmissionCancelled),
        StayStatus::EnteredInError => match origin {
            Origin::Plain => Some(Reason::AdmissionCancelled),
            Origin::Events(_) => Some(Reason::Merged),
        },
        StayStatus::Planned | StayStatus::Underway | StayStatus::Unknown => Some(Reason::DischargeCancelled),
        StayStatus::Finished => {
            (eligibility::verdict(protocol, stay) != Verdict::Eligible).then_some(Reason::NotEligible)
        }
    }
}

fn needs_review(
    protocol: &Protocol,
    calendar: &Calendar,
    stay: &Stay,
    now: i64,
    starts: impl Fn(Discharge) -> bool,
) -> bool {
    let recent = |discharge: Discharge| {
        let end = calendar.end_of(discharge.day + Days::new(u64::from(protocol.window_days - 1)));
        now <= end
    };
    stay.status == StayStatus::Finished
        && eligibility::verdict(protocol, stay) == Verdict::Review
        && discharge(calendar, stay).is_some_and(|discharge| starts(discharge) && recent(discharge))
}

/// Death closes what has not ended; an unknown time of death cannot reopen what has.
fn died(calendar: &Calendar, facts: &Facts, course: &Course, existing: Option<&Value>) -> Option<Standing> {
    let Death::Dead(when) = &facts.person.death else {
        return None;
    };
    let at = when.as_ref().and_then(|moment| calendar.instant(moment));
    let after_the_end = match at {
        Some(at) => at > course.planned_end,
        None => existing.and_then(crate::progress::reason_of) == Some(Reason::PeriodEnded.code()),
    };
    // A day without a time may begin before the discharge.
    let at = at.filter(|at| *at >= course.discharge.instant);
    (!after_the_end).then_some(Standing::Closed {
        reason: Reason::Deceased,
        at,
    })
}
