//! Da Vinci notifications: return codes, envelope, what they may say.
use crate::on_both;
use crate::support::care::{encounter, iso, notification, patient, reference};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    envelopes_are_told_apart,
    what_breaks_the_profile_is_refused,
    a_stay_in_three_notifications,
    diagnoses_and_coverage,
    one_stay_by_both_doors
);

struct Notice {
    person: Value,
    stay: Value,
}

fn notice() -> Notice {
    let person = patient(&unique("P"));
    let stay = encounter(
        person["id"].as_str().expect("an id"),
        &iso(days_ago(5)),
        &iso(days_ago(1)),
    );
    Notice { person, stay }
}

impl Notice {
    fn discharge(&self) -> Value {
        notification("notification-discharge", &self.stay, &self.person)
    }

    fn number(&self) -> &str {
        self.stay["identifier"][0]["value"].as_str().expect("a number")
    }
}

fn send(client: &Client, bundle: &Value) -> u16 {
    client.post("$process-message", bundle).status
}

fn envelopes_are_told_apart(baton: &Baton) {
    let partner = baton.partner();
    let notice = notice();
    let first = notice.discharge();
    let answer = partner.post("$process-message", &first);
    assert_eq!(answer.ok()["resourceType"], "OperationOutcome");
    let stay = partner.stay(notice.number());
    assert_eq!(partner.post("$process-message", &first).text, answer.text);
    let mut forwarded = first.clone();
    forwarded["id"] = json!(unique("bundle"));
    assert_eq!(send(&partner, &forwarded), 200, "the header in a new envelope");
    assert_eq!(
        send(&partner, &notice.discharge()),
        200,
        "another exchange, the same fact"
    );
    assert_eq!(partner.stay(notice.number()), stay, "no effect");
    let mut clash = first.clone();
    clash["entry"][0]["resource"]["id"] = json!(unique("header"));
    partner.post("$process-message", &clash).refused(409, "Bundle.id");
    let mut changed = first.clone();
    changed["entry"][2]["resource"]["gender"] = json!("other");
    changed["id"] = json!(unique("bundle"));
    assert_eq!(send(&partner, &changed), 200, "a corrected one is read");
}

fn what_breaks_the_profile_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let good = notice().discharge();
    let broken = |edit: &dyn Fn(&mut Value), status: u16, words: &str| {
        let mut bundle = good.clone();
        edit(&mut bundle);
        bundle["id"] = bundle["id"]
            .as_str()
            .map_or(Value::Null, |_| json!(unique("bundle")));
        if bundle["id"].is_null() {
            bundle.as_object_mut().expect("an object").remove("id");
        }
        partner.post("$process-message", &bundle).refused(status, words);
    };
    let without = |member: &'static str| {
        move |it: &mut Value| drop(it.as_object_mut().expect("an object").remove(member))
    };
    broken(&without("id"), 422, "Bundle.id");
    broken(&without("timestamp"), 422, "Bundle.timestamp");
    broken(&|it| it["type"] = json!("collection"), 422, "Bundle.type");
    broken(&|it| it["total"] = json!(3), 422, "total");
    broken(
        &|it| it["entry"][1]["request"] = json!({"method": "POST", "url": "Encounter"}),
        422,
        "request",
    );
    broken(
        &|it| it["entry"].as_array_mut().expect("entries").swap(0, 1),
        422,
        "MessageHeader",
    );
    broken(
        &|it| it["entry"].as_array_mut().expect("entries").truncate(1),
        422,
        "entry",
    );
    broken(
        &|it| it["entry"][0]["resource"]["focus"] = json!([{"reference": "Encounter/elsewhere"}]),
        422,
        "focus",
    );
    broken(
        &|it| it["entry"][0]["resource"]["eventCoding"]["code"] = json!("notification-phone-consult"),
        422,
        "notification-admit",
    );
    broken(
        &|it| it["entry"][1]["resource"]["subject"]["reference"] = json!("Patient/elsewhere"),
        422,
        "subject",
    );
    broken(
        &|it| it["entry"][1]["resource"]["status"] = json!("over"),
        422,
        "status",
    );
    broken(
        &|it| it["entry"][0]["resource"]["nonsense"] = json!(1),
        422,
        "nonsense",
    );
    for (text, status) in [
        ("{", 400),
        ("", 400),
        ("[]", 400),
        ("{\"resourceType\":\"Patient\"}", 422),
    ] {
        let answer = partner.send_text("POST", "$process-message", "application/fhir+json", text);
        answer.refused(status, "");
    }
    assert!(partner.find("Encounter").is_empty() && partner.find("Patient").is_empty());
    assert!(
        partner.find("Task?code=urn:baton:task|message-review").len() >= 12,
        "kept for a person"
    );
    baton.anonymous().post("$process-message", &good).refused(401, "");
    partner.get("$process-message").refused(405, "");
    assert_eq!(send(&partner, &good), 200);
}

