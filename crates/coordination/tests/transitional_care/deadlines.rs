//! What a discharge asks of whom until when, and which discharges ask nothing.
use crate::world::{World, encounter, noon};
use crate::{discharged, open_tasks};
use serde_json::json;

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
