//! create, read, vread, update, delete, history; versions, conditions and preferences.
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};
use std::thread;

on_both!(
    a_resource_lives_dies_and_returns,
    text_survives_to_the_byte,
    versions_guard_writes,
    reads_are_spared_when_nothing_changed,
    prefer_says_what_comes_back,
    histories_page_and_filter,
    parallel_conditional_creates_make_one,
    parallel_updates_lose_nothing,
    conditional_updates_and_deletes,
    refusals_name_the_remedy,
);

fn basic(text: &str) -> Value {
    json!({"resourceType": "Basic", "code": {"text": text}})
}

fn with_id(id: &str, text: &str) -> Value {
    json!({"resourceType": "Basic", "id": id, "code": {"text": text}})
}

/// The path of a `Location`, under the FHIR base.
fn located(reply: &Reply) -> &str {
    let (_, path) = reply
        .header("location")
        .split_once("/fhir/")
        .expect("an absolute Location");
    path
}

fn a_resource_lives_dies_and_returns(baton: &Baton) {
    let partner = baton.partner();
    let created = partner.post("Basic", &basic("one"));
    assert_eq!((created.status, created.header("etag")), (201, "W/\"1\""));
    assert!(created.header("location").starts_with(&baton.base));
    assert!(created.header("last-modified").ends_with(" GMT"));
    let (path, version) = located(&created).split_once("/_history/").expect("a version");
    assert_eq!(version, "1");
    let id = path.trim_start_matches("Basic/").to_string();
    assert_eq!(partner.get(path).text, created.text);

    let updated = partner.put(path, &with_id(&id, "two"));
    assert_eq!((updated.status, updated.header("etag")), (200, "W/\"2\""));
    let first = partner.get(&format!("{path}/_history/1"));
    assert_eq!((first.header("etag"), &first.text), ("W/\"1\"", &created.text));

    let deleted = partner.delete(path);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    assert_eq!(
        partner.get(path).refused(410, "deleted")["issue"][0]["code"],
        "deleted"
    );
    partner.get(&format!("{path}/_history/3")).refused(410, "deleted");
    assert!(partner.find(&format!("Basic?_id={id}")).is_empty());
    assert_eq!(partner.delete(path).status, 204, "deleting again changes nothing");

    let back = partner.put(path, &with_id(&id, "three"));
    assert_eq!((back.status, back.header("etag")), (201, "W/\"4\""));
    let history = partner.get(&format!("{path}/_history")).ok();
    let told = |member: &str| -> Vec<String> {
        let entries = history["entry"].as_array().expect("entries").iter();
        entries
            .map(|e| e["request"][member].as_str().expect("told").to_string())
            .collect()
    };
    assert_eq!(told("method"), ["PUT", "DELETE", "PUT", "POST"]);
    assert_eq!(history["entry"][1].get("resource"), None);
    assert_eq!(history["entry"][3]["resource"]["code"]["text"], "one");
}

/// The text without the `meta` that was added to it.
fn without_meta(text: &str) -> String {
    let start = text.find(",\"meta\":{").expect("a meta");
    let end = start + text[start..].find('}').expect("its end") + 1;
    format!("{}{}", &text[..start], &text[end..])
}

