//! Scenes of transitional care, living through thirty days in a line each.
mod world;

use chrono::{NaiveDate, TimeZone};
use chrono_tz::America::New_York;
use coordination::facts::Deletion;
use coordination::progress;
use serde_json::{Value, json};
use world::{World, encounter, noon, time};

/// Discharged home on Friday 20 November 2026 after four days: a World already reconciled.
fn discharged() -> World {
    let mut world = World::new();
    world.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    world.run(noon(20));
    world
}

fn open_tasks(world: &World) -> usize {
    world
        .facts
        .existing
        .values()
        .filter(|r| r["resourceType"] == "Task" && r["status"] == "requested")
        .count()
}

#[test]
fn a_discharge_opens_an_episode_with_dated_owned_tasks() {
    let world = discharged();
    assert_eq!(world.statuses(), ("active", "active"));
    assert_eq!(open_tasks(&world), 5);
    assert_eq!(world.due("tcm-contact"), "2026-11-24T23:59:59-05:00");
    assert_eq!(world.due("discharge-information"), "2026-11-22T23:59:59-05:00");
    assert_eq!(world.due("follow-up-visit"), "2026-12-04T23:59:59-05:00");
    assert_eq!(
        world.due("medication-reconciliation"),
        world.due("follow-up-visit")
    );
    assert_eq!(
        world.task("tcm-contact")["owner"]["reference"],
        "Practitioner/coordinator"
    );
    assert_eq!(
        world.task("follow-up-visit")["owner"]["reference"],
        "Practitioner/pcp"
    );
    assert_eq!(
        world.only("EpisodeOfCare")["period"]["end"],
        "2026-12-19T23:59:59-05:00"
    );
    assert_eq!(world.only("CareTeam")["participant"].as_array().unwrap().len(), 4);
}

#[test]
fn high_risk_brings_the_visit_forward_and_adds_a_home_visit() {
    let mut world = discharged();
    assert_eq!(world.only("RiskAssessment")["status"], "preliminary");
    world.diagnosis("c1", "I50.9");
    world.diagnosis("c2", "J44.1");
    world.run(noon(20));
    let risk = world.only("RiskAssessment");
    assert_eq!(risk["status"], "final");
    assert_eq!(
        risk.pointer("/prediction/0/qualitativeRisk/coding/0/code")
            .unwrap(),
        "high"
    );
    assert_eq!(
        risk["prediction"][0]["rationale"],
        "LACE 12 = L 4 (4 days) + A 3 (emergent admission) + C 5 (congestive heart failure, chronic pulmonary \
         disease) + E 0 (0 emergency visits known in the 6 months before)"
    );
    assert_eq!(world.due("follow-up-visit"), "2026-11-27T23:59:59-05:00");
    assert_eq!(
        world
            .task("home-visit")
            .pointer("/restriction/period/start")
            .unwrap(),
        "2026-11-22T12:00:00-05:00"
    );
    world.facts.diagnoses.clear();
    world.run(noon(21));
    assert!(world.tasks("home-visit").is_empty());
}

#[test]
fn results_pending_at_discharge_make_a_task() {
    let mut world = discharged();
    world.facts.stays[0]
        .pending
        .push(mapping::Link::to("DiagnosticReport", "culture"));
    world.run(noon(20));
    assert_eq!(world.task("pending-results")["status"], "requested");
}

