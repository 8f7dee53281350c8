//! batch and transaction.
use crate::server::{Answer, Baton, fhir, send};
use reqwest::Method;
use serde_json::{Value, json};

fn bundle(kind: &str, entries: &[Value]) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn entry(method: &str, url: &str, resource: Value) -> Value {
    json!({"resource": resource, "request": {"method": method, "url": url}})
}

fn bare(method: &str, url: &str) -> Value {
    json!({"request": {"method": method, "url": url}})
}

fn statuses(answer: &Answer) -> Vec<String> {
    let bundle = answer.json();
    let entries = bundle["entry"].as_array().expect("entries").clone();
    entries
        .iter()
        .map(|e| e["response"]["status"].as_str().unwrap_or_default()[..3].to_owned())
        .collect()
}

#[test]
fn a_transaction_links_its_entries() {
    let baton = Baton::start();
    let mut patient = entry(
        "POST",
        "Patient",
        json!({"resourceType": "Patient", "id": "ignored"}),
    );
    patient["fullUrl"] = json!("urn:uuid:8c2b4e5a-0000-4000-8000-000000000001");
    let observation = json!({
        "resourceType": "Observation", "id": "obs", "status": "final", "code": {"text": "x"},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:8c2b4e5a-0000-4000-8000-000000000001"}],
        "subject": {"reference": "urn:uuid:8c2b4e5a-0000-4000-8000-000000000001"},
        "valueQuantity": {"value": 1.5}
    });
    let sent = bundle(
        "transaction",
        &[
            bare("GET", "Observation/obs"),
            entry("PUT", "Observation/obs", observation),
            patient,
        ],
    );
    let answer = baton.post("", &sent).expect(200);
    assert_eq!(statuses(&answer), ["200", "201", "201"]);
    let done = answer.json();
    assert_eq!(done["type"], "transaction-response");
    let location = done["entry"][2]["response"]["location"]
        .as_str()
        .expect("a location")
        .to_owned();
    let patient = location.split("/_history").next().expect("an address").to_owned();
    assert_ne!(patient, "Patient/ignored");
    let read = &done["entry"][0]["resource"];
    assert_eq!(read["subject"]["reference"], patient, "reads come after writes");
    assert_eq!(
        read["identifier"][0]["value"],
        "urn:uuid:8c2b4e5a-0000-4000-8000-000000000001"
    );
    baton.get(&format!("/{patient}")).expect(200);
}

#[test]
fn conditional_references_and_creates() {
    let baton = Baton::start();
    let doctor = |number: u32| json!({"resourceType": "Practitioner", "identifier": [{"system": "urn:npi", "value": number.to_string()}]});
    for number in 1..=3 {
        baton.post("/Practitioner", &doctor(number)).expect(201);
    }
    let mut known = entry("POST", "Practitioner", doctor(1));
    known["request"]["ifNoneExist"] = json!("identifier=urn:npi|1");
    let mut new = entry("POST", "Practitioner", doctor(4));
    new["request"]["ifNoneExist"] = json!("identifier=urn:npi|4");
    let team = |numbers: &[u32]| {
        let members: Vec<Value> = numbers
            .iter()
            .map(|n| json!({"member": {"reference": format!("Practitioner?identifier=urn:npi|{n}")}}))
            .collect();
        entry(
            "POST",
            "CareTeam",
            json!({"resourceType": "CareTeam", "participant": members}),
        )
    };
    let answer = baton
        .post(
            "",
            &bundle("transaction", &[known.clone(), team(&[1, 2, 3, 4, 2]), new]),
        )
        .expect(200);
    assert_eq!(statuses(&answer), ["200", "201", "201"]);
    let team_id = answer.json()["entry"][1]["response"]["location"]
        .as_str()
        .expect("a location")[..45]
        .to_owned();
    let stored = baton.get(&format!("/{team_id}")).expect(200).json();
    let members: Vec<&str> = stored["participant"]
        .as_array()
        .expect("members")
        .iter()
        .filter_map(|member| member["member"]["reference"].as_str())
        .collect();
    assert_eq!(members.len(), 5);
    assert!(
        members.iter().all(|member| member.starts_with("Practitioner/")),
        "{members:?}"
    );
    assert_eq!(members[1], members[4]);

    let missing = baton
        .post("", &bundle("transaction", &[known, team(&[9])]))
        .expect(412);
    assert_eq!(
        missing.issue()["expression"][0],
        "Bundle.entry[1].resource.participant[0].member.reference"
    );
    let alone = baton.post("/CareTeam", &team(&[1])["resource"]).expect(422);
    assert_eq!(
        alone.issue()["expression"][0],
        "CareTeam.participant[0].member.reference"
    );
    assert_eq!(baton.get("/CareTeam?_summary=count").json()["total"], 1);
}

