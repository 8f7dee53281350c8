//! The main job in one scene: a discharge becomes a worked transition of care.
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::{Adt, days_ago, unique};

on_both!(a_discharge_opens_an_episode);

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
