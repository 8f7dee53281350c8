//! An app works on what is its patient's, and on nothing else.
use super::*;
use crate::on_both;

on_both!(
    an_app_completes_a_task_of_its_patient,
    what_is_hidden_is_changed_as_what_never_was,
    a_resource_stays_with_its_patient,
    each_letter_is_asked_for,
    a_doctor_changes_what_is_of_their_patients,
    what_may_only_be_read_is_not_told_to_be_absent,
);

fn an_app_completes_a_task_of_its_patient(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/Task.rus");
    let mut mine = app.only("Task?status=requested");
    assert_eq!(mine["id"], "ann");
    mine["status"] = json!("in-progress");
    let put = app.put("Task/ann", &mine);
    assert_eq!((put.status, put.header("etag")), (200, "W/\"2\""), "{}", put.text);
    let done = complete(&app, "Task/ann");
    assert_eq!(
        (done.status, done.ok()["status"].clone()),
        (200, json!("completed"))
    );
    let stale = app.request("PUT", "Task/ann").header("if-match", "W/\"2\"");
    Reply::of(
        stale
            .header("content-type", "application/fhir+json")
            .body(mine.to_string()),
    )
    .refused(412, "version 3");
    assert_eq!(partner.get("Task/ann").ok()["status"], "completed");
    assert_eq!(partner.get("Task/ben").ok()["meta"]["versionId"], "1");
}

fn what_is_hidden_is_changed_as_what_never_was(baton: &Baton) {
    let partner = world(baton);
    partner.put("Task/gone", &task("gone", "ann")).ok();
    partner.delete("Task/gone");
    let app = app(baton, "patient/*.cruds");
    let nothing = app.put("Task/nix", &task("nix", "ann"));
    nothing.refused(404, "There is no Task with this id");
    for id in ["ben", "gone"] {
        let of = |id: &str| app.put(&format!("Task/{id}"), &task(id, "ann"));
        alike((&of(id), id), (&of("nix"), "nix"));
        let of = |id: &str| complete(&app, &format!("Task/{id}"));
        alike((&of(id), id), (&of("nix"), "nix"));
        assert_eq!(of(id).status, 404);
        let of = |id: &str| {
            patch(
                &app,
                &format!("Task/{id}"),
                &json!([{"op": "test", "path": "/x", "value": 1}]),
            )
        };
        alike((&of(id), id), (&of("nix"), "nix"));
        let of = |id: &str| app.delete(&format!("Task/{id}"));
        alike((&of(id), id), (&of("nix"), "nix"));
        assert_eq!(of(id).status, 204);
        for (name, value) in [
            ("if-match", "W/\"1\""),
            ("if-match", "W/\"9\""),
            ("if-none-match", "*"),
        ] {
            let of = |id: &str| {
                let request = app.request("PUT", &format!("Task/{id}")).header(name, value);
                let request = request.header("content-type", "application/fhir+json");
                Reply::of(request.body(task(id, "ann").to_string()))
            };
            alike((&of(id), id), (&of("nix"), "nix"));
            let of = |id: &str| Reply::of(app.request("DELETE", &format!("Task/{id}")).header(name, value));
            alike((&of(id), id), (&of("nix"), "nix"));
            let of = |id: &str| {
                let request = app.request("DELETE", &format!("Task/{id}"));
                Reply::of(request.header("prefer", "return=OperationOutcome"))
            };
            alike((&of(id), id), (&of("nix"), "nix"));
        }
        let of = |id: &str| app.post(&format!("Task/{id}/$meta-add"), &meta());
        alike((&of(id), id), (&of("nix"), "nix"));
        let of = |id: &str| app.get(&format!("Task/{id}/$validate?mode=delete"));
        alike((&of(id), id), (&of("nix"), "nix"));
    }
    let ben = partner.get("Task/ben").ok();
    assert_eq!(
        (ben["meta"]["versionId"].as_str(), ben["status"].as_str()),
        (Some("1"), Some("requested"))
    );
    assert_eq!(partner.get("Task/gone").status, 410);
    assert_eq!(partner.get("Task/nix").status, 404);
}

fn meta() -> Value {
    let tag = json!({"tag": [{"system": "urn:tag", "code": "a"}]});
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": tag}]})
}

