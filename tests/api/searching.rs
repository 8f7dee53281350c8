//! Search: every kind of parameter with a hit and a near miss, what shapes the answer, pages that
//! stay stable, and refusals that name what would be valid.
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    tokens,
    strings,
    references,
    dates,
    numbers_and_quantities,
    uris_and_composites,
    lists_repeats_and_escapes,
    chains_and_has,
    includes,
    order_puts_missing_last,
    pages_hold_still_while_data_is_written,
    totals_and_counts,
    post_and_lenient,
    refusals_name_what_is_valid,
    a_worklist,
);

/// PUTs each resource under its id.
fn stock(partner: &Client, resources: Value) {
    let entries = resources.as_array().expect("resources").iter().map(|resource| {
        let url = format!("{}/{}", text(resource, "resourceType"), text(resource, "id"));
        json!({"resource": resource, "request": {"method": "PUT", "url": url}})
    });
    let entries: Vec<Value> = entries.collect();
    partner
        .post(
            "",
            &json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
        )
        .ok();
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().expect("text")
}

fn ids(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| text(one, "id")).collect()
}

/// The search finds just these, in any order.
fn finds(partner: &Client, path: &str, expected: &[&str]) {
    let found = partner.find(path);
    let mut found = ids(&found);
    found.sort();
    assert_eq!(found, expected, "{path}");
}

fn all_find(partner: &Client, table: &[(&str, &[&str])]) {
    for (path, expected) in table {
        finds(partner, path, expected);
    }
}

fn observation(id: &str, members: Value) -> Value {
    let mut observation = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Heart rate"}});
    for (name, value) in members.as_object().expect("members") {
        observation[name] = value.clone();
    }
    observation
}

fn person(id: &str, members: Value) -> Value {
    let mut person = json!({"resourceType": "Patient", "id": id});
    for (name, value) in members.as_object().expect("members") {
        person[name] = value.clone();
    }
    person
}

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

fn dates(baton: &Baton) {
    let partner = baton.partner();
    let at = |id: &str, when: &str| observation(id, json!({"effectiveDateTime": when}));
    stock(
        &partner,
        json!([
            at("year", "2024"),
            at("day", "2024-03-10"),
            at("noon", "2024-03-10T12:00:00Z"),
            at("zoned", "2024-03-10T23:30:00-05:00"),
            observation(
                "period",
                json!({"effectivePeriod": {"start": "2024-03-01", "end": "2024-03-20"}})
            ),
            observation("open", json!({"effectivePeriod": {"start": "2024-03-15"}})),
            observation("undated", json!({})),
        ]),
    );
    all_find(
        &partner,
        &[
            ("Observation?date=2024-03-10", &["day", "noon"]),
            ("Observation?date=2024-03-11", &["zoned"]),
            ("Observation?date=2024-03", &["day", "noon", "period", "zoned"]),
            (
                "Observation?date=2024",
                &["day", "noon", "period", "year", "zoned"],
            ),
            ("Observation?date=2024-03-10T12:00", &["noon"]),
            ("Observation?date=2024-03-10T12:00:01Z", &[]),
            ("Observation?date=gt2024-03-20", &["open", "year"]),
            (
                "Observation?date=ge2024-03-20&date=lt2024-04-01",
                &["open", "period", "year"],
            ),
            ("Observation?date=lt2024-03-01", &["year"]),
            ("Observation?date=sa2024-03-10", &["open", "zoned"]),
            ("Observation?date=eb2024-03-11", &["day", "noon"]),
            ("Observation?date=ne2024", &["open"]),
            ("Observation?date:missing=true", &["undated"]),
            ("Observation?date=2023,2024-03-11", &["zoned"]),
            ("Observation?_lastUpdated=lt2020", &[]),
            ("Observation?_lastUpdated=gt2020&_id=day", &["day"]),
        ],
    );
}

