//! Where things come from: told by the client in a header, or by Baton of what it derives.
use super::book::{patient, text};
use crate::on_both;
use crate::support::messages::{Adt, days_ago};
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    a_header_becomes_a_provenance_of_what_was_written,
    a_bad_header_writes_nothing,
    what_baton_derives_has_a_provenance,
);

fn said() -> Value {
    json!({
        "resourceType": "Provenance", "recorded": "2026-11-29T08:00:00Z",
        "agent": [{"who": {"display": "Dr. Lind"}}],
        "signature": [{"type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
            "when": "2026-11-29T08:00:00Z", "who": {"display": "Dr. Lind"}}],
    })
}

fn send(partner: &Client, method: &str, path: &str, body: &Value, header: &str) -> Reply {
    let request = partner
        .request(method, path)
        .header("content-type", "application/fhir+json");
    Reply::of(request.header("x-provenance", header).body(body.to_string()))
}

fn targets(partner: &Client, target: &str) -> Vec<String> {
    let found = partner.find(&format!("Provenance?target={target}"));
    let targets = found
        .iter()
        .flat_map(|one| one["target"].as_array().cloned().unwrap_or_default());
    let mut targets: Vec<String> = targets.map(|target| text(&target["reference"])).collect();
    targets.sort();
    targets
}

fn a_header_becomes_a_provenance_of_what_was_written(baton: &Baton) {
    let partner = baton.partner();
    let header = said().to_string();
    let basic = json!({"resourceType": "Basic", "code": {"text": "one"}});
    let created = send(&partner, "POST", "Basic", &basic, &header);
    assert_eq!(created.status, 201, "{}", created.text);
    let id = text(&created.json()["id"]);
    let name = format!("Basic/{id}");
    assert_eq!(targets(&partner, &name), [format!("{name}/_history/1")]);
    let stored = partner.only(&format!("Provenance?target={name}"));
    assert_eq!(stored["agent"], said()["agent"]);
    assert_eq!(stored["signature"], said()["signature"]);
    let mut again = created.json();
    again["code"] = json!({"text": "two"});
    assert_eq!(send(&partner, "PUT", &name, &again, &header).status, 200);
    assert_eq!(
        send(&partner, "PUT", &name, &again, &header).status,
        200,
        "nothing to write"
    );
    let versions = [format!("{name}/_history/1"), format!("{name}/_history/2")];
    assert_eq!(targets(&partner, &name), versions);
    let entry = |id: &str| {
        json!({
            "request": {"method": "PUT", "url": format!("Basic/{id}")},
            "resource": {"resourceType": "Basic", "id": id, "code": {"text": id}},
        })
    };
    let transaction =
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry("a"), entry("b")]});
    assert_eq!(send(&partner, "POST", "", &transaction, &header).status, 200);
    assert_eq!(
        targets(&partner, "Basic/a"),
        ["Basic/a/_history/1", "Basic/b/_history/1"]
    );
}

fn a_bad_header_writes_nothing(baton: &Baton) {
    let partner = baton.partner();
    let basic = json!({"resourceType": "Basic", "id": "x", "code": {"text": "one"}});
    let with = |member: &str, value: Value| {
        let mut said = said();
        said[member] = value;
        said.to_string()
    };
    for header in [
        "nonsense".to_owned(),
        "[]".to_owned(),
        with("resourceType", json!("Basic")),
        with("target", json!([{"reference": "Basic/x"}])),
        with("agent", json!([])),
        with("recorded", json!("yesterday")),
        with("nonsense", json!(1)),
    ] {
        assert_eq!(
            send(&partner, "PUT", "Basic/x", &basic, &header).status,
            400,
            "{header}"
        );
    }
    let good = said().to_string();
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": []});
    assert_eq!(send(&partner, "POST", "", &batch, &good).status, 400);
    assert_eq!(send(&partner, "GET", "Basic/x", &json!({}), &good).status, 400);
    let narrow = baton.client("system/Basic.cruds");
    assert_eq!(send(&narrow, "PUT", "Basic/x", &basic, &good).status, 403);
    assert_eq!(partner.get("Basic/x").status, 404, "nothing was written");
}

fn what_baton_derives_has_a_provenance(baton: &Baton) {
    let partner = baton.partner();
    baton.sender();
    let adt = |event| Adt::new(event, "P-1", "V-1");
    for message in [adt("A01"), adt("A03").discharged(days_ago(1), "01")] {
        assert!(partner.hl7(&message.text()).text.contains("MSA|AA|"));
    }
    let task = partner.find("Task?status=requested&_count=1").remove(0);
    let name = format!("Task/{}", text(&task["id"]));
    let found = partner.find(&format!("Provenance?target={name}"));
    assert!(!found.is_empty());
    for provenance in &found {
        assert!(text(&provenance["target"][0]["reference"]).starts_with(&name));
        assert_eq!(provenance["agent"][0]["who"]["display"], "Baton");
        assert_eq!(provenance["entity"][0]["role"], "derivation");
        let path = format!("Provenance/{}", text(&provenance["id"]));
        assert_eq!(partner.get(&path).ok()["target"], provenance["target"]);
        let verdict = partner.post("Provenance/$validate", provenance).ok();
        let mut issues = verdict["issue"].as_array().expect("issues").iter();
        assert!(issues.all(|issue| issue["severity"] != "error"), "{verdict}");
        assert_eq!(partner.delete(&path).status, 405);
    }
    patient(&partner, "by-hand");
    assert_eq!(
        targets(&partner, "Patient/by-hand"),
        Vec::<String>::new(),
        "a client's write is its own"
    );
}
