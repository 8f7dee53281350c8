//! A search shows and tells nothing of types the token does not cover.
use super::partner::*;
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    included_types_need_their_scope,
    chains_do_not_look_where_reads_may_not,
    bundles_search_no_further
);

/// A patient with an observation of its own; returns the patient's id.
fn seeded(baton: &Baton) -> String {
    let everything = baton.partner();
    let patient = json!({"resourceType": "Patient", "name": [{"family": "Hidden"}]});
    let patient = text(&everything.post("Patient", &patient).ok(), "id");
    let observation = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": format!("Patient/{patient}")}
    });
    everything.post("Observation", &observation).ok();
    patient
}

fn types(reply: &Reply) -> Vec<String> {
    let bundle = reply.ok();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    entries
        .iter()
        .map(|entry| text(&entry["resource"], "resourceType"))
        .collect()
}

fn included_types_need_their_scope(baton: &Baton) {
    let patient = seeded(baton);
    let registered = register_secret(&baton.database, "system/*.cruds");
    let observations = narrowed(baton, &registered, "system/Observation.rs");
    let search = format!("Observation?subject=Patient/{patient}&_include=");
    assert_eq!(
        types(&observations.get(&format!("{search}Observation:subject"))),
        ["Observation"]
    );
    assert!(!observations.get(&format!("{search}*")).text.contains("Hidden"));
    observations
        .get(&format!("{search}Observation:subject:Patient"))
        .refused(403, "system/Patient.r");
    // What is hidden is no bridge to what lies behind it.
    let around = narrowed(baton, &registered, "system/Observation.rs system/Organization.r");
    let bridge = format!("{search}Observation:subject&_include:iterate=Patient:organization");
    around.get(&bridge).refused(403, "system/Patient.r");
    let both = narrowed(baton, &registered, "system/Observation.rs system/Patient.r");
    assert_eq!(
        types(&both.get(&format!("{search}Observation:subject"))),
        ["Observation", "Patient"]
    );

    let patients = narrowed(baton, &registered, "system/Patient.rs");
    let reverse = format!("Patient?_id={patient}&_revinclude=Observation:subject");
    patients.get(&reverse).refused(403, "system/Observation.s");
    let unreadable = narrowed(baton, &registered, "system/Patient.rs system/Observation.s");
    assert_eq!(types(&unreadable.get(&reverse)), ["Patient"]);
    let covered = narrowed(baton, &registered, "system/Patient.rs system/Observation.rs");
    assert_eq!(types(&covered.get(&reverse)), ["Patient", "Observation"]);
}

/// A count alone would tell.
const LOOKING_AT_PATIENTS: &[&str] = &[
    "Observation?subject:Patient.family=Hidden",
    "Observation?patient.family=Hidden",
    "Observation?patient.family=Hidden&_summary=count",
    "Observation?patient._id=x",
    "Observation?patient:Patient.family:exact=Hidden",
];

fn chains_do_not_look_where_reads_may_not(baton: &Baton) {
    seeded(baton);
    let registered = register_secret(&baton.database, "system/*.cruds");
    let observations = narrowed(baton, &registered, "system/Observation.cruds");
    for search in LOOKING_AT_PATIENTS {
        observations.get(search).refused(403, "system/Patient.s");
    }
    let form = [("patient.family", "Hidden")];
    observations
        .form("/fhir/Observation/_search", &form)
        .refused(403, "system/Patient.s");
    let patients = narrowed(baton, &registered, "system/Patient.cruds");
    patients
        .get("Patient?_has:Observation:patient:status=final")
        .refused(403, "system/Observation.s");
    let both = narrowed(baton, &registered, "system/Patient.s system/Observation.s");
    assert_eq!(both.find("Observation?patient.family=Hidden").len(), 1);
    assert_eq!(
        both.find("Patient?_has:Observation:patient:status=final").len(),
        1
    );
}

fn in_bundle(client: &Client, kind: &str, url: &str) -> Reply {
    let entry = json!([{"request": {"method": "GET", "url": url}}]);
    client.post(
        "",
        &json!({"resourceType": "Bundle", "type": kind, "entry": entry}),
    )
}

fn bundles_search_no_further(baton: &Baton) {
    let patient = seeded(baton);
    let registered = register_secret(&baton.database, "system/*.cruds");
    let observations = narrowed(baton, &registered, "system/Observation.rs");
    let include = format!("Observation?subject=Patient/{patient}&_include=Observation:subject");
    for kind in ["batch", "transaction"] {
        let found: Value = in_bundle(&observations, kind, &include).ok();
        assert_eq!(
            found["entry"][0]["resource"]["entry"].as_array().map(Vec::len),
            Some(1),
            "{found}"
        );
        assert!(!found.to_string().contains("Hidden"), "{found}");
    }
    for search in LOOKING_AT_PATIENTS {
        in_bundle(&observations, "transaction", search).refused(403, "system/Patient.s");
        let batch = in_bundle(&observations, "batch", search).ok();
        let status = batch["entry"][0]["response"]["status"]
            .as_str()
            .expect("a status");
        assert!(status.starts_with("403"), "{batch}");
    }
}