fn numbers_and_quantities(baton: &Baton) {
    let partner = baton.partner();
    let risk = |id: &str, probability: f64| json!({"resourceType": "RiskAssessment", "id": id, "status": "final", "subject": {"reference": "Patient/x"}, "prediction": [{"probabilityDecimal": probability}]});
    let value = |id: &str, value: f64, code: &str| {
        observation(
            id,
            json!({"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": code, "unit": code}}),
        )
    };
    stock(
        &partner,
        json!([
            risk("low", 0.1),
            risk("mid", 0.54),
            risk("high", 0.9),
            value("kg", 70.4, "kg"),
            value("kg71", 71.0, "kg"),
            value("lb", 70.4, "[lb_av]")
        ]),
    );
    all_find(
        &partner,
        &[
            ("RiskAssessment?probability=0.5", &["mid"]),
            ("RiskAssessment?probability=0.50", &[]),
            ("RiskAssessment?probability=gt0.54", &["high"]),
            ("RiskAssessment?probability=ge0.54", &["high", "mid"]),
            ("RiskAssessment?probability=lt0.54", &["low"]),
            ("RiskAssessment?probability=ne0.9", &["low", "mid"]),
            ("RiskAssessment?probability=ap0.5", &["mid"]),
            ("RiskAssessment?probability=1e-1", &["low"]),
            ("Observation?value-quantity=70", &["kg", "lb"]),
            (
                "Observation?value-quantity=70.4|http://unitsofmeasure.org|kg",
                &["kg"],
            ),
            ("Observation?value-quantity=70.4||kg", &["kg"]),
            (
                "Observation?value-quantity=gt70|http://unitsofmeasure.org|kg",
                &["kg", "kg71"],
            ),
            ("Observation?value-quantity=70.0", &[]),
            ("Observation?value-quantity=lt71", &["kg", "lb"]),
            ("Observation?value-quantity:missing=true", &[]),
        ],
    );
}

