//! `$meta`, `$meta-add`, `$meta-delete`. <https://hl7.org/fhir/R4/resource-operation-meta.html>
use crate::on_both;
use crate::support::Baton;
use serde_json::{Value, json};

on_both!(tags_come_and_go);

fn parameters(meta: Value) -> Value {
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]})
}

fn tags_come_and_go(baton: &Baton) {
    let partner = baton.partner();
    let text = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}"#;
    let created = partner
        .send_text("POST", "Observation", "application/fhir+json", text)
        .ok();
    let path = format!("Observation/{}", created["id"].as_str().expect("an id"));
    let tag = json!({"tag": [{"system": "urn:x", "code": "seen"}]});
    let added = partner
        .post(&format!("{path}/$meta-add"), &parameters(tag.clone()))
        .ok();
    let meta = |answer: &Value| answer["parameter"][0]["valueMeta"].clone();
    assert_eq!(
        (&meta(&added)["tag"][0]["code"], &meta(&added)["versionId"]),
        (&json!("seen"), &json!("2"))
    );
    let again = partner
        .post(&format!("{path}/$meta-add"), &parameters(tag.clone()))
        .ok();
    assert_eq!(meta(&again)["versionId"], "2", "it is there already");
    assert_eq!(meta(&partner.get(&format!("{path}/$meta")).ok()), meta(&again));
    assert_eq!(partner.find("Observation?_tag=urn:x|seen").len(), 1);
    assert!(partner.get(&path).text.contains("1.10"));
    let gone = partner
        .post(&format!("{path}/$meta-delete"), &parameters(tag.clone()))
        .ok();
    assert_eq!(meta(&gone).get("tag"), None);
    assert!(partner.find("Observation?_tag=urn:x|seen").is_empty());
    partner.get(&format!("{path}/$meta-add")).refused(405, "POST");
    partner
        .post(
            &format!("{path}/$meta-add"),
            &json!({"resourceType": "Parameters"}),
        )
        .refused(400, "valueMeta");
    partner
        .post("Observation/never-was/$meta-add", &parameters(tag))
        .refused(404, "no Observation");
}
