//! Deadlines count from the discharge, in the practice's days, by risk.
use crate::support::care::{Course, encounter, patient, reference};
use crate::support::messages::{Adt, unique};
use crate::support::{Baton, Client, Database, Options};
use crate::{on_both, on_both_databases};
use chrono::DateTime;
use serde_json::{Value, json};

on_both!(
    business_days,
    the_practice_zone_decides_the_day,
    by_risk,
    what_is_missing_is_said,
    pending_results
);
on_both_databases!(closing_days_of_the_practice);

/// A stay of that many inpatient days that ended then, with these ICD-10 codes; not through the
/// emergency department unless told.
fn ended(client: &Client, end: &str, days: i64, codes: &[&str], priority: &str) -> Course {
    let id = unique("P");
    client.put(&format!("Patient/{id}"), &patient(&id)).ok();
    let start =
        (DateTime::parse_from_rfc3339(end).expect("a time") - chrono::Duration::days(days)).to_rfc3339();
    let mut stay = encounter(&id, &start, end);
    stay["priority"]["coding"][0]["code"] = json!(priority);
    for code in codes {
        let condition = unique("condition");
        let body = json!({"resourceType": "Condition", "id": condition, "subject": stay["subject"],
            "encounter": {"reference": reference(&stay)},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]}});
        client.put(&reference(&body), &body).ok();
    }
    client.put(&reference(&stay), &stay).ok();
    client.course_of(stay)
}

fn contact_due(client: &Client, end: &str) -> String {
    ended(client, end, 1, &["J18.9"], "R")
        .due("tcm-contact")
        .to_owned()
}

fn business_days(baton: &Baton) {
    let partner = baton.partner();
    let due = |end: &str| contact_due(&partner, end);
    assert_eq!(
        due("2040-03-02T15:00:00-05:00"),
        "2040-03-06T23:59:59-05:00",
        "Friday to Tuesday"
    );
    assert_eq!(
        due("2040-03-03T09:00:00-05:00"),
        "2040-03-06T23:59:59-05:00",
        "Saturday to Tuesday"
    );
    assert_eq!(
        due("2040-03-09T15:00:00-05:00"),
        "2040-03-13T23:59:59-04:00",
        "over the change of clocks"
    );
    assert_eq!(
        due("2040-11-21T15:00:00-05:00"),
        "2040-11-26T23:59:59-05:00",
        "Wednesday before Thanksgiving"
    );
    assert_eq!(
        due("2040-05-25T15:00:00-04:00"),
        "2040-05-30T23:59:59-04:00",
        "Friday before Memorial Day"
    );
    // Christmas 2039 is a Sunday, kept on the Monday.
    assert_eq!(due("2039-12-23T15:00:00-05:00"), "2039-12-28T23:59:59-05:00");
    let course = ended(&partner, "2040-05-25T15:00:00-04:00", 1, &["J18.9"], "R");
    let shown = course.task("tcm-contact")["restriction"]["period"]["extension"][0].to_string();
    for word in [
        "Memorial Day",
        "weekend",
        "America/New_York",
        "2 business days after discharge",
    ] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    assert_eq!(
        course.due("discharge-information"),
        "2040-05-27T23:59:59-04:00",
        "calendar days"
    );
}

fn closing_days_of_the_practice(database: Database) {
    let env = [
        ("BATON_PRACTICE_HOLIDAYS", "2040-03-05"),
        ("BATON_PRACTICE_TIMEZONE", "America/Chicago"),
    ];
    let env = env
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let baton = Baton::start(
        database,
        Options {
            env,
            ..Options::default()
        },
    );
    let due = contact_due(&baton.partner(), "2040-03-02T15:00:00-06:00");
    assert_eq!(due, "2040-03-07T23:59:59-06:00");
}

/// Half past ten on Thursday evening in Los Angeles is Friday in New York, where the practice is.
fn the_practice_zone_decides_the_day(baton: &Baton) {
    baton.sender_in("pacific", "ADT9", "PACIFIC", "America/Los_Angeles");
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    // Written without an offset: the wall clock of the sender.
    let wall_clock = DateTime::parse_from_rfc3339("2040-03-01T22:30:00-05:00")
        .expect("a time")
        .to_utc();
    let mut discharge = Adt::new("A03", &patient, &visit).discharged(wall_clock, "01");
    discharge.admitted = Some(wall_clock - chrono::Duration::days(2));
    (discharge.application, discharge.facility) = ("ADT9".into(), "PACIFIC".into());
    partner.taken(&discharge);
    let course = partner.course(&visit);
    assert_eq!(course.stay["period"]["end"], "2040-03-01T22:30:00-08:00");
    assert_eq!(course.due("tcm-contact"), "2040-03-06T23:59:59-05:00");
    assert_eq!(course.episode["period"]["start"], "2040-03-02T01:30:00-05:00");
    assert_eq!(
        course.episode["period"]["end"], "2040-03-31T23:59:59-04:00",
        "that day and 29 more"
    );
}