fn a_stay_in_three_notifications(baton: &Baton) {
    let partner = baton.partner();
    let Notice { person, stay } = notice();
    let number = stay["identifier"][0]["value"].as_str().expect("a number");
    let at = |status: &str, class: &str, change: &dyn Fn(&mut Value)| {
        let mut stay = stay.clone();
        stay["status"] = json!(status);
        stay["class"]["code"] = json!(class);
        stay["period"] = json!({"start": iso(days_ago(5))});
        stay.as_object_mut().expect("an object").remove("hospitalization");
        change(&mut stay);
        stay
    };
    let arrived = at("in-progress", "EMER", &|_| {});
    let place =
        json!({"location": {"display": "4 West"}, "status": "active", "period": {"start": iso(days_ago(4))}});
    let moved = at("in-progress", "IMP", &|stay| stay["location"] = json!([place]));
    assert_eq!(
        send(&partner, &notification("notification-admit", &arrived, &person)),
        200
    );
    assert_eq!(partner.stay(number)["class"]["code"], "EMER");
    assert_eq!(
        send(&partner, &notification("notification-transfer", &moved, &person)),
        200
    );
    let inpatient = partner.stay(number);
    assert_eq!(
        (&inpatient["status"], &inpatient["class"]["code"]),
        (&json!("in-progress"), &json!("IMP"))
    );
    assert_eq!(inpatient["classHistory"][0]["class"]["code"], "EMER");
    // Announced just before the patient leaves: not yet over.
    assert_eq!(
        send(&partner, &notification("notification-discharge", &moved, &person)),
        200
    );
    assert_eq!(partner.stay(number)["status"], "in-progress");
    assert_eq!(
        send(&partner, &notification("notification-discharge", &stay, &person)),
        200
    );
    assert_eq!(
        partner.course(number).statuses(),
        ["active", "active", "active", "requested"]
    );
}

fn diagnoses_and_coverage(baton: &Baton) {
    let partner = baton.partner();
    let notice = notice();
    let mut bundle = notice.discharge();
    let subject = json!({"reference": reference(&notice.person)});
    let url = |resource: &Value| format!("https://general.example.org/fhir/{}", reference(resource));
    let condition = json!({"resourceType": "Condition", "id": "heart", "subject": subject,
        "encounter": {"reference": reference(&notice.stay)},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I50.9"}]}});
    let payer = json!({"resourceType": "Organization", "id": "payer", "name": "Payer",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.9999.7", "value": "PAYER1"}]});
    let coverage = json!({"resourceType": "Coverage", "id": "cover", "status": "active", "subscriberId": unique("M"),
        "beneficiary": subject, "payor": [{"reference": "Organization/payer"}]});
    bundle["entry"][1]["resource"]["diagnosis"] = json!([{"condition": {"reference": "Condition/heart"}}]);
    for resource in [&condition, &payer, &coverage] {
        bundle["entry"]
            .as_array_mut()
            .expect("entries")
            .push(json!({"fullUrl": url(resource), "resource": resource}));
    }
    partner.post("$process-message", &bundle).ok();
    let course = partner.course(notice.number());
    let patient = course.stay["subject"]["reference"].as_str().expect("a patient");
    let diagnosis = partner.only(&format!("Condition?patient={patient}"));
    assert_eq!(
        diagnosis["encounter"]["reference"],
        json!(reference(&course.stay))
    );
    assert_eq!(
        course.stay["diagnosis"][0]["condition"]["reference"],
        json!(reference(&diagnosis))
    );
    assert!(
        course.risk["prediction"][0]["rationale"]
            .as_str()
            .is_some_and(|it| it.contains("C 2")),
        "it counts"
    );
    let cover = partner.only(&format!("Coverage?beneficiary={patient}"));
    let payer = partner
        .get(cover["payor"][0]["reference"].as_str().expect("a payer"))
        .ok();
    assert_eq!(payer["identifier"][0]["value"], "PAYER1");
}

fn one_stay_by_both_doors(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let notice = notice();
    let number = format!("{}^^^VN&2.16.840.1.113883.3.9999.1&ISO", notice.number());
    let mut admission = Adt::new("A01", notice.person["id"].as_str().expect("an id"), &number);
    admission.patient = format!(
        "{}^^^REGISTRY&2.16.840.1.113883.3.9999.2&ISO^MR~L{}",
        admission.patient, admission.patient
    );
    partner.taken(&admission);
    assert_eq!(send(&partner, &notice.discharge()), 200);
    let course = partner.course(notice.number());
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    assert_eq!(
        partner
            .find(&format!(
                "Patient?identifier={}",
                notice.person["id"].as_str().expect("an id")
            ))
            .len(),
        1
    );
}
