//! batch and transaction Bundles: links between entries, conditions, order, all or nothing.
mod links;
mod rules;

use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(a_batch_is_each_for_itself, envelopes_are_checked);

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

fn unless(mut entry: Value, criteria: &str) -> Value {
    entry["request"]["ifNoneExist"] = json!(criteria);
    entry
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
