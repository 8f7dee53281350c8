//! Readmissions within thirty days: what counts as one, and what it does to the episode.
use crate::world::{World, encounter, noon, time};
use crate::{discharged, open_tasks};
use chrono::{NaiveDate, TimeZone};
use chrono_tz::America::New_York;
use coordination::progress;
use serde_json::{Value, json};

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
