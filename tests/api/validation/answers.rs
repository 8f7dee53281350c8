//! How a refusal reads, and that every way in refuses.
use super::{expressions, patient};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(
    all_findings_come_at_once,
    unreadable_json_is_refused,
    update_and_transaction_validate_too
);

fn all_findings_come_at_once(baton: &Baton) {
    let partner = baton.partner();
    let reply = partner.post(
        "Patient",
        &patient(
            json!({"gender": "Secretvalue", "birthDate": "Secretvalue", "nonsense": 1, "name": [{"use": 5}]}),
        ),
    );
    let outcome = reply.refused(422, "Patient.");
    let mut found = expressions(&outcome);
    found.sort();
    assert_eq!(
        found,
        [
            "Patient.birthDate",
            "Patient.gender",
            "Patient.name[0].use",
            "Patient.nonsense"
        ]
    );
    assert!(!reply.text.contains("Secretvalue"), "values are not repeated");
}

fn unreadable_json_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let send = |text: &[u8]| partner.send_text("POST", "Patient", "application/fhir+json", text);
    for text in [
        "",
        " ",
        "{",
        "[]",
        "5",
        "null",
        "{}",
        "{\"resourceType\": 5}",
        "{\"resourceType\":\"Patientt\"}",
        "{\"resourceType\":\"Patient\"} x",
        "{\"resourceType\":\"Patient\",}",
        "{'resourceType':'Patient'}",
        "{\"resourceType\":\"Patient\" /*x*/}",
        "{\"resourceType\":\"Patient\",\"active\":tru}",
        "{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}",
    ] {
        send(text.as_bytes()).refused(400, "diagnostics");
    }
    send(b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}").refused(400, "UTF-8");
    send(b"{\"resourceType\":\"Patient\",\"active\":true,\"active\":false}").refused(400, "twice");
    assert!(partner.find("Patient").is_empty());
}

fn update_and_transaction_validate_too(baton: &Baton) {
    let partner = baton.partner();
    let faulty = json!({"resourceType": "Patient", "id": "v", "gender": "M"});
    let outcome = partner.put("Patient/v", &faulty).refused(422, "gender");
    assert_eq!(expressions(&outcome), ["Patient.gender"]);
    let outcome = partner
        .put("Patient?identifier=v", &faulty)
        .refused(422, "gender");
    assert_eq!(expressions(&outcome), ["Patient.gender"]);
    let entry = json!({"resource": faulty, "request": {"method": "PUT", "url": "Patient/v"}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let reply = partner.post("", &bundle);
    assert_eq!(
        expressions(&reply.refused(422, "gender")),
        ["Bundle.entry[0].resource.gender"]
    );
    assert_eq!(partner.get("Patient/v").status, 404);
}
