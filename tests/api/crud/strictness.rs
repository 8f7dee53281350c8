//! Nothing asked for is ignored in silence: an unknown parameter is a 400 wherever it stands.
//! <https://hl7.org/fhir/R4/http.html#parameters>
use super::{basic, with_id};
use crate::on_both;
use crate::support::{Baton, Reply};
use serde_json::json;

on_both!(
    unknown_parameters_are_refused_everywhere,
    what_may_be_said_once_is_refused_twice,
    formats_of_forms_count_too,
    an_address_is_read_as_utf8
);

fn unknown_parameters_are_refused_everywhere(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/s", &with_id("s", "x")).ok();
    let json = "application/fhir+json";
    let patch = r#"[{"op":"replace","path":"/code/text","value":"y"}]"#;
    let calls = [
        ("POST", "Basic?colour=red", json, basic("x").to_string()),
        ("PUT", "Basic/s?colour=red", json, with_id("s", "y").to_string()),
        (
            "PATCH",
            "Basic/s?colour=red",
            "application/json-patch+json",
            patch.to_string(),
        ),
        ("DELETE", "Basic/s?colour=red", json, String::new()),
        ("GET", "Basic/s?colour=red", json, String::new()),
        ("GET", "Basic/s/_history?colour=red", json, String::new()),
        ("GET", "Basic/s/_history/1?colour=red", json, String::new()),
        ("GET", "metadata?colour=red", json, String::new()),
        ("GET", "Basic/s/$meta?colour=red", json, String::new()),
        (
            "POST",
            "?colour=red",
            json,
            json!({"resourceType": "Bundle", "type": "batch"}).to_string(),
        ),
    ];
    for (method, path, media, body) in calls {
        let reply = partner.send_text(method, path, media, body);
        reply.refused(400, "colour");
    }
    assert_eq!(
        partner.get("Basic/s?_format=json&_pretty=true").header("etag"),
        "W/\"1\""
    );
    partner.put("Basic/s?_pretty=true", &with_id("s", "z")).ok();
    partner.get("metadata?mode=full").ok();
    partner
        .get("metadata?mode=terminology")
        .refused(400, "TerminologyCapabilities");
    assert!(partner.get("metadata?_elements=fhirVersion").text.len() < 1_000);
}

fn what_may_be_said_once_is_refused_twice(baton: &Baton) {
    let partner = baton.partner();
    for path in [
        "Basic?_count=1&_count=2",
        "Basic?_sort=_id&_sort=-_id",
        "Basic?_summary=true&_summary=text",
        "Basic?_total=none&_total=accurate",
        "Basic/_history?_count=1&_count=2",
        "Basic/_history?_since=2026&_since=2027",
        "?_type=Basic&_count=1&_count=2",
        "Patient/x/Task?_count=1&_count=2",
    ] {
        partner.get(path).refused(400, "may be given once");
    }
    partner.get("Basic?_pretty=maybe").refused(400, "_pretty");
    partner.get("Basic?_id=a&_id=b").ok();
}

fn formats_of_forms_count_too(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/f", &with_id("f", "x")).ok();
    let search = |fields: &[(&str, &str)]| partner.form("Basic/_search", fields);
    search(&[("_format", "xml")]).refused(406, "application/fhir+json");
    assert!(search(&[("_id", "f"), ("_format", "json")]).ok()["entry"][0]["resource"]["id"] == "f");
    let mixed = partner.form("Basic/_search?_id=f", &[("_summary", "count")]).ok();
    assert_eq!(mixed["total"], 1);
    let link = mixed["link"][0]["url"].as_str().expect("self").to_string();
    assert!(
        link.contains("_id=f") && link.contains("_summary=count"),
        "{link}"
    );
    assert_eq!(
        partner.form("_search", &[("_type", "Basic"), ("_id", "f")]).ok()["entry"][0]["resource"]["id"],
        "f"
    );
    let empty = Reply::of(partner.request("POST", "Basic/_search?_id=f"));
    assert_eq!(empty.ok()["entry"][0]["resource"]["id"], "f");
}

fn an_address_is_read_as_utf8(baton: &Baton) {
    let partner = baton.partner();
    partner.get("Patient?name=%ff").refused(400, "UTF-8");
    partner.get("Patient?name=%00").refused(400, "NUL");
    partner.get("Patient/%ff").refused(404, "64 letters");
    partner.get("Patient/a%00b").refused(404, "64 letters");
    partner.get("Patient/../metadata").ok();
    partner
        .put("Basic/Zo%C3%AB", &with_id("Zoë", "x"))
        .refused(400, "64 letters");
}
