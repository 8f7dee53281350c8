//! One stream of messages in any order, with any repetition, through the store: the same
//! resources.
use crate::messages::{Adt, adt, discharge, merge};
use crate::world::World;
use chrono::{DateTime, Days, NaiveDate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

/// Thirty days of one life: an emergency visit turned inpatient, a discharge taken back and given
/// again, both hospitals reporting, a merge in the middle, a readmission and a death.
fn stream() -> Vec<Adt> {
    let other = |it: Adt| it.with(|it| (it.facility, it.control) = ("SOUTH", format!("S-{}", it.control)));
    vec![
        adt("A04", 1, 20).with(|it| it.class = "E"),
        adt("A06", 2, 2).with(|it| it.patient = "200"),
        adt("A02", 3, 9).with(|it| it.patient = "200"),
        merge("200", 4),
        discharge(6, "01"),
        other(discharge(6, "01")),
        adt("A13", 6, 17),
        discharge(8, "06"),
        adt("A08", 10, 9).with(|it| it.tail = "DG1|1||I50.9^Heart failure^I10|||F".into()),
        adt("A01", 20, 3).with(|it| it.visit = "V2"),
        adt("A11", 20, 5).with(|it| it.visit = "V2"),
        adt("A01", 20, 7).with(|it| (it.visit, it.family) = ("V3", "Quintero-Ng")),
        discharge(24, "20").with(|it| (it.visit, it.death) = ("V3", "Y")),
    ]
    .into_iter()
    .map(recent)
    .collect()
}

/// Within the last thirty days, so that the follow-up is still to be done.
fn recent(message: Adt) -> Adt {
    let today = DateTime::from_timestamp_micros(gateway::edge::now())
        .expect("a date")
        .date_naive();
    let day = NaiveDate::parse_from_str(&message.at[..8], "%Y%m%d").expect("a day");
    let first = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
    let shifted = today - Days::new(28) + (day - first);
    message.with(|it| it.at = format!("{}{}", shifted.format("%Y%m%d"), &it.at[8..]))
}

const KINDS: &[&str] = &[
    "Patient",
    "Encounter",
    "Condition",
    "Practitioner",
    "Organization",
    "Location",
    "EpisodeOfCare",
    "CarePlan",
    "CareTeam",
    "Task",
    "RiskAssessment",
];

async fn outcome(messages: &[Adt]) -> Vec<Value> {
    let world = World::open().await;
    for message in messages {
        assert_eq!(world.send(&message.text()).await, "AA");
    }
    let mut all = Vec::new();
    for kind in KINDS {
        all.extend(world.all(kind).await);
    }
    all
}

#[test]
fn any_order_and_repetition_give_the_same_resources() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let expected = runtime.block_on(outcome(&stream()));
    let stays: Vec<&Value> = expected
        .iter()
        .filter(|it| it["resourceType"] == "Encounter")
        .collect();
    assert_eq!(stays.len(), 3);
    let episodes: Vec<&Value> = expected
        .iter()
        .filter(|it| it["resourceType"] == "EpisodeOfCare")
        .collect();
    assert_eq!(episodes.len(), 1);
    let orders = (Just([stream(), stream()].concat()).prop_shuffle(), 13usize..27);
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    let shuffled = runner.run(&orders, |(messages, length)| {
        // Every message at least once, some twice.
        let mut sent = stream();
        sent.rotate_left(length % 13);
        let messages = if length == 26 {
            messages
        } else {
            [&messages[..length - 13], &messages[..]].concat()
        };
        let found = runtime.block_on(outcome(&messages));
        prop_assert_eq!(sorted(&found), sorted(&expected));
        Ok(())
    });
    shuffled.unwrap();
}

/// Members in one order: what was stored first decides it, and nobody may rely on it.
fn sorted(resources: &[Value]) -> Vec<Value> {
    let mut resources = resources.to_vec();
    resources.iter_mut().for_each(Value::sort_all_objects);
    resources
}
