//! Reference integrity as a policy per type. <https://hl7.org/fhir/R4/references.html>
use crate::support::{Baton, Client, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::{Value, json};
use std::sync::Arc;
use std::thread;

on_both!(references_lead_anywhere_unless_told);
on_both_databases!(
    enforced_references_lead_somewhere,
    what_is_referred_to_stays,
    a_transaction_is_judged_by_its_end,
    a_policy_learns_what_is_there,
    creates_and_deletes_do_not_miss_each_other
);

/// A server on that database which enforces the references of these types.
fn enforcing(database: &Arc<Database>, types: &str) -> Baton {
    let file = database.folder().join(format!("{}.toml", types.len()));
    std::fs::write(&file, format!("[references]\nenforce = [{types}]\n")).expect("a settings file");
    let args = vec!["--config".to_string(), file.display().to_string()];
    let options = Options {
        args,
        ..Options::default()
    };
    Baton::on(database.clone(), &options)
}

fn task(id: &str, of: &str) -> Value {
    json!({"resourceType": "Task", "id": id, "status": "requested", "intent": "order", "for": {"reference": of}})
}

fn patient(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id})
}

fn bundle(entries: Vec<(&str, String, Option<Value>)>) -> Value {
    let entry = |(method, url, resource): (&str, String, Option<Value>)| {
        let mut entry = json!({"request": {"method": method, "url": url}});
        if let Some(resource) = resource {
            entry["resource"] = resource;
        }
        entry
    };
    let entries: Vec<Value> = entries.into_iter().map(entry).collect();
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

fn policy(baton: &Baton, on: &str) -> Value {
    let statement = baton.anonymous().get("metadata").ok();
    let all = statement["rest"][0]["resource"].as_array().expect("types").iter();
    let mut found = all.filter(|one| one["type"] == on);
    found.next().expect("the type")["referencePolicy"].clone()
}

fn references_lead_anywhere_unless_told(baton: &Baton) {
    let partner = baton.partner();
    assert_eq!(policy(baton, "Task"), json!(["literal", "logical"]));
    assert_eq!(partner.put("Task/t", &task("t", "Patient/none")).status, 201);
    partner.put("Patient/p", &patient("p")).ok();
    partner.put("Task/u", &task("u", "Patient/p")).ok();
    assert_eq!(partner.delete("Patient/p").status, 204);
}

fn enforced_references_lead_somewhere(database: Database) {
    let baton = enforcing(&Arc::new(database), "\"Task\"");
    let partner = baton.partner();
    assert_eq!(policy(&baton, "Task"), json!(["literal", "logical", "enforced"]));
    assert_eq!(policy(&baton, "Basic"), json!(["literal", "logical"]));
    let refused = partner
        .post("Task", &task("x", "Patient/none"))
        .refused(422, "leads to no resource");
    assert_eq!(refused["issue"][0]["code"], "business-rule");
    assert_eq!(refused["issue"][0]["expression"][0], "Task.for.reference");
    partner.put("Patient/p", &patient("p")).ok();
    assert_eq!(partner.put("Task/t", &task("t", "Patient/p")).status, 201);
    partner
        .put("Task/t", &task("t", "Patient/none"))
        .refused(422, "leads to no resource");
    let patch = json!([{"op": "replace", "path": "/for/reference", "value": "Patient/none"}]).to_string();
    let patched = partner.send_text("PATCH", "Task/t", "application/json-patch+json", patch);
    patched.refused(422, "leads to no resource");
    assert_eq!(partner.get("Task/t").header("etag"), "W/\"1\"");
    // By its address here is by its address.
    let own = |id: &str| task("t", &format!("{}/fhir/Patient/{id}", baton.base));
    partner
        .put("Task/t", &own("none"))
        .refused(422, "leads to no resource");
    partner.put("Task/t", &own("p")).ok();
    partner.delete("Patient/p").refused(409, "Task/t");
    // References without a search parameter count, others that nobody here can follow do not.
    let mut more = task("m", "http://elsewhere.example/Patient/1");
    more["input"] = json!([{"type": {"text": "x"}, "valueReference": {"reference": "Location/none"}}]);
    more["focus"] = json!({"reference": "urn:uuid:4a1a2a3a-0000-4000-8000-000000000000"});
    let refused = partner.put("Task/m", &more).refused(422, "leads to no resource");
    let mut told: Vec<&str> = refused["issue"]
        .as_array()
        .expect("issues")
        .iter()
        .map(|one| one["expression"][0].as_str().expect("a place"))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        ["Task.focus.reference", "Task.input[0].valueReference.reference"]
    );
    partner.put("Patient/gone", &patient("gone")).ok();
    partner.delete("Patient/gone");
    partner
        .put("Task/g", &task("g", "Patient/gone"))
        .refused(422, "leads to no resource");
    assert_eq!(partner.put("Basic/b", &json!({"resourceType": "Basic", "id": "b", "code": {"text": "x"}, "subject": {"reference": "Patient/none"}})).status, 201);
    let own = json!({"resourceType": "Task", "id": "own", "status": "draft", "intent": "order", "partOf": [{"reference": "Task/own"}]});
    assert_eq!(partner.put("Task/own", &own).status, 201, "itself is there");
    assert_eq!(partner.delete("Task/own").status, 204, "and may go with itself");
}

