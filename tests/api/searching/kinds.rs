//! Every kind of parameter with a hit and a near miss. <https://hl7.org/fhir/R4/search.html#ptypes>
use super::{all_find, finds, observation, person, stock};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(tokens, strings, references, lists_repeats_and_escapes);

fn tokens(baton: &Baton) {
    let partner = baton.partner();
    let coded = |system: Option<&str>, code: &str| match system {
        Some(system) => json!({"code": {"coding": [{"system": system, "code": code}]}}),
        None => json!({"code": {"coding": [{"code": code}]}}),
    };
    stock(
        &partner,
        json!([
            observation("loinc", coded(Some("http://loinc.org"), "8867-4")),
            observation("local", coded(Some("urn:local"), "8867-4")),
            observation("bare", coded(None, "8867-4")),
            observation("other", coded(Some("http://loinc.org"), "8867-5")),
            person(
                "on",
                json!({"active": true, "identifier": [{"system": "urn:mrn", "value": "A|1"}], "telecom": [{"system": "phone", "value": "555"}]})
            ),
            person("off", json!({"active": false, "gender": "female"})),
        ]),
    );
    all_find(
        &partner,
        &[
            ("Observation?code=8867-4", &["bare", "local", "loinc"]),
            ("Observation?code=http://loinc.org|8867-4", &["loinc"]),
            ("Observation?code=|8867-4", &["bare"]),
            ("Observation?code=http://loinc.org|", &["loinc", "other"]),
            ("Observation?code=8867", &[]),
            ("Observation?code=urn:other|8867-4", &[]),
            ("Observation?code:not=8867-4", &["other"]),
            (
                "Observation?code:not=http://loinc.org|8867-4",
                &["bare", "local", "other"],
            ),
            ("Observation?status=final&code=8867-5", &["other"]),
            ("Patient?active=true", &["on"]),
            ("Patient?active:missing=false", &["off", "on"]),
            ("Patient?gender:missing=true", &["on"]),
            ("Patient?gender:not=female", &["on"]),
            ("Patient?identifier=urn:mrn|A\\|1", &["on"]),
            ("Patient?identifier=urn:mrn|a\\|1", &[]),
            ("Patient?phone=555", &["on"]),
            ("Patient?email=555", &[]),
            ("Patient?_id=on,off,none", &["off", "on"]),
            ("Patient?_id:not=on", &["off"]),
        ],
    );
}

fn strings(baton: &Baton) {
    let partner = baton.partner();
    stock(
        &partner,
        json!([
            person(
                "smith",
                json!({"name": [{"family": "Smith", "given": ["Anna", "Zoë"]}]})
            ),
            person(
                "smithers",
                json!({"name": [{"family": "Smithers"}], "address": [{"city": "Springfield", "line": ["1 Elm, Suite"]}]})
            ),
            person(
                "obrien",
                json!({"name": [{"family": "O'Brien", "given": ["ANNA"]}]})
            ),
            person("none", json!({"gender": "other"})),
        ]),
    );
    all_find(
        &partner,
        &[
            ("Patient?family=smith", &["smith", "smithers"]),
            ("Patient?family:exact=Smith", &["smith"]),
            ("Patient?family:exact=smith", &[]),
            ("Patient?family:contains=THERS", &["smithers"]),
            ("Patient?family=mith", &[]),
            ("Patient?given=zoe", &["smith"]),
            ("Patient?given:exact=Zoe", &[]),
            ("Patient?name=anna", &["obrien", "smith"]),
            ("Patient?given=Anna&family=Smith", &["smith"]),
            ("Patient?family=o'b", &["obrien"]),
            ("Patient?family:missing=true", &["none"]),
            ("Patient?address-city=spring", &["smithers"]),
            ("Patient?address=1 elm\\, s", &["smithers"]),
            ("Patient?family=%25", &[]),
            ("Patient?family:contains=_", &[]),
        ],
    );
}

fn references(baton: &Baton) {
    let partner = baton.partner();
    let base = partner.url("");
    stock(
        &partner,
        json!([
            person("p", json!({})),
            observation(
                "relative",
                json!({"subject": {"reference": "Patient/p"}, "performer": [{"reference": "Practitioner/p"}]})
            ),
            observation(
                "versioned",
                json!({"subject": {"reference": "Patient/p/_history/1"}})
            ),
            observation("group", json!({"subject": {"reference": "Group/p"}})),
            observation(
                "foreign",
                json!({"subject": {"reference": "http://elsewhere.example/fhir/Patient/p"}})
            ),
            observation(
                "named",
                json!({"subject": {"identifier": {"system": "urn:mrn", "value": "7"}}})
            ),
        ]),
    );
    let here = ["relative", "versioned"];
    all_find(
        &partner,
        &[
            ("Observation?subject=Patient/p", &here),
            ("Observation?subject:Patient=p", &here),
            ("Observation?patient=p", &here),
            ("Observation?patient=Patient/p", &here),
            (&format!("Observation?subject={base}Patient/p"), &here),
            ("Observation?subject=p", &["group", "relative", "versioned"]),
            ("Observation?subject=Group/p", &["group"]),
            ("Observation?subject=Patient/P", &[]),
            (
                "Observation?subject=http://elsewhere.example/fhir/Patient/p",
                &["foreign"],
            ),
            ("Observation?subject:identifier=urn:mrn|7", &["named"]),
            ("Observation?subject:identifier=urn:mrn|8", &[]),
            ("Observation?performer=Practitioner/p", &["relative"]),
            (
                "Observation?performer:missing=true&subject=Patient/p",
                &["versioned"],
            ),
        ],
    );
}

fn lists_repeats_and_escapes(baton: &Baton) {
    let partner = baton.partner();
    stock(
        &partner,
        json!([
            person(
                "both",
                json!({"name": [{"given": ["A, B", "C\\D"]}], "identifier": [{"value": "1"}, {"value": "2"}, {"value": "p$q,r"}]})
            ),
            person(
                "one",
                json!({"name": [{"given": ["A"]}], "identifier": [{"value": "1"}]})
            ),
            person("two", json!({"identifier": [{"value": "2"}]})),
        ]),
    );
    all_find(
        &partner,
        &[
            ("Patient?identifier=1,2", &["both", "one", "two"]),
            ("Patient?identifier=1&identifier=2", &["both"]),
            ("Patient?given=a\\, b", &["both"]),
            ("Patient?given=a,b", &["both", "one"]),
            ("Patient?given=c\\\\d", &["both"]),
            ("Patient?identifier=p\\$q\\,r", &["both"]),
            ("Patient?identifier:not=1,2", &[]),
            ("Patient?identifier:not=2", &["one"]),
        ],
    );
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    finds(
        &partner,
        &format!("Patient?identifier={}", many(500)),
        &["both", "one", "two"],
    );
    partner
        .get(&format!("Patient?identifier={}", many(10_000)))
        .refused(400, "more than 500 values");
    partner
        .form("Patient/_search", &[("identifier", &many(100_000))])
        .refused(400, "more than 500 values");
}
