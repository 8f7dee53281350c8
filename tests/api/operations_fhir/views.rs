//! `_summary` and `_elements` wherever resources are shown, and histories. <https://hl7.org/fhir/R4/search.html#summary>
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::unique;
use serde_json::{Value, json};

on_both!(
    summaries_of_one_resource,
    views_in_searches_and_histories,
    views_that_make_no_sense,
    lists_choose_what_is_found,
);

const OBSERVATION: &str = r#"{"resourceType":"Observation","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">weight</div>"},"status":"final","code":{"text":"CODE"},"valueQuantity":{"value":70.10},"note":[{"text":"a note"}]}"#;

fn observation(baton: &Baton, code: &str) -> String {
    let text = OBSERVATION.replace("CODE", code);
    let created = baton
        .partner()
        .send_text("POST", "Observation", "application/fhir+json", text)
        .ok();
    format!("Observation/{}", created["id"].as_str().expect("an id"))
}

fn summaries_of_one_resource(baton: &Baton) {
    let partner = baton.partner();
    let path = observation(baton, "x");
    let summary = partner.get(&format!("{path}?_summary=true"));
    assert!(summary.text.contains("70.10"), "{}", summary.text);
    let summary = summary.ok();
    assert_eq!(summary["meta"]["tag"][0]["code"], "SUBSETTED");
    assert_eq!((summary.get("note"), summary.get("text")), (None, None));
    let text = partner.get(&format!("{path}/_history/1?_summary=text")).ok();
    assert!(text["text"]["div"].is_string() && text["status"] == "final" && text.get("note").is_none());
    let data = partner.get(&format!("{path}?_summary=data")).ok();
    assert!(data.get("text").is_none() && data["note"][0]["text"] == "a note");
    let elements = partner.get(&format!("{path}?_elements=note")).ok();
    assert!(elements.get("valueQuantity").is_none() && elements["code"]["text"] == "x");
    assert_eq!(
        partner.get(&format!("{path}?_summary=false")).text,
        partner.get(&path).text
    );
}

fn views_in_searches_and_histories(baton: &Baton) {
    let partner = baton.partner();
    let path = observation(baton, "views");
    let id = &path[12..];
    let entry = |query: &str| partner.get(query).ok()["entry"][0]["resource"].clone();
    for query in [
        format!("Observation?_id={id}&_summary=true"),
        format!("{path}/_history?_elements=value"),
        "Observation/_history?_count=1&_summary=true".to_owned(),
    ] {
        let shown = entry(&query);
        assert!(
            shown.get("note").is_none() && shown["valueQuantity"]["value"] == 70.1,
            "{query}: {shown}"
        );
    }
    let count: Value = partner.get(&format!("Observation?_id={id}&_summary=count")).ok();
    assert_eq!((&count["total"], count.get("entry")), (&json!(1), None));
    let page = partner.get("Observation?_count=1&_elements=code").ok();
    assert!(
        page["link"][0]["url"]
            .as_str()
            .expect("self")
            .contains("_elements=code")
    );
    assert_eq!(
        partner
            .get(&format!("{path}/_history?_sort=-_lastUpdated"))
            .status,
        200
    );
    partner
        .get(&format!("{path}/_history?_sort=status"))
        .refused(400, "newest first");
}

fn views_that_make_no_sense(baton: &Baton) {
    let partner = baton.partner();
    let path = observation(baton, "x");
    partner
        .get(&format!("{path}?_summary=count"))
        .refused(400, "count is for searches");
    partner
        .get(&format!("{path}?_summary=some"))
        .refused(400, "true, text, data or false");
    partner
        .get("Observation?_summary=some")
        .refused(400, "true, text, data, count or false");
    partner
        .get("Observation?_elements=birthDate")
        .refused(400, "elements of Observation");
    partner
        .get("Observation?_elements=code&_summary=true")
        .refused(400, "one of them");
    partner
        .get("Observation?_summary=text&_include=Observation:subject")
        .refused(400, "_include");
}

fn lists_choose_what_is_found(baton: &Baton) {
    let partner = baton.partner();
    let code = unique("listed");
    let (inside, outside) = (observation(baton, &code), observation(baton, &code));
    let list = json!({"resourceType": "List", "status": "current", "mode": "working", "entry": [{"item": {"reference": inside}}]});
    let list = partner.post("List", &list).ok();
    let found = partner.only(&format!(
        "Observation?_list={}",
        list["id"].as_str().expect("an id")
    ));
    assert!(inside.ends_with(found["id"].as_str().expect("an id")) && inside != outside);
}
