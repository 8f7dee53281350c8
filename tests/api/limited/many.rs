//! Somebody with more patients than a search names one by one sees the same as somebody with few.
use super::*;
use crate::on_both;
use std::collections::BTreeSet;

on_both!(many_patients_are_seen_like_few);

/// Of these patients, every fifth is nobody's.
fn is_hers(nth: usize) -> bool {
    !nth.is_multiple_of(5)
}

fn put(resource: Value) -> Value {
    let url = format!("{}/{}", text(&resource["resourceType"]), text(&resource["id"]));
    json!({"request": {"method": "PUT", "url": url}, "resource": resource})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A patient and a result of theirs.
fn pair(nth: usize) -> [Value; 2] {
    let mut patient =
        json!({"resourceType": "Patient", "id": format!("m{nth}"), "active": nth.is_multiple_of(2)});
    if is_hers(nth) {
        patient["generalPractitioner"] = json!([{"reference": "Practitioner/dora"}]);
    }
    let mut result = observation(&format!("r{nth}"), &format!("m{nth}"), "laboratory");
    result["code"] = json!({"coding": [{"system": "urn:code", "code": if nth.is_multiple_of(7) { "rare" } else { "usual" }}]});
    [put(patient), put(result)]
}

fn load(partner: &Client, range: std::ops::Range<usize>) {
    let entries: Vec<Value> = range.flat_map(pair).collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    let reply = partner.post("", &bundle);
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn seen(client: &Client, search: &str) -> BTreeSet<String> {
    let found = client.find(&format!("{search}&_count=1000"));
    found.iter().map(|one| text(&one["id"]).to_owned()).collect()
}

/// A search, what ids begin with, and whose number fits it.
type Case = (&'static str, &'static str, fn(usize) -> bool);

/// Every search finds what it must, of this many patients.
fn compare(baton: &Baton, count: usize) {
    let dora = baton.launched("user/*.rs", &of_person("Practitioner/dora"));
    let cases: [Case; 6] = [
        ("Patient?_lastUpdated=gt2000-01-01", "m", |_| true),
        ("Patient?active=true", "m", |nth| nth.is_multiple_of(2)),
        ("Patient?_has:Observation:patient:code=rare", "m", |nth| {
            nth.is_multiple_of(7)
        }),
        ("Observation?code=usual", "r", |nth| !nth.is_multiple_of(7)),
        ("Observation?code=rare&subject:Patient.active=true", "r", |nth| {
            nth.is_multiple_of(14)
        }),
        ("Observation?patient=m3,m5,m7", "r", |nth| {
            [3, 5, 7].contains(&nth)
        }),
    ];
    for (search, prefix, fits) in cases {
        let hers = (0..count).filter(|nth| is_hers(*nth) && fits(*nth));
        let expected: BTreeSet<String> = hers.map(|nth| format!("{prefix}{nth}")).collect();
        assert_eq!(seen(&dora, search), expected, "{search} of {count}");
        let total = dora.get(&format!("{search}&_summary=count")).ok();
        assert_eq!(total["total"], expected.len(), "{search} of {count}");
    }
    assert_eq!(dora.get("Observation/r5").status, 404);
    assert_eq!(dora.get("Observation/r6").status, 200);
}

fn many_patients_are_seen_like_few(baton: &Baton) {
    let partner = baton.partner();
    let dora = json!({"resourceType": "Practitioner", "id": "dora"});
    assert_eq!(partner.put("Practitioner/dora", &dora).status, 201);
    // 640 of hers, who are named, then more than are.
    load(&partner, 0..800);
    compare(baton, 800);
    load(&partner, 800..2_700);
    compare(baton, 2_700);
}
