//! What headers ask for: versions, cached reads, preferences, criteria. <https://hl7.org/fhir/R4/http.html#concurrency>
use super::{basic, conditionally, located, with_id};
use crate::on_both;
use crate::support::{Baton, Reply};
use serde_json::{Value, json};

on_both!(
    versions_guard_writes,
    reads_are_spared_when_nothing_changed,
    reads_answer_alike_whichever_way_they_go,
    prefer_says_what_comes_back,
    conditional_updates_and_deletes
);

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

/// A plain read goes a shorter way through the server than one that may be compressed.
fn reads_answer_alike_whichever_way_they_go(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/way", &with_id("way", "x")).ok();
    partner.put("Basic/gone", &with_id("gone", "x")).ok();
    partner.delete("Basic/gone");
    let clients = [partner, baton.client("system/Patient.r"), baton.anonymous()];
    let asked = [
        ("x-any", "1"),
        ("accept", "text/xml"),
        ("accept", "application/fhir+json; fhirVersion=4.0"),
        ("if-none-match", "W/\"1\""),
        ("prefer", "handling=lenient"),
        ("x-provenance", "{}"),
    ];
    for path in [
        "Basic/way",
        "Basic/gone",
        "Basic/never",
        "Basic/no_id",
        "Basic/_history",
        "Basic/$meta",
        "Basic/way/",
        "Basic/",
        "Basic/w%61y",
        "Bsaic/way",
        "metadata/way",
    ] {
        for client in &clients {
            for (name, value) in asked {
                let ask = || client.request("GET", path).header(name, value);
                let short = Reply::of(ask());
                let long = Reply::of(ask().header("accept-encoding", "identity"));
                assert_eq!(
                    (short.status, &short.text),
                    (long.status, &long.text),
                    "{path} {name}"
                );
                for told in [
                    "etag",
                    "last-modified",
                    "content-type",
                    "www-authenticate",
                    "cache-control",
                ] {
                    assert_eq!(short.header(told), long.header(told), "{path} {name} {told}");
                }
            }
        }
    }
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
    let guarded = ("if-match", "W/\"7\"");
    conditionally(&partner, "DELETE", "Patient?family=C", guarded, &Value::Null).refused(412, "version 1");
    assert_eq!(partner.delete("Patient?family=C").status, 204);
    assert_eq!(
        partner.only("Patient?identifier=urn:mrn|cu")["name"][0]["family"],
        "B"
    );
    assert_eq!(partner.delete("Patient?identifier=urn:mrn|none").status, 204);
}