fn a_resource_stays_with_its_patient(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/*.cruds");
    let bens = without_id(task("x", "ben"));
    app.post("Task", &bens)
        .refused(403, "would not be one that the access token opens with `c`");
    let nobodys = with(without_id(task("x", "ann")), "for", json!({"display": "Ann"}));
    app.post("Task", &nobodys).refused(403, "`c`");
    app.put("Task/ann", &task("ann", "ben")).refused(403, "`u`");
    let away = json!([{"op": "replace", "path": "/for/reference", "value": "Patient/ben"}]);
    patch(&app, "Task/ann", &away).refused(403, "`u`");
    let removed = json!([{"op": "remove", "path": "/for"}]);
    patch(&app, "Task/ann", &removed).refused(403, "`u`");
    app.post("Patient", &json!({"resourceType": "Patient"}))
        .refused(403, "`c`");
    assert_eq!(partner.get("Task/ann").ok()["meta"]["versionId"], "1");
    assert_eq!(partner.find("Task").len(), 2);

    let created = app.post("Task", &without_id(task("x", "ann")));
    assert_eq!(created.status, 201, "{}", created.text);
    let path = format!("Task/{}", created.json()["id"].as_str().expect("an id"));
    let tagged = app.post(&format!("{path}/$meta-add"), &meta());
    assert_eq!(tagged.status, 200, "{}", tagged.text);
    assert_eq!(app.delete(&path).status, 204);
    assert_eq!(partner.get(&path).status, 410);
    alike((&app.get(&path), &path), (&app.get("Task/nix"), "Task/nix"));
}

fn each_letter_is_asked_for(baton: &Baton) {
    world(baton);
    let new = without_id(task("x", "ann"));
    let reads = app(baton, "patient/Task.rs");
    reads.post("Task", &new).refused(403, "system/Task.c");
    reads
        .put("Task/ann", &task("ann", "ann"))
        .refused(403, "system/Task.u");
    complete(&reads, "Task/ann").refused(403, "system/Task.u");
    reads.delete("Task/ann").refused(403, "system/Task.d");
    reads
        .post("Task/ann/$meta-add", &meta())
        .refused(403, "system/Task.u");
    let creates = app(baton, "patient/Task.c");
    assert_eq!(creates.post("Task", &new).status, 201);
    creates
        .put("Task/ann", &task("ann", "ann"))
        .refused(403, "system/Task.u");
    let updates = app(baton, "patient/Task.u");
    assert_eq!(complete(&updates, "Task/ann").status, 200);
    updates.post("Task", &new).refused(403, "system/Task.c");
    let deletes = app(baton, "patient/Task.d");
    deletes
        .put("Task/ann", &task("ann", "ann"))
        .refused(403, "system/Task.u");
    assert_eq!(deletes.delete("Task/ann").status, 204);
    let nobody = baton.launched("patient/*.cruds", &Default::default());
    nobody.post("Task", &new).refused(403, "");
}

fn a_doctor_changes_what_is_of_their_patients(baton: &Baton) {
    let partner = world(baton);
    partner
        .put(
            "Patient/cleo",
            &with(partner.get("Patient/ann").ok(), "id", json!("cleo")),
        )
        .ok();
    let doctor = doctor(baton, "user/*.cruds");
    assert_eq!(complete(&doctor, "Task/ann").status, 200);
    alike(
        (&complete(&doctor, "Task/ben"), "ben"),
        (&complete(&doctor, "Task/nix"), "nix"),
    );
    assert_eq!(doctor.post("Task", &without_id(task("x", "cleo"))).status, 201);
    doctor
        .post("Task", &without_id(task("x", "ben")))
        .refused(403, "`c`");
    doctor
        .put("Task/ann", &task("ann", "cleo"))
        .refused(403, "away from a patient");
    // Nobody lets themselves in.
    let team = json!({
        "resourceType": "CareTeam", "subject": {"reference": "Patient/ben"},
        "participant": [{"member": {"reference": "Practitioner/dora"}}],
    });
    doctor.post("CareTeam", &team).refused(403, "`c`");
    let role =
        json!({"resourceType": "PractitionerRole", "practitioner": {"reference": "Practitioner/dora"}});
    doctor
        .post("PractitionerRole", &role)
        .refused(403, "needs `c` for all of them");
    let own = with(
        json!({"resourceType": "Patient"}),
        "generalPractitioner",
        json!([{"reference": "Practitioner/dora"}]),
    );
    doctor.post("Patient", &own).refused(403, "`c`");
    assert_eq!(partner.get("Patient?_summary=count").ok()["total"], 3);
}

fn what_may_only_be_read_is_not_told_to_be_absent(baton: &Baton) {
    let partner = world(baton);
    partner
        .put("Observation/survey", &observation("survey", "ann", "survey"))
        .ok();
    let app = app(
        baton,
        "patient/Observation.rs patient/Observation.ud?category=survey",
    );
    let seen = observation("ann", "ann", "laboratory");
    app.put("Observation/ann", &seen)
        .refused(403, "opens this Observation, but not to be changed");
    complete(&app, "Observation/ann").refused(403, "not to be changed");
    app.delete("Observation/ann").refused(403, "not to be deleted");
    app.put("Observation/ben", &observation("ben", "ann", "survey"))
        .refused(404, "There is no Observation");
    app.put("Observation/survey", &observation("survey", "ann", "laboratory"))
        .refused(403, "fit the query");
    let other = with(observation("survey", "ann", "survey"), "status", json!("amended"));
    assert_eq!(app.put("Observation/survey", &other).status, 200);
    assert_eq!(app.delete("Observation/survey").status, 204);
    assert_eq!(partner.get("Observation/ann").ok()["meta"]["versionId"], "1");
}
