//! Where things come from: told by the client in a header, or by Baton of what it derives.
use super::book::{patient, text};
use crate::on_both;
use crate::support::messages::{Adt, days_ago};
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    a_header_becomes_a_provenance_of_what_was_written,
    a_transaction_is_spoken_of_by_what_its_entries_call_each_other,
    a_target_that_is_no_entry_writes_nothing,
    a_bad_header_writes_nothing,
    what_baton_derives_has_a_provenance,
);

fn said() -> Value {
    json!({
        "resourceType": "Provenance", "recorded": "2026-11-29T08:00:00Z",
        "agent": [{"who": {"display": "Dr. Lind"}}],
        "signature": [{"type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
            "when": "2026-11-29T08:00:00Z", "who": {"display": "Dr. Lind"}}],
    })
}

fn send(partner: &Client, method: &str, path: &str, body: &Value, header: &str) -> Reply {
    let request = partner
        .request(method, path)
        .header("content-type", "application/fhir+json");
    Reply::of(request.header("x-provenance", header).body(body.to_string()))
}

fn targets(partner: &Client, target: &str) -> Vec<String> {
    let found = partner.find(&format!("Provenance?target={target}"));
    let targets = found
        .iter()
        .flat_map(|one| one["target"].as_array().cloned().unwrap_or_default());
    let mut targets: Vec<String> = targets.map(|target| text(&target["reference"])).collect();
    targets.sort();
    targets
}

fn a_header_becomes_a_provenance_of_what_was_written(baton: &Baton) {
    let partner = baton.partner();
    let header = said().to_string();
    let basic = json!({"resourceType": "Basic", "code": {"text": "one"}});
    let created = send(&partner, "POST", "Basic", &basic, &header);
    assert_eq!(created.status, 201, "{}", created.text);
    let id = text(&created.json()["id"]);
    let name = format!("Basic/{id}");
    assert_eq!(targets(&partner, &name), [format!("{name}/_history/1")]);
    let stored = partner.only(&format!("Provenance?target={name}"));
    assert_eq!(stored["agent"], said()["agent"]);
    assert_eq!(stored["signature"], said()["signature"]);
    let mut again = created.json();
    again["code"] = json!({"text": "two"});
    assert_eq!(send(&partner, "PUT", &name, &again, &header).status, 200);
    assert_eq!(
        send(&partner, "PUT", &name, &again, &header).status,
        200,
        "nothing to write"
    );
    let versions = [format!("{name}/_history/1"), format!("{name}/_history/2")];
    assert_eq!(targets(&partner, &name), versions);
    let entry = |id: &str| {
        json!({
            "request": {"method": "PUT", "url": format!("Basic/{id}")},
            "resource": {"resourceType": "Basic", "id": id, "code": {"text": id}},
        })
    };
    let transaction =
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry("a"), entry("b")]});
    assert_eq!(send(&partner, "POST", "", &transaction, &header).status, 200);
    assert_eq!(
        targets(&partner, "Basic/a"),
        ["Basic/a/_history/1", "Basic/b/_history/1"]
    );
}

const WHO: &str = "urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000001";
const WHAT: &str = "urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000002";
const MORE: &str = "urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000003";

fn entry(url: &str, resource: Value, unless: Option<&str>) -> Value {
    let mut request = json!({"method": "POST", "url": resource["resourceType"]});
    if let Some(unless) = unless {
        request["ifNoneExist"] = unless.into();
    }
    json!({"fullUrl": url, "request": request, "resource": resource})
}

/// A practitioner, unless there is one of this number, and two results of theirs.
fn results(number: &str) -> Value {
    let by = json!({"system": "urn:staff", "value": number});
    let who = json!({"resourceType": "Practitioner", "identifier": [by]});
    let result = |text: &str| {
        json!({"resourceType": "Observation", "status": "final", "code": {"text": text},
            "performer": [{"reference": WHO}]})
    };
    json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        entry(WHAT, result("one"), None),
        entry(MORE, result("two"), None),
        entry(WHO, who, Some(&format!("identifier=urn:staff|{number}"))),
    ]})
}

fn by_entry(targets: &[&str]) -> String {
    let mut said = said();
    said["agent"] = json!([{"who": {"reference": WHO}}]);
    said["entity"] = json!([{"role": "source", "what": {"reference": MORE}}]);
    if !targets.is_empty() {
        let targets = targets.iter().map(|target| json!({"reference": target}));
        said["target"] = targets.collect();
    }
    said.to_string()
}

/// What became of the entries, in their order.
fn became(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let entries = reply.json()["entry"].as_array().cloned().unwrap_or_default();
    let places = entries.iter().map(|entry| text(&entry["response"]["location"]));
    places
        .map(|place| {
            let local = place
                .split_once("/fhir/")
                .map_or(place.as_str(), |(_, local)| local);
            local.split("/_history").next().unwrap_or_default().to_owned()
        })
        .collect()
}