#[test]
fn a_transaction_is_all_or_nothing() {
    let baton = Baton::start();
    let good = entry("PUT", "Patient/a", json!({"resourceType": "Patient", "id": "a"}));
    let bad = entry(
        "POST",
        "Patient",
        json!({"resourceType": "Patient", "name": [{"gven": ["x"]}]}),
    );
    let refused = baton
        .post("", &bundle("transaction", &[good.clone(), bad]))
        .expect(422);
    assert_eq!(
        refused.issue()["expression"][0],
        "Bundle.entry[1].resource.name[0].gven"
    );
    baton.get("/Patient/a").expect(404);

    let mut guarded = entry("PUT", "Patient/b", json!({"resourceType": "Patient", "id": "b"}));
    guarded["request"]["ifMatch"] = json!("W/\"7\"");
    let refused = baton
        .post("", &bundle("transaction", &[good.clone(), guarded]))
        .expect(412);
    assert_eq!(refused.issue()["expression"][0], "Bundle.entry[1]");
    baton.get("/Patient/a").expect(404);

    let twice = baton
        .post(
            "",
            &bundle("transaction", &[good.clone(), bare("DELETE", "Patient/a")]),
        )
        .expect(400);
    assert_eq!(twice.issue()["expression"][0], "Bundle.entry[1]");
    let mut named = entry("POST", "Patient", json!({"resourceType": "Patient"}));
    named["fullUrl"] = json!("urn:uuid:8c2b4e5a-0000-4000-8000-000000000001");
    let same_url = baton
        .post("", &bundle("transaction", &[named.clone(), named]))
        .expect(400);
    assert_eq!(same_url.issue()["expression"][0], "Bundle.entry[1]");
    let unread = baton
        .post("", &bundle("transaction", &[good, bare("GET", "Patient/none")]))
        .expect(404);
    assert_eq!(unread.issue()["expression"][0], "Bundle.entry[1]");
    baton.get("/Patient/a").expect(404);
}

#[test]
fn a_batch_is_each_for_itself() {
    let baton = Baton::start();
    let entries = [
        bare("GET", "Patient/a"),
        entry("PUT", "Patient/a", json!({"resourceType": "Patient", "id": "a"})),
        entry(
            "POST",
            "Patient",
            json!({"resourceType": "Patient", "gender": "neither"}),
        ),
        bare("GET", "Patient?_id=a"),
        bare("DELETE", "Patient/none"),
        bare("PATCH", "Patient/a"),
        bare("GET", "Nothing/1"),
        bare("GET", "Patient/a/_history"),
    ];
    let answer = baton.post("", &bundle("batch", &entries)).expect(200);
    assert_eq!(
        statuses(&answer),
        ["200", "201", "422", "200", "204", "422", "422", "200"]
    );
    let done = answer.json();
    assert_eq!(
        done["entry"][2]["response"]["outcome"]["issue"][0]["expression"][0],
        "Bundle.entry[2].resource.gender"
    );
    assert_eq!(done["entry"][3]["resource"]["entry"][0]["resource"]["id"], "a");
    assert_eq!(done["entry"][1].get("resource"), None, "minimal unless asked");
    let request = baton
        .request(Method::POST, "/")
        .header("prefer", "return=representation");
    let full = send(fhir(request, &bundle("batch", &entries[1..2])))
        .expect(200)
        .json();
    assert_eq!(full["entry"][0]["resource"]["id"], "a");
}

#[test]
fn envelopes_are_checked() {
    let baton = Baton::with(|config| config.limits.bundle_entries = 2);
    baton.post("", &bundle("collection", &[])).expect(400).issue();
    baton
        .post("", &json!({"resourceType": "Patient"}))
        .expect(400)
        .issue();
    baton
        .post(
            "",
            &json!({"resourceType": "Bundle", "type": "batch", "entries": []}),
        )
        .expect(400)
        .issue();
    baton
        .post(
            "",
            &bundle(
                "batch",
                &[
                    bare("GET", "Patient/1"),
                    bare("GET", "Patient/1"),
                    bare("GET", "Patient/1"),
                ],
            ),
        )
        .expect(413)
        .issue();
    baton.post("", &bundle("transaction", &[])).expect(200);
    baton
        .post(
            "",
            &bundle("transaction", &[json!({"resource": {"resourceType": "Patient"}})]),
        )
        .expect(422)
        .issue();
}
