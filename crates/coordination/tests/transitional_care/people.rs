//! The work of people is kept, whatever is told later.
use crate::world::{World, encounter, noon};
use crate::{discharged, open_tasks};
use coordination::facts::Deletion;
use coordination::progress;
use serde_json::{Value, json};

#[test]
fn work_done_before_a_restarted_discharge_is_kept_and_asked_for_again() {
    let mut world = discharged();
    world.work("tcm-contact", noon(21), |task| {
        task["status"] = json!("completed")
    });
    world.stay(encounter("e", "in-progress", 16, None), None);
    world.run(noon(22));
    world.stay(encounter("e", "finished", 16, Some((23, "01"))), None);
    world.run(noon(23));
    let mut statuses: Vec<&Value> = world
        .tasks("tcm-contact")
        .into_iter()
        .map(|task| &task["status"])
        .collect();
    statuses.sort_by_key(|status| status.to_string());
    assert_eq!(statuses, ["completed", "requested"]);
    assert_eq!(world.only("CarePlan")["activity"].as_array().unwrap().len(), 6);
    assert_eq!(world.run(noon(24)), 0);
}

#[test]
fn people_keep_their_progress_and_get_it_back() {
    let mut world = discharged();
    world.work("follow-up-visit", noon(21), |task| {
        task["status"] = json!("in-progress");
        task["owner"] = json!({ "reference": "Practitioner/nurse" });
        task["note"] = json!([{ "text": "booked" }]);
    });
    let started = world.task("follow-up-visit").clone();
    world.stay(encounter("e", "in-progress", 16, None), None);
    world.run(noon(21));
    assert_eq!(world.task("follow-up-visit")["status"], "cancelled");
    assert_eq!(
        world.task("follow-up-visit")["owner"]["reference"],
        "Practitioner/nurse"
    );
    world.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    world.run(noon(21));
    assert_eq!(*world.task("follow-up-visit"), started);
}

#[test]
fn merged_patients_take_their_work_along() {
    let mut world = discharged();
    world.work("tcm-contact", noon(21), |task| {
        task["status"] = json!("completed")
    });
    world.facts.person.id = "survivor".into();
    world.run(noon(21));
    for resource in world.facts.existing.values() {
        let who = ["for", "subject", "patient"]
            .iter()
            .find_map(|name| resource.get(*name))
            .unwrap();
        assert_eq!(
            who["reference"], "Patient/survivor",
            "{}",
            resource["resourceType"]
        );
    }
    assert_eq!(world.task("tcm-contact")["status"], "completed");
}

fn delete(world: &mut World, kind: &'static str, id: &str, now: i64) {
    let key = (kind, id.to_owned());
    let last = world.facts.existing.remove(&key).unwrap();
    world.facts.deleted.insert(key, Deletion::of(&last, now));
}

#[test]
fn what_a_person_deleted_stays_away_until_a_discharge_anew() {
    let mut world = discharged();
    let id = world.task("patient-education")["id"].as_str().unwrap().to_owned();
    delete(&mut world, "Task", &id, noon(21));
    world.diagnosis("c1", "I50.9");
    world.run(noon(22));
    assert!(world.tasks("patient-education").is_empty());
    assert!(
        !world.only("CarePlan")["activity"].to_string().contains(&id),
        "the plan does not list it"
    );
    assert_eq!(world.run(noon(22)), 0);
    // The same discharge told again, corrected, changes nothing about that.
    world.stay(encounter("e", "finished", 16, Some((19, "01"))), None);
    world.run(noon(22));
    assert!(world.tasks("patient-education").is_empty());
    world.stay(encounter("e", "finished", 16, Some((24, "01"))), None);
    world.run(noon(24));
    assert_eq!(world.task("patient-education")["id"], id);
}

#[test]
fn an_episode_a_person_deleted_ends_the_transition() {
    let mut world = discharged();
    let id = world.only("EpisodeOfCare")["id"].as_str().unwrap().to_owned();
    delete(&mut world, "EpisodeOfCare", &id, noon(21));
    world.run(noon(21));
    assert_eq!(world.only("CarePlan")["status"], "revoked");
    assert_eq!(open_tasks(&world), 0);
    let task = world.task("tcm-contact");
    assert_eq!(progress::reason_of(task), Some("withdrawn"));
    assert_eq!(world.run(noon(22)), 0);
    world.stay(encounter("e", "finished", 16, Some((24, "01"))), None);
    world.run(noon(24));
    assert_eq!(world.statuses(), ("active", "active"));
    assert_eq!(open_tasks(&world), 5);
}
