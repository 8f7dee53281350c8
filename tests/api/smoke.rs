//! The main job in one scene: a discharge becomes a worked transition of care. And its end.
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Database, Options};
use crate::{on_both, on_both_databases};
use std::sync::Arc;

on_both!(a_discharge_opens_an_episode);
on_both_databases!(whoever_says_it_is_ready_can_be_stopped);

fn a_discharge_opens_an_episode(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));

    let admit = partner.hl7(&Adt::new("A01", &patient, &visit).text());
    assert!(admit.text.contains("MSA|AA|"), "{}", admit.text);
    let discharge = Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01");
    assert!(partner.hl7(&discharge.text()).text.contains("MSA|AA|"));

    let stay = partner.only(&format!("Encounter?identifier={visit}"));
    assert_eq!(stay["status"], "finished");
    let plan = partner.only(&format!(
        "CarePlan?encounter=Encounter/{}",
        stay["id"].as_str().expect("an id")
    ));
    assert_eq!(plan["status"], "active");
    let contact = partner.only(&format!(
        "Task?code=urn:baton:task|tcm-contact&based-on=CarePlan/{}",
        plan["id"].as_str().expect("an id")
    ));
    assert_eq!(contact["status"], "requested");
    assert!(contact["restriction"]["period"]["end"].is_string());
    let worklist = partner.find("Task?status=requested&due=gt2020-01-01&_sort=due&patient:missing=false");
    assert!(worklist.len() > 3, "{worklist:#?}");
}

/// A supervisor may stop what it has just started: that is no crash.
fn whoever_says_it_is_ready_can_be_stopped(database: Database) {
    let database = Arc::new(database);
    for _ in 0..3 {
        let baton = Baton::on(database.clone(), &Options::default());
        assert!(baton.terminate().success(), "{}", baton.log());
    }
}