fn what_is_referred_to_stays(database: Database) {
    let baton = enforcing(&Arc::new(database), "\"Task\"");
    let partner = baton.partner();
    partner.put("Patient/p", &patient("p")).ok();
    for n in 0..7 {
        partner
            .put(&format!("Task/t{n}"), &task(&format!("t{n}"), "Patient/p"))
            .ok();
    }
    let refused = partner.delete("Patient/p").refused(409, "Task/t0");
    let text = refused["issue"][0]["diagnostics"].as_str().expect("text");
    assert_eq!(text.matches("Task/t").count(), 5, "some, not all: {text}");
    partner.delete("Patient?_id=p").refused(409, "Task/t0");
    let blind = baton.client("system/Patient.cruds");
    let told = blind
        .delete("Patient/p")
        .refused(409, "other resources")
        .to_string();
    assert!(!told.contains("Task"), "{told}");
    let entries = || vec![("DELETE", "Patient/p".to_string(), None)];
    let refused = partner.post("", &bundle(entries())).refused(409, "Task/t0");
    assert_eq!(refused["issue"][0]["expression"][0], "Bundle.entry[0]");
    let told = blind
        .post("", &bundle(entries()))
        .refused(409, "other resources")
        .to_string();
    assert!(!told.contains("Task"), "{told}");
    assert_eq!(partner.get("Patient/p").status, 200);
    for n in 0..6 {
        assert_eq!(partner.delete(&format!("Task/t{n}")).status, 204);
    }
    partner.put("Patient/q", &patient("q")).ok();
    partner.put("Task/t6", &task("t6", "Patient/q")).ok();
    assert_eq!(
        partner.delete("Patient/p").status,
        204,
        "nothing refers to it any more"
    );
    partner.delete("Patient/q").refused(409, "Task/t6");
}

