//! One search finds what Baton recorded and what clients stored.
use super::book::{A_SECOND, client_id, line, patient, text};
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    recorded_and_stored_ones_are_found_together,
    recorded_ones_are_found_by_every_parameter,
    what_cannot_be_asked_is_refused,
    they_are_open_to_those_alone_to_whom_all_is,
);

/// Two patients, reads of both, a refusal, and an event that a client tells.
fn world(baton: &Baton) -> Client {
    let partner = baton.partner();
    patient(&partner, "ann");
    patient(&partner, "ben");
    for path in ["Observation/obs-ann", "Patient/ben", "Observation?patient=ann"] {
        assert_eq!(partner.get(path).status, 200);
    }
    assert_eq!(partner.get("Patient/nobody").status, 404);
    let told = json!({
        "resourceType": "AuditEvent", "id": "told", "recorded": "2020-01-01T00:00:00Z",
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106"},
        "agent": [{"who": {"display": "elsewhere"}, "requestor": true}],
        "source": {"observer": {"display": "elsewhere"}},
        "entity": [{"what": {"reference": "Patient/ann"}}],
    });
    assert_eq!(partner.put("AuditEvent/told", &told).status, 201);
    std::thread::sleep(A_SECOND);
    partner
}

fn ids(found: &[Value]) -> Vec<String> {
    found.iter().map(|event| text(&event["id"])).collect()
}

fn recorded_and_stored_ones_are_found_together(baton: &Baton) {
    let partner = world(baton);
    let all = partner.find("AuditEvent?patient=ann&_count=100");
    assert_eq!(text(&all[0]["id"]), "told", "stored ones first");
    assert!(all.len() >= 5, "{all:#?}");
    for (sort, first) in [("date", "told"), ("_lastUpdated", "")] {
        let up = partner.find(&format!(
            "AuditEvent?patient=ann&date=le2100&_sort={sort}&_count=100"
        ));
        let down = partner.find(&format!(
            "AuditEvent?patient=ann&date=le2100&_sort=-{sort}&_count=100"
        ));
        // Searches of the scene are about the patient too.
        let older = &down[down.len() - up.len()..];
        let mut reversed = ids(older);
        reversed.reverse();
        assert_eq!(ids(&up), reversed, "{sort}");
        assert!(first.is_empty() || ids(&up)[0] == first);
        let paged = partner.find(&format!(
            "AuditEvent?patient=ann&date=le2100&_sort={sort}&_count=2"
        ));
        assert_eq!(ids(&paged)[..up.len()], ids(&up)[..], "{sort}");
    }
    let one_by_one = partner.find("AuditEvent?patient=ann&_count=1");
    assert_eq!(ids(&one_by_one)[0], "told");
    let mut distinct = ids(&one_by_one);
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), one_by_one.len(), "nothing comes twice");
    let counted = partner
        .get("AuditEvent?entity=Observation/obs-ann&_summary=count")
        .ok();
    let found = partner.find("AuditEvent?entity=Observation/obs-ann&_count=100");
    assert_eq!(counted["total"], found.len());
    let included = partner
        .get("AuditEvent?entity=Observation/obs-ann&_include=AuditEvent:patient")
        .ok();
    let mut entries = included["entry"].as_array().into_iter().flatten();
    assert!(entries.any(|entry| entry["search"]["mode"] == "include" && entry["resource"]["id"] == "ann"));
    let compartment = partner.find("Patient/ann/AuditEvent?_count=100");
    assert!(compartment.len() > 4);
}

