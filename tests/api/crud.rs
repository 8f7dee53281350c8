//! create, read, vread, update, delete, history; versions, conditions and preferences.
mod conditions;
mod crowds;
mod deletes;
mod headers;
mod history;
mod sameness;
mod strictness;

use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    a_resource_lives_dies_and_returns,
    text_survives_to_the_byte,
    refusals_name_the_remedy
);

fn basic(text: &str) -> Value {
    json!({"resourceType": "Basic", "code": {"text": text}})
}

fn with_id(id: &str, text: &str) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": text}})
}

/// The path of a `Location`, under the FHIR base.
fn located(reply: &Reply) -> &str {
    let (_, path) = reply
        .header("location")
        .split_once("/fhir/")
        .expect("an absolute Location");
    path
}

fn a_resource_lives_dies_and_returns(baton: &Baton) {
    let partner = baton.partner();
    let created = partner.post("Basic", &basic("one"));
    assert_eq!((created.status, created.header("etag")), (201, "W/\"1\""));
    assert!(created.header("location").starts_with(&baton.base));
    assert!(created.header("last-modified").ends_with(" GMT"));
    let (path, version) = located(&created).split_once("/_history/").expect("a version");
    assert_eq!(version, "1");
    let id = path.trim_start_matches("Basic/").to_string();
    assert_eq!(partner.get(path).text, created.text);

    let updated = partner.put(path, &with_id(&id, "two"));
    assert_eq!((updated.status, updated.header("etag")), (200, "W/\"2\""));
    let first = partner.get(&format!("{path}/_history/1"));
    assert_eq!((first.header("etag"), &first.text), ("W/\"1\"", &created.text));

    let deleted = partner.delete(path);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(
        partner.get(path).refused(410, "deleted")["issue"][0]["code"],
        "deleted"
    );
    partner.get(&format!("{path}/_history/3")).refused(410, "deleted");
    assert!(partner.find(&format!("Basic?_id={id}")).is_empty());
    assert_eq!(partner.delete(path).status, 204, "deleting again changes nothing");

    let back = partner.put(path, &with_id(&id, "three"));
    assert_eq!((back.status, back.header("etag")), (201, "W/\"4\""));
    let history = partner.get(&format!("{path}/_history")).ok();
    let told = |member: &str| -> Vec<String> {
        let entries = history["entry"].as_array().expect("entries").iter();
        entries
            .map(|e| e["request"][member].as_str().expect("told").to_string())
            .collect()
    };
    assert_eq!(told("method"), ["PUT", "DELETE", "PUT", "POST"]);
    assert_eq!(history["entry"][1].get("resource"), None);
    assert_eq!(history["entry"][3]["resource"]["code"]["text"], "one");
}

/// The text without the `meta` that was added to it.
fn without_meta(text: &str) -> String {
    let start = text.find(",\"meta\":{").expect("a meta");
    let end = start + text[start..].find('}').expect("its end") + 1;
    format!("{}{}", &text[..start], &text[end..])
}

fn text_survives_to_the_byte(baton: &Baton) {
    let partner = baton.partner();
    let sent = "{ \"resourceType\" : \"Observation\", \"id\":\"bytes-1\",\n\t\"status\":\"final\", \
        \"valueQuantity\":{\"value\":1.10,\"unit\":\"a\u{a0}b \u{1d11e} caf\\u00e9\"}, \"code\":{\"text\":\"\\/x\"},\
        \"extension\":[{\"url\":\"urn:unknown\",\"valueDecimal\":1E+2},{\"url\":\"urn:more\",\"valueDecimal\":0.000000000000000000010}],\
        \"referenceRange\":[{\"high\":{\"value\":123456789012345678901234567890.5},\"low\":{\"value\":-0.0}}] }";
    let stored = partner.send_text("PUT", "Observation/bytes-1", "application/fhir+json", sent);
    assert_eq!(stored.status, 201, "{}", stored.text);
    let read = partner.get("Observation/bytes-1");
    assert_eq!(
        (without_meta(&read.text), &read.text),
        (sent.to_string(), &stored.text)
    );
    assert_eq!(partner.get("Observation/bytes-1/_history/1").text, read.text);
    let found = partner.get("Observation?_id=bytes-1").text;
    assert!(found.contains(&read.text), "{found}");
    let history = partner.get("Observation/bytes-1/_history").text;
    assert!(history.contains(&read.text), "{history}");
}

fn conditionally(partner: &Client, method: &str, path: &str, header: (&str, &str), body: &Value) -> Reply {
    let request = partner.request(method, path).header(header.0, header.1);
    Reply::of(
        request
            .header("content-type", "application/fhir+json")
            .body(body.to_string()),
    )
}

fn refusals_name_the_remedy(baton: &Baton) {
    let partner = baton.partner();
    partner.get("Patient/none").refused(404, "no Patient");
    partner.get("Patientt/1").refused(404, "resource type");
    partner.get("patient/1").refused(404, "resource type");
    partner.get("Patient/1/2/3/4").refused(404, "metadata");
    partner
        .get("Patient/none/_history/x")
        .refused(404, "whole numbers");
    let method = partner.send("PUT", "Patient/1/_history", &json!({}));
    method.refused(405, "GET");
    assert_eq!(method.header("allow"), "GET, HEAD");
    partner.post("Patient/1", &json!({})).refused(405, "PUT");
    Reply::of(
        partner
            .request("GET", "Patient")
            .header("accept", "application/fhir+xml"),
    )
    .refused(406, "application/fhir+json");
    partner
        .get("Patient?_format=xml")
        .refused(406, "application/fhir+json");
    partner
        .send_text("POST", "Patient", "application/fhir+xml", "<Patient/>")
        .refused(415, "application/fhir+json");
    partner
        .send_text("POST", "Patient", "text/plain", "{}")
        .refused(415, "application/fhir+json");
    let differs = partner
        .put("Basic/a", &with_id("b", "x"))
        .refused(400, "id in the body differs");
    assert_eq!(differs["issue"][0]["expression"][0], "Basic.id");
    partner.put("Basic/a", &basic("x")).refused(400, "needs the id");
    partner
        .put("Basic/a_b", &with_id("a_b", "x"))
        .refused(400, "64 letters");
    partner
        .put(&format!("Basic/{}", "x".repeat(65)), &basic("x"))
        .refused(400, "64 letters");
    partner
        .post("Patient", &basic("x"))
        .refused(400, "the body is a Basic");
    let elsewhere = json!({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient?identifier=1"}});
    partner.post("Basic", &elsewhere).refused(422, "transaction");
    partner.get("Patient/none?nonsense=1").refused(400, "nonsense");
}
