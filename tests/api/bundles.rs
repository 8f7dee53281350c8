//! batch and transaction Bundles: links between entries, conditions, order, all or nothing.
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    a_transaction_links_its_entries,
    circles_and_other_places_are_linked,
    conditional_references_find_stored_and_new,
    conditional_creates_keep_what_is_there,
    all_or_nothing,
    entries_work_in_the_order_of_the_specification,
    versions_guard_entries,
    the_same_resource_twice_is_refused,
    a_batch_is_each_for_itself,
    envelopes_are_checked,
    parallel_transactions_make_one,
);

fn bundle(kind: &str, entries: Value) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn transact(partner: &Client, entries: Value) -> Reply {
    partner.post("", &bundle("transaction", entries))
}

fn post(url: &str, resource: Value) -> Value {
    let on = resource["resourceType"].clone();
    json!({"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": on}})
}

fn put(path: &str, resource: Value) -> Value {
    json!({"resource": resource, "request": {"method": "PUT", "url": path}})
}

fn bare(method: &str, path: &str) -> Value {
    json!({"request": {"method": method, "url": path}})
}

fn patient(mrn: &str) -> Value {
    json!({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": mrn}]})
}

fn about(subject: &str) -> Value {
    json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}})
}

fn basic(id: &str) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": "x"}})
}

fn statuses(reply: &Reply) -> Vec<String> {
    let answer = reply.ok();
    let entries = answer["entry"].as_array().expect("entries").iter();
    entries
        .map(|e| e["response"]["status"].as_str().expect("a status")[..3].to_string())
        .collect()
}

/// `Type/id` of one entry of the answer.
fn place(reply: &Reply, index: usize) -> String {
    let answer = reply.ok();
    let location = answer["entry"][index]["response"]["location"]
        .as_str()
        .expect("a location");
    let (path, _) = location.split_once("/_history/").expect("a version");
    path.rsplitn(3, '/')
        .take(2)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
        .join("/")
}

const ONE: &str = "urn:uuid:00000000-0000-4000-8000-000000000001";
const TWO: &str = "urn:uuid:00000000-0000-4000-8000-000000000002";
const THREE: &str = "urn:uuid:00000000-0000-4000-8000-000000000003";

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

fn unless(mut entry: Value, criteria: &str) -> Value {
    entry["request"]["ifNoneExist"] = json!(criteria);
    entry
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

fn all_or_nothing(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/stays", &basic("stays")).ok();
    let wrong = json!({"resourceType": "Observation", "status": "finished", "code": {"text": "x"}});
    let refused = transact(
        &partner,
        json!([
            post(ONE, patient("never")),
            bare("DELETE", "Basic/stays"),
            post(TWO, wrong)
        ]),
    );
    assert_eq!(
        refused.refused(422, "status")["issue"][0]["expression"][0],
        "Bundle.entry[2].resource.status"
    );

    let mut guarded = put("Basic/stays", basic("stays"));
    guarded["request"]["ifMatch"] = json!("W/\"9\"");
    let refused = transact(&partner, json!([post(ONE, patient("never")), guarded]));
    assert_eq!(
        refused.refused(412, "version 1")["issue"][0]["expression"][0],
        "Bundle.entry[1]"
    );
    let refused = transact(
        &partner,
        json!([post(ONE, patient("never")), bare("GET", "Basic/none")]),
    );
    assert_eq!(
        refused.refused(404, "no Basic")["issue"][0]["expression"][0],
        "Bundle.entry[1]"
    );
    assert!(partner.find("Patient?identifier=urn:mrn|never").is_empty());
    assert_eq!(partner.get("Basic/stays").header("etag"), "W/\"1\"");
}

fn entries_work_in_the_order_of_the_specification(baton: &Baton) {
    let partner = baton.partner();
    partner.post("Patient", &patient("order")).ok();
    partner.put("Basic/order", &basic("order")).ok();
    let done = transact(
        &partner,
        json!([
            bare("GET", "Basic/order"),
            put(
                "Basic/order",
                json!({"resourceType": "Basic", "id": "order", "code": {"text": "new"}})
            ),
            bare("GET", "Patient?identifier=urn:mrn|order"),
            post(ONE, patient("order")),
            bare("DELETE", "Patient?identifier=urn:mrn|order"),
        ]),
    );
    assert_eq!(statuses(&done), ["200", "200", "200", "201", "204"]);
    let answer = done.ok();
    assert_eq!(answer["entry"][0]["resource"]["code"]["text"], "new");
    let found = answer["entry"][2]["resource"]["entry"]
        .as_array()
        .expect("a match");
    assert_eq!(
        (found.len(), found[0]["resource"]["id"].as_str()),
        (1, place(&done, 3).split_once('/').map(|(_, id)| id))
    );
}

fn versions_guard_entries(baton: &Baton) {
    let partner = baton.partner();
    let with = |member: &str, value: &str| {
        let mut entry = put("Basic/g", basic("g"));
        entry["request"][member] = json!(value);
        transact(&partner, json!([entry]))
    };
    assert_eq!(statuses(&with("ifNoneMatch", "*")), ["201"]);
    with("ifNoneMatch", "*").refused(412, "version 1");
    with("ifMatch", "W/\"2\"").refused(412, "version 1");
    with("ifMatch", "nonsense").refused(400, "ETag");
    assert!(with("ifMatch", "W/\"1\"").status == 200);
    let mut read = bare("GET", "Basic/g");
    read["request"]["ifNoneMatch"] = partner.get("Basic/g").header("etag").into();
    assert_eq!(statuses(&transact(&partner, json!([read]))), ["304"]);
}

fn the_same_resource_twice_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let twice = [
        json!([put("Basic/d", basic("d")), put("Basic/d", basic("d"))]),
        json!([put("Basic/d", basic("d")), bare("DELETE", "Basic/d")]),
        json!([post(ONE, patient("d")), post(ONE, patient("e"))]),
        json!([
            unless(post(ONE, patient("d")), "identifier=urn:mrn|d"),
            unless(post(TWO, patient("d")), "identifier=urn:mrn|d")
        ]),
    ];
    for entries in twice {
        let outcome = transact(&partner, entries).refused(400, "only once");
        assert_eq!(outcome["issue"][0]["expression"][0], "Bundle.entry[1]");
        assert_eq!(outcome["issue"][0]["code"], "duplicate");
    }
    assert_eq!(partner.get("Basic/d").status, 404);
}

