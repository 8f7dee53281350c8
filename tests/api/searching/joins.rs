//! Chains, `_has`, includes, and the worklist that needs them. <https://hl7.org/fhir/R4/search.html#chaining>
use super::{all_find, finds, held, ids, observation, person, stock};
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::json;

on_both!(chains_and_has, includes, a_worklist);

fn clinic(partner: &Client) {
    stock(
        partner,
        json!([
            {"resourceType": "Organization", "id": "org", "name": "General"},
            {"resourceType": "Practitioner", "id": "doc", "name": [{"family": "House"}]},
            person("a", json!({"name": [{"family": "Adams"}], "managingOrganization": {"reference": "Organization/org"}, "generalPractitioner": [{"reference": "Practitioner/doc"}]})),
            person("b", json!({"name": [{"family": "Baker"}]})),
            observation("a1", json!({"subject": {"reference": "Patient/a"}, "valueQuantity": {"value": 5}})),
            observation("a2", json!({"subject": {"reference": "Patient/a"}, "status": "preliminary"})),
            observation("b1", json!({"subject": {"reference": "Patient/b"}, "performer": [{"reference": "Practitioner/gone"}]})),
            {"resourceType": "Provenance", "id": "prov", "target": [{"reference": "Observation/a1"}], "recorded": "2024-01-01T00:00:00Z", "agent": [{"who": {"reference": "Practitioner/doc"}}]},
        ]),
    );
}

fn chains_and_has(baton: &Baton) {
    let partner = baton.partner();
    clinic(&partner);
    all_find(
        &partner,
        &[
            ("Observation?subject:Patient.family=adams", &["a1", "a2"]),
            ("Observation?patient.family=bak", &["b1"]),
            ("Observation?patient.family=house", &[]),
            ("Observation?patient.organization.name=general", &["a1", "a2"]),
            (
                "Observation?patient.general-practitioner:Practitioner.family=house&status=final",
                &["a1"],
            ),
            ("Observation?patient._id=b", &["b1"]),
            ("Patient?_has:Observation:patient:status=preliminary", &["a"]),
            ("Patient?_has:Observation:subject:value-quantity=gt5", &[]),
            (
                "Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/doc",
                &["a"],
            ),
            (
                "Organization?_has:Patient:organization:_has:Observation:patient:status=preliminary",
                &["org"],
            ),
            ("Practitioner?_has:Patient:general-practitioner:family=Baker", &[]),
        ],
    );
}

fn includes(baton: &Baton) {
    let partner = baton.partner();
    clinic(&partner);
    let table: [(&str, &[&str], &[&str]); 8] = [
        (
            "Observation?status=final&_include=Observation:subject",
            &["Observation/a1", "Observation/b1"],
            &["Patient/a", "Patient/b"],
        ),
        (
            "Observation?_id=a1,a2&_include=Observation:patient&_include:iterate=Patient:organization",
            &["Observation/a1", "Observation/a2"],
            &["Organization/org", "Patient/a"],
        ),
        (
            "Observation?_id=a1&_include=Observation:subject:Group",
            &["Observation/a1"],
            &[],
        ),
        (
            "Observation?_id=b1&_include=Observation:*",
            &["Observation/b1"],
            &["Patient/b"],
        ),
        (
            "Patient?_id=a&_revinclude=Observation:patient",
            &["Patient/a"],
            &["Observation/a1", "Observation/a2"],
        ),
        (
            "Patient?_id=a&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target",
            &["Patient/a"],
            &["Observation/a1", "Observation/a2", "Provenance/prov"],
        ),
        ("Patient?_id=b&_include=Patient:organization", &["Patient/b"], &[]),
        (
            "Patient?_id=a&_include=Patient:general-practitioner&_include=Patient:organization",
            &["Patient/a"],
            &["Organization/org", "Practitioner/doc"],
        ),
    ];
    for (path, matches, included) in table {
        let page = partner.get(path).ok();
        assert_eq!(
            (held(&page, "match"), held(&page, "include")),
            (
                matches.iter().map(|s| s.to_string()).collect(),
                included.iter().map(|s| s.to_string()).collect()
            ),
            "{path}"
        );
    }
}

fn a_worklist(baton: &Baton) {
    let partner = baton.partner();
    let task = |id: &str, owner: &str, status: &str, due: &str| {
        json!({"resourceType": "Task", "id": id, "status": status, "intent": "order", "owner": {"reference": owner}, "for": {"reference": "Patient/wp"},
            "encounter": {"reference": "Encounter/we"}, "restriction": {"period": {"start": "2026-01-01", "end": due}}})
    };
    stock(
        &partner,
        json!([
            person("wp", json!({})), {"resourceType": "Encounter", "id": "we", "status": "finished", "class": {"code": "IMP"}},
            task("late", "Practitioner/me", "requested", "2026-01-09T17:00:00-05:00"),
            task("soon", "Practitioner/me", "in-progress", "2026-01-05T17:00:00-05:00"),
            task("first", "Practitioner/me", "requested", "2026-01-04"),
            task("done", "Practitioner/me", "completed", "2026-01-03"),
            task("theirs", "Practitioner/you", "requested", "2026-01-03"),
            task("beyond", "Practitioner/me", "requested", "2026-02-01"),
        ]),
    );
    let worklist = "Task?owner=Practitioner/me&status=requested,in-progress&due=lt2026-01-31&_sort=due&_include=Task:patient&_include=Task:encounter";
    assert_eq!(ids(&partner.find(worklist)), ["first", "soon", "late"]);
    let page = partner.get(&format!("{worklist}&_count=2")).ok();
    assert_eq!(held(&page, "include"), ["Encounter/we", "Patient/wp"]);
    assert_eq!(
        ids(&partner.find(&format!("{worklist}&_count=1"))),
        ["first", "soon", "late"]
    );
    finds(
        &partner,
        "Task?owner=Practitioner/me&status=requested&due=lt2026-01-05",
        &["first"],
    );
    finds(&partner, "Task?due=2026-01-09", &["late"]);
}