fn text_survives_to_the_byte(baton: &Baton) {
    let partner = baton.partner();
    let sent = "{ \"resourceType\" : \"Observation\", \"id\":\"bytes-1\",\n\t\"status\":\"final\", \
        \"valueQuantity\":{\"value\":1.10,\"unit\":\"a\u{a0}b \u{1d11e} caf\\u00e9\"}, \"code\":{\"text\":\"\\/x\"},\
        \"extension\":[{\"url\":\"urn:unknown\",\"valueDecimal\":1E+2},{\"url\":\"urn:more\",\"valueDecimal\":0.000000000000000000010}],\
        \"referenceRange\":[{\"high\":{\"value\":123456789012345678901234567890.5},\"low\":{\"value\":-0.0}}] }";
    let stored = partner.send_text("PUT", "Observation/bytes-1", "application/fhir+json", sent);
    assert_eq!(stored.status, 201, "{}", stored.text);
    let read = partner.get("Observation/bytes-1");
    assert_eq!(
        (without_meta(&read.text), &read.text),
        (sent.to_string(), &stored.text)
    );
    assert_eq!(partner.get("Observation/bytes-1/_history/1").text, read.text);
    let found = partner.get("Observation?_id=bytes-1").text;
    assert!(found.contains(&read.text), "{found}");
    let history = partner.get("Observation/bytes-1/_history").text;
    assert!(history.contains(&read.text), "{history}");
}

fn conditionally(partner: &Client, method: &str, path: &str, header: (&str, &str), body: &Value) -> Reply {
    let request = partner.request(method, path).header(header.0, header.1);
    Reply::of(
        request
            .header("content-type", "application/fhir+json")
            .body(body.to_string()),
    )
}

fn versions_guard_writes(baton: &Baton) {
    let partner = baton.partner();
    let put = |header: (&str, &str)| {
        conditionally(
            &partner,
            "PUT",
            "Basic/guard",
            header,
            &with_id("guard", header.1),
        )
    };
    put(("if-match", "W/\"1\"")).refused(412, "does not exist");
    assert_eq!(put(("if-none-match", "*")).status, 201);
    put(("if-none-match", "*")).refused(412, "version 1");
    assert_eq!(put(("if-match", "W/\"1\"")).header("etag"), "W/\"2\"");
    put(("if-match", "W/\"1\"")).refused(412, "version 2");
    put(("if-match", "2")).refused(400, "If-Match");
    let delete =
        |tag: &str| conditionally(&partner, "DELETE", "Basic/guard", ("if-match", tag), &Value::Null);
    delete("W/\"1\"").refused(412, "version 2");
    assert_eq!(delete("W/\"2\"").status, 204);
}

fn reads_are_spared_when_nothing_changed(baton: &Baton) {
    let partner = baton.partner();
    let modified = partner
        .put("Basic/cached", &with_id("cached", "x"))
        .header("last-modified")
        .to_string();
    let get =
        |header: (&str, &str)| Reply::of(partner.request("GET", "Basic/cached").header(header.0, header.1));
    let spared = get(("if-none-match", "W/\"1\""));
    assert_eq!(
        (spared.status, spared.text.as_str(), spared.header("etag")),
        (304, "", "W/\"1\"")
    );
    assert_eq!(get(("if-modified-since", &modified)).status, 304);
    assert_eq!(
        get(("if-modified-since", "Sun, 01 Jan 2023 00:00:00 GMT")).status,
        200
    );
    partner.put("Basic/cached", &with_id("cached", "y")).ok();
    assert_eq!(get(("if-none-match", "W/\"1\"")).status, 200);
    let head = Reply::of(partner.request("HEAD", "Basic/cached"));
    assert_eq!(
        (head.status, head.header("etag"), head.text.as_str()),
        (200, "W/\"2\"", "")
    );
}

fn prefer_says_what_comes_back(baton: &Baton) {
    let partner = baton.partner();
    let prefer = |how: &str| conditionally(&partner, "POST", "Basic", ("prefer", how), &basic("x"));
    let minimal = prefer("return=minimal");
    assert_eq!((minimal.status, minimal.text.as_str()), (201, ""));
    assert!(located(&minimal).starts_with("Basic/"));
    assert_eq!(prefer("return=representation").ok()["resourceType"], "Basic");
    assert_eq!(
        prefer("return=OperationOutcome").ok()["resourceType"],
        "OperationOutcome"
    );
}