#[test]
fn a_cancelled_discharge_retracts_and_a_new_one_restarts_the_clocks() {
    let mut world = discharged();
    world.stay(encounter("e", "in-progress", 16, None), None);
    world.run(noon(21));
    assert_eq!(world.statuses(), ("cancelled", "revoked"));
    assert_eq!(
        world.task("tcm-contact")["statusReason"]["coding"][0]["code"],
        "discharge-cancelled"
    );
    assert_eq!(open_tasks(&world), 0);
    world.stay(encounter("e", "finished", 16, Some((23, "06"))), None);
    world.run(noon(23));
    assert_eq!(world.statuses(), ("active", "active"));
    assert_eq!(open_tasks(&world), 5);
    assert_eq!(world.due("tcm-contact"), "2026-11-25T23:59:59-05:00");
    assert!(world.task("tcm-contact").get("statusReason").is_none());
}

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
fn a_corrected_discharge_time_moves_deadlines_and_keeps_what_was_done() {
    let mut world = discharged();
    world.work("tcm-contact", noon(22), |task| {
        task["status"] = json!("completed")
    });
    world.stay(encounter("e", "finished", 16, Some((21, "01"))), None);
    world.run(noon(23));
    assert_eq!(world.tasks("tcm-contact").len(), 1);
    assert_eq!(world.due("follow-up-visit"), "2026-12-05T23:59:59-05:00");
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
fn death_stops_outreach() {
    let mut world = discharged();
    let dead = json!({ "resourceType": "Patient", "id": "p", "deceasedDateTime": world::time(noon(25)) });
    world.facts.person = coordination::facts::Person::from_json("p", &dead);
    world.run(noon(26));
    assert_eq!(world.statuses(), ("finished", "revoked"));
    assert_eq!(open_tasks(&world), 0);
    assert_eq!(
        world.task("tcm-contact")["statusReason"]["coding"][0]["code"],
        "deceased"
    );
    assert_eq!(
        world.only("EpisodeOfCare")["period"]["end"],
        "2026-11-25T12:00:00-05:00"
    );
}

#[test]
fn a_readmission_on_day_twelve_closes_the_episode_and_is_counted_on_the_next() {
    let mut world = discharged();
    world.stay(encounter("again", "in-progress", 32, None), None);
    world.run(noon(32));
    assert_eq!(world.statuses(), ("finished", "revoked"));
    assert_eq!(
        world.task("tcm-contact")["statusReason"]["coding"][0]["code"],
        "readmitted"
    );
    world.stay(encounter("again", "finished", 32, Some((35, "01"))), None);
    world.run(noon(35));
    let marked = world
        .facts
        .existing
        .values()
        .find_map(|resource| progress::extension_of(resource, "urn:baton:readmission"));
    let marked = marked.unwrap()["extension"].as_array().unwrap();
    assert_eq!(marked[0]["valueReference"]["reference"], "Encounter/e");
    assert_eq!(
        (
            marked[1]["valueInteger"].as_i64(),
            marked[3]["valueInteger"].as_i64()
        ),
        (Some(12), Some(1))
    );
}

/// The period is the day of discharge and 29 more; an admission in it ends the episode. A
/// readmission is an admission up to 30 days after the day of discharge, all in the practice's zone.
#[test]
fn the_borders_of_a_readmission() {
    const SECOND: i64 = 1_000_000;
    const HALF_DAY: i64 = 43_200 * SECOND;
    // The clocks change on the 1st of November.
    for (month, date) in [(11, 20), (10, 10)] {
        let home = NaiveDate::from_ymd_opt(2026, month, date).unwrap();
        let at = |n: i64, hour: u32| {
            let time = (home + chrono::Days::new(n.unsigned_abs())).and_hms_opt(hour, 0, 0);
            New_York
                .from_local_datetime(&time.unwrap())
                .unwrap()
                .timestamp_micros()
        };
        let (discharged, day) = (at(0, 12), |n: i64| at(n, 0));
        for (admitted, reason, days) in [
            (discharged, "readmitted", Some(0)),
            (day(1) - SECOND, "readmitted", Some(0)),
            (day(12), "readmitted", Some(12)),
            (day(28), "readmitted", Some(28)),
            (day(29), "readmitted", Some(29)),
            (day(30) - SECOND, "readmitted", Some(29)),
            (day(30), "period-ended", Some(30)),
            (day(31) - SECOND, "period-ended", Some(30)),
            (day(31), "period-ended", None),
        ] {
            let mut world = World::new();
            let mut first = encounter("e", "finished", 16, Some((20, "01")));
            first["period"] = json!({ "start": time(discharged - 8 * HALF_DAY), "end": time(discharged) });
            world.stay(first, None);
            world.run(discharged);
            let mut again = encounter("again", "in-progress", 32, None);
            again["period"] = json!({ "start": time(admitted) });
            world.stay(again.clone(), None);
            world.run(admitted.max(discharged + SECOND));
            let episode = world.only("EpisodeOfCare");
            assert_eq!(progress::reason_of(episode), Some(reason), "{}", time(admitted));
            again["status"] = json!("finished");
            again["period"]["end"] = json!(time(admitted + HALF_DAY));
            again["hospitalization"] = json!({ "dischargeDisposition": { "coding": [{ "code": "01" }] } });
            world.stay(again, None);
            world.run(admitted + HALF_DAY);
            let mark = |it: &Value| progress::extension_of(it, "urn:baton:readmission").cloned();
            let marks: Vec<Value> = world.facts.existing.values().filter_map(mark).collect();
            let told = marks
                .iter()
                .find_map(|mark| mark["extension"][1]["valueInteger"].as_i64());
            assert_eq!(told, days, "{}", time(admitted));
        }
    }
    // The discharge's day is the practice's, however its instant is written.
    let mut world = World::new();
    let mut first = encounter("e", "finished", 16, Some((20, "01")));
    first["period"]["end"] = json!("2026-11-21T04:59:59Z");
    world.stay(first, None);
    world.run(noon(21));
    let period = &world.only("EpisodeOfCare")["period"];
    assert_eq!(period["end"], "2026-12-19T23:59:59-05:00");
}

#[test]
fn what_is_no_readmission() {
    let again = |change: fn(&mut Value)| {
        let mut world = discharged();
        let mut visit = encounter("again", "in-progress", 32, None);
        change(&mut visit);
        world.stay(visit, None);
        world.run(noon(32));
        world.statuses() == ("active", "active")
    };
    assert!(!again(|_| {}), "an admission is one");
    assert!(
        !again(|visit| visit["class"]["code"] = json!("OBSENC")),
        "and observation"
    );
    assert!(
        again(|visit| visit["class"]["code"] = json!("EMER")),
        "an emergency visit"
    );
    assert!(
        again(|visit| visit["class"]["code"] = json!("AMB")),
        "a clinic visit"
    );
    assert!(
        again(|visit| visit["status"] = json!("planned")),
        "what is only planned"
    );
    assert!(
        again(|visit| visit["status"] = json!("cancelled")),
        "what never was"
    );
    let begun = |visit: &mut Value| visit["period"]["start"] = json!(time(noon(20) - 1_000_000));
    assert!(again(begun), "what began before the discharge");
}

#[test]
fn a_cancelled_readmission_revives_the_episode() {
    let mut world = discharged();
    world.stay(encounter("again", "in-progress", 32, None), None);
    world.run(noon(32));
    world.stay(encounter("again", "cancelled", 32, None), None);
    world.run(noon(32));
    assert_eq!(world.statuses(), ("active", "active"));
    assert_eq!(open_tasks(&world), 5);
}

#[test]
fn dispositions_and_classes_decide() {
    for (disposition, opens) in [
        ("01", true),
        ("6", true),
        ("02", false),
        ("03", false),
        ("20", false),
    ] {
        let mut world = World::new();
        world.stay(encounter("e", "finished", 16, Some((20, disposition))), None);
        assert_eq!(world.run(noon(20)) > 0, opens, "{disposition}");
    }
    let mut emergency = encounter("e", "finished", 20, Some((20, "01")));
    emergency["class"]["code"] = json!("EMER");
    let mut world = World::new();
    world.stay(emergency, None);
    assert_eq!(world.run(noon(20)), 0);
    let mut observation = encounter("e", "finished", 19, Some((20, "01")));
    observation["class"]["code"] = json!("OBSENC");
    world.stay(observation, None);
    assert!(world.run(noon(20)) > 0);
}

#[test]
fn an_unknown_disposition_asks_a_person_until_it_is_known() {
    let mut world = World::new();
    world.stay(encounter("e", "finished", 16, Some((20, "ZZ"))), None);
    assert_eq!(world.run(noon(20)), 1);
    assert_eq!(world.task("disposition-review")["status"], "requested");
    world.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    world.run(noon(20));
    assert!(world.tasks("disposition-review").is_empty());
    assert_eq!(open_tasks(&world), 5);
}

#[test]
fn day_thirty_ends_it() {
    let mut world = discharged();
    world.work("patient-education", noon(22), |task| {
        task["status"] = json!("completed")
    });
    assert_eq!(world.run(noon(49)), 0);
    world.run(noon(50));
    assert_eq!(world.statuses(), ("finished", "completed"));
    assert_eq!(world.task("tcm-contact")["status"], "failed");
    assert_eq!(
        world.task("tcm-contact")["statusReason"]["coding"][0]["code"],
        "period-ended"
    );
    assert_eq!(world.task("patient-education")["status"], "completed");
    assert_eq!(world.run(noon(60)), 0);
}

#[test]
fn a_stay_heard_of_after_its_window_opens_nothing() {
    let mut world = World::new();
    world.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    assert_eq!(world.run(noon(50)), 0);
}

#[test]
fn what_only_the_order_of_arrival_made_is_removed_unless_people_worked_on_it() {
    for worked in [false, true] {
        let home = encounter("e", "finished", 16, Some((20, "01")));
        let mut world = World::new();
        world.stay(home.clone(), Some(vec![home]));
        world.run(noon(20));
        if worked {
            world.work("tcm-contact", noon(20), |task| task["status"] = json!("accepted"));
        }
        let transfer = encounter("e", "finished", 16, Some((20, "02")));
        world.stay(transfer.clone(), Some(vec![transfer]));
        world.run(noon(20));
        let left: Vec<_> = world.facts.existing.values().map(progress::reason_of).collect();
        assert_eq!(
            left,
            if worked {
                vec![Some("not-eligible"); 9]
            } else {
                vec![]
            }
        );
    }
}

#[test]
fn a_retraction_that_arrives_before_the_discharge_leaves_the_same_episode() {
    let home = encounter("e", "finished", 16, Some((20, "01")));
    let back = encounter("e", "in-progress", 16, None);
    let mut in_order = World::new();
    in_order.stay(home.clone(), Some(vec![home.clone()]));
    in_order.run(noon(20));
    in_order.stay(back.clone(), Some(vec![home.clone()]));
    in_order.run(noon(20));
    let mut at_once = World::new();
    at_once.stay(back, Some(vec![home]));
    at_once.run(noon(20));
    assert_eq!(in_order.facts.existing, at_once.facts.existing);
    assert_eq!(at_once.statuses(), ("cancelled", "revoked"));
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

#[test]
fn a_protocol_at_rest_is_followed_where_it_runs_and_opens_nothing() {
    let mut world = discharged();
    world.protocol.opens = false;
    assert_eq!(world.run(noon(23)), 0, "what runs goes on");
    let mut other = World::new();
    other.protocol.opens = false;
    other.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    assert_eq!(other.run(noon(20)), 0);
    other.stay(encounter("e", "finished", 16, Some((20, "99"))), None);
    assert_eq!(other.run(noon(20)), 0, "nor does it ask");
    other.protocol.opens = true;
    other.protocol.effective = noon(21)..=i64::MAX;
    other.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    assert_eq!(other.run(noon(22)), 0, "discharged before it takes effect");
    other.protocol.effective = noon(19)..=noon(20);
    assert!(other.run(noon(22)) > 0);
    world.stay(encounter("e", "in-progress", 16, None), None);
    world.run(noon(24));
    assert_eq!(
        world.statuses(),
        ("cancelled", "revoked"),
        "its ground may still go"
    );
}

#[test]
fn a_stay_told_under_two_numbers_is_one_transition() {
    let told = |world: &World| world.only("CarePlan")["supportingInfo"].to_string();
    let mut world = discharged();
    world.stay(encounter("d", "finished", 17, Some((20, "01"))), None);
    world.run(noon(20));
    assert_eq!((world.statuses(), open_tasks(&world)), (("active", "active"), 5));
    assert!(
        told(&world).contains("Encounter/d"),
        "the earlier admission leads"
    );
    assert_eq!(world.run(noon(20)), 0);
    // Told in the other order, it is the same.
    let mut other = World::new();
    other.stay(encounter("d", "finished", 17, Some((20, "01"))), None);
    other.run(noon(20));
    other.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    other.run(noon(20));
    let ids = |world: &World| world.facts.existing.keys().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&world), ids(&other));
    // Where people work, there it stays.
    let mut third = World::new();
    third.stay(encounter("d", "finished", 17, Some((20, "01"))), None);
    third.run(noon(20));
    third.work("tcm-contact", noon(20), |task| {
        task["status"] = json!("in-progress")
    });
    third.stay(encounter("e", "finished", 16, Some((20, "01"))), None);
    third.run(noon(20));
    assert!(told(&third).contains("Encounter/e"));
    assert_eq!(third.task("tcm-contact")["status"], "in-progress");
    // Taken back under one number, it stands under the other.
    world.stay(encounter("e", "in-progress", 16, None), None);
    world.run(noon(21));
    let active = |kind: &str| {
        let of_kind = |it: &&Value| it["resourceType"] == kind && it["status"] == "active";
        world.facts.existing.values().filter(of_kind).count()
    };
    assert_eq!((active("EpisodeOfCare"), active("CarePlan")), (1, 1));
    // One writes ten to twelve, the other ten past.
    let mut midnight = World::new();
    for (id, end) in [
        ("d", "2026-11-20T23:50:00-05:00"),
        ("e", "2026-11-21T00:10:00-05:00"),
    ] {
        let mut told = encounter(id, "finished", 16, Some((20, "01")));
        told["period"]["end"] = json!(end);
        midnight.stay(told, None);
    }
    midnight.run(noon(21));
    assert_eq!(midnight.statuses(), ("active", "active"));
    // Home in the morning, back at noon and home again: two stays.
    let mut apart = discharged();
    apart.stay(encounter("f", "finished", 20, Some((20, "01"))), None);
    apart.run(noon(20));
    assert_eq!(
        apart
            .facts
            .existing
            .keys()
            .filter(|key| key.0 == "CarePlan")
            .count(),
        2
    );
}
