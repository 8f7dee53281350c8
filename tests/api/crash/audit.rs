//! What must hold of the database at any time, and after all was sent.
use super::load::Done;
use super::work::Stay;
use crate::support::Client;
use serde_json::Value;

/// Every open episode of whatever stay has all its parts.
pub fn nothing_is_half_built(partner: &Client) {
    for episode in partner.find("EpisodeOfCare?_count=200") {
        assert_eq!(episode["status"], "active", "{episode}");
        whole(partner, text(&episode["patient"]["reference"]));
    }
    for stay in partner.find("Encounter?status=finished&_count=200") {
        whole(partner, text(&stay["subject"]["reference"]));
    }
}

/// The patient's only episode with its plan, its team and the tasks of the plan.
fn whole(partner: &Client, patient: &str) -> usize {
    partner.only(&format!("EpisodeOfCare?patient={patient}"));
    partner.only(&format!("CareTeam?patient={patient}"));
    partner.only(&format!("RiskAssessment?patient={patient}"));
    let plan = partner.only(&format!("CarePlan?patient={patient}"));
    assert_eq!(plan["status"], "active", "{plan}");
    let activities = plan["activity"].as_array().map_or(&[][..], Vec::as_slice);
    let tasks = partner.find(&format!("Task?patient={patient}&_count=50"));
    let mut planned: Vec<&str> = activities
        .iter()
        .map(|activity| text(&activity["reference"]["reference"]))
        .collect();
    let ids: Vec<String> = tasks
        .iter()
        .map(|task| format!("Task/{}", text(&task["id"])))
        .collect();
    assert!(
        planned.iter().all(|task| ids.iter().any(|id| id == task)),
        "{planned:?} in {ids:?}"
    );
    planned.sort_unstable();
    planned.dedup();
    assert_eq!(
        (planned.len(), planned.len() >= 4),
        (ids.len(), true),
        "{planned:?} {ids:?}"
    );
    ids.len()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("text, not {value}"))
}

pub fn stay_is_whole(partner: &Client, stay: &Stay) {
    let found = partner.only(&format!("Encounter?identifier={}", stay.visit));
    assert_eq!(found["status"], "finished", "{found}");
    let patient = partner.only(&format!("Patient?identifier={}", stay.patient));
    assert_eq!(
        text(&found["subject"]["reference"]),
        format!("Patient/{}", text(&patient["id"]))
    );
}

pub fn marks_are_there(partner: &Client, done: &Done) {
    for mark in &done.marks {
        assert_eq!(
            partner.find(&mark.search()).len(),
            mark.parts,
            "{}",
            mark.search()
        );
    }
}

/// As many of each as were sent, all with the same parts, and a repeat changes nothing.
pub fn everything_is_there_once(partner: &Client, done: &Done) {
    let count = |path: &str| partner.find(&format!("{path}_count=200")).len();
    let stays = done.stays.len();
    for kind in [
        "Patient",
        "Encounter",
        "EpisodeOfCare",
        "CarePlan",
        "CareTeam",
        "RiskAssessment",
    ] {
        assert_eq!(count(&format!("{kind}?")), stays, "{kind}");
    }
    marks_are_there(partner, done);
    let parts: usize = done.marks.iter().map(|mark| mark.parts).sum();
    assert_eq!(count("Basic?"), parts);
    let mut sizes: Vec<usize> = done.stays.iter().map(|stay| tasks_of(partner, stay)).collect();
    sizes.dedup();
    assert_eq!(sizes.len(), 1, "the same stays have the same tasks: {sizes:?}");

    let tasks = count("Task?");
    for message in done.stays.iter().take(5).flat_map(Stay::messages) {
        assert!(partner.hl7(&message.text()).text.contains("MSA|AA|"));
    }
    assert_eq!(count("Task?"), tasks);
}

fn tasks_of(partner: &Client, stay: &Stay) -> usize {
    stay_is_whole(partner, stay);
    let patient = partner.only(&format!("Patient?identifier={}", stay.patient));
    whole(partner, &format!("Patient/{}", text(&patient["id"])))
}
