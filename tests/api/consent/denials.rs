//! Consents that deny: to whom, for what, of what, and how long.
use super::town::{ACT_CODE, CONFIDENTIALITY, Town, actor, ids, label, observation, total, town};
use crate::on_both_databases;
use crate::support::{Client, Database, Reply};
use serde_json::{Value, json};

on_both_databases!(
    one_organisation_is_denied_everything,
    what_changes_takes_effect_at_once,
    a_denial_is_of_classes_codes_data_labels_and_times,
    a_purpose_decides,
    a_consent_lasts_as_long_as_it_says,
);

fn deny(more: Value) -> Value {
    let mut provision = json!({"type": "deny", "actor": [actor("Organization/away")]});
    for (name, value) in more.as_object().into_iter().flatten() {
        provision[name] = value.clone();
    }
    provision
}

fn one_organisation_is_denied_everything(database: Database) {
    let town = town(database);
    town.put(&json!({"resourceType": "Patient", "id": "ben"}));
    town.put(&observation("bens", "ben", &[]));
    town.consent("no", deny(json!({})));
    assert_eq!(ids(&town.away, "Patient"), ["ben"]);
    assert_eq!(ids(&town.away, "Observation"), ["bens"]);
    assert_eq!(ids(&town.away, "Consent"), [] as [&str; 0]);
    assert_eq!(total(&town.away, "Observation?_summary=count"), 1);
    assert_eq!(
        ids(&town.away, "Observation?patient.name=Rivers"),
        [] as [&str; 0]
    );
    assert_eq!(town.away.get("Patient/ann").status, 404);
    assert_eq!(town.away.get("Patient/ann/$everything").status, 404);
    for other in [&town.home, &town.far] {
        assert_eq!(ids(other, "Observation"), ["bens", "pulse"]);
        assert_eq!(ids(other, "Observation?patient.name=Rivers"), ["pulse"]);
    }
    // Of two whose it is, one is enough.
    let mut shared = observation("shared", "ben", &[]);
    shared["performer"] = json!([{"reference": "Patient/ann"}]);
    town.put(&shared);
    assert_eq!(ids(&town.away, "Observation"), ["bens"]);
    assert_eq!(town.away.get("Observation/shared").status, 404);
}

fn what_changes_takes_effect_at_once(database: Database) {
    let town = town(database);
    let shown =
        || town.away.get("Observation/pulse").status == 200 && !ids(&town.away, "Observation").is_empty();
    let hidden =
        || town.away.get("Observation/pulse").status == 404 && ids(&town.away, "Observation").is_empty();
    assert!(shown());
    town.consent("no", deny(json!({})));
    assert!(hidden());
    let mut inactive = super::town::consent("no", "ann", deny(json!({})));
    inactive["status"] = json!("inactive");
    town.put(&inactive);
    assert!(shown());
    inactive["status"] = json!("active");
    town.put(&inactive);
    assert!(hidden());
    assert_eq!(town.home.delete("Consent/no").status, 204);
    assert!(shown());
    let mut out = super::town::consent("out", "ann", json!({}));
    out["policyRule"] = json!({"coding": [label(ACT_CODE, "OPTOUT")]});
    town.put(&out);
    assert!(hidden());
    out["scope"] =
        json!({"coding": [label("http://terminology.hl7.org/CodeSystem/consentscope", "research")]});
    town.put(&out);
    assert!(shown(), "a consent about something else");
}

fn a_denial_is_of_classes_codes_data_labels_and_times(database: Database) {
    let town = town(database);
    let condition = json!({
        "resourceType": "Condition", "id": "flu", "subject": {"reference": "Patient/ann"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "6142004"}]}, "recordedDate": "2024-01-05",
    });
    town.put(&condition);
    town.put(&observation("tagged", "ann", &[label("urn:study", "x")]));
    let types = |class: &str| json!([label("http://hl7.org/fhir/resource-types", class)]);
    let coded =
        json!([{"coding": [label("http://loinc.org", "8867-4"), label("http://snomed.info/sct", "0")]}]);
    for (provision, left) in [
        (json!({"class": types("Observation")}), &["Condition/flu"][..]),
        (
            json!({"class": types("Condition")}),
            &["Observation/pulse", "Observation/tagged"],
        ),
        (json!({"code": coded}), &["Condition/flu"]),
        (
            json!({"data": [{"meaning": "instance", "reference": {"reference": "Observation/pulse"}}]}),
            &["Condition/flu", "Observation/tagged"],
        ),
        (
            json!({"securityLabel": [label("urn:study", "x")]}),
            &["Condition/flu", "Observation/pulse"],
        ),
        (json!({"securityLabel": [label(CONFIDENTIALITY, "N")]}), &[]),
        (
            json!({"dataPeriod": {"end": "2025"}}),
            &["Observation/pulse", "Observation/tagged"],
        ),
        (
            json!({"dataPeriod": {"start": "2026-03-01", "end": "2026-03-01"}}),
            &["Condition/flu"],
        ),
    ] {
        town.consent("no", deny(provision.clone()));
        let mut found = Vec::new();
        for on in ["Condition", "Observation"] {
            found.extend(ids(&town.away, on).into_iter().map(|id| format!("{on}/{id}")));
        }
        assert_eq!(found, left, "{provision}");
        for name in ["Condition/flu", "Observation/pulse", "Observation/tagged"] {
            let status = if left.contains(&name) { 200 } else { 404 };
            assert_eq!(town.away.get(name).status, status, "{name} {provision}");
        }
    }
}

/// A read with a purpose of use.
pub fn reads(client: &Client, path: &str, purpose: &str) -> Reply {
    Reply::of(client.request("GET", path).header("x-purpose-of-use", purpose))
}

fn a_purpose_decides(database: Database) {
    let Town { away, home, .. } = &town(database);
    let reason = |code: &str| json!([label("http://terminology.hl7.org/CodeSystem/v3-ActReason", code)]);
    let no = |code: &str| super::town::consent("no", "ann", deny(json!({"purpose": reason(code)})));
    let status = |purpose: &str| reads(away, "Observation/pulse", purpose).status;
    home.put("Consent/no", &no("HOPERAT")).ok();
    assert_eq!(
        (status("TREAT"), status("HOPERAT"), status("HLEGAL")),
        (200, 404, 404)
    );
    assert_eq!(
        away.get("Observation/pulse").status,
        404,
        "who does not say may mean it"
    );
    home.put("Consent/no", &no("HLEGAL")).ok();
    assert_eq!((status("HOPERAT"), status("HLEGAL")), (200, 404));
    let coded = format!("http://terminology.hl7.org/CodeSystem/v3-ActReason|{}", "HLEGAL");
    assert_eq!(status(&coded), 404);
    for wrong in ["", "treat", "NOTHING", "urn:x|TREAT"] {
        reads(away, "Observation/pulse", wrong).refused(400, "X-Purpose-Of-Use");
    }
}

fn a_consent_lasts_as_long_as_it_says(database: Database) {
    let town = town(database);
    let seen =
        || town.away.get("Observation/pulse").status == 200 && !ids(&town.away, "Observation").is_empty();
    for (period, denied) in [
        (json!({"start": "2020", "end": "2021"}), false),
        (json!({"start": "2190"}), false),
        (json!({"start": "2020"}), true),
        (json!({"end": "2190-01-01"}), true),
    ] {
        town.consent("no", deny(json!({"period": period})));
        assert_eq!(!seen(), denied, "{period}");
    }
}
