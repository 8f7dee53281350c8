//! What every filter of a search holds for very many: pages are filled along the way, whichever way a
//! search takes, and all of them together are what a look at each resource would give.
use super::text;
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(what_holds_for_many_is_found_page_by_page);

/// Of whom more are female, and more in a house, than chains name at first.
const PATIENTS: usize = 3_300;
const HOUSES: usize = 30;
const OBSERVATIONS: usize = 5_000;

fn what_holds_for_many_is_found_page_by_page(baton: &Baton) {
    let client = baton.partner();
    fill(&client, (0..HOUSES).map(house));
    fill(&client, (0..PATIENTS).map(patient));
    fill(&client, (0..OBSERVATIONS).map(observation));
    let expected = |most: usize, letter: char, holds: fn(usize) -> bool, order: fn(&mut [usize])| {
        let mut expected: Vec<usize> = (0..most).filter(|n| holds(*n)).collect();
        order(&mut expected);
        expected
            .iter()
            .map(|n| format!("{letter}{n}"))
            .collect::<Vec<_>>()
    };
    for (search, holds, order) in SEARCHES {
        let expected = expected(OBSERVATIONS, 'o', *holds, *order);
        finds(
            &client,
            &format!("Observation?{search}&_count=700&_elements=id"),
            &expected,
        );
    }
    let told = |search: &str| {
        client
            .get(&format!("Observation?{search}&_explain=true"))
            .ok()
            .to_string()
    };
    let (women, houses) = (
        told("patient.gender=female"),
        told("patient.organization.name=house"),
    );
    assert!(women.contains("Candidates for chains"), "{women}");
    assert!(
        !houses.contains("Candidates for chains") && houses.contains("MATERIALIZED"),
        "{houses}"
    );
    for (search, holds, order) in OF_PATIENTS {
        let expected = expected(PATIENTS, 'p', *holds, *order);
        finds(
            &client,
            &format!("Patient?{search}&_count=200&_elements=id"),
            &expected,
        );
    }
}

fn finds(client: &Client, path: &str, expected: &[String]) {
    let (there, back) = there_and_back(client, path);
    assert_eq!(there, expected, "{path}");
    assert_eq!(back, expected, "{path}, backwards");
}