fn a_batch_is_each_for_itself(baton: &Baton) {
    let partner = baton.partner();
    let entries = json!([
        put("Basic/b1", basic("b1")),
        post(ONE, json!({"resourceType": "Patient", "gender": "x"})),
        bare("GET", "Basic/none"),
        bare("GET", "Basic?_id=b1"),
        unless(post(TWO, patient("batch")), "identifier=urn:mrn|batch"),
        bare("DELETE", "Basic/none"),
        bare("FETCH", "Basic/b1"),
    ]);
    let done = partner.post("", &bundle("batch", entries));
    assert_eq!(statuses(&done), ["201", "422", "404", "200", "201", "204", "422"]);
    let answer = done.ok();
    assert_eq!(answer["type"], "batch-response");
    assert_eq!(
        answer["entry"][1]["response"]["outcome"]["issue"][0]["expression"][0],
        "Bundle.entry[1].resource.gender"
    );
    assert_eq!(answer["entry"][3]["resource"]["entry"][0]["resource"]["id"], "b1");
}

fn envelopes_are_checked(baton: &Baton) {
    let partner = baton.partner();
    partner
        .post("", &patient("x"))
        .refused(400, "The base takes a Bundle");
    partner
        .post("", &bundle("collection", json!([])))
        .refused(400, "batch or transaction");
    let at = |entries: Value| {
        transact(&partner, entries).refused(422, "Bundle.entry[0]")["issue"][0]["expression"][0].clone()
    };
    assert_eq!(at(json!([{"resource": patient("x")}])), "Bundle.entry[0].request");
    assert_eq!(
        at(json!([bare("FETCH", "Patient")])),
        "Bundle.entry[0].request.method"
    );
    assert_eq!(
        at(json!([bare("GET", "Patientt")])),
        "Bundle.entry[0].request.url"
    );
    assert_eq!(at(json!([bare("POST", "Patient")])), "Bundle.entry[0].resource");
    let unknown = json!({"resourceType": "Bundle", "type": "batch", "entries": []});
    assert_eq!(
        partner.post("", &unknown).refused(400, "entries")["issue"][0]["expression"][0],
        "Bundle.entries"
    );
    assert_eq!(
        transact(&partner, json!([put("Basic/y", basic("x"))])).refused(400, "id")["issue"][0]["expression"]
            [0],
        "Bundle.entry[0].resource.id"
    );
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
