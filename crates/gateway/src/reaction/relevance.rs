//! Which changes can have consequences, told from the change alone: most writes, such as clinic
//! visits and bed moves, end here without a round trip.
use super::{Affected, add};
use coordination::facts::Death;
use fhir::datetime::parse_range;
use serde_json::Value;
use store::Changed;

pub(super) const WATCHED: [&str; 4] = ["Condition", "Encounter", "Patient", "PlanDefinition"];

/// Stays that start, interrupt or weigh in a transition of care, beside those protocols name.
const CLASSES: [&str; 6] = ["IMP", "ACUTE", "NONAC", "SS", "OBSENC", "EMER"];
/// What an old record that is new here can no longer influence.
const LONG_AGO: i64 = 400 * 86_400_000_000;
/// Members of an Encounter from which something is derived.
const TELLING: [&str; 11] = [
    "status",
    "class",
    "classHistory",
    "period",
    "hospitalization",
    "subject",
    "participant",
    "diagnosis",
    "serviceProvider",
    "type",
    "priority",
];
const TELLING_OF_PATIENT: [&str; 3] = ["deceasedBoolean", "deceasedDateTime", "generalPractitioner"];

/// Adds the patients whose work may change.
pub(super) fn affects(change: &Changed, now: i64, classes: &[String], affected: &mut Affected) {
    match change.type_id.name() {
        "Encounter" => encounter(change, now, classes, affected),
        "Patient" => patient(change, affected),
        _ => {}
    }
}

/// Whether it takes the protocols to tell: a stay of a class that only they may name.
pub(super) fn depends_on_protocols(changed: &[Changed]) -> bool {
    let stays = changed
        .iter()
        .filter(|change| change.type_id.name() == "Encounter");
    let mut versions = stays.flat_map(|change| change.before.as_ref().into_iter().chain(change.after));
    versions.any(|encounter| classes_of(encounter).any(|code| !CLASSES.contains(&code)))
}

fn encounter(change: &Changed, now: i64, classes: &[String], affected: &mut Affected) {
    let before = change.before.as_ref();
    let versions = || before.into_iter().chain(change.after);
    let of_class = |code: &str| CLASSES.contains(&code) || classes.iter().any(|class| class == code);
    if !versions().any(|encounter| classes_of(encounter).any(of_class)) {
        return;
    }
    if same(before, change.after, &TELLING)
        || (before.is_none() && change.after.is_some_and(|e| ended_before(e, now - LONG_AGO)))
    {
        return;
    }
    for id in versions().filter_map(|encounter| local(encounter, "/subject/reference", "Patient/")) {
        let subject = add(affected, id);
        match (change.after, before) {
            (Some(after), _) => subject.touched.push(after.clone()),
            (None, Some(before)) => subject.deleted.push(before.clone()),
            (None, None) => {}
        }
    }
}

fn classes_of(encounter: &Value) -> impl Iterator<Item = &str> {
    let earlier = encounter["classHistory"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|past| &past["class"]);
    std::iter::once(&encounter["class"])
        .chain(earlier)
        .filter_map(|class| class["code"].as_str())
}

fn ended_before(encounter: &Value, instant: i64) -> bool {
    let end = encounter
        .pointer("/period/end")
        .and_then(Value::as_str)
        .and_then(parse_range);
    end.is_some_and(|end| end.high < instant)
}

/// A death or a change of doctor; a new Patient only where stays may have come before it.
fn patient(change: &Changed, affected: &mut Affected) {
    let Some(after) = change.after else { return };
    let news = match &change.before {
        Some(before) => !same(Some(before), Some(after), &TELLING_OF_PATIENT),
        None => {
            let dead = coordination::facts::Person::from_json(change.id, after).death != Death::Alive;
            dead || after.get("generalPractitioner").is_some()
        }
    };
    if news {
        add(affected, change.id);
    }
}

/// Stays with a coded diagnosis that changed, of patients not known to be affected yet: pairs of
/// Patient and Encounter ids.
pub(super) fn diagnosed(changed: &[Changed], affected: &Affected) -> Vec<(String, String)> {
    let conditions = changed
        .iter()
        .filter(|change| change.type_id.name() == "Condition");
    let pair = |condition: &Value| {
        let patient = local(condition, "/subject/reference", "Patient/")?;
        let encounter = local(condition, "/encounter/reference", "Encounter/")?;
        Some((patient.to_owned(), encounter.to_owned()))
    };
    let mut pairs: Vec<(String, String)> = conditions
        .filter(|change| {
            !same(
                change.before.as_ref(),
                change.after,
                &["code", "verificationStatus"],
            )
        })
        .flat_map(|change| change.before.as_ref().into_iter().chain(change.after))
        .filter_map(pair)
        .filter(|(patient, _)| !affected.contains_key(patient))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn same(before: Option<&Value>, after: Option<&Value>, members: &[&str]) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => members.iter().all(|name| before.get(name) == after.get(name)),
        _ => false,
    }
}

fn local<'a>(resource: &'a Value, pointer: &str, kind: &str) -> Option<&'a str> {
    let reference = resource.pointer(pointer)?.as_str()?.strip_prefix(kind)?;
    reference.split('/').next()
}
