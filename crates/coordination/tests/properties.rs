//! Whatever happens in whatever order: reconciliation settles, and nothing people did is lost.
mod world;

use coordination::facts::{Death, Person};
use proptest::prelude::*;
use serde_json::{Value, json};
use world::{World, encounter, noon};

#[derive(Clone, Debug)]
enum Happening {
    /// Which stay, its status, days after the 10th of admission, length, disposition.
    Stay(usize, &'static str, i64, i64, &'static str),
    /// Which step, and the status a person gives it.
    Work(&'static str, &'static str),
    Dies,
    DeathWithdrawn,
    Diagnosed(&'static str),
    DaysPass(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let status = prop::sample::select(vec![
        "planned",
        "in-progress",
        "finished",
        "cancelled",
        "entered-in-error",
    ]);
    let disposition = prop::sample::select(vec!["01", "02", "06", "20", "ZZ"]);
    let step = prop::sample::select(vec![
        "tcm-contact",
        "follow-up-visit",
        "home-visit",
        "patient-education",
    ]);
    let progress = prop::sample::select(vec!["accepted", "in-progress", "completed", "rejected", "failed"]);
    prop_oneof![
        6 => (0..3usize, status, 0..20i64, 0..9i64, disposition)
            .prop_map(|(which, status, from, days, to)| Happening::Stay(which, status, from, days, to)),
        4 => (step, progress).prop_map(|(step, status)| Happening::Work(step, status)),
        1 => Just(Happening::Dies),
        1 => Just(Happening::DeathWithdrawn),
        1 => prop::sample::select(vec!["I50.9", "J44.1", "C78.0"]).prop_map(Happening::Diagnosed),
        2 => (1..12i64).prop_map(Happening::DaysPass),
    ]
}

fn happen(world: &mut World, day: &mut i64, from_events: bool, happening: &Happening) {
    match happening {
        Happening::Stay(which, status, from, days, to) => {
            let ended = (*status == "finished").then_some((10 + from + days, *to));
            let stay = encounter(["a", "b", "c"][*which], status, 10 + from, ended);
            let versions = from_events.then(|| ended.map(|_| stay.clone()).into_iter().collect());
            world.stay(stay, versions);
        }
        Happening::Work(step, status) => {
            if !world.tasks(step).is_empty() {
                world.work(step, noon(*day), |task| {
                    task["status"] = json!(status);
                    task["note"] = json!([{ "text": "worked on" }]);
                    task["lastModified"] = json!(world::time(noon(*day)));
                });
            }
        }
        Happening::Dies => world.facts.person.death = Death::Dead(None),
        Happening::DeathWithdrawn => {
            let alive = json!({ "resourceType": "Patient", "id": "p" });
            world.facts.person = Person::from_json("p", &alive);
        }
        Happening::Diagnosed(code) => world.diagnosis(&format!("c{}", world.facts.diagnoses.len()), code),
        Happening::DaysPass(days) => *day += days,
    }
}

/// Episode, plan and team of one stay stand together, and closed episodes have no open task of Baton's.
fn is_legal(world: &World) -> Result<(), TestCaseError> {
    let of = |kind: &str, stay: &Value| {
        let found = world
            .facts
            .existing
            .values()
            .find(|r| r["resourceType"] == kind && r["encounter"] == *stay);
        found.map(|r| r["status"].as_str().unwrap_or_default().to_owned())
    };
    for stay in &world.facts.stays {
        let link = json!({ "reference": format!("Encounter/{}", stay.stay.id) });
        let (Some(plan), Some(team)) = (of("CarePlan", &link), of("CareTeam", &link)) else {
            continue;
        };
        prop_assert_eq!(plan == "active", team == "active");
        let tasks = world
            .facts
            .existing
            .values()
            .filter(|r| r["resourceType"] == "Task" && r["encounter"] == link);
        for task in tasks {
            let open = ["requested", "accepted", "in-progress"]
                .iter()
                .any(|status| task["status"] == *status);
            prop_assert!(
                plan == "active" || !open,
                "{} under a {} plan",
                task["status"],
                plan
            );
        }
    }
    let episodes = world
        .facts
        .existing
        .values()
        .filter(|r| r["resourceType"] == "EpisodeOfCare")
        .count();
    let plans = world
        .facts
        .existing
        .values()
        .filter(|r| r["resourceType"] == "CarePlan")
        .count();
    prop_assert_eq!(episodes, plans);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn reconciliation_settles_and_respects_people(
        happenings in prop::collection::vec(happening(), 1..24),
        from_events: bool,
    ) {
        let mut world = World::new();
        let mut day = 20;
        for happening in &happenings {
            happen(&mut world, &mut day, from_events, happening);
            let ended: Vec<(String, Value)> = ended_by_people(&world);
            world.run(noon(day));
            prop_assert_eq!(world.run(noon(day)), 0, "a second run changes nothing");
            is_legal(&world)?;
            for (id, before) in ended {
                let after = world.facts.existing.get(&("Task", id));
                prop_assert_eq!(after.map(|task| (&task["status"], &task["note"])), Some((&before["status"], &before["note"])));
            }
        }
    }
}

fn ended_by_people(world: &World) -> Vec<(String, Value)> {
    let tasks = world.facts.existing.iter().filter(|(key, _)| key.0 == "Task");
    tasks
        .filter(|(_, task)| coordination::progress::hand(task) == coordination::progress::Hand::Done)
        .map(|((_, id), task)| (id.clone(), task.clone()))
        .collect()
}
