//! `meta.security`: a label hides a resource from others until the patient permits the label.
use super::town::{ACT_CODE, CONFIDENTIALITY, actor, everything, ids, label, observation, total, town};
use crate::on_both_databases;
use crate::support::Database;
use serde_json::json;

on_both_databases!(
    a_label_hides_from_others_alone,
    a_consent_permits_a_label_by_name,
    what_is_hidden_looks_as_if_it_never_was,
    a_label_without_a_patient_stays,
);

fn a_label_hides_from_others_alone(database: Database) {
    let town = town(database);
    for (id, system, code) in [
        ("a", CONFIDENTIALITY, "R"),
        ("b", CONFIDENTIALITY, "V"),
        ("c", ACT_CODE, "OPIOIDUD"),
        ("d", ACT_CODE, "PSY"),
        ("e", CONFIDENTIALITY, "N"),
        ("f", "urn:other", "R"),
    ] {
        town.put(&observation(id, "ann", &[label(system, code)]));
    }
    town.put(&observation("g", "ann", &[json!({"code": "HIV"})]));
    let path = "Observation?patient=ann";
    assert_eq!(ids(&town.home, path).len(), 8);
    assert_eq!(ids(&town.away, path), ["e", "f", "pulse"]);
    assert_eq!(total(&town.away, &format!("{path}&_summary=count")), 3);
    assert_eq!(total(&town.away, &format!("{path}&_total=estimate")), 3);
    assert_eq!(ids(&town.away, "Observation?_security=R&_count=1"), ["f"]);
}

fn a_consent_permits_a_label_by_name(database: Database) {
    let town = town(database);
    town.put(&observation("sud", "ann", &[label(ACT_CODE, "OPIOIDUD")]));
    town.put(&observation(
        "both",
        "ann",
        &[label(ACT_CODE, "SUD"), label(CONFIDENTIALITY, "R")],
    ));
    let shown = || ids(&town.away, "Observation?patient=ann");
    town.consent(
        "all",
        json!({"type": "permit", "actor": [actor("Organization/away")]}),
    );
    assert_eq!(
        shown(),
        ["pulse"],
        "a general consent is none to what is labelled"
    );
    let permit = |labels: &[_]| json!({"type": "permit", "actor": [actor("Organization/away")], "securityLabel": labels});
    town.consent("sud", permit(&[label(ACT_CODE, "SUD")]));
    assert_eq!(shown(), ["pulse", "sud"]);
    assert_eq!(town.away.get("Observation/sud").status, 200);
    town.consent("v", permit(&[label(CONFIDENTIALITY, "V")]));
    assert_eq!(shown(), ["both", "pulse", "sud"]);
    assert_eq!(ids(&town.far, "Observation?patient=ann"), ["pulse"]);
    town.home.delete("Consent/sud").header("etag");
    assert_eq!(shown(), ["pulse"]);
}

fn what_is_hidden_looks_as_if_it_never_was(database: Database) {
    let town = town(database);
    let restricted = [label(CONFIDENTIALITY, "R")];
    town.put(&observation("hidden", "ann", &restricted));
    let doctor = json!({"resourceType": "Practitioner", "id": "doctor", "meta": {"security": restricted}});
    town.put(&doctor);
    town.put(&json!({
        "resourceType": "Patient", "id": "ben", "generalPractitioner": [{"reference": "Practitioner/doctor"}],
    }));
    town.put(&observation("later", "ann", &[]));
    town.put(&observation("later", "ann", &restricted));
    let away = &town.away;
    let nobody = |path: &str| {
        let there = away.get(path);
        let never = away.get(&path.replace("hidden", "nobody"));
        assert_eq!(
            (there.status, there.json()),
            (never.status, never.json()),
            "{path}"
        );
        assert_eq!(there.status, 404);
    };
    nobody("Observation/hidden");
    nobody("Observation/hidden/_history");
    nobody("Observation/hidden/_history/1");
    assert_eq!(away.get("Observation/later/_history/1").status, 404);
    assert_eq!(
        everything(away, "Patient/ann/$everything"),
        ["Observation/pulse", "Patient/ann"]
    );
    assert_eq!(everything(away, "Patient/ann/Observation"), ["Observation/pulse"]);
    assert_eq!(everything(away, "Patient/ben/$everything"), ["Patient/ben"]);
    assert_eq!(
        everything(away, "Patient?_id=ben&_include=Patient:general-practitioner"),
        ["Patient/ben"]
    );
    assert_eq!(
        everything(away, "Patient?_id=ann&_revinclude=Observation:patient"),
        ["Observation/pulse", "Patient/ann"]
    );
    assert_eq!(
        ids(away, "Patient?general-practitioner:Practitioner._id=doctor"),
        [] as [&str; 0]
    );
    assert_eq!(
        ids(away, "Patient?_has:Observation:patient:_id=hidden"),
        [] as [&str; 0]
    );
    assert_eq!(ids(away, "Patient?_has:Observation:patient:_id=pulse"), ["ann"]);
    assert_eq!(
        ids(&town.home, "Patient?_has:Observation:patient:_id=hidden"),
        ["ann"]
    );
    town.put(&observation("later", "ann", &[]));
    assert_eq!(
        everything(away, "Observation/later/_history").len(),
        2,
        "the versions that bore no label"
    );
}

fn a_label_without_a_patient_stays(database: Database) {
    let town = town(database);
    let restricted = json!([label(CONFIDENTIALITY, "R")]);
    town.put(&json!({"resourceType": "Location", "id": "shelter", "meta": {"security": restricted}}));
    town.consent("r", json!({"type": "permit", "securityLabel": restricted}));
    assert_eq!(town.away.get("Location/shelter").status, 404);
    assert_eq!(town.home.get("Location/shelter").status, 200);
}
