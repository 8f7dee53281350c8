//! What happens after a discharge: death, readmission, and visits that become one.
use crate::on_both;
use crate::support::Baton;
use crate::support::care::{reason, reference};
use crate::support::messages::{Adt, days_ago, unique};
use chrono_tz::America::New_York;
use serde_json::json;

on_both!(
    death_stops_outreach,
    a_readmission_closes_and_counts,
    the_borders_of_a_readmission,
    an_emergency_visit_turned_inpatient_is_one_stay,
    a_visit_under_a_new_number_is_one_stay
);

fn death_stops_outreach(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    for event in ["A31", "A08"] {
        let (patient, visit) = (unique("P"), unique("V"));
        partner.taken(&Adt::new("A03", &patient, &visit).discharged(days_ago(3), "01"));
        let mut death = Adt::new(event, &patient, &visit).at(days_ago(1));
        death.died = Some(days_ago(2));
        death.visit = death.visit.filter(|_| event == "A08");
        partner.taken(&death);
        let course = partner.course(&visit);
        assert_eq!(
            course.statuses(),
            ["finished", "revoked", "inactive", "cancelled"],
            "{event}"
        );
        assert!(
            course.tasks.iter().all(|task| reason(task) == "deceased"),
            "{event}"
        );
        let ended = days_ago(2).with_timezone(&New_York).to_rfc3339();
        assert_eq!(course.episode["period"]["end"], ended.as_str(), "{event}");
    }
    // Over FHIR, and taken back.
    let (patient, visit) = (unique("P"), unique("V"));
    partner.taken(&Adt::new("A03", &patient, &visit).discharged(days_ago(3), "01"));
    let stay = partner.stay(&visit);
    let path = stay["subject"]["reference"].as_str().expect("a patient");
    let mut person = partner.get(path).ok();
    person["deceasedBoolean"] = json!(true);
    partner.put(path, &person).ok();
    assert_eq!(reason(partner.course(&visit).task("tcm-contact")), "deceased");
    person["deceasedBoolean"] = json!(false);
    partner.put(path, &person).ok();
    assert_eq!(
        partner.course(&visit).statuses(),
        ["active", "active", "active", "requested"]
    );
}

fn a_readmission_closes_and_counts(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, first, second) = (unique("P"), unique("V"), unique("V"));
    let mut discharge = Adt::new("A03", &patient, &first).discharged(days_ago(14), "01");
    discharge.admitted = Some(days_ago(18));
    partner.taken(&discharge);
    let back = |event| {
        let mut message = Adt::new(event, &patient, &second).at(days_ago(2));
        message.admitted = Some(days_ago(2));
        message
    };
    partner.taken(&back("A01"));
    let course = partner.course(&first);
    assert_eq!(
        course.statuses(),
        ["finished", "revoked", "inactive", "cancelled"]
    );
    assert!(course.tasks.iter().all(|task| reason(task) == "readmitted"));
    assert_eq!(reason(&course.episode), "readmitted");
    partner.taken(&back("A03").discharged(days_ago(1), "01"));
    let again = partner.course(&second);
    assert_eq!(again.statuses(), ["active", "active", "active", "requested"]);
    let marks = again.episode["extension"].as_array().expect("extensions");
    let mark = marks
        .iter()
        .find(|it| it["url"] == "urn:baton:readmission")
        .expect("a readmission");
    let part = |name: &str| {
        mark["extension"]
            .as_array()
            .expect("parts")
            .iter()
            .find(|it| it["url"] == name)
            .expect(name)
            .clone()
    };
    let day = |days: i64| days_ago(days).with_timezone(&New_York).date_naive();
    assert_eq!(part("days")["valueInteger"], (day(2) - day(14)).num_days());
    assert_eq!(part("count")["valueInteger"], 1);
    assert_eq!(
        part("after")["valueReference"]["reference"],
        reference(&course.stay)
    );
    // A return that never was reopens what it closed.
    partner.taken(&back("A11").at(days_ago(0)));
    assert_eq!(
        partner.course(&first).statuses(),
        ["active", "active", "active", "requested"]
    );
}

/// Day 29 is the last of the period, day 30 the last that counts as a return.
fn the_borders_of_a_readmission(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let day = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&New_York).date_naive();
    let admitted = days_ago(0) - chrono::Duration::seconds(2);
    for n in 28..32 {
        let (patient, first, second) = (unique("P"), unique("V"), unique("V"));
        let mut discharge = Adt::new("A03", &patient, &first).discharged(days_ago(n), "01");
        discharge.admitted = Some(days_ago(n + 3));
        partner.taken(&discharge);
        let mut back = Adt::new("A01", &patient, &second).at(admitted);
        back.admitted = Some(admitted);
        partner.taken(&back);
        let days = (day(admitted) - day(days_ago(n))).num_days();
        let plans = partner.find(&format!("CarePlan?encounter:Encounter.identifier={first}"));
        // What is over when it is heard of opens nothing.
        assert_eq!(plans.len(), usize::from(days < 30), "day {days}");
        if days < 30 {
            let course = partner.course(&first);
            assert_eq!(reason(&course.episode), "readmitted", "day {days}");
        }
        let mut out = back.clone().discharged(days_ago(0), "01");
        (out.event, out.control) = ("A03", unique("MSG"));
        partner.taken(&out);
        let episode = partner.course(&second).episode.to_string();
        assert_eq!(
            episode.contains("urn:baton:readmission"),
            days <= 30,
            "day {days}"
        );
    }
}

fn an_emergency_visit_turned_inpatient_is_one_stay(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let mut arrival = Adt::new("A04", &patient, &visit);
    arrival.class = "E";
    partner.taken(&arrival);
    assert_eq!(partner.stay(&visit)["class"]["code"], "EMER");
    partner.taken(&Adt::new("A06", &patient, &visit).at(days_ago(4)));
    partner.taken(&Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01"));
    let course = partner.course(&visit);
    assert_eq!(course.stay["class"]["code"], "IMP");
    assert_eq!(course.stay["classHistory"][0]["class"]["code"], "EMER");
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    let rationale = course.risk["prediction"][0]["rationale"]
        .as_str()
        .expect("a rationale");
    assert!(
        rationale.contains("A 3") && rationale.contains("E 0"),
        "the visit that led to it counts once: {rationale}"
    );
}

/// MRG-5: the inpatient stay has another number than the emergency visit it continues.
fn a_visit_under_a_new_number_is_one_stay(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, outpatient, inpatient) = (unique("P"), unique("V"), unique("V"));
    let mut arrival = Adt::new("A04", &patient, &outpatient);
    arrival.class = "E";
    partner.taken(&arrival);
    let mut change = Adt::new("A06", &patient, &inpatient).at(days_ago(4));
    change.extra = vec![format!("MRG|{patient}^^^GENERAL^MR||||{outpatient}")];
    partner.taken(&change);
    partner.taken(&Adt::new("A03", &patient, &inpatient).discharged(days_ago(1), "01"));
    let course = partner.course(&inpatient);
    let subject = course.stay["subject"]["reference"].as_str().expect("a patient");
    let real = partner.find(&format!(
        "Encounter?subject={subject}&status:not=entered-in-error"
    ));
    assert_eq!(real.len(), 1);
    assert_eq!(course.stay["classHistory"][0]["class"]["code"], "EMER");
    let begun = course.stay["period"]["start"].as_str().expect("a start");
    assert_eq!(
        begun,
        days_ago(5).with_timezone(&New_York).to_rfc3339(),
        "since the emergency visit"
    );
}