fn a_transaction_is_judged_by_its_end(database: Database) {
    let baton = enforcing(&Arc::new(database), "\"Task\"");
    let partner = baton.partner();
    let put = |resource: Value| {
        let url = format!(
            "{}/{}",
            resource["resourceType"].as_str().expect("a type"),
            resource["id"].as_str().expect("an id")
        );
        ("PUT", url, Some(resource))
    };
    let delete = |url: &str| ("DELETE", url.to_string(), None);
    partner
        .post("", &bundle(vec![put(task("t", "Patient/p")), put(patient("p"))]))
        .ok();
    let refused = partner
        .post(
            "",
            &bundle(vec![put(patient("z")), put(task("u", "Patient/none"))]),
        )
        .refused(422, "leads to no resource");
    assert_eq!(
        refused["issue"][0]["expression"][0],
        "Bundle.entry[1].resource.for.reference"
    );
    assert_eq!(partner.get("Patient/z").status, 404, "all or nothing");
    partner
        .post(
            "",
            &bundle(vec![delete("Patient/p"), put(task("v", "Patient/p"))]),
        )
        .refused(422, "leads to no resource");
    partner
        .post("", &bundle(vec![delete("Patient/p")]))
        .refused(409, "Task/t");
    partner
        .post(
            "",
            &bundle(vec![
                delete("Patient/p"),
                put(patient("q")),
                put(task("t", "Patient/q")),
            ]),
        )
        .ok();
    partner
        .post("", &bundle(vec![delete("Patient/q"), delete("Task/t")]))
        .ok();
    assert_eq!(
        (partner.get("Patient/q").status, partner.get("Task/t").status),
        (410, 410)
    );
    let mut created = bundle(vec![
        ("POST", "Task".into(), Some(task("x", "urn:uuid:1"))),
        ("POST", "Patient".into(), Some(patient("x"))),
    ]);
    created["entry"][1]["fullUrl"] = json!("urn:uuid:1");
    partner.post("", &created).ok();
}

fn a_policy_learns_what_is_there(database: Database) {
    let database = Arc::new(database);
    let open = Baton::on(database.clone(), &Options::default());
    let partner = open.partner();
    partner.put("Patient/p", &patient("p")).ok();
    partner.put("Task/t", &task("t", "Patient/p")).ok();
    partner.put("Task/u", &task("u", "Patient/none")).ok();
    assert!(open.terminate().success());

    let strict = enforcing(&database, "\"*\"");
    let partner = strict.partner();
    partner.delete("Patient/p").refused(409, "Task/t");
    partner
        .put("Task/u", &task("u", "Patient/other"))
        .refused(422, "leads to no resource");
    assert!(strict.terminate().success());

    let open = Baton::on(database.clone(), &Options::default());
    assert_eq!(open.partner().delete("Patient/p").status, 204);
}

fn status(reply: Reply) -> u16 {
    reply.status
}

/// Whatever the order, no task is left that leads to a patient who is gone.
fn creates_and_deletes_do_not_miss_each_other(database: Database) {
    let database = Arc::new(database);
    let first = enforcing(&database, "\"Task\"");
    // On PostgreSQL the other side of the race is another process.
    let second = database
        .url()
        .starts_with("postgres")
        .then(|| enforcing(&database, "\"Task\""));
    let partner = first.partner();
    let other = second.as_ref().map_or_else(|| partner.clone(), Baton::partner);
    for round in 0..30 {
        let id = format!("p{round}");
        partner.put(&format!("Patient/{id}"), &patient(&id)).ok();
        let creators: Vec<_> = (0..4)
            .map(|n| {
                let (client, id): (Client, String) = (
                    if n % 2 == 0 {
                        other.clone()
                    } else {
                        partner.clone()
                    },
                    id.clone(),
                );
                thread::spawn(move || status(client.post("Task", &task("x", &format!("Patient/{id}")))))
            })
            .collect();
        let deleted = status(partner.delete(&format!("Patient/{id}")));
        let created: Vec<u16> = creators
            .into_iter()
            .map(|one| one.join().expect("no panic"))
            .collect();
        assert!(
            created.iter().all(|status| matches!(status, 201 | 422)),
            "{created:?}"
        );
        let tasks = partner.get(&format!("Task?patient={id}&_summary=count")).ok()["total"].clone();
        let made = created.iter().filter(|status| **status == 201).count();
        assert_eq!(tasks, made);
        match deleted {
            204 => assert_eq!(made, 0, "{created:?}"),
            409 => assert!(made > 0, "{created:?}"),
            other => panic!("{other}"),
        }
    }
}
