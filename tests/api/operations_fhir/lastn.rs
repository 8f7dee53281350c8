//! `Observation/$lastn`. <https://hl7.org/fhir/R4/observation-operation-lastn.html>
use crate::on_both;
use crate::support::Baton;
use serde_json::{Value, json};

on_both!(the_latest_of_each_code);

fn the_latest_of_each_code(baton: &Baton) {
    let partner = baton.partner();
    let post = |id: &str, codes: &[&str], date: &str, subject: &str| {
        let codings: Vec<Value> = codes
            .iter()
            .map(|code| json!({"system": "http://loinc.org", "code": code}))
            .collect();
        let category = json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}]);
        let observation = json!({
            "resourceType": "Observation", "id": id, "status": "final", "category": category,
            "code": {"coding": codings}, "effectiveDateTime": date, "subject": {"reference": format!("Patient/{subject}")},
        });
        assert_eq!(
            partner.put(&format!("Observation/{id}"), &observation).status,
            201
        );
    };
    post("pulse-1", &["8867-4"], "2021-01-01", "ann");
    post("pulse-2", &["8867-4"], "2021-03-01", "ann");
    post("pulse-3", &["8867-4", "local-pulse"], "2021-02-01", "ann");
    post("pulse-4", &["local-pulse"], "2021-02-15", "ann");
    post("weight-1", &["29463-7"], "2020-01-01", "ann");
    post("pulse-bob", &["8867-4"], "2022-01-01", "bob");
    let ids = |query: &str| {
        let bundle = partner.get(&format!("Observation/$lastn?{query}")).ok();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["resource"]["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    let vitals = "patient=Patient/ann&category=vital-signs";
    assert_eq!(
        ids(&format!(
            "{vitals}&code=http://loinc.org|8867-4,http://loinc.org|29463-7"
        )),
        ["pulse-2", "weight-1"]
    );
    assert_eq!(
        ids(&format!("{vitals}&code=8867-4&max=2")),
        ["pulse-2", "pulse-3"]
    );
    assert_eq!(
        ids("subject=Patient/ann&code=8867-4&date=lt2021-02-10"),
        ["pulse-3"]
    );
    assert!(ids("patient=Patient/nobody&category=vital-signs").is_empty());
    let get = |query: &str| partner.get(&format!("Observation/$lastn?{query}"));
    get("patient=Patient/ann").refused(400, "category or code");
    get("category=vital-signs").refused(400, "patient or subject");
    get(&format!("{vitals}&max=0")).refused(400, "from 1");
    get(&format!("{vitals}&_include=Observation:subject")).refused(400, "_include");
    baton
        .client("system/Observation.r")
        .get(&format!("Observation/$lastn?{vitals}"))
        .refused(403, "Observation.s");
}
