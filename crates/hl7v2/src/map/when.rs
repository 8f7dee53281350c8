//! The two times of an event: when it happened and when it was entered. Never when it arrived.
use super::scope::Scope;
use crate::time::Moment;
use crate::{Fault, Place, Reject};
use fhir::datetime::parse_range;
use fhir::event::{Event, Trigger};

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) struct When {
    pub occurred: i64,
    pub recorded: i64,
    /// `occurred` as the sender wrote it.
    pub moment: Moment,
}

/// EVN-6, else the visit's own time for its beginning and end, else EVN-2, else MSH-7.
pub(super) fn of(scope: &mut Scope<'_>, trigger: Trigger) -> Result<When, Reject> {
    let recorded = match moment(scope, "EVN", 2) {
        Some(recorded) => Some(recorded),
        None => moment(scope, "MSH", 7),
    };
    let visit = match trigger {
        Trigger::Admit | Trigger::Register => Some(44),
        Trigger::Discharge => Some(45),
        _ => None,
    };
    let occurred = match (moment(scope, "EVN", 6), visit) {
        (None, Some(field)) => moment(scope, "PV1", field),
        (occurred, _) => occurred,
    };
    let untimed = || {
        Reject::error(
            101,
            Place::field("EVN", 2),
            "EVN-2 or MSH-7 must say when the event was recorded",
        )
    };
    let recorded = recorded.or_else(|| occurred.clone()).ok_or_else(untimed)?;
    let occurred = occurred.unwrap_or_else(|| recorded.clone());
    let occurred = sharpen(occurred, &recorded);
    Ok(When {
        occurred: occurred.micros,
        recorded: recorded.micros,
        moment: occurred,
    })
}

/// What cannot have happened yet: a mistyped year would put all that follows out of sight.
pub fn ahead(event: &Event, now: i64) -> Option<Fault> {
    let end = event
        .encounter
        .get("period")
        .and_then(|period| period["end"].as_str());
    let end = end.and_then(parse_range).map(|range| range.low);
    let late = |instant: i64| instant > now + DAY;
    let place = match end {
        _ if event.trigger == Trigger::PreAdmit => return None,
        Some(end) if late(end) => Place::field("PV1", 45),
        _ if late(event.occurred) => Place::field("EVN", 6),
        _ if late(event.recorded) => Place::field("EVN", 2),
        _ => return None,
    };
    let text = "this is more than a day ahead; have the message corrected";
    Some(Fault::new("date-future", place, text))
}

fn moment(scope: &mut Scope<'_>, segment: &str, field: usize) -> Option<Moment> {
    let segment = scope.message.segment(segment)?;
    scope.moment(segment, field)
}

/// A mere date that was entered the same day would put the event before all others of that day.
fn sharpen(occurred: Moment, recorded: &Moment) -> Moment {
    let same_day = (0..DAY).contains(&(recorded.micros - occurred.micros));
    if !occurred.has_time() && recorded.has_time() && same_day {
        recorded.clone()
    } else {
        occurred
    }
}