fn recorded_ones_are_found_by_every_parameter(baton: &Baton) {
    let partner = world(baton);
    let client = client_id(baton);
    let read = partner.only("AuditEvent?action=R&entity=Observation/obs-ann&_count=50");
    let (id, at) = (text(&read["id"]), text(&read["recorded"]));
    let site = format!("{}/fhir", baton.base);
    let dcm = "http://dicom.nema.org/resources/ontology/DCM";
    for (query, near) in [
        (format!("_id={id}"), "_id=baton-0".to_owned()),
        (format!("date={at}"), "date=lt2020".to_owned()),
        (format!("_lastUpdated={at}"), "_lastUpdated=lt2020".to_owned()),
        ("action=R".into(), "action=D".into()),
        ("address=127.0.0.1".into(), "address=127.0.0.2".into()),
        (
            format!("agent:identifier=urn:baton:client|{client}"),
            "agent:identifier=urn:baton:client|x".into(),
        ),
        (format!("agent-name={client}"), "agent-name=nobody".into()),
        (
            "entity=Observation/obs-ann".into(),
            "entity=Observation/obs-ben".into(),
        ),
        ("entity-role=4".into(), "entity-role=24".into()),
        ("entity-type=2".into(), "entity-type=3".into()),
        ("outcome=0".into(), "outcome=4".into()),
        ("patient=ann".into(), "patient=ben".into()),
        ("patient.name=sorensen".into(), "patient.name=nobody".into()),
        (format!("site={site}"), "site=elsewhere".into()),
        ("subtype=read".into(), "subtype=vread".into()),
        ("type=rest".into(), format!("type={dcm}|110106")),
        ("patient:missing=false".into(), "patient:missing=true".into()),
        (
            "_profile=https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"
                .into(),
            "_profile=x".into(),
        ),
        ("_source=urn:baton:audit".into(), "_source=x".into()),
    ] {
        // Of this one moment, whatever the scene itself adds.
        let moment =
            |query: &str| ids(&partner.find(&format!("AuditEvent?{query}&_lastUpdated=le{at}&_count=100")));
        assert!(moment(&query).contains(&id), "{query}");
        assert!(!moment(&near).contains(&id), "{near}");
    }
    let refused = partner.find("AuditEvent?outcome=4&entity=Patient/nobody");
    assert_eq!(line(&refused[0]), "read 4 Patient/nobody [nobody]");
}

fn what_cannot_be_asked_is_refused(baton: &Baton) {
    let partner = world(baton);
    assert_eq!(
        partner.get("AuditEvent?subtype:in=http://x/ValueSet/y").status,
        400
    );
    for sort in ["action", "-date,action"] {
        let sorted = partner.get(&format!("AuditEvent?_sort={sort}")).ok();
        let entries = sorted["entry"].as_array().expect("entries");
        assert_eq!(entries[0]["resource"]["id"], "told", "stored ones first");
        let outcome = entries.last().expect("an outcome");
        assert_eq!(outcome["resource"]["issue"][0]["code"], "not-supported", "{sort}");
    }
    let bundle = partner.get("AuditEvent?_count=1").ok();
    let next = bundle["link"]
        .as_array()
        .expect("links")
        .iter()
        .find(|link| link["relation"] == "next");
    let next = text(&next.expect("more")["url"]);
    let (_, cursor) = next.split_once("_cursor=").expect("a cursor");
    assert_eq!(
        partner
            .get(&format!("AuditEvent?action=E&_cursor={cursor}"))
            .status,
        400
    );
    assert_eq!(partner.get("AuditEvent?_cursor=nonsense").status, 400);
}

fn they_are_open_to_those_alone_to_whom_all_is(baton: &Baton) {
    let partner = world(baton);
    let recorded = partner.find("AuditEvent?action=R&_count=1").remove(0);
    let path = format!("AuditEvent/{}", text(&recorded["id"]));
    assert_eq!(baton.client("system/AuditEvent.rs").get(&path).status, 200);
    assert!(matches!(
        baton.client("system/AuditEvent.s").get(&path).status,
        403 | 404
    ));
    let narrow = baton.client("system/AuditEvent.rs?type=110106");
    assert!(matches!(narrow.get(&path).status, 403 | 404), "some are not all");
    let searched = narrow.get("AuditEvent");
    assert!(!searched.text.contains("\"baton-"), "{}", searched.text);
}
