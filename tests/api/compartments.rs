//! Search in compartments, alone and as entries of Bundles.
//! <https://hl7.org/fhir/R4/compartmentdefinition.html>
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    a_compartment_is_searched_by_its_links,
    every_compartment_answers_for_every_type,
    compartments_need_the_same_scopes,
    bundles_reach_what_addresses_reach
);

fn record(partner: &Client) {
    partner
        .put("Patient/p1", &json!({"resourceType": "Patient", "id": "p1"}))
        .ok();
    partner.put("Patient/p2", &json!({"resourceType": "Patient", "id": "p2", "link": [{"other": {"reference": "Patient/p1"}, "type": "seealso"}]})).ok();
    let task = |id: &str, of: &str, status: &str| {
        let body = json!({"resourceType": "Task", "id": id, "status": status, "intent": "order", "for": {"reference": of}});
        partner.put(&format!("Task/{id}"), &body).ok();
    };
    task("t1", "Patient/p1", "requested");
    task("t2", "Patient/p1", "completed");
    task("t3", "Patient/p2", "requested");
    let observation = json!({"resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/p2"}, "performer": [{"reference": "Patient/p1"}]});
    partner.put("Observation/o1", &observation).ok();
}

fn ids(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = entries
        .iter()
        .filter(|entry| entry["search"]["mode"] == "match")
        .map(|entry| entry["resource"]["id"].as_str().expect("an id").to_string())
        .collect();
    ids.sort();
    ids
}

fn a_compartment_is_searched_by_its_links(baton: &Baton) {
    let partner = baton.partner();
    record(&partner);
    let found = |path: &str| ids(&partner.get(path).ok());
    assert_eq!(found("Patient/p1/Task"), ["t1", "t2"]);
    assert_eq!(found("Patient/p1/Task?status=requested"), ["t1"]);
    assert_eq!(
        found("Patient/p1/Task?_sort=-status&_include=Task:patient"),
        ["t1", "t2"]
    );
    assert_eq!(
        found("Patient/p1/Observation"),
        ["o1"],
        "who performs is linked too"
    );
    assert_eq!(found("Patient/p1/*"), ["o1", "p1", "p2", "t1", "t2"]);
    assert_eq!(found("Patient/p1/*?_type=Task,Patient"), ["p1", "p2", "t1", "t2"]);
    assert_eq!(found("Patient/nobody/Task"), Vec::<String>::new());
    let page = partner.get("Patient/p1/Task?_count=1&_total=accurate").ok();
    assert_eq!(page["total"], 2);
    let link = |relation: &str| {
        let links = page["link"].as_array().expect("links").iter();
        let mut found = links.filter(|link| link["relation"] == relation);
        found.next().expect("a link")["url"]
            .as_str()
            .expect("a url")
            .to_string()
    };
    assert!(
        link("self").contains("/fhir/Patient/p1/Task?_count=1"),
        "{}",
        link("self")
    );
    assert_eq!(ids(&partner.get(&link("next")).ok()), ["t2"]);
    let stolen = link("next").replace("/p1/", "/p2/");
    partner.get(&stolen).refused(400, "_cursor");
    assert_eq!(partner.find("Patient/p1/*?_count=1").len(), 5);
    let posted = partner
        .form("Patient/p1/Task/_search", &[("status", "completed")])
        .ok();
    assert_eq!(ids(&posted), ["t2"]);
    assert_eq!(
        ids(&partner.form("Patient/p1/_search", &[("_type", "Task")]).ok()),
        ["t1", "t2"]
    );
    partner
        .get("Patient/p1/Location")
        .refused(404, "holds no Location");
    partner.get("Location/x/Task").refused(404, "no compartment");
    partner.get("Location/x/*").refused(404, "no compartment");
    partner.get("Patient/p1/Nothing").refused(404, "resource type");
    partner.get("Patient/p1/Task?colour=red").refused(400, "colour");
    partner.get("Patient/p 1/Task").refused(404, "64 letters");
    partner.post("Patient/p1/Task", &json!({})).refused(405, "GET");
}

