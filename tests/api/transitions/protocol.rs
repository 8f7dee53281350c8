//! Protocols are data: PlanDefinitions that partners read, edit and add.
use crate::on_both;
use crate::support::care::{Course, encounter, patient, reason, reference};
use crate::support::messages::unique;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    an_edit_counts_from_the_next_moment,
    an_edit_reaches_what_runs_by_itself,
    a_protocol_at_rest_is_followed_to_the_end,
    others_work_beside_it,
    what_makes_no_sense_is_refused
);

const PATH: &str = "PlanDefinition/transitional-care";

fn discharge(client: &Client) -> Course {
    let stay = ended(client, "IMP");
    client.course_of(stay)
}

/// A stay of that class, ended on Friday 2 March 2040.
fn ended(client: &Client, class: &str) -> Value {
    let id = unique("P");
    client.put(&format!("Patient/{id}"), &patient(&id)).ok();
    let mut stay = encounter(&id, "2040-02-28T15:00:00-05:00", "2040-03-02T15:00:00-05:00");
    stay["class"]["code"] = json!(class);
    client.put(&reference(&stay), &stay).ok();
    stay
}

/// Asks until it is so.
pub fn eventually(what: &str, so: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !so() {
        assert!(started.elapsed().as_secs() < 30, "still not so: {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn contact_within(days: u32, mut protocol: Value) -> Value {
    protocol["action"][0]["extension"][0]["extension"][1]["valueUnsignedInt"] = json!(days);
    protocol
}

fn without_education(mut protocol: Value) -> Value {
    let actions = protocol["action"].as_array_mut().expect("actions");
    actions.retain(|action| action["id"] != "patient-education");
    protocol
}

fn an_edit_counts_from_the_next_moment(baton: &Baton) {
    let partner = baton.partner();
    let before = discharge(&partner);
    let mut protocol = without_education(contact_within(1, partner.get(PATH).ok()));
    protocol["version"] = json!("2.0.0");
    partner.put(PATH, &protocol).ok();
    let after = discharge(&partner);
    assert_eq!(before.due("tcm-contact"), "2040-03-06T23:59:59-05:00");
    assert_eq!(after.due("tcm-contact"), "2040-03-05T23:59:59-05:00");
    assert!(before.has("patient-education") && !after.has("patient-education"));
    assert_eq!(
        after.plan["instantiatesCanonical"][0],
        "urn:baton:protocol:transitional-care|2.0.0"
    );
}

fn an_edit_reaches_what_runs_by_itself(baton: &Baton) {
    let partner = baton.partner();
    let (untouched, worked) = (discharge(&partner), discharge(&partner));
    let mut education = worked.task("patient-education").clone();
    education["note"] = json!([{"text": "Speaks Spanish"}]);
    partner.put(&reference(&education), &education).ok();
    let mut done = worked.task("tcm-contact").clone();
    done["status"] = json!("completed");
    partner.put(&reference(&done), &done).ok();
    let protocol = without_education(contact_within(1, partner.get(PATH).ok()));
    partner.put(PATH, &protocol).ok();
    let now = |course: &Course| partner.course_of(course.stay.clone());
    eventually("the deadline moved", || {
        now(&untouched).due("tcm-contact") == "2040-03-05T23:59:59-05:00"
    });
    eventually("the step went", || !now(&untouched).has("patient-education"));
    eventually("what a person had begun is closed, not lost", || {
        now(&worked).task("patient-education")["status"] == "cancelled"
    });
    assert_eq!(reason(now(&worked).task("patient-education")), "not-eligible");
    assert_eq!(now(&worked).task("tcm-contact")["status"], "completed");
    assert_eq!(now(&worked).due("tcm-contact"), "2040-03-06T23:59:59-05:00");
    // A class taken in makes a transition of stays that ended before.
    let stay = ended(&partner, "SPECIAL");
    let plans = format!("CarePlan?encounter={}", reference(&stay));
    assert!(partner.find(&plans).is_empty());
    let mut protocol = partner.get(PATH).ok();
    let class = json!({"url": "eligible-class", "valueCoding":
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SPECIAL"}});
    protocol["extension"][0]["extension"]
        .as_array_mut()
        .expect("parts")
        .push(class);
    partner.put(PATH, &protocol).ok();
    eventually("it opened", || !partner.find(&plans).is_empty());
    let later = ended(&partner, "SPECIAL");
    assert_eq!(partner.course_of(later).episode["status"], "active");
}

fn a_protocol_at_rest_is_followed_to_the_end(baton: &Baton) {
    let partner = baton.partner();
    let (mut one, other) = (discharge(&partner), discharge(&partner));
    let mut protocol = partner.get(PATH).ok();
    protocol["status"] = json!("retired");
    partner.put(PATH, &protocol).ok();
    let opens_nothing = || {
        let stay = ended(&partner, "IMP");
        assert!(
            partner
                .find(&format!("CarePlan?encounter={}", reference(&stay)))
                .is_empty(),
            "a protocol at rest opens nothing"
        );
    };
    opens_nothing();
    one.stay["status"] = json!("in-progress");
    one.stay["period"]
        .as_object_mut()
        .expect("a period")
        .remove("end");
    partner.put(&reference(&one.stay), &one.stay).ok();
    let one = partner.course_of(one.stay);
    assert_eq!(one.statuses(), ["cancelled", "revoked", "inactive", "cancelled"]);
    partner.delete(PATH);
    opens_nothing();
    let mut dead = partner
        .get(other.stay["subject"]["reference"].as_str().expect("a patient"))
        .ok();
    dead["deceasedDateTime"] = json!("2040-03-03");
    partner.put(&reference(&dead), &dead).ok();
    assert_eq!(
        partner.course_of(other.stay.clone()).statuses(),
        ["finished", "revoked", "inactive", "cancelled"],
        "nobody calls the dead"
    );
    // The same protocol under another id takes over.
    protocol["status"] = json!("active");
    protocol["id"] = json!("our-own");
    protocol.as_object_mut().expect("an object").remove("meta");
    partner.put("PlanDefinition/our-own", &protocol).ok();
    assert_eq!(
        discharge(&partner).statuses(),
        ["active", "active", "active", "requested"]
    );
    assert_eq!(partner.course_of(other.stay).episode["status"], "finished");
}

fn others_work_beside_it(baton: &Baton) {
    let partner = baton.partner();
    let before = discharge(&partner);
    let mut own = partner.get(PATH).ok();
    own["url"] = json!("http://clinic.example.org/PlanDefinition/day-surgery");
    own["title"] = json!("After day surgery");
    own["id"] = json!("day-surgery");
    let parts = own["extension"][0]["extension"].as_array_mut().expect("parts");
    parts.retain(|part| part["url"] != "eligible-class");
    parts[0]["valueCoding"] = json!({"system": "http://clinic.example.org/programs", "code": "day-surgery"});
    parts.push(json!({"url": "eligible-class", "valueCoding":
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}}));
    own["action"].as_array_mut().expect("actions").truncate(1);
    own["action"][0]["id"] = json!("call");
    own["action"][0]["code"] = json!([{"coding": [{"system": "urn:baton:task", "code": "call"}]}]);
    partner.put("PlanDefinition/day-surgery", &own).ok();
    let course = partner.course_of(ended(&partner, "AMB"));
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    assert_eq!(course.due("call"), "2040-03-06T23:59:59-05:00");
    assert_eq!(course.episode["type"][0]["coding"][0]["code"], "day-surgery");
    assert_eq!(course.tasks.len(), 1);
    assert_eq!(partner.course_of(before.stay).tasks, before.tasks);
    // Inpatients of both: two episodes, two plans.
    let parts = own["extension"][0]["extension"].as_array_mut().expect("parts");
    parts.push(json!({"url": "eligible-class", "valueCoding":
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}));
    partner.put("PlanDefinition/day-surgery", &own).ok();
    let stay = ended(&partner, "IMP");
    let plans = partner.find(&format!("CarePlan?encounter={}", reference(&stay)));
    assert_eq!(plans.len(), 2);
    // Any other PlanDefinition is just kept.
    let plain = json!({"resourceType": "PlanDefinition", "status": "active", "title": "An order set"});
    assert_eq!(partner.post("PlanDefinition", &plain).status, 201);
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
    let copy = |edit: &dyn Fn(&mut Value)| {
        let mut protocol = good.clone();
        protocol["id"] = json!("copy");
        edit(&mut protocol);
        partner.put("PlanDefinition/copy", &protocol)
    };
    copy(&|_| ()).refused(422, "PlanDefinition.url");
    broken(&|it| it["url"] = json!("urn:other")).refused(422, "PlanDefinition.url");
    broken(&|it| drop(it.as_object_mut().expect("an object").remove("extension")))
        .refused(422, "set its status to retired");
    copy(&|it| {
        it["url"] = json!("urn:other");
        it["extension"][0]["extension"][1]["valuePositiveInt"] = json!(4000);
    })
    .refused(422, "1 to 366 days");
    assert_eq!(
        copy(&|it| {
            it["status"] = json!("draft");
            it["extension"][0]["extension"] = json!([{"url": "program", "valueString": "later"}]);
        })
        .status,
        201,
        "a draft may be incomplete"
    );
}