fn rationale(course: &Course) -> &str {
    course.risk["prediction"][0]["rationale"]
        .as_str()
        .expect("a rationale")
}

fn level(course: &Course) -> &Value {
    &course.risk["prediction"][0]["qualitativeRisk"]["coding"][0]["code"]
}

fn by_risk(baton: &Baton) {
    let partner = baton.partner();
    let low = ended(&partner, "2040-03-02T15:00:00-05:00", 1, &["J18.9"], "R");
    assert_eq!(
        (level(&low), &low.risk["status"]),
        (&json!("low"), &json!("final"))
    );
    assert_eq!(low.due("follow-up-visit"), "2040-03-16T23:59:59-04:00");
    assert!(!low.has("home-visit"));
    let high = ended(
        &partner,
        "2040-03-02T15:00:00-05:00",
        7,
        &["I50.9", "N18.4", "J18.9"],
        "EM",
    );
    assert_eq!(level(&high), "high");
    for part in ["LACE 13", "L 5 (7 days)", "A 3 (emergent", "C 5", "E 0"] {
        assert!(rationale(&high).contains(part), "{part} in {}", rationale(&high));
    }
    assert_eq!(
        high.risk["basis"].as_array().map(Vec::len),
        Some(4),
        "the stay and three diagnoses"
    );
    assert_eq!(high.due("follow-up-visit"), "2040-03-09T23:59:59-05:00");
    for course in [&low, &high] {
        assert_eq!(
            course.due("medication-reconciliation"),
            course.due("follow-up-visit")
        );
    }
    let visit = &high.task("home-visit")["restriction"]["period"];
    assert_eq!(visit["start"], "2040-03-04T15:00:00-05:00");
    assert_eq!(visit["end"], "2040-03-05T15:00:00-05:00");
    // A late diagnosis raises the risk and pulls the visit closer.
    let late = ended(&partner, "2040-03-02T15:00:00-05:00", 7, &["I50.9"], "R");
    assert_eq!(level(&late), "moderate");
    let condition = json!({"resourceType": "Condition", "subject": late.stay["subject"],
        "encounter": {"reference": reference(&late.stay)},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C78.7"}]}});
    partner.post("Condition", &condition).ok();
    let late = partner.course_of(late.stay);
    assert_eq!(
        (level(&late), late.due("follow-up-visit")),
        (&json!("high"), "2040-03-09T23:59:59-05:00")
    );
    assert!(late.has("home-visit"));
}

fn what_is_missing_is_said(baton: &Baton) {
    let partner = baton.partner();
    let course = ended(&partner, "2040-03-02T15:00:00-05:00", 5, &[], "EM");
    assert_eq!(
        (level(&course), &course.risk["status"]),
        (&Value::Null, &json!("preliminary"))
    );
    assert!(
        rationale(&course).contains("at least 7") && rationale(&course).contains("C incomplete"),
        "{}",
        rationale(&course)
    );
    assert!(course.risk["extension"].to_string().contains("incomplete"));
    assert_eq!(course.due("follow-up-visit"), "2040-03-16T23:59:59-04:00");
    // What is missing cannot change it.
    let sure = ended(&partner, "2040-03-02T15:00:00-05:00", 20, &[], "EM");
    assert_eq!(level(&sure), "high");
}

fn pending_results(baton: &Baton) {
    let partner = baton.partner();
    let none = ended(&partner, "2040-03-02T15:00:00-05:00", 1, &["J18.9"], "R");
    assert!(!none.has("pending-results"));
    let code = json!({"text": "blood culture"});
    let lab = json!([{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}]);
    let open = [
        json!({"resourceType": "DiagnosticReport", "status": "preliminary", "code": code}),
        json!({"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": code, "category": lab}),
    ];
    for mut resource in open {
        let id = unique("P");
        partner.put(&format!("Patient/{id}"), &patient(&id)).ok();
        let stay = encounter(&id, "2040-03-01T15:00:00-05:00", "2040-03-02T15:00:00-05:00");
        resource["subject"] = stay["subject"].clone();
        resource["encounter"] = json!({"reference": reference(&stay)});
        partner
            .post(resource["resourceType"].as_str().expect("a type"), &resource)
            .ok();
        partner.put(&reference(&stay), &stay).ok();
        let course = partner.course_of(stay);
        assert_eq!(course.due("pending-results"), course.due("follow-up-visit"));
    }
}
