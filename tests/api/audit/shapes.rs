//! Recorded events over FHIR: valid, for those who may, and for nobody to change.
use super::book::{events, patient, text};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(a_recorded_event_is_a_resource_that_nobody_changes);

fn a_recorded_event_is_a_resource_that_nobody_changes(baton: &Baton) {
    let partner = baton.partner();
    patient(&partner, "ann");
    assert_eq!(partner.get("Observation/obs-ann").status, 200);
    let recorded = events(&baton.database);
    assert!(recorded.len() > 3);
    for event in &recorded {
        let path = format!("AuditEvent/{}", text(&event["id"]));
        let served = partner.get(&path).ok();
        assert_eq!(served["entity"], event["entity"], "{path}");
        let verdict = partner.post("AuditEvent/$validate", &served).ok();
        let issues = verdict["issue"].as_array().expect("issues");
        assert!(
            issues.iter().all(|issue| issue["severity"] != "error"),
            "{verdict} of {served}"
        );
    }
    let id = text(&recorded[0]["id"]);
    let path = format!("AuditEvent/{id}");
    assert_eq!(partner.get(&format!("{path}/_history/1")).status, 200);
    assert_eq!(partner.get(&format!("{path}/_history/2")).status, 404);
    let history = partner.get(&format!("{path}/_history")).ok();
    assert_eq!(history["entry"].as_array().map(Vec::len), Some(1));
    assert_eq!(partner.put(&path, &partner.get(&path).json()).status, 405);
    assert_eq!(partner.delete(&path).status, 405);
    let patch = json!([{"op": "replace", "path": "/outcome", "value": "0"}]).to_string();
    let patched = partner.send_text("PATCH", &path, "application/json-patch+json", patch);
    assert_eq!(patched.status, 405);
    assert_eq!(partner.get("AuditEvent/baton-99999999").status, 404);
    assert_eq!(baton.client("system/Patient.rs").get(&path).status, 403);
}
