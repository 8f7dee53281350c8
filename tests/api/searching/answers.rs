//! Order, pages, totals, forms: what shapes the answer. <https://hl7.org/fhir/R4/search.html#return>
use super::{held, ids, observation, person, stock, text};
use crate::on_both;
use crate::support::{Baton, Reply};
use serde_json::{Value, json};

on_both!(
    order_puts_missing_last,
    pages_hold_still_while_data_is_written,
    totals_and_counts,
    post_and_lenient
);

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