fn a_transaction_is_spoken_of_by_what_its_entries_call_each_other(baton: &Baton) {
    let partner = baton.partner();
    // The second time the practitioner is there: it is met, not written.
    let first = became(&send(&partner, "POST", "", &results("7"), &by_entry(&[WHAT])));
    let second = became(&send(
        &partner,
        "POST",
        "",
        &results("7"),
        &by_entry(&[WHAT, WHO]),
    ));
    assert_eq!(first[2], second[2]);
    for made in [&first, &second] {
        let [what, more, who] = &made[..] else {
            panic!("{made:?}")
        };
        assert_eq!(targets(&partner, what), [format!("{what}/_history/1")]);
        assert!(targets(&partner, more).is_empty(), "it was not named");
        let stored = partner.only(&format!("Provenance?target={what}"));
        assert_eq!(stored["agent"][0]["who"]["reference"], who.as_str());
        assert_eq!(stored["entity"][0]["what"]["reference"], more.as_str());
        assert_eq!(
            partner.only(&format!("Provenance?agent={who}&target={what}"))["id"],
            stored["id"]
        );
    }
    assert!(targets(&partner, &first[2]).is_empty());
    // Without targets, all that was written.
    let third = became(&send(&partner, "POST", "", &results("8"), &by_entry(&[])));
    assert_eq!(targets(&partner, &third[0]).len(), 3);
    let stored = partner.only(&format!("Provenance?target={}", third[2]));
    assert_eq!(stored["agent"][0]["who"]["reference"], third[2].as_str());
    // Only what was met.
    let alone = json!({"resourceType": "Bundle", "type": "transaction", "entry": [results("8")["entry"][2]]});
    let mut header: Value = serde_json::from_str(&by_entry(&[WHO])).expect("JSON");
    header["entity"] = json!([{"role": "source", "what": {"display": "a list"}}]);
    let before = partner.find("Provenance?_count=100").len();
    became(&send(&partner, "POST", "", &alone, &header.to_string()));
    assert_eq!(
        partner.find("Provenance?_count=100").len(),
        before,
        "nothing was written"
    );
}

fn a_target_that_is_no_entry_writes_nothing(baton: &Baton) {
    let partner = baton.partner();
    let there = json!({"resourceType": "Basic", "id": "there", "code": {"text": "x"}});
    assert_eq!(partner.put("Basic/there", &there).status, 201);
    let elsewhere = "urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000009";
    for target in [
        elsewhere,
        "Basic/there",
        "Observation",
        "http://other.example/fhir/Basic/there",
    ] {
        let reply = send(&partner, "POST", "", &results("9"), &by_entry(&[WHAT, target]));
        assert_eq!(reply.status, 400, "{target}: {}", reply.text);
        let place = &reply.json()["issue"][0]["expression"][0];
        assert_eq!(place, "Provenance.target[1].reference", "{target}");
    }
    let observation = results("9")["entry"][0]["resource"].clone();
    let single = send(&partner, "POST", "Observation", &observation, &by_entry(&[WHAT]));
    assert_eq!(single.status, 400, "{}", single.text);
    assert!(partner.find("Practitioner?identifier=urn:staff|9").is_empty());
}

fn a_bad_header_writes_nothing(baton: &Baton) {
    let partner = baton.partner();
    let basic = json!({"resourceType": "Basic", "id": "x", "code": {"text": "one"}});
    let with = |member: &str, value: Value| {
        let mut said = said();
        said[member] = value;
        said.to_string()
    };
    for header in [
        "nonsense".to_owned(),
        "[]".to_owned(),
        with("resourceType", json!("Basic")),
        with("target", json!([{"reference": "Basic/x"}])),
        with("agent", json!([])),
        with("recorded", json!("yesterday")),
        with("nonsense", json!(1)),
    ] {
        assert_eq!(
            send(&partner, "PUT", "Basic/x", &basic, &header).status,
            400,
            "{header}"
        );
    }
    let good = said().to_string();
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": []});
    assert_eq!(send(&partner, "POST", "", &batch, &good).status, 400);
    assert_eq!(send(&partner, "GET", "Basic/x", &json!({}), &good).status, 400);
    let narrow = baton.client("system/Basic.cruds");
    assert_eq!(send(&narrow, "PUT", "Basic/x", &basic, &good).status, 403);
    assert_eq!(partner.get("Basic/x").status, 404, "nothing was written");
}

fn what_baton_derives_has_a_provenance(baton: &Baton) {
    let partner = baton.partner();
    baton.sender();
    let adt = |event| Adt::new(event, "P-1", "V-1");
    for message in [adt("A01"), adt("A03").discharged(days_ago(1), "01")] {
        assert!(partner.hl7(&message.text()).text.contains("MSA|AA|"));
    }
    let task = partner.find("Task?status=requested&_count=1").remove(0);
    let name = format!("Task/{}", text(&task["id"]));
    let found = partner.find(&format!("Provenance?target={name}"));
    assert!(!found.is_empty());
    for provenance in &found {
        assert!(text(&provenance["target"][0]["reference"]).starts_with(&name));
        assert_eq!(provenance["agent"][0]["who"]["display"], "Baton");
        assert_eq!(provenance["entity"][0]["role"], "derivation");
        let path = format!("Provenance/{}", text(&provenance["id"]));
        assert_eq!(partner.get(&path).ok()["target"], provenance["target"]);
        let verdict = partner.post("Provenance/$validate", provenance).ok();
        let mut issues = verdict["issue"].as_array().expect("issues").iter();
        assert!(issues.all(|issue| issue["severity"] != "error"), "{verdict}");
        assert_eq!(partner.delete(&path).status, 405);
    }
    patient(&partner, "by-hand");
    assert_eq!(
        targets(&partner, "Patient/by-hand"),
        Vec::<String>::new(),
        "a client's write is its own"
    );
}
