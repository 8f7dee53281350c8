//! Where a stay stands in a protocol: not in it, running, or ended and why.
use crate::calendar::Calendar;
use crate::deadline::Discharge;
use crate::eligibility::{self, Verdict};
use crate::facts::{Death, Facts, Identity, Origin, StayFacts};
use crate::protocol::Protocol;
use crate::reason::Reason;
use chrono::Days;
use mapping::{Moment, Stay, StayStatus};
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

/// What the stay itself was a readmission after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readmission {
    pub after: String,
    pub days: i64,
    pub planned: bool,
    /// Unplanned readmissions in a row up to this one.
    pub count: usize,
}

/// The answer for one stay.
#[derive(Debug)]
pub enum Outcome<'a> {
    Course(Box<Course<'a>>),
    /// Never a transition as far as is known now; what may exist has no ground.
    Never,
    /// A transition written over FHIR that no longer is one.
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
    let retracted = retraction(protocol, stay);
    let Some((basis, encounter, discharge)) = basis(protocol, calendar, stay) else {
        return match (&stay.origin, retracted) {
            (Origin::Plain, Some(reason)) if existing.is_some() => Outcome::Withdrawn(reason),
            (Origin::Plain, _) if needs_review(protocol, calendar, &stay.stay, now) => Outcome::Review,
            _ => Outcome::Never,
        };
    };
    let planned_end = calendar.end_of(discharge.day + Days::new(u64::from(protocol.window_days - 1)));
    let mut course = Course {
        facts: stay,
        basis,
        encounter,
        discharge,
        planned_end,
        standing: Standing::Running,
        readmission: readmission(protocol, calendar, facts, &stay.stay),
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
    let opens = match stay.origin {
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

fn needs_review(protocol: &Protocol, calendar: &Calendar, stay: &Stay, now: i64) -> bool {
    let recent = |discharge: Discharge| {
        let end = calendar.end_of(discharge.day + Days::new(u64::from(protocol.window_days - 1)));
        now <= end
    };
    stay.status == StayStatus::Finished
        && eligibility::verdict(protocol, stay) == Verdict::Review
        && discharge(calendar, stay).is_some_and(recent)
}

/// An acute admission within the period, of any kind: the patient is in a hospital again.
fn readmitted(protocol: &Protocol, calendar: &Calendar, facts: &Facts, course: &Course) -> Option<Standing> {
    let admissions = facts
        .stays
        .iter()
        .filter(|other| other.stay.id != course.basis.id);
    let at = admissions
        .filter_map(|other| admission(protocol, calendar, &other.stay))
        .filter(|admitted| (course.discharge.instant..=course.planned_end).contains(admitted))
        .min()?;
    Some(Standing::Closed {
        reason: Reason::Readmitted,
        at: Some(at),
    })
}

/// When a stay that took or takes place was admitted to acute care.
fn admission(protocol: &Protocol, calendar: &Calendar, stay: &Stay) -> Option<i64> {
    let real = matches!(stay.status, StayStatus::Underway | StayStatus::Finished);
    if !real || !eligibility::is_acute(protocol, stay) {
        return None;
    }
    stay.admitted.as_ref().and_then(|moment| calendar.instant(moment))
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

/// The last acute stay that ended at most 30 days before this one began.
fn readmission(protocol: &Protocol, calendar: &Calendar, facts: &Facts, stay: &Stay) -> Option<Readmission> {
    let admitted = admission(protocol, calendar, stay)?;
    let (previous, discharged) = facts
        .stays
        .iter()
        .map(|other| &other.stay)
        .filter(|other| other.id != stay.id && other.status == StayStatus::Finished)
        .filter(|other| eligibility::is_acute(protocol, other) && !eligibility::is_transfer(protocol, other))
        .filter_map(|other| discharge(calendar, other).map(|discharge| (other, discharge)))
        .filter(|(other, discharge)| discharge.instant <= admitted && began_before(calendar, other, admitted))
        .max_by(|(a, x), (b, y)| (x.instant, &a.id).cmp(&(y.instant, &b.id)))?;
    let days = (calendar.date(admitted) - discharged.day).num_days();
    if days > 30 {
        return None;
    }
    let planned = eligibility::return_is_planned(protocol, previous);
    let earlier = readmission(protocol, calendar, facts, previous).map_or(0, |earlier| earlier.count);
    let count = if planned { 0 } else { earlier + 1 };
    Some(Readmission {
        after: previous.id.clone(),
        days,
        planned,
        count,
    })
}

/// Guards the recursion: each step goes strictly back in time.
fn began_before(calendar: &Calendar, stay: &Stay, instant: i64) -> bool {
    let began = stay
        .admitted
        .as_ref()
        .and_then(|moment: &Moment| calendar.instant(moment));
    began.is_some_and(|began| began < instant)
}
