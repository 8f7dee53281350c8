//! Search over several types. <https://hl7.org/fhir/R4/http.html#search>
use crate::on_both;
use crate::support::messages::unique;
use crate::support::{Baton, Client};
use serde_json::json;

on_both!(several_types_in_one_answer, several_types_are_strict);

fn tagged(client: &Client, tag: &str) {
    let meta = json!({"tag": [{"system": "urn:x", "code": tag}]});
    for resource in [
        json!({"resourceType": "Patient", "meta": meta}),
        json!({"resourceType": "Patient", "meta": meta, "active": true}),
        json!({"resourceType": "Basic", "meta": meta, "code": {"text": "x"}}),
        json!({"resourceType": "Organization", "meta": meta, "name": "x"}),
    ] {
        let kind = resource["resourceType"].as_str().expect("a type").to_owned();
        assert_eq!(client.post(&kind, &resource).status, 201);
    }
}

fn several_types_in_one_answer(baton: &Baton) {
    let partner = baton.partner();
    let tag = unique("tag");
    tagged(&partner, &tag);
    for query in ["", "&_count=1", "&_count=2", "&_count=3"] {
        assert_eq!(
            partner.find(&format!("?_tag=urn:x|{tag}{query}")).len(),
            4,
            "{query}"
        );
        let two = partner.find(&format!("?_type=Patient,Organization&_tag=urn:x|{tag}{query}"));
        let kinds: Vec<&str> = two
            .iter()
            .filter_map(|one| one["resourceType"].as_str())
            .collect();
        assert_eq!(kinds, ["Organization", "Patient", "Patient"], "{query}");
    }
    let count = partner.get(&format!("?_tag=urn:x|{tag}&_summary=count")).ok();
    assert_eq!(count["total"], 4);
    let page = partner
        .get(&format!(
            "?_tag=urn:x|{tag}&_total=accurate&_count=1&_elements=meta"
        ))
        .ok();
    assert_eq!(
        (&page["total"], page["entry"].as_array().map(Vec::len)),
        (&json!(4), Some(1))
    );
    let posted = partner
        .form(
            "/fhir/_search",
            &[("_type", "Basic"), ("_tag", &format!("urn:x|{tag}"))],
        )
        .ok();
    assert_eq!(posted["entry"][0]["resource"]["resourceType"], "Basic");
    let reader = baton.client("system/Patient.rs");
    assert_eq!(
        reader.find(&format!("?_tag=urn:x|{tag}")).len(),
        2,
        "what the token may search"
    );
}

fn several_types_are_strict(baton: &Baton) {
    let partner = baton.partner();
    partner.get("?_type=Nothing").refused(400, "_type");
    partner.get("?_type=Patient,Task&family=x").refused(400, "family");
    partner.get("?_type=Patient&_sort=_id").refused(400, "one type");
    partner
        .get("?_type=Patient&_cursor=nonsense")
        .refused(400, "_cursor");
    baton
        .client("system/Patient.rs")
        .get("?_type=Patient,Task")
        .refused(403, "system/Task.s");
}
