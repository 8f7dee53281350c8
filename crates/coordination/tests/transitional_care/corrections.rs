//! Discharges cancelled, corrected or told twice, and death.
use crate::world::{World, encounter, noon, time};
use crate::{discharged, open_tasks};
use coordination::progress;
use serde_json::{Value, json};

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
fn death_stops_outreach() {
    let mut world = discharged();
    let dead = json!({ "resourceType": "Patient", "id": "p", "deceasedDateTime": time(noon(25)) });
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