fn every_compartment_answers_for_every_type(baton: &Baton) {
    let partner = baton.partner();
    let statement = baton.anonymous().get("metadata").ok();
    let compartments = statement["rest"][0]["compartment"]
        .as_array()
        .expect("compartments");
    assert_eq!(compartments.len(), 5);
    for compartment in compartments {
        let url = compartment.as_str().expect("a canonical");
        let focus = url.rsplit('/').next().expect("a name");
        let mut focus: String = focus.to_string();
        focus[..1].make_ascii_uppercase();
        let focus = focus.replace("Relatedperson", "RelatedPerson");
        let told = partner
            .get(&format!("{focus}/x/Location"))
            .refused(404, "it holds");
        let told = told["issue"][0]["diagnostics"]
            .as_str()
            .expect("text")
            .to_string();
        let (_, types) = told.split_once("it holds ").expect("a list");
        for on in types.split(", ") {
            let found = partner.get(&format!("{focus}/x/{on}?_summary=count")).ok();
            // These very searches are recorded as uses of the focus, at any moment.
            if on != "AuditEvent" {
                assert_eq!(found["total"], 0, "{focus} {on}");
            }
        }
        let all = partner.get(&format!("{focus}/x/*")).ok();
        let mut entries = all["entry"].as_array().into_iter().flatten();
        assert!(
            entries.all(|entry| entry["resource"]["resourceType"] == "AuditEvent"),
            "{all}"
        );
    }
}

fn compartments_need_the_same_scopes(baton: &Baton) {
    record(&baton.partner());
    let tasks = baton.client("system/Task.s system/Patient.s");
    assert_eq!(ids(&tasks.get("Patient/p1/Task").ok()), ["t1", "t2"]);
    tasks
        .get("Patient/p1/Observation")
        .refused(403, "system/Observation.s");
    assert_eq!(ids(&tasks.get("Patient/p1/*").ok()), ["p1", "p2", "t1", "t2"]);
    let nobody = baton.anonymous();
    assert_eq!(nobody.get("Patient/p1/Task").status, 401);
    assert_eq!(nobody.get("Patient/p1/*").status, 401);
}

fn entry(method: &str, url: &str) -> Value {
    json!({"request": {"method": method, "url": url}})
}

fn send(partner: &Client, kind: &str, entries: Vec<Value>) -> Reply {
    partner.post(
        "",
        &json!({"resourceType": "Bundle", "type": kind, "entry": entries}),
    )
}

fn bundles_reach_what_addresses_reach(baton: &Baton) {
    let partner = baton.partner();
    record(&partner);
    let reads = || {
        vec![
            entry("GET", "Patient/p1/Task?status=requested"),
            entry("GET", "Patient/p1/*"),
            entry("GET", "?_type=Task&_id=t3"),
            entry("GET", "Task/t1?_elements=status"),
            entry("GET", "_history?_count=1"),
        ]
    };
    for kind in ["batch", "transaction"] {
        let answer = send(&partner, kind, reads()).ok();
        let resource = |n: usize| answer["entry"][n]["resource"].clone();
        assert_eq!(ids(&resource(0)), ["t1"]);
        assert_eq!(ids(&resource(1)).len(), 5);
        assert_eq!(ids(&resource(2)), ["t3"]);
        assert_eq!(
            (&resource(3)["status"], resource(3).get("for")),
            (&json!("requested"), None)
        );
        assert_eq!(resource(4)["type"], "history");
    }
    let person = json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]});
    let meta = json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "seen"}]}}]});
    let mut with = entry("POST", "Patient/$match");
    with["resource"] = person;
    let mut tag = entry("POST", "Task/t1/$meta-add");
    tag["resource"] = meta;
    let calls = vec![
        entry("GET", "Patient/p1/$everything?_type=Task"),
        with,
        tag,
        entry("GET", "Task/t1/$meta-add"),
        entry("GET", "Patient/p1/$nothing"),
        entry("PUT", "Patient/p1/$everything"),
    ];
    let answer = send(&partner, "batch", calls).ok();
    let status = |n: usize| {
        answer["entry"][n]["response"]["status"]
            .as_str()
            .expect("a status")[..3]
            .to_string()
    };
    assert_eq!(ids(&answer["entry"][0]["resource"]), ["t1", "t2"]);
    assert_eq!(answer["entry"][1]["resource"]["type"], "searchset");
    assert_eq!(
        answer["entry"][2]["resource"]["parameter"][0]["valueMeta"]["tag"][0]["code"],
        "seen"
    );
    assert_eq!(
        (status(3), status(4), status(5)),
        ("405".into(), "404".into(), "422".into())
    );
    for refused in [
        entry("GET", "Patient/p1/$everything"),
        entry("POST", "Patient/p1/$validate"),
    ] {
        let refused = send(&partner, "transaction", vec![refused]).refused(400, "no place in a transaction");
        assert_eq!(refused["issue"][0]["expression"][0], "Bundle.entry[0]");
    }
    partner.get("$validate").refused(404, "/Type/$validate");
    partner
        .get("Patient/$everything")
        .refused(404, "/Patient/id/$everything");
    partner.get("Patient/p1/$match").refused(404, "/Patient/$match");
}
