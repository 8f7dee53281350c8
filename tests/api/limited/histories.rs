//! The past of a type and of the server, and who somebody may be: as far as the token opens it.
use super::*;
use crate::on_both;

on_both!(
    histories_tell_of_what_is_open,
    a_version_of_somebody_elses_is_not_told,
    matches_are_those_of_the_doctors_patients,
    the_queue_and_plans_are_for_the_whole_system,
);

/// Versions as `Task/ann 2`, over all pages.
fn told(client: &Client, path: &str) -> Vec<String> {
    let mut told = Vec::new();
    let mut next = Some(path.to_string());
    while let Some(url) = next {
        let page = client.get(&url).ok();
        for entry in page["entry"].as_array().into_iter().flatten() {
            let version = entry["response"]["etag"]
                .as_str()
                .expect("a tag")
                .trim_matches(['W', '/', '"']);
            let name = entry["fullUrl"]
                .as_str()
                .expect("a url")
                .rsplit('/')
                .take(2)
                .collect::<Vec<_>>();
            told.push(format!("{}/{} {version}", name[1], name[0]));
        }
        let links = page["link"].as_array().cloned().unwrap_or_default();
        let link = links.iter().find(|link| link["relation"] == "next");
        next = link.map(|link| link["url"].as_str().expect("a url").to_string());
    }
    told
}

fn histories_tell_of_what_is_open(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/*.cruds");
    complete(&app, "Task/ann").ok();
    complete(&partner, "Task/ben").ok();
    let gone = app.post("Task", &without_id(task("x", "ann"))).ok();
    assert_eq!(
        app.delete(&format!("Task/{}", gone["id"].as_str().expect("an id")))
            .status,
        204
    );
    for path in [
        "Task/_history",
        "Task/_history?_count=1",
        "Task/_history?_since=2020-01-01&_count=1",
    ] {
        assert_eq!(told(&app, path), ["Task/ann 2", "Task/ann 1"], "{path}");
    }
    assert_eq!(
        told(&app, "Task/_history?_sort=_lastUpdated"),
        ["Task/ann 1", "Task/ann 2"]
    );
    assert_eq!(told(&app, "Task/_history?_at=2999-01-01"), ["Task/ann 2"]);
    assert!(told(&app, "Task/_history?_at=2001").is_empty());
    let mut all = told(&app, "_history?_count=3");
    all.retain(|one| !one.starts_with("PlanDefinition/"));
    assert_eq!(
        all,
        [
            "Task/ann 2",
            "Observation/ann 1",
            "Task/ann 1",
            "Patient/ann 1",
            "Practitioner/dora 1"
        ]
    );
    let narrow = self::app(baton, "patient/Observation.s?category=survey patient/Task.r");
    assert!(told(&narrow, "Observation/_history").is_empty());
    narrow.get("Task/_history").refused(403, "system/Task.s");
    narrow.get("_history").refused(403, ".s");
    let doctor = doctor(baton, "user/*.rs");
    assert_eq!(told(&doctor, "Task/_history"), ["Task/ann 2", "Task/ann 1"]);
    assert_eq!(told(&partner, "Task/_history").len(), 6);
    let all = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "GET", "url": "Task/_history"}}]});
    let answer = app.post("", &all).ok();
    assert_eq!(
        answer["entry"][0]["resource"]["entry"].as_array().map(Vec::len),
        Some(2)
    );
}

fn a_version_of_somebody_elses_is_not_told(baton: &Baton) {
    let partner = world(baton);
    partner.put("Task/ben", &task("ben", "ann")).ok();
    partner.put("Task/ann", &task("ann", "ben")).ok();
    let app = app(baton, "patient/*.rs");
    assert_eq!(told(&app, "Task/_history"), ["Task/ben 2"]);
    assert_eq!(told(&app, "Task/ben/_history"), ["Task/ben 2"]);
    assert_eq!(told(&partner, "Task/_history").len(), 4);
}

fn matches_are_those_of_the_doctors_patients(baton: &Baton) {
    let partner = world(baton);
    let known = json!([{"system": "urn:mrn", "value": "7"}]);
    for id in ["ann", "ben"] {
        let mut patient = partner.get(&format!("Patient/{id}")).ok();
        patient["identifier"] = known.clone();
        partner.put(&format!("Patient/{id}"), &patient).ok();
    }
    let asked = json!({"resourceType": "Patient", "identifier": known});
    let found = |client: &Client| client.post("Patient/$match", &asked).ok();
    assert_eq!(found(&partner)["total"], 2);
    let mine = found(&doctor(baton, "user/Patient.rs"));
    assert_eq!(
        (&mine["total"], &mine["entry"][0]["resource"]["id"]),
        (&json!(1), &json!("ann"))
    );
    assert!(
        mine.to_string().contains(r#""valueCode":"certain""#),
        "no other of them has it: {mine}"
    );
    assert_eq!(found(&app(baton, "patient/Patient.s"))["total"], 1);
    app(baton, "patient/Patient.r")
        .post("Patient/$match", &asked)
        .refused(403, "Patient.s");
}

fn the_queue_and_plans_are_for_the_whole_system(baton: &Baton) {
    world(baton);
    let app = app(baton, "patient/*.cruds user/*.cruds");
    app.get("Task/ann/$message").refused(403, "needs `r` for all");
    app.post("Task/ann/$reprocess", &json!({"resourceType": "Parameters"}))
        .refused(403, "needs `u` for all");
    app.get("Task?_explain=true").refused(403, "system/*.cruds");
    app.hl7("MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5")
        .refused(403, "needs `c` for all");
    let message = json!({"resourceType": "Bundle", "type": "message"});
    app.post("$process-message", &message)
        .refused(403, "needs `c` for all");
}
