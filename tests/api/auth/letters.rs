//! The letters of `cruds`: each opens its own interactions and no other, for its type or for all,
//! alone and inside bundles.
use super::partner::*;
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    each_letter_opens_its_interactions,
    each_letter_counts_in_bundles,
    update_as_create_needs_both,
    conditions_need_the_right_to_search,
    history_of_all_types_needs_all
);

fn basic() -> Value {
    json!({"resourceType": "Basic", "code": {"text": "x"}})
}

fn with_id(id: &str) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": "y"}})
}

/// One of each interaction with the letter it needs.
fn interactions(client: &Client, id: &str, doomed: &str) -> Vec<(char, Reply)> {
    vec![
        ('c', client.post("Basic", &basic())),
        ('r', client.get(&format!("Basic/{id}"))),
        ('r', client.get(&format!("Basic/{id}/_history/1"))),
        ('r', client.get(&format!("Basic/{id}/_history"))),
        ('u', client.put(&format!("Basic/{id}"), &with_id(id))),
        ('s', client.get("Basic?_count=1")),
        ('s', client.form("/fhir/Basic/_search", &[("_count", "1")])),
        ('s', client.get("Basic/_history?_count=1")),
        ('d', client.delete(&format!("Basic/{doomed}"))),
    ]
}

fn each_letter_opens_its_interactions(baton: &Baton) {
    let registered = register_secret(&baton.database, "system/*.cruds");
    let everything = baton.partner();
    let new = || text(&everything.post("Basic", &basic()).ok(), "id");
    let kept = new();
    for letter in "cruds".chars() {
        for on in ["Basic", "*"] {
            let client = narrowed(baton, &registered, &format!("system/{on}.{letter}"));
            for (needed, reply) in interactions(&client, &kept, &new()) {
                check(letter == needed, needed, &reply);
            }
        }
    }
    let elsewhere = narrowed(baton, &registered, "system/Patient.cruds");
    for (needed, reply) in interactions(&elsewhere, &kept, &kept) {
        check(false, needed, &reply);
    }
    assert_eq!(everything.get(&format!("Basic/{kept}")).status, 200);
}

fn check(allowed: bool, needed: char, reply: &Reply) {
    if allowed {
        assert!(reply.status < 300, "{needed}: {}", reply.text);
        return;
    }
    let scope = format!("system/Basic.{needed}");
    reply.refused(403, &scope);
    let challenge = reply.header("www-authenticate");
    assert!(
        challenge.starts_with("Bearer realm=\"baton\", error=\"insufficient_scope\""),
        "{challenge}"
    );
    // What is found out inside the transaction names the scope in the outcome only.
    assert!(
        challenge.contains(&format!("scope=\"{scope}\"")) || needed == 'c',
        "{challenge}"
    );
}

/// An entry for each letter.
fn entries(id: &str, doomed: &str) -> [(char, Value); 5] {
    let entry = |method: &str, url: String| json!({"request": {"method": method, "url": url}});
    let mut create = entry("POST", "Basic".into());
    create["resource"] = basic();
    let mut update = entry("PUT", format!("Basic/{id}"));
    update["resource"] = with_id(id);
    [
        ('c', create),
        ('r', entry("GET", format!("Basic/{id}"))),
        ('u', update),
        ('d', entry("DELETE", format!("Basic/{doomed}"))),
        ('s', entry("GET", "Basic?_count=1".into())),
    ]
}

fn each_letter_counts_in_bundles(baton: &Baton) {
    let registered = register_secret(&baton.database, "system/*.cruds");
    let everything = baton.partner();
    let new = || text(&everything.post("Basic", &basic()).ok(), "id");
    let kept = new();
    for letter in "cruds".chars() {
        let client = narrowed(baton, &registered, &format!("system/Basic.{letter}"));
        let entries = entries(&kept, &new());
        let all: Vec<&Value> = entries.iter().map(|(_, entry)| entry).collect();
        let batch = client.post("", &bundle("batch", json!(all))).ok();
        for (n, (needed, entry)) in entries.iter().enumerate() {
            let response = &batch["entry"][n]["response"];
            let status = response["status"].as_str().expect("a status");
            assert_eq!(
                status.starts_with("403"),
                *needed != letter,
                "{letter} {needed} {response}"
            );
            assert_eq!(
                response["outcome"]["resourceType"] == "OperationOutcome",
                *needed != letter,
                "{response}"
            );
            if *needed != 'd' {
                check(
                    *needed == letter,
                    *needed,
                    &client.post("", &bundle("transaction", json!([entry]))),
                );
            }
        }
        // One entry too many refuses the whole.
        let before = everything.find("Basic").len();
        client
            .post("", &bundle("transaction", json!(all)))
            .refused(403, "system/Basic.");
        assert_eq!(everything.find("Basic").len(), before);
    }
}

fn bundle(kind: &str, entry: Value) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entry})
}

fn update_as_create_needs_both(baton: &Baton) {
    let registered = register_secret(&baton.database, "system/*.cruds");
    let put = |client: &Client, id: &str| client.put(&format!("Basic/{id}"), &with_id(id));
    let within = |client: &Client, id: &str| {
        let entry =
            json!([{"resource": with_id(id), "request": {"method": "PUT", "url": format!("Basic/{id}")}}]);
        client.post("", &bundle("transaction", entry))
    };
    let update_only = narrowed(baton, &registered, "system/Basic.u");
    check(false, 'c', &put(&update_only, "new-1"));
    check(false, 'c', &within(&update_only, "new-2"));
    let create_only = narrowed(baton, &registered, "system/Basic.c");
    check(false, 'u', &put(&create_only, "new-1"));
    check(false, 'u', &within(&create_only, "new-2"));
    assert!(baton.partner().find("Basic?_id=new-1,new-2").is_empty());
    let both = narrowed(baton, &registered, "system/Basic.cu");
    assert_eq!(
        (put(&both, "new-1").status, within(&both, "new-2").status),
        (201, 200)
    );
}

/// Or a writer could ask questions it may not ask.
fn conditions_need_the_right_to_search(baton: &Baton) {
    let registered = register_secret(&baton.database, "system/*.cruds");
    let writer = narrowed(baton, &registered, "system/Basic.cud");
    let create = writer
        .request("POST", "Basic")
        .header("content-type", "application/fhir+json");
    let create = create
        .header("if-none-exist", "identifier=urn:x|1")
        .body(basic().to_string());
    check(false, 's', &Reply::of(create));
    check(false, 's', &writer.put("Basic?identifier=urn:x|1", &basic()));
    check(false, 's', &writer.delete("Basic?identifier=urn:x|1"));
    let refers = json!({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient?identifier=urn:x|1"}});
    let entry = json!([{"resource": refers, "request": {"method": "POST", "url": "Basic"}}]);
    writer
        .post("", &bundle("transaction", entry))
        .refused(403, "system/Patient.s");
}

fn history_of_all_types_needs_all(baton: &Baton) {
    let registered = register_secret(&baton.database, "system/*.cruds");
    let one = narrowed(baton, &registered, "system/Basic.cruds system/*.r");
    one.get("_history").refused(403, ".s");
    let all = narrowed(baton, &registered, "system/*.s");
    assert_eq!(all.get("_history?_count=1").status, 200);
}