fn uris_and_composites(baton: &Baton) {
    let partner = baton.partner();
    let set =
        |id: &str, url: &str| json!({"resourceType": "ValueSet", "id": id, "status": "active", "url": url});
    let coded = |id: &str, code: &str, value: f64| {
        observation(
            id,
            json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": {"value": value}}),
        )
    };
    stock(
        &partner,
        json!([
            set("a", "http://x.example/a"),
            set("ab", "http://x.example/a/b"),
            set("abc", "http://x.example/abc"),
            coded("hit", "1-1", 5.0),
            coded("miss", "1-2", 5.0)
        ]),
    );
    all_find(
        &partner,
        &[
            ("ValueSet?url=http://x.example/a", &["a"]),
            ("ValueSet?url=http://x.example/A", &[]),
            ("ValueSet?url:below=http://x.example/a/", &["ab"]),
            ("ValueSet?url:below=http://x.example/a", &["a", "ab", "abc"]),
            ("ValueSet?url:above=http://x.example/a/b/c", &["a", "ab"]),
            (
                "Observation?code-value-quantity=http://loinc.org|1-1$gt4",
                &["hit"],
            ),
            ("Observation?code-value-quantity=1-1$gt6", &[]),
            ("Observation?code-value-quantity=1-1$gt6,1-2$5", &["miss"]),
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

fn clinic(partner: &Client) {
    stock(
        partner,
        json!([
            {"resourceType": "Organization", "id": "org", "name": "General"},
            {"resourceType": "Practitioner", "id": "doc", "name": [{"family": "House"}]},
            person("a", json!({"name": [{"family": "Adams"}], "managingOrganization": {"reference": "Organization/org"}, "generalPractitioner": [{"reference": "Practitioner/doc"}]})),
            person("b", json!({"name": [{"family": "Baker"}]})),
            observation("a1", json!({"subject": {"reference": "Patient/a"}, "valueQuantity": {"value": 5}})),
            observation("a2", json!({"subject": {"reference": "Patient/a"}, "status": "preliminary"})),
            observation("b1", json!({"subject": {"reference": "Patient/b"}, "performer": [{"reference": "Practitioner/gone"}]})),
            {"resourceType": "Provenance", "id": "prov", "target": [{"reference": "Observation/a1"}], "recorded": "2024-01-01T00:00:00Z", "agent": [{"who": {"reference": "Practitioner/doc"}}]},
        ]),
    );
}

fn chains_and_has(baton: &Baton) {
    let partner = baton.partner();
    clinic(&partner);
    all_find(
        &partner,
        &[
            ("Observation?subject:Patient.family=adams", &["a1", "a2"]),
            ("Observation?patient.family=bak", &["b1"]),
            ("Observation?patient.family=house", &[]),
            ("Observation?patient.organization.name=general", &["a1", "a2"]),
            (
                "Observation?patient.general-practitioner:Practitioner.family=house&status=final",
                &["a1"],
            ),
            ("Observation?patient._id=b", &["b1"]),
            ("Patient?_has:Observation:patient:status=preliminary", &["a"]),
            ("Patient?_has:Observation:subject:value-quantity=gt5", &[]),
            (
                "Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/doc",
                &["a"],
            ),
            (
                "Organization?_has:Patient:organization:_has:Observation:patient:status=preliminary",
                &["org"],
            ),
            ("Practitioner?_has:Patient:general-practitioner:family=Baker", &[]),
        ],
    );
}

/// `Type/id` of what the page holds in that mode.
fn held(page: &Value, mode: &str) -> Vec<String> {
    let entries = page["entry"].as_array().into_iter().flatten();
    let held = entries
        .filter(|entry| entry["search"]["mode"] == mode)
        .map(|entry| &entry["resource"]);
    let mut held: Vec<String> = held
        .map(|one| format!("{}/{}", text(one, "resourceType"), text(one, "id")))
        .collect();
    held.sort();
    held
}

fn includes(baton: &Baton) {
    let partner = baton.partner();
    clinic(&partner);
    let table: [(&str, &[&str], &[&str]); 8] = [
        (
            "Observation?status=final&_include=Observation:subject",
            &["Observation/a1", "Observation/b1"],
            &["Patient/a", "Patient/b"],
        ),
        (
            "Observation?_id=a1,a2&_include=Observation:patient&_include:iterate=Patient:organization",
            &["Observation/a1", "Observation/a2"],
            &["Organization/org", "Patient/a"],
        ),
        (
            "Observation?_id=a1&_include=Observation:subject:Group",
            &["Observation/a1"],
            &[],
        ),
        (
            "Observation?_id=b1&_include=Observation:*",
            &["Observation/b1"],
            &["Patient/b"],
        ),
        (
            "Patient?_id=a&_revinclude=Observation:patient",
            &["Patient/a"],
            &["Observation/a1", "Observation/a2"],
        ),
        (
            "Patient?_id=a&_revinclude=Observation:patient&_revinclude:iterate=Provenance:target",
            &["Patient/a"],
            &["Observation/a1", "Observation/a2", "Provenance/prov"],
        ),
        ("Patient?_id=b&_include=Patient:organization", &["Patient/b"], &[]),
        (
            "Patient?_id=a&_include=Patient:general-practitioner&_include=Patient:organization",
            &["Patient/a"],
            &["Organization/org", "Practitioner/doc"],
        ),
    ];
    for (path, matches, included) in table {
        let page = partner.get(path).ok();
        assert_eq!(
            (held(&page, "match"), held(&page, "include")),
            (
                matches.iter().map(|s| s.to_string()).collect(),
                included.iter().map(|s| s.to_string()).collect()
            ),
            "{path}"
        );
    }
}

fn order_puts_missing_last(baton: &Baton) {
    let partner = baton.partner();
    let person = |id: &str, birth: Option<&str>, family: &str| match birth {
        Some(birth) => person(id, json!({"birthDate": birth, "name": [{"family": family}]})),
        None => person(id, json!({"name": [{"family": family}]})),
    };
    stock(
        &partner,
        json!([
            person("x1", Some("1950-05-05"), "B"),
            person("x2", None, "A"),
            person("x3", Some("1940"), "B"),
            person("x4", Some("1960-01-01"), "A"),
            person("x5", None, "C")
        ]),
    );
    for (order, expected) in [
        ("birthdate,_id", ["x3", "x1", "x4", "x2", "x5"]),
        ("-birthdate,-_id", ["x4", "x1", "x3", "x5", "x2"]),
        ("family,birthdate", ["x4", "x2", "x3", "x1", "x5"]),
        ("-family,-birthdate", ["x5", "x1", "x3", "x4", "x2"]),
        ("-_id", ["x5", "x4", "x3", "x2", "x1"]),
    ] {
        for count in [1, 2, 50] {
            assert_eq!(
                ids(&partner.find(&format!("Patient?_sort={order}&_count={count}"))),
                expected,
                "{order} by {count}"
            );
        }
    }
    partner
        .put("Patient/x5", &json!({"resourceType": "Patient", "id": "x5"}))
        .ok();
    assert_eq!(
        ids(&partner.find("Patient?_sort=-_lastUpdated&_count=1"))[0],
        "x5"
    );
}

fn link(page: &Value, relation: &str) -> Option<String> {
    let links = page["link"].as_array().expect("links").iter();
    links
        .clone()
        .find(|link| link["relation"] == relation)
        .map(|link| text(link, "url").to_string())
}

fn pages_hold_still_while_data_is_written(baton: &Baton) {
    let partner = baton.partner();
    let numbered = |n: usize| {
        observation(
            &format!("n{n:02}"),
            json!({"effectiveDateTime": format!("2024-01-{:02}", n + 1)}),
        )
    };
    stock(&partner, (0..20).map(numbered).collect());
    for query in [
        "Observation?_count=6",
        "Observation?_count=6&_sort=-date",
        "Observation?_count=6&status=final&date=ge2024-01-01",
    ] {
        let (mut seen, mut pages, mut next) = (Vec::new(), Vec::new(), Some(query.to_string()));
        while let Some(url) = next {
            let page = partner.get(&url).ok();
            seen.extend(held(&page, "match"));
            next = link(&page, "next");
            pages.push(page);
            // Updates of what was seen, and rows of other types, move nothing.
            partner.put("Observation/n03", &numbered(3)).ok();
            partner.put(&format!("Basic/w{}", pages.len()), &json!({"resourceType": "Basic", "id": format!("w{}", pages.len()), "code": {"text": "x"}})).ok();
        }
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len(), pages.len()), (20, 20, 4), "{query}");
        let back = partner
            .get(&link(&pages[3], "previous").expect("a way back"))
            .ok();
        assert_eq!(held(&back, "match"), held(&pages[2], "match"), "{query}");
        let first = partner.get(&link(&pages[2], "first").expect("a first page")).ok();
        assert_eq!(
            (held(&first, "match"), link(&first, "previous")),
            (held(&pages[0], "match"), None),
            "{query}"
        );
        assert_eq!(link(&pages[0], "previous"), None);
    }
    // A row deleted between pages skips no other.
    let page = partner.get("Observation?_count=10&_sort=date").ok();
    partner.delete("Observation/n09");
    assert_eq!(
        ids(&partner.find(&link(&page, "next").expect("a next page")))[0],
        "n10"
    );
    let foreign = link(&page, "next")
        .expect("a next page")
        .replace("_sort=date", "_sort=-date");
    partner.get(&foreign).refused(400, "_cursor");
}

fn totals_and_counts(baton: &Baton) {
    let partner = baton.partner();
    stock(
        &partner,
        (0..12)
            .map(|n| person(&format!("t{n}"), json!({"active": n % 2 == 0})))
            .collect(),
    );
    assert_eq!(partner.get("Patient?active=true").ok().get("total"), None);
    assert_eq!(
        partner.get("Patient?active=true&_count=2&_total=accurate").ok()["total"],
        6
    );
    let counted = partner.get("Patient?active=false&_summary=count").ok();
    assert_eq!((counted["total"].clone(), counted.get("entry")), (json!(6), None));
    let counted = partner.get("Patient?_count=0").ok();
    assert_eq!(
        (counted["total"].clone(), counted.get("entry")),
        (json!(12), None)
    );
    let none = partner.get("Patient?family=nobody").ok();
    assert_eq!(
        (none["type"].clone(), none.get("entry")),
        (json!("searchset"), None)
    );
    assert!(
        link(&none, "self")
            .expect("a self link")
            .ends_with("/fhir/Patient?family=nobody")
    );
}

fn post_and_lenient(baton: &Baton) {
    let partner = baton.partner();
    stock(
        &partner,
        json!([
            person("l1", json!({"gender": "male"})),
            person("l2", json!({"gender": "female"}))
        ]),
    );
    let posted = partner
        .form(
            "Patient/_search?gender=male",
            &[("_id", "l1,l2"), ("_total", "accurate")],
        )
        .ok();
    assert_eq!(
        (held(&posted, "match"), posted["total"].clone()),
        (vec!["Patient/l1".to_string()], json!(1))
    );
    partner
        .send("POST", "Patient/_search", &json!({}))
        .refused(415, "x-www-form-urlencoded");
    let lenient = Reply::of(
        partner
            .request("GET", "Patient?gender=male&nonsense=1")
            .header("prefer", "handling=lenient"),
    )
    .ok();
    assert_eq!(held(&lenient, "match"), ["Patient/l1"]);
    let outcome = lenient["entry"]
        .as_array()
        .expect("entries")
        .iter()
        .find(|e| e["search"]["mode"] == "outcome")
        .expect("a warning");
    assert_eq!(
        (
            text(&outcome["resource"]["issue"][0], "severity"),
            text(&outcome["resource"], "resourceType")
        ),
        ("warning", "OperationOutcome")
    );
    assert!(
        !link(&lenient, "self").expect("self").contains("nonsense"),
        "what was ignored is not in self"
    );
    partner
        .get("Patient?gender=male&nonsense=1")
        .refused(400, "nonsense");
}

fn refusals_name_what_is_valid(baton: &Baton) {
    let partner = baton.partner();
    let table = [
        ("Patient?nonsense=Secretvalue", ["nonsense", "birthdate"]),
        ("Patient?birthdate=Secretvalue", ["birthdate", "2026-11-22"]),
        ("Patient?birthdate=xx2020", ["birthdate", "prefix"]),
        ("Patient?gender:exact=male", ["exact", ":not, :missing"]),
        ("Patient?family:above=x", ["family", ":contains"]),
        ("Patient?birthdate:missing=maybe", ["birthdate", "true or false"]),
        ("Patient?family=", ["family", "no value"]),
        ("Patient?gender=male,,female", ["gender", "empty alternative"]),
        ("Patient?_count=-1", ["_count", "whole number"]),
        ("Patient?_sort=nonsense", ["nonsense", "birthdate"]),
        ("Patient?_include=Patient:nonsense", ["nonsense", "organization"]),
        ("Patient?_include=Patient:family", ["family", "not a reference"]),
        (
            "Patient?_include=Patientt:x",
            ["_include", "unknown resource type"],
        ),
        ("Patient?_total=all", ["_total", "accurate"]),
        ("Patient?_summary=all", ["_summary", "count"]),
        ("Patient?organization.nonsense=x", ["nonsense", "address"]),
        (
            "Patient?_has:Observation:nonsense:code=x",
            ["nonsense", "subject"],
        ),
        (
            "Patient?_has:Observation=x",
            ["_has", "_has:Observation:patient:code"],
        ),
        (
            "Patient?organization:Nonsense=x",
            ["organization", "resource type"],
        ),
        ("Patient?_id=a_b", ["_id", "64"]),
        ("Patient?_cursor=nonsense", ["_cursor", "paging link"]),
        ("RiskAssessment?probability=much", ["probability", "decimal"]),
        (
            "Observation?value-quantity=5|x",
            ["value-quantity", "number|system|code"],
        ),
        ("Observation?subject=Patient/p/_history/1", ["subject", "version"]),
        ("Patient?family=a%00b", ["family", "NUL"]),
        ("Patient?family=%ff", ["UTF-8", "percent"]),
    ];
    for (path, words) in table {
        let reply = partner.get(path);
        reply.refused(400, words[0]);
        reply.refused(400, words[1]);
        assert!(!reply.text.contains("Secretvalue"), "{}", reply.text);
    }
    let several = partner
        .get("Patient?nonsense=1&birthdate=x&gender:exact=1")
        .refused(400, "nonsense");
    assert_eq!(several["issue"].as_array().map(Vec::len), Some(3), "all at once");
}

fn a_worklist(baton: &Baton) {
    let partner = baton.partner();
    let task = |id: &str, owner: &str, status: &str, due: &str| {
        json!({"resourceType": "Task", "id": id, "status": status, "intent": "order", "owner": {"reference": owner}, "for": {"reference": "Patient/wp"},
            "encounter": {"reference": "Encounter/we"}, "restriction": {"period": {"start": "2026-01-01", "end": due}}})
    };
    stock(
        &partner,
        json!([
            person("wp", json!({})), {"resourceType": "Encounter", "id": "we", "status": "finished", "class": {"code": "IMP"}},
            task("late", "Practitioner/me", "requested", "2026-01-09T17:00:00-05:00"),
            task("soon", "Practitioner/me", "in-progress", "2026-01-05T17:00:00-05:00"),
            task("first", "Practitioner/me", "requested", "2026-01-04"),
            task("done", "Practitioner/me", "completed", "2026-01-03"),
            task("theirs", "Practitioner/you", "requested", "2026-01-03"),
            task("beyond", "Practitioner/me", "requested", "2026-02-01"),
        ]),
    );
    let worklist = "Task?owner=Practitioner/me&status=requested,in-progress&due=lt2026-01-31&_sort=due&_include=Task:patient&_include=Task:encounter";
    assert_eq!(ids(&partner.find(worklist)), ["first", "soon", "late"]);
    let page = partner.get(&format!("{worklist}&_count=2")).ok();
    assert_eq!(held(&page, "include"), ["Encounter/we", "Patient/wp"]);
    assert_eq!(
        ids(&partner.find(&format!("{worklist}&_count=1"))),
        ["first", "soon", "late"]
    );
    finds(
        &partner,
        "Task?owner=Practitioner/me&status=requested&due=lt2026-01-05",
        &["first"],
    );
    finds(&partner, "Task?due=2026-01-09", &["late"]);
}
