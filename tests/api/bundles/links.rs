//! Links between entries, and references by criteria. <https://hl7.org/fhir/R4/http.html#trules>
use super::{ONE, THREE, TWO, about, basic, patient, place, post, put, statuses, transact, unless};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(
    a_transaction_links_its_entries,
    circles_and_other_places_are_linked,
    conditional_references_find_stored_and_new,
    conditional_creates_keep_what_is_there,
    parallel_transactions_make_one
);

fn a_transaction_links_its_entries(baton: &Baton) {
    let partner = baton.partner();
    let mut narrated = about(ONE);
    narrated["text"] = json!({"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"{ONE}\">x</a></div>")});
    narrated["extension"] = json!([{"url": "urn:x", "valueUri": ONE}]);
    narrated["valueString"] = json!(ONE);
    let done = transact(
        &partner,
        json!([post(TWO, narrated), post(ONE, patient("linked"))]),
    );
    assert_eq!(statuses(&done), ["201", "201"]);
    let (observation, person) = (place(&done, 0), place(&done, 1));
    let stored = partner.get(&observation).ok();
    assert_eq!(stored["subject"]["reference"], person);
    assert_eq!(stored["extension"][0]["valueUri"], person);
    assert!(
        stored["text"]["div"]
            .as_str()
            .expect("a div")
            .contains(&format!("href=\"{person}\""))
    );
    assert_eq!(stored["valueString"], ONE, "a string is no link");
    assert_eq!(
        partner.only(&format!("Observation?subject={person}"))["id"],
        stored["id"]
    );
}

fn circles_and_other_places_are_linked(baton: &Baton) {
    let partner = baton.partner();
    let link = |to: &str| json!({"resourceType": "Patient", "link": [{"type": "seealso", "other": {"reference": to}}]});
    let elsewhere = "http://elsewhere.example/fhir/Patient/7";
    let done = transact(
        &partner,
        json!([
            post(ONE, link(TWO)),
            post(TWO, link(ONE)),
            post(elsewhere, patient("7")),
            post(THREE, about("Patient/7"))
        ]),
    );
    let read = |index| partner.get(&place(&done, index)).ok();
    assert_eq!(read(0)["link"][0]["other"]["reference"], place(&done, 1));
    assert_eq!(read(1)["link"][0]["other"]["reference"], place(&done, 0));
    assert_eq!(
        read(3)["subject"]["reference"],
        place(&done, 2),
        "relative to the fullUrl's server"
    );
}

fn conditional_references_find_stored_and_new(baton: &Baton) {
    let partner = baton.partner();
    let there = partner.post("Patient", &patient("there")).ok()["id"]
        .as_str()
        .expect("an id")
        .to_string();
    let done = transact(
        &partner,
        json!([
            post(ONE, about("Patient?identifier=urn:mrn|there")),
            post(TWO, about("Patient?identifier=urn:mrn|new")),
            post(THREE, patient("new")),
        ]),
    );
    let subject = |index| partner.get(&place(&done, index)).ok()["subject"]["reference"].clone();
    assert_eq!(
        (subject(0), subject(1)),
        (json!(format!("Patient/{there}")), json!(place(&done, 2)))
    );

    let missing = transact(
        &partner,
        json!([
            post(ONE, patient("other")),
            post(TWO, about("Patient?identifier=urn:mrn|none"))
        ]),
    );
    let outcome = missing.refused(412, "finds no resource");
    assert_eq!(
        outcome["issue"][0]["expression"][0],
        "Bundle.entry[1].resource.subject.reference"
    );
    partner.post("Patient", &patient("there")).ok();
    transact(
        &partner,
        json!([post(ONE, about("Patient?identifier=urn:mrn|there"))]),
    )
    .refused(412, "match");
    assert!(partner.find("Patient?identifier=urn:mrn|other").is_empty());
}

fn conditional_creates_keep_what_is_there(baton: &Baton) {
    let partner = baton.partner();
    let entries = || {
        json!([
            unless(post(ONE, patient("kept")), "identifier=urn:mrn|kept"),
            post(TWO, about(ONE))
        ])
    };
    let (first, second) = (transact(&partner, entries()), transact(&partner, entries()));
    assert_eq!(
        (statuses(&first), statuses(&second)),
        (
            vec!["201".to_string(); 2],
            vec!["200".to_string(), "201".to_string()]
        )
    );
    assert_eq!(place(&first, 0), place(&second, 0));
    assert_eq!(
        partner
            .find(&format!("Observation?subject={}", place(&first, 0)))
            .len(),
        2
    );
    partner.post("Patient", &patient("kept")).ok();
    let twice = transact(&partner, entries()).refused(412, "match");
    assert_eq!(twice["issue"][0]["expression"][0], "Bundle.entry[0]");
}

fn parallel_transactions_make_one(baton: &Baton) {
    let partner = baton.partner();
    let writers: Vec<_> = (0..24)
        .map(|_| {
            let partner = partner.clone();
            let entries = json!([
                unless(post(ONE, patient("crowd")), "identifier=urn:mrn|crowd"),
                post(TWO, about(ONE)),
                put("Basic/crowd", basic("crowd"))
            ]);
            std::thread::spawn(move || statuses(&transact(&partner, entries))[0].clone())
        })
        .collect();
    let all: Vec<String> = writers
        .into_iter()
        .map(|one| one.join().expect("no panic"))
        .collect();
    assert_eq!(all.iter().filter(|status| *status == "201").count(), 1);
    let one = partner.only("Patient?identifier=urn:mrn|crowd");
    assert_eq!(
        partner
            .find(&format!(
                "Observation?subject=Patient/{}",
                one["id"].as_str().expect("an id")
            ))
            .len(),
        24
    );
}