/// Relative urls of `entry.request` with their versions, over all pages; the page sizes.
fn walk(partner: &Client, path: &str) -> (Vec<String>, Vec<usize>) {
    let (mut seen, mut sizes, mut next) = (Vec::new(), Vec::new(), Some(path.to_string()));
    while let Some(url) = next {
        let page = partner.get(&url).ok();
        let entries = page["entry"].as_array().cloned().unwrap_or_default();
        sizes.push(entries.len());
        seen.extend(
            entries
                .iter()
                .map(|e| format!("{} {}", e["fullUrl"], e["response"]["etag"])),
        );
        let links = page["link"].as_array().expect("links").iter();
        next = links
            .clone()
            .find(|l| l["relation"] == "next")
            .map(|l| l["url"].as_str().expect("a url").to_string());
    }
    (seen, sizes)
}

fn histories_page_and_filter(baton: &Baton) {
    let partner = baton.partner();
    for n in 0..7 {
        partner.put("Basic/h1", &with_id("h1", &format!("{n}"))).ok();
    }
    partner.put("Basic/h2", &with_id("h2", "x")).ok();
    let (instance, sizes) = walk(&partner, "Basic/h1/_history?_count=3");
    assert_eq!((sizes, instance.len()), (vec![3, 3, 1], 7));
    assert!(
        instance[0].contains("W/\\\"7\\\"") && instance[6].contains("W/\\\"1\\\""),
        "{instance:?}"
    );
    let (of_type, _) = walk(&partner, "Basic/_history?_count=2");
    assert_eq!(of_type.len(), 8);
    let (of_all, _) = walk(&partner, "_history?_count=5");
    assert!(of_all.len() >= 8 && of_type.iter().all(|one| of_all.contains(one)));
    assert!(of_all.windows(2).all(|pair| pair[0] != pair[1]));

    let updated = partner.get("Basic/h1").json()["meta"]["lastUpdated"]
        .as_str()
        .expect("an instant")
        .to_string();
    let (since, _) = walk(
        &partner,
        &format!("Basic/_history?_since={}", updated.replace('+', "%2B")),
    );
    assert_eq!(since.len(), 2, "the last of h1, and h2: {since:?}");
    assert!(walk(&partner, "Basic/_history?_since=2999-01-01").0.is_empty());
    partner
        .get("Basic/_history?_since=yesterday")
        .refused(400, "_since");
    partner.get("Basic/_history?_at=2020").refused(400, "_at");
    partner.get("Basic/never/_history").refused(404, "Basic");
}

fn side_by_side<T: Send + 'static>(
    count: usize,
    work: impl Fn(usize) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let threads: Vec<_> = (0..count)
        .map(|n| {
            let work = work.clone();
            thread::spawn(move || work(n))
        })
        .collect();
    threads
        .into_iter()
        .map(|one| one.join().expect("no panic"))
        .collect()
}

fn parallel_conditional_creates_make_one(baton: &Baton) {
    let partner = baton.partner();
    let patient = json!({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "race"}]});
    let racer = partner.clone();
    let replies = side_by_side(64, move |_| {
        let header = ("if-none-exist", "identifier=urn:mrn|race");
        let reply = conditionally(&racer, "POST", "Patient", header, &patient);
        (reply.status, reply.ok()["id"].clone())
    });
    assert_eq!(replies.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|(status, _)| *status == 200).count(), 63);
    let one = partner.only("Patient?identifier=urn:mrn|race");
    assert!(replies.iter().all(|(_, id)| *id == one["id"]));
}