type Search = (&'static str, fn(usize) -> bool, fn(&mut [usize]));

const SEARCHES: &[Search] = &[
    ("code=a", is_a, by_key),
    ("code=a,b&category=vital", is_a, by_key),
    // Each holds for half, both for none.
    ("code=a&category=lab", |_| false, by_key),
    ("code=a&category=lab&_sort=-date", |_| false, by_key),
    ("code=a&_sort=date", is_a, by_date),
    ("code=a&_sort=-date", is_a, by_date_down),
    ("category=lab&_sort=-_lastUpdated", |n| !is_a(n), newest_first),
    ("code=a&_lastUpdated=gt2020-01-01", is_a, by_key),
    ("_lastUpdated=lt2020-01-01", |_| false, by_key),
    ("status:not=final", is_amended, by_key),
    ("status:not=final&code=b", |n| is_amended(n) && !is_a(n), by_key),
    ("_content=sugar", has_sugar, by_key),
    ("_content=sugar&code=a", |n| has_sugar(n) && is_a(n), by_key),
    (
        "_content=sugar&code=a&_sort=-date",
        |n| has_sugar(n) && is_a(n),
        by_date_down,
    ),
    ("_content=rarely", |n| n == 4_321, by_key),
    ("component-code:missing=true", |n| component(n).is_none(), by_key),
    ("component-code:missing=false", |n| component(n).is_some(), by_key),
    (
        "component-value-quantity=gt150||mm[Hg]",
        |n| component(n) > Some(150),
        by_key,
    ),
    (
        "component-value-quantity=gt198||mm[Hg]",
        |n| component(n) > Some(198),
        by_key,
    ),
    (
        "combo-value-quantity=gt150||mm[Hg]",
        |n| component(n) > Some(150) || value(n) > Some(150),
        by_key,
    ),
    (
        "combo-value-quantity=gt150||mm[Hg]&code=b",
        |n| !is_a(n) && (component(n) > Some(150) || value(n) > Some(150)),
        by_key,
    ),
    (
        "value-quantity=lt150",
        |n| value(n).is_some_and(|v| v < 150),
        by_key,
    ),
    ("combo-code=a", is_a, by_key),
    ("patient.gender=female", is_of_a_woman, by_key),
    (
        "code=a&patient.gender=female&_sort=-date",
        |n| is_a(n) && is_of_a_woman(n),
        by_date_down,
    ),
    (
        "code=b&subject:Patient.gender=male",
        |n| !is_a(n) && !is_of_a_woman(n),
        by_key,
    ),
    ("patient.organization.name=house", in_a_house, by_key),
    (
        "code=a&patient.organization.name=house",
        |n| is_a(n) && in_a_house(n),
        by_key,
    ),
    (
        "patient.organization.name=house&_sort=-date",
        in_a_house,
        by_date_down,
    ),
    ("patient.family=few", |n| n % PATIENTS < 20, by_key),
    ("patient.family=few&_sort=date", |n| n % PATIENTS < 20, by_date),
    (
        "date=ge2024-01-03&code=a",
        |n| is_a(n) && last(n) >= Some(2 * 1_440),
        by_key,
    ),
];

const OF_PATIENTS: &[Search] = &[
    ("_sort=given", |_| true, by_first_name),
    ("_sort=-given", |_| true, by_last_name),
    ("gender=female&_sort=given", |n| n % 3 < 2, by_first_name),
];

/// Whose first names are several stands where the first of them does, downwards the last; who has
/// none comes last.
fn names(n: usize) -> Vec<String> {
    let name = |n: usize| format!("n{}", 100 + n * 37 % 100);
    match n % 7 {
        0 => Vec::new(),
        1 => vec![name(n), name(n + 1)],
        _ => vec![name(n)],
    }
}

fn by_first_name(all: &mut [usize]) {
    all.sort_by_key(|n| {
        let first = names(*n).into_iter().min();
        (first.is_none(), first, *n)
    });
}

fn by_last_name(all: &mut [usize]) {
    all.sort_by_key(|n| {
        let last = names(*n).into_iter().max();
        (last.is_none(), std::cmp::Reverse((last, *n)))
    });
}

fn is_a(n: usize) -> bool {
    n.is_multiple_of(2)
}

fn is_amended(n: usize) -> bool {
    matches!(n % 1_000, 7 | 8)
}

fn has_sugar(n: usize) -> bool {
    n.is_multiple_of(3)
}

fn is_of_a_woman(n: usize) -> bool {
    (n % PATIENTS) % 3 < 2
}

fn in_a_house(n: usize) -> bool {
    !(n % PATIENTS).is_multiple_of(4)
}

fn component(n: usize) -> Option<usize> {
    n.is_multiple_of(5).then_some(100 + n % 100)
}

fn value(n: usize) -> Option<usize> {
    (n % 5 == 1).then_some(100 + n % 100)
}

/// Minutes after the beginning of 2024, in no order.
fn first(n: usize) -> Option<usize> {
    (!n.is_multiple_of(251)).then_some(n * 7_919 % OBSERVATIONS)
}

/// Some took three days; they stand where they began.
fn last(n: usize) -> Option<usize> {
    let again = if n % 250 == 4 { 3 * 1_440 } else { 0 };
    first(n).map(|minute| minute + again)
}

fn by_key(_: &mut [usize]) {}

fn newest_first(all: &mut [usize]) {
    all.reverse();
}

/// Who has none comes last.
fn by_date(all: &mut [usize]) {
    all.sort_by_key(|n| (first(*n).is_none(), first(*n), *n));
}

fn by_date_down(all: &mut [usize]) {
    all.sort_by_key(|n| (first(*n).is_none(), std::cmp::Reverse((first(*n), *n))));
}

fn patient(n: usize) -> Value {
    let gender = if n % 3 < 2 { "female" } else { "male" };
    let family = if n < 20 { "Few" } else { "Many" };
    let mut name = json!({"family": family});
    if !names(n).is_empty() {
        name["given"] = json!(names(n));
    }
    let mut made =
        json!({"resourceType": "Patient", "id": format!("p{n}"), "gender": gender, "name": [name]});
    if in_a_house(n) {
        made["managingOrganization"] = json!({"reference": format!("Organization/h{}", n % HOUSES)});
    }
    made
}

fn house(n: usize) -> Value {
    json!({"resourceType": "Organization", "id": format!("h{n}"), "name": format!("House {n}")})
}

fn observation(n: usize) -> Value {
    let taste = if has_sugar(n) { "Sugar" } else { "Salt" };
    let rarely = if n == 4_321 { " rarely" } else { "" };
    let mut made = json!({
        "resourceType": "Observation", "id": format!("o{n}"),
        "status": if is_amended(n) { "amended" } else { "final" },
        "category": [{"coding": [{"code": if is_a(n) { "vital" } else { "lab" }}]}],
        "code": {"coding": [{"code": if is_a(n) { "a" } else { "b" }}], "text": format!("{taste}{rarely}")},
        "subject": {"reference": format!("Patient/p{}", n % PATIENTS)},
    });
    match (first(n), last(n)) {
        (Some(first), Some(last)) if first != last => {
            made["effectivePeriod"] = json!({"start": time(first), "end": time(last)});
        }
        (Some(first), _) => made["effectiveDateTime"] = time(first),
        _ => {}
    }
    if let Some(value) = component(n) {
        let coding = json!([{"system": "http://loinc.org", "code": "8480-6"}]);
        made["component"] = json!([{"code": {"coding": coding}, "valueQuantity": pressure(value)}]);
    }
    if let Some(value) = value(n) {
        made["valueQuantity"] = pressure(value);
    }
    made
}

fn pressure(value: usize) -> Value {
    json!({"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"})
}

fn time(minute: usize) -> Value {
    let (day, hour) = (minute / 1_440, minute / 60 % 24);
    Value::String(format!("2024-01-{:02}T{hour:02}:{:02}:00Z", day + 1, minute % 60))
}

fn fill(client: &Client, resources: impl Iterator<Item = Value>) {
    let entry = |resource: Value| {
        let url = format!("{}/{}", text(&resource, "resourceType"), text(&resource, "id"));
        json!({"resource": resource, "request": {"method": "PUT", "url": url}})
    };
    let entries: Vec<Value> = resources.map(entry).collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    client.post("", &bundle).ok();
}

/// What a search holds to its last page, and from there back to its first.
fn there_and_back(client: &Client, path: &str) -> (Vec<String>, Vec<String>) {
    let mut page = client.get(path).ok();
    let mut there = held(&page);
    while let Some(next) = link(&page, "next") {
        page = client.get(&next).ok();
        there.extend(held(&page));
    }
    let mut back = vec![held(&page)];
    while let Some(previous) = link(&page, "previous") {
        page = client.get(&previous).ok();
        back.push(held(&page));
    }
    (there, back.into_iter().rev().flatten().collect())
}

fn held(page: &Value) -> Vec<String> {
    let entries = page["entry"].as_array().into_iter().flatten();
    entries
        .map(|entry| text(&entry["resource"], "id").to_string())
        .collect()
}

fn link(page: &Value, relation: &str) -> Option<String> {
    let mut links = page["link"].as_array()?.iter();
    let link = links.find(|link| link["relation"] == relation)?;
    Some(text(link, "url").to_string())
}
