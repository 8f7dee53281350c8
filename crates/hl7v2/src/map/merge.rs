//! A40: PID-3 survives, MRG-1 is retired. The PID/MRG group may repeat.
use super::json::Object;
use super::scope::Scope;
use super::when::When;
use super::{base, identifier, patient};
use crate::message::Segment;
use crate::{Place, Reject};
use fhir::event::{Event, Key, Trigger};

/// Of one person. More is a mistake or an attack.
const MOST_RETIRED: usize = 20;

pub(super) fn events(scope: &mut Scope<'_>, when: &When) -> Result<Vec<Event>, Reject> {
    let mut events = Vec::new();
    for (pid, mrg) in groups(scope)? {
        let survivor = identifier::of_patient(scope, pid)?;
        for retired in retired(scope, mrg)? {
            if retired == *survivor.primary() {
                let place = Place::field("MRG", 1).nth(mrg.sequence());
                return Err(Reject::error(
                    204,
                    place,
                    "MRG-1 and PID-3 name the same identifier; nothing to merge",
                ));
            }
            let person: Object = patient::elements(scope, pid, &survivor);
            let survivor = identifier::of_patient(scope, pid)?;
            events.push(Event {
                merged: Some(retired),
                ..base(scope, Trigger::Merge, when, survivor, person)
            });
        }
    }
    Ok(events)
}

/// Each PID with the MRG that follows it.
fn groups<'a>(scope: &Scope<'a>) -> Result<Vec<(Segment<'a>, Segment<'a>)>, Reject> {
    let message = scope.message;
    let parties: Vec<Segment<'a>> = message
        .segments()
        .filter(|segment| matches!(segment.name(), "PID" | "MRG"))
        .collect();
    super::required(message, "PID")?;
    let pids = parties
        .iter()
        .enumerate()
        .filter(|(_, segment)| segment.name() == "PID");
    pids.map(|(at, pid)| {
        let mrg = parties.get(at + 1).filter(|segment| segment.name() == "MRG");
        let missing = || {
            let place = Place::segment("MRG").nth(pid.sequence());
            Reject::error(101, place, "a merge needs an MRG segment after each PID")
        };
        Ok((*pid, *mrg.ok_or_else(missing)?))
    })
    .collect()
}

/// The retired patient's primary identifier, and others its authority assigned: further records
/// of the same person that are given up at once.
fn retired(scope: &mut Scope<'_>, mrg: Segment<'_>) -> Result<Vec<Key>, Reject> {
    let missing = || {
        let place = Place::field("MRG", 1).nth(mrg.sequence());
        Reject::error(101, place, "MRG-1 must carry the identifier that is retired")
    };
    let found = identifier::of_merged(scope, mrg).ok_or_else(missing)?;
    let system = found.primary().system.clone();
    let keys: Vec<Key> = found
        .keys()
        .into_iter()
        .filter(|key| key.system == system)
        .collect();
    if keys.len() > MOST_RETIRED {
        let place = Place::field("MRG", 1).nth(mrg.sequence());
        let why = format!("more than {MOST_RETIRED} records merged at once; send them one by one");
        return Err(Reject::error(207, place, why));
    }
    Ok(keys)
}
