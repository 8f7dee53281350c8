//! Readmissions, both ways: the admission that ends an episode, and the stay a stay came after.
//!
//! An episode lasts from the discharge to the end of the 29th day after it (CPT 99495), and an
//! admission in it ends it; one up to the 30th day after it is a readmission (HEDIS PCR). Days are
//! those of the practice's zone.
use super::{Course, Standing, discharge};
use crate::calendar::Calendar;
use crate::eligibility;
use crate::facts::Facts;
use crate::protocol::Protocol;
use crate::reason::Reason;
use mapping::{Moment, Stay, StayStatus};

/// What the stay itself was a readmission after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readmission {
    pub after: String,
    pub days: i64,
    pub planned: bool,
    /// Unplanned readmissions in a row up to this one.
    pub count: usize,
}

/// An acute admission within the period, of any kind: the patient is in a hospital again.
pub(super) fn readmitted(
    protocol: &Protocol,
    calendar: &Calendar,
    facts: &Facts,
    course: &Course,
) -> Option<Standing> {
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

/// The last acute stay that ended at most 30 days before this one began.
pub(super) fn readmission(
    protocol: &Protocol,
    calendar: &Calendar,
    facts: &Facts,
    stay: &Stay,
) -> Option<Readmission> {
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
