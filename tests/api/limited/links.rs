//! Where a resource may point: a token for some patients ties it to nobody else's record, and learns
//! from no answer what is there. <https://hl7.org/fhir/R4/references.html>
use super::*;
use crate::support::{Database, Options};
use crate::{on_both, on_both_databases};

on_both!(
    nothing_is_tied_to_another_patient,
    what_it_pointed_to_stays,
    what_a_launch_names_may_be_referred_to,
    a_provenance_goes_with_what_is_open,
);
on_both_databases!(enforced_references_tell_nothing);

fn focused(of: &str, focus: &str) -> Value {
    with(without_id(task("x", of)), "focus", json!({"reference": focus}))
}

/// As participants of an appointment.
fn both() -> Value {
    let one = |who: &str| json!({"actor": {"reference": format!("Patient/{who}")}, "status": "accepted"});
    json!(["ann", "ben"].map(one))
}

fn nothing_is_tied_to_another_patient(baton: &Baton) {
    world(baton);
    let app = app(baton, "patient/*.cruds");
    let rule = "leads to nothing that the access token opens";
    for hidden in ["Observation/ben", "Patient/ben", "Task/ben", "Binary/ben"] {
        let refused = app.post("Task", &focused("ann", hidden));
        refused.refused(422, rule);
        let absent = hidden.replace("ben", "nix");
        let other = app.post("Task", &focused("ann", &absent));
        alike((&refused, "ben"), (&other, "nix"));
        assert!(refused.text.contains("Task.focus.reference"), "{}", refused.text);
    }
    for fine in [
        "Observation/ann",
        "Patient/ann",
        "Organization/any",
        "http://x.example/fhir/Task/1",
    ] {
        let created = app.post("Task", &focused("ann", fine));
        assert_eq!(created.status, 201, "{fine} {}", created.text);
    }
    let shared = json!({
        "resourceType": "Appointment", "status": "proposed",
        "participant": both(),
    });
    app.post("Appointment", &shared)
        .refused(422, "Appointment.participant[1].actor.reference");
    let linked = json!([{"op": "add", "path": "/link", "value": [{"other": {"reference": "Patient/ben"}, "type": "seealso"}]}]);
    patch(&app, "Patient/ann", &linked).refused(422, rule);
    // Of types that the token does not speak of, nothing is known.
    let narrow = self::app(baton, "patient/Task.cu");
    let refused = narrow.post("Task", &focused("ann", "Observation/ann"));
    alike(
        (&refused, "ann"),
        (&narrow.post("Task", &focused("ann", "Observation/nix")), "nix"),
    );
    refused.refused(422, rule);
    assert_eq!(narrow.post("Task", &focused("ann", "Patient/ann")).status, 201);
}

fn what_it_pointed_to_stays(baton: &Baton) {
    let partner = world(baton);
    let old = with(
        task("ann", "ann"),
        "focus",
        json!({"reference": "Observation/ben"}),
    );
    partner.put("Task/ann", &old).ok();
    let shared = json!({
        "resourceType": "Appointment", "id": "both", "status": "proposed",
        "participant": both(),
    });
    partner.put("Appointment/both", &shared).ok();
    let app = app(baton, "patient/*.cruds");
    assert_eq!(complete(&app, "Task/ann").status, 200);
    let late = json!([{"op": "add", "path": "/comment", "value": "late"}]);
    assert_eq!(patch(&app, "Appointment/both", &late).status, 200);
    let alone = json!([{"op": "remove", "path": "/participant/1"}]);
    patch(&app, "Appointment/both", &alone).refused(403, "away from a patient");
    // A record that is linked to one's own is to be read, not written.
    let other = json!({"resourceType": "Patient", "id": "dan", "link": [{"other": {"reference": "Patient/ann"}, "type": "seealso"}]});
    partner.put("Patient/dan", &other).ok();
    assert_eq!(app.get("Patient/dan").status, 200);
    app.put("Patient/dan", &with(other, "active", json!(true)))
        .refused(403, "not to be changed");
    app.delete("Patient/dan").refused(403, "not to be deleted");
    let linked = json!({"resourceType": "Patient", "link": [{"other": {"reference": "Patient/ann"}, "type": "seealso"}]});
    app.post("Patient", &linked).refused(403, "`c`");
}

