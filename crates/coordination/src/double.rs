//! One stay under two visit numbers: two senders tell of it, each by its own number, and nothing
//! says that they are one but this: nobody is in two hospitals at once. Their clocks differ, about
//! midnight too, but not by a day. One transition follows from it, not two.
use crate::calendar::Calendar;
use crate::course::Course;
use std::cmp::Reverse;
use std::collections::BTreeMap;

const DAY: u64 = 24 * 60 * 60 * 1_000_000;

/// Encounters that tell of a stay of which another is the one to follow, with that other.
/// `worked_on`: whether people left traces in what came of an Encounter; those stay with it.
pub fn doubles(
    calendar: &Calendar,
    courses: &[&Course],
    worked_on: impl Fn(&str) -> bool,
) -> BTreeMap<String, String> {
    let mut order: Vec<&Course> = courses.iter().copied().filter(|course| stands(course)).collect();
    order.sort_by_key(|course| {
        let id = &course.basis.id;
        (Reverse(worked_on(id)), began(calendar, course), id.clone())
    });
    let mut leading: Vec<&Course> = Vec::new();
    let mut doubles = BTreeMap::new();
    for course in order {
        match leading.iter().find(|lead| are_one(calendar, lead, course)) {
            Some(lead) => drop(doubles.insert(course.basis.id.clone(), lead.basis.id.clone())),
            None => leading.push(course),
        }
    }
    doubles
}

/// What was taken back under one number may still stand under the other.
fn stands(course: &Course) -> bool {
    course
        .standing
        .reason()
        .is_none_or(|reason| reason.ends_a_real_transition())
}

fn are_one(calendar: &Calendar, a: &Course, b: &Course) -> bool {
    a.discharge.instant.abs_diff(b.discharge.instant) < DAY
        && began(calendar, a) < b.discharge.instant
        && began(calendar, b) < a.discharge.instant
}

/// An admission nobody told of may have been at any time.
fn began(calendar: &Calendar, course: &Course) -> i64 {
    let admitted = course.basis.admitted.as_ref();
    admitted
        .and_then(|moment| calendar.instant(moment))
        .unwrap_or(i64::MIN)
}