fn parallel_updates_lose_nothing(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/free", &with_id("free", "start")).ok();
    partner.put("Basic/locked", &with_id("locked", "start")).ok();
    let writer = partner.clone();
    let free = side_by_side(64, move |n| {
        writer
            .put("Basic/free", &with_id("free", &n.to_string()))
            .header("etag")
            .to_string()
    });
    let mut versions: Vec<i64> = free
        .iter()
        .map(|tag| tag[3..tag.len() - 1].parse().expect("a version"))
        .collect();
    versions.sort();
    assert_eq!(versions, (2..=65).collect::<Vec<i64>>());
    let (history, _) = walk(&partner, "Basic/free/_history");
    assert_eq!(history.len(), 65);

    let writer = partner.clone();
    let locked = side_by_side(64, move |n| {
        conditionally(
            &writer,
            "PUT",
            "Basic/locked",
            ("if-match", "W/\"1\""),
            &with_id("locked", &n.to_string()),
        )
        .status
    });
    let count = |status| locked.iter().filter(|one| **one == status).count();
    assert_eq!((count(200), count(412)), (1, 63));
    assert_eq!(partner.get("Basic/locked").header("etag"), "W/\"2\"");
}

fn conditional_updates_and_deletes(baton: &Baton) {
    let partner = baton.partner();
    let patient = |family: &str| json!({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": "cu"}], "name": [{"family": family}]});
    let created = partner.put("Patient?identifier=urn:mrn|cu", &patient("A"));
    assert_eq!(created.status, 201, "{}", created.text);
    let updated = partner.put("Patient?identifier=urn:mrn|cu", &patient("B"));
    assert_eq!((updated.status, updated.header("etag")), (200, "W/\"2\""));
    assert_eq!(updated.json()["id"], created.json()["id"]);
    partner.post("Patient", &patient("C")).ok();
    partner
        .put("Patient?identifier=urn:mrn|cu", &patient("D"))
        .refused(412, "match");
    partner
        .delete("Patient?identifier=urn:mrn|cu")
        .refused(412, "match");
    partner.delete("Patient").refused(400, "criteria");
    assert_eq!(partner.delete("Patient?family=C").status, 204);
    assert_eq!(
        partner.only("Patient?identifier=urn:mrn|cu")["name"][0]["family"],
        "B"
    );
    assert_eq!(partner.delete("Patient?identifier=urn:mrn|none").status, 204);
}

fn refusals_name_the_remedy(baton: &Baton) {
    let partner = baton.partner();
    partner.get("Patient/none").refused(404, "no Patient");
    partner.get("Patientt/1").refused(404, "resource type");
    partner.get("patient/1").refused(404, "resource type");
    partner.get("Patient/1/2/3/4").refused(404, "metadata");
    partner
        .get("Patient/none/_history/x")
        .refused(404, "whole numbers");
    let method = partner.send("PUT", "Patient/1/_history", &json!({}));
    method.refused(405, "GET");
    assert_eq!(method.header("allow"), "GET, HEAD");
    partner.post("Patient/1", &json!({})).refused(405, "PUT");
    Reply::of(
        partner
            .request("GET", "Patient")
            .header("accept", "application/fhir+xml"),
    )
    .refused(406, "application/fhir+json");
    partner
        .get("Patient?_format=xml")
        .refused(406, "application/fhir+json");
    partner
        .send_text("POST", "Patient", "application/fhir+xml", "<Patient/>")
        .refused(415, "application/fhir+json");
    partner
        .send_text("POST", "Patient", "text/plain", "{}")
        .refused(415, "application/fhir+json");
    let differs = partner
        .put("Basic/a", &with_id("b", "x"))
        .refused(400, "id in the body differs");
    assert_eq!(differs["issue"][0]["expression"][0], "Basic.id");
    partner.put("Basic/a", &basic("x")).refused(400, "needs the id");
    partner
        .put("Basic/a_b", &with_id("a_b", "x"))
        .refused(400, "64 letters");
    partner
        .put(&format!("Basic/{}", "x".repeat(65)), &basic("x"))
        .refused(400, "64 letters");
    partner
        .post("Patient", &basic("x"))
        .refused(400, "the body is a Basic");
    let elsewhere = json!({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient?identifier=1"}});
    partner.post("Basic", &elsewhere).refused(422, "transaction");
    partner.get("Patient/none?nonsense=1").refused(400, "nonsense");
}
