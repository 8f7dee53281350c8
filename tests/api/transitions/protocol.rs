//! The protocol is data: a PlanDefinition that partners read and edit.
use crate::on_both;
use crate::support::Baton;
use crate::support::care::{encounter, patient, reference};
use crate::support::messages::unique;
use serde_json::{Value, json};

on_both!(
    an_edit_counts_for_the_next_discharge,
    what_makes_no_sense_is_refused
);

const PATH: &str = "PlanDefinition/transitional-care";

fn discharge(client: &crate::support::Client) -> crate::support::care::Course {
    let id = unique("P");
    client.put(&format!("Patient/{id}"), &patient(&id)).ok();
    let stay = encounter(&id, "2040-02-28T15:00:00-05:00", "2040-03-02T15:00:00-05:00");
    client.put(&reference(&stay), &stay).ok();
    client.course_of(stay)
}

fn an_edit_counts_for_the_next_discharge(baton: &Baton) {
    let partner = baton.partner();
    let before = discharge(&partner);
    let mut protocol = partner.get(PATH).ok();
    protocol["version"] = json!("2.0.0");
    protocol["action"][0]["extension"][0]["extension"][1]["valueUnsignedInt"] = json!(1);
    protocol["action"]
        .as_array_mut()
        .expect("actions")
        .retain(|action| action["id"] != "patient-education");
    partner.put(PATH, &protocol).ok();
    let after = discharge(&partner);
    assert_eq!(before.due("tcm-contact"), "2040-03-06T23:59:59-05:00");
    assert_eq!(after.due("tcm-contact"), "2040-03-05T23:59:59-05:00");
    assert!(before.has("patient-education") && !after.has("patient-education"));
    assert_eq!(
        after.plan["instantiatesCanonical"][0],
        "urn:baton:protocol:transitional-care|2.0.0"
    );
    assert_eq!(
        partner.course_of(before.stay).tasks,
        before.tasks,
        "what runs is left as it is"
    );
    protocol["status"] = json!("retired");
    partner.put(PATH, &protocol).ok();
    let stay = encounter(
        &unique("P"),
        "2040-02-28T15:00:00-05:00",
        "2040-03-02T15:00:00-05:00",
    );
    partner.put(&reference(&stay), &stay).ok();
    assert!(
        partner
            .find(&format!("CarePlan?encounter={}", reference(&stay)))
            .is_empty(),
        "a retired protocol rests"
    );
}

fn what_makes_no_sense_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let good = partner.get(PATH).ok();
    let broken = |edit: &dyn Fn(&mut Value)| {
        let mut protocol = good.clone();
        edit(&mut protocol);
        partner.put(PATH, &protocol)
    };
    broken(&|it| it["action"][0]["extension"][0]["extension"][0]["valueCode"] = json!("moons"))
        .refused(422, "PlanDefinition.action[0].extension[0]");
    broken(&|it| it["action"][2]["extension"][0]["extension"][1]["valueId"] = json!("nowhere"))
        .refused(422, "PlanDefinition.action[2].extension[0]");
    broken(&|it| {
        it["action"][4]["condition"][0]["expression"]["expression"] = json!("%risk.prediction.where(")
    })
    .refused(422, "PlanDefinition.action[4].condition[0]");
    assert_eq!(
        partner.get(PATH).ok()["meta"]["versionId"],
        good["meta"]["versionId"],
        "the good one stands"
    );
}