fn what_a_launch_names_may_be_referred_to(baton: &Baton) {
    let partner = world(baton);
    let class = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"});
    for id in ["visit", "other"] {
        let encounter = json!({
            "resourceType": "Encounter", "id": id, "status": "planned", "class": class,
            "subject": {"reference": "Patient/ann"},
        });
        partner.put(&format!("Encounter/{id}"), &encounter).ok();
    }
    let mut holder = of_patient("ann");
    holder.encounter = Some("visit".into());
    let app = baton.launched("patient/Observation.c", &holder);
    let at = |id: &str| {
        let mine = without_id(observation("x", "ann", "survey"));
        with(mine, "encounter", json!({"reference": format!("Encounter/{id}")}))
    };
    assert_eq!(app.post("Observation", &at("visit")).status, 201);
    alike(
        (&app.post("Observation", &at("other")), "other"),
        (&app.post("Observation", &at("nix")), "nix"),
    );
}

fn a_provenance_goes_with_what_is_open(baton: &Baton) {
    let partner = world(baton);
    let said = |who: &str| {
        json!({
            "resourceType": "Provenance", "recorded": "2026-01-01T00:00:00Z",
            "agent": [{"who": {"reference": who}}],
        })
        .to_string()
    };
    let complete = |client: &Client, who: &str| {
        let request = client
            .request("PATCH", "Task/ann")
            .header("x-provenance", said(who));
        let done = json!([{"op": "replace", "path": "/status", "value": "completed"}]);
        Reply::of(request.header("content-type", JSON_PATCH).body(done.to_string()))
    };
    complete(&app(baton, "patient/Task.ru"), "Patient/ann").refused(403, "system/Provenance.c");
    let app = app(baton, "patient/Task.ru patient/Provenance.c");
    let refused = complete(&app, "Patient/ben");
    refused.refused(422, "Provenance.agent[0].who.reference");
    alike((&refused, "ben"), (&complete(&app, "Patient/nix"), "nix"));
    assert_eq!(partner.get("Task/ann").ok()["meta"]["versionId"], "1");
    assert_eq!(complete(&app, "Patient/ann").status, 200);
    assert_eq!(partner.find("Provenance?target=Task/ann").len(), 1);
}

fn enforced_references_tell_nothing(database: Database) {
    let file = database.folder().join("enforced.toml");
    std::fs::write(&file, "[references]\nenforce = [\"Task\", \"Observation\"]\n").expect("a settings file");
    let args = vec!["--config".to_string(), file.display().to_string()];
    let options = Options {
        args,
        ..Options::default()
    };
    let baton = Baton::start(database, options);
    let partner = world(&baton);
    let app = app(&baton, "patient/*.cruds");
    for hidden in ["Observation/ben", "Patient/ben"] {
        let (refused, absent) = (
            app.post("Task", &focused("ann", hidden)),
            app.post("Task", &focused("ann", &hidden.replace("ben", "nix"))),
        );
        alike((&refused, "ben"), (&absent, "nix"));
        refused.refused(422, "leads to nothing that the access token opens");
    }
    app.post("Task", &focused("ann", "Organization/any"))
        .refused(422, "leads to nothing");
    assert_eq!(app.post("Task", &focused("ann", "Practitioner/dora")).status, 201);
    // Half of the patients are hidden from a backend, too.
    let backend = baton.client("system/Observation.c system/Patient.rs?active=true");
    let of = |who: &str| backend.post("Observation", &without_id(observation("x", who, "survey")));
    alike((&of("ann"), "ann"), (&of("nix"), "nix"));
    partner
        .put(
            "Patient/ann",
            &json!({"resourceType": "Patient", "id": "ann", "active": true}),
        )
        .ok();
    assert_eq!(of("ann").status, 201);
    // Who refers to it is not for every eye.
    app.delete("Observation/ann")
        .refused(403, "keeps references whole");
    assert_eq!(partner.delete("Observation/ann").status, 204);
}
