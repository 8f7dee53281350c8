//! What changes the server, or what others may, is written for the whole system or not at all.
use super::*;
use crate::on_both;

on_both!(what_changes_the_server_needs_all_of_the_type);

fn what_changes_the_server_needs_all_of_the_type(baton: &Baton) {
    world(baton);
    let consent = json!({
        "resourceType": "Consent", "status": "active", "patient": {"reference": "Patient/ann"},
        "scope": {"text": "privacy"}, "category": [{"text": "privacy"}], "policyRule": {"text": "all"},
    });
    app(baton, "patient/*.cruds")
        .post("Consent", &consent)
        .refused(403, "needs `c` for all of them");
    doctor(baton, "user/Consent.cruds")
        .post("Consent", &consent)
        .refused(403, "needs `c`");
    assert_eq!(
        baton.client("system/Consent.c").post("Consent", &consent).status,
        201
    );
    let some =
        baton.client("system/SearchParameter.cruds?status=draft system/PlanDefinition.cruds?status=draft");
    for on in ["SearchParameter", "PlanDefinition"] {
        let one = json!({"resourceType": on, "id": "x", "status": "draft"});
        some.put(&format!("{on}/x"), &one)
            .refused(403, "needs `u` for all of them");
        some.delete(&format!("{on}/x"))
            .refused(403, "needs `d` for all of them");
        some.delete(&format!("{on}?status=draft"))
            .refused(403, "needs `d`");
    }
    let app = app(baton, "patient/*.cruds");
    for on in [
        "Organization",
        "Practitioner",
        "Location",
        "Binary",
        "MessageHeader",
    ] {
        app.delete(&format!("{on}/x"))
            .refused(403, "needs `d` for all of them");
    }
}
