//! Records of one person that become one: nobody's work is orphaned.
use crate::on_both;
use crate::support::care::{encounter, iso, patient, reference};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    work_follows_the_surviving_record,
    chains_end_at_the_last_survivor,
    stays_written_over_fhir_follow_too
);

fn merge(survivor: &str, loser: &str, at: i64) -> Adt {
    let mut merge = Adt::new("A40", survivor, "").at(days_ago(at));
    (merge.visit, merge.merged) = (None, Some(loser.to_owned()));
    merge.diagnoses.clear();
    merge
}

fn person(client: &Client, number: &str) -> Value {
    let found = client.find(&format!(
        "Patient?identifier=urn:baton:authority:GENERAL|{number}"
    ));
    let own = |it: &&Value| {
        it["identifier"]
            .as_array()
            .expect("identifiers")
            .iter()
            .any(|it| it["value"] == number && it["use"] != "old")
    };
    let mut own: Vec<&Value> = found.iter().filter(own).collect();
    assert_eq!(own.len(), 1, "{number}: {found:#?}");
    own.remove(0).clone()
}

fn work_follows_the_surviving_record(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (survivor, loser, visit) = (unique("P"), unique("P"), unique("V"));
    partner.taken(&Adt::new("A03", &loser, &visit).discharged(days_ago(2), "01"));
    let retired = reference(&person(&partner, &loser));
    // Written by hand: a decimal keeps its zeroes.
    let weight = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"weight"}},"subject":{{"reference":"{retired}"}},"valueQuantity":{{"value":81.50}}}}"#
    );
    let observation = partner
        .send_text("POST", "Observation", "application/fhir+json", weight)
        .ok();
    let observation = reference(&observation);
    partner.taken(&merge(&survivor, &loser, 1));
    let (one, other) = (person(&partner, &survivor), partner.get(&retired).ok());
    let new = reference(&one);
    assert_eq!(
        (&other["active"], &other["link"][0]["type"]),
        (&json!(false), &json!("replaced-by"))
    );
    assert_eq!(other["link"][0]["other"]["reference"], new.as_str());
    assert_eq!(
        (&one["link"][0]["type"], &one["link"][0]["other"]["reference"]),
        (&json!("replaces"), &json!(retired))
    );
    let course = partner.course(&visit);
    assert_eq!(course.stay["subject"]["reference"], new.as_str());
    assert_eq!(course.episode["patient"]["reference"], new.as_str());
    assert!(
        [&course.plan, &course.team, &course.risk]
            .iter()
            .all(|it| it["subject"]["reference"] == new.as_str())
    );
    assert!(
        course
            .tasks
            .iter()
            .all(|task| task["for"]["reference"] == new.as_str() && task["status"] == "requested")
    );
    let moved = partner.get(&observation);
    assert_eq!(moved.ok()["subject"]["reference"], new.as_str());
    assert!(
        moved.text.contains("81.50"),
        "nothing else is touched: {}",
        moved.text
    );
    assert_eq!(
        partner.find(&format!("Task?patient={retired}")),
        Vec::<Value>::new()
    );
}

fn chains_end_at_the_last_survivor(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (a, b, c, visit) = (unique("P"), unique("P"), unique("P"), unique("V"));
    partner.taken(&merge(&c, &b, 1));
    partner.taken(&Adt::new("A01", &a, &visit));
    partner.taken(&merge(&b, &a, 2));
    // Its own hospital goes on to use the first number.
    partner.taken(&Adt::new("A03", &a, &visit).discharged(days_ago(1), "01"));
    let last = reference(&person(&partner, &c));
    let course = partner.course(&visit);
    assert_eq!(course.stay["subject"]["reference"], last.as_str());
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    assert!(
        course
            .tasks
            .iter()
            .all(|task| task["for"]["reference"] == last.as_str())
    );
}

/// The EHR wrote patient and stay; only the merge comes from the hospital's registration.
fn stays_written_over_fhir_follow_too(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (survivor, loser) = (unique("P"), unique("P"));
    let mut record = patient(&loser);
    record["identifier"] = json!([{"system": "urn:baton:authority:GENERAL", "value": loser}]);
    partner.put(&reference(&record), &record).ok();
    let mut stay = encounter(&loser, &iso(days_ago(5)), &iso(days_ago(2)));
    partner.put(&reference(&stay), &stay).ok();
    partner.taken(&merge(&survivor, &loser, 1));
    let new = reference(&person(&partner, &survivor));
    stay = partner.get(&reference(&stay)).ok();
    assert_eq!(stay["subject"]["reference"], new.as_str());
    let course = partner.course_of(stay);
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    assert!(
        course
            .tasks
            .iter()
            .all(|task| task["for"]["reference"] == new.as_str())
    );
    assert_eq!(course.episode["patient"]["reference"], new.as_str());
}
