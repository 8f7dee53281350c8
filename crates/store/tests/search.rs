//! What a search finds, in which order, page by page.
mod finding;
mod support;

use fhir::search::Query;
use finding::{ids, names, query, save, search, turn};
use serde_json::{Value, json};
use store::{Expect, Store, StoreError};
use support::{at, delete, each_engine};

fn patient(id: &str, family: &str, birth: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "birthDate": birth, "active": true,
        "name": [{"family": family, "given": ["Ann"]}],
        "identifier": [{"system": "urn:mrn", "value": id}],
    })
}

fn task(id: &str, patient: &str, status: &str, due: Option<&str>) -> Value {
    let mut task = json!({
        "resourceType": "Task", "id": id, "status": status, "intent": "order",
        "for": {"reference": format!("Patient/{patient}")},
        "owner": {"reference": "PractitionerRole/nurse"},
    });
    if let Some(due) = due {
        task["restriction"] = json!({"period": {"end": due}});
    }
    task
}

fn observation(id: &str, patient: &str, code: &str, value: f64, date: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": format!("Patient/{patient}")},
        "effectiveDateTime": date,
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    })
}

async fn ward(store: &Store) {
    let patients = vec![
        patient("p1", "Müller", "1950-03-01"),
        patient("p2", "Mills", "1960-07-15"),
        patient("p3", "Zorn", "1960-08-01"),
    ];
    save(store, 0, patients).await;
    let tasks = vec![
        task("t1", "p1", "requested", Some("2026-11-24T17:00:00Z")),
        task("t2", "p1", "completed", Some("2026-11-20T17:00:00Z")),
        task("t3", "p2", "requested", Some("2026-11-23T17:00:00Z")),
        task("t4", "p3", "requested", None),
    ];
    save(store, 1, tasks).await;
    let observations = vec![
        observation("o1", "p1", "8480-6", 120.0, "2026-11-01"),
        observation("o2", "p1", "8480-6", 150.0, "2026-11-02T10:00:00Z"),
        observation("o3", "p2", "8462-4", 80.0, "2026-11-03"),
    ];
    save(store, 2, observations).await;
}

#[test]
fn filters_of_every_family() {
    each_engine(|store| async move {
        ward(&store).await;
        let known: &[(&str, &[&str])] = &[
            ("Patient?identifier=urn:mrn|p2", &["p2"]),
            ("Patient?identifier=p2", &["p2"]),
            ("Patient?identifier=urn:other|p2", &[]),
            ("Patient?family=mu", &["p1"]),
            ("Patient?family:exact=Müller", &["p1"]),
            ("Patient?family:exact=muller", &[]),
            ("Patient?family:contains=ill", &["p2"]),
            ("Patient?birthdate=1960", &["p2", "p3"]),
            ("Patient?birthdate=ne1960-08-01", &["p1", "p2"]),
            ("Patient?birthdate=lt1960-08&birthdate=ge1955", &["p2"]),
            ("Patient?_id=p1,p3", &["p1", "p3"]),
            ("Task?patient=p1", &["t1", "t2"]),
            ("Task?patient=Patient/p1&status:not=completed", &["t1"]),
            (
                "Task?owner=PractitionerRole/nurse&status=requested&due=lt2026-11-24",
                &["t3"],
            ),
            ("Task?due:missing=true", &["t4"]),
            ("Task?encounter:missing=false", &[]),
            (
                "Observation?code=http://loinc.org|8480-6&value-quantity=gt140",
                &["o2"],
            ),
            ("Observation?value-quantity=120||mm[Hg]", &["o1"]),
            ("Observation?code-value-quantity=8480-6$lt140", &["o1"]),
            ("Observation?date=2026-11-02", &["o2"]),
            ("Observation?patient.identifier=urn:mrn|p2", &["o3"]),
            ("Observation?subject:Patient.family=m&code=8480-6", &["o1", "o2"]),
            ("Patient?_has:Task:patient:status=completed", &["p1"]),
            (
                "Patient?_has:Observation:patient:code=8462-4&active=true",
                &["p2"],
            ),
            ("Patient?_lastUpdated=gt2030", &[]),
        ];
        for (text, expected) in known {
            assert_eq!(ids(&store, text).await, *expected, "{text}");
            let counted = search(&store, &format!("{text}&_summary=count"), None)
                .await
                .expect("counts");
            assert_eq!(counted.total, i64::try_from(expected.len()).ok(), "{text}");
        }
    });
}

#[test]
fn a_worklist_comes_by_deadline_and_what_has_none_comes_last() {
    each_engine(|store| async move {
        ward(&store).await;
        assert_eq!(
            ids(&store, "Task?owner=PractitionerRole/nurse&_sort=due").await,
            ["t2", "t3", "t1", "t4"]
        );
        assert_eq!(ids(&store, "Task?_sort=-due").await, ["t1", "t3", "t2", "t4"]);
        assert_eq!(
            ids(&store, "Task?_sort=status,-due").await,
            ["t2", "t1", "t3", "t4"]
        );
        assert_eq!(ids(&store, "Patient?_sort=family").await, ["p2", "p1", "p3"]);
        assert_eq!(
            ids(&store, "Patient?_sort=-_lastUpdated,-_id").await,
            ["p3", "p2", "p1"]
        );
    });
}

/// Every page forth from the start, then every page back.
#[test]
fn pages_lead_forth_and_back_whatever_the_order() {
    each_engine(|store| async move {
        ward(&store).await;
        let orders = [
            "",
            "&_sort=due",
            "&_sort=-due",
            "&_sort=status,due",
            "&_sort=-_lastUpdated",
            "&_sort=patient",
            "&_sort=-_id",
        ];
        for filter in ["owner=nurse", "status:not=draft"] {
            for order in orders {
                let text = format!("Task?{filter}{order}");
                let all = ids(&store, &text).await;
                assert_eq!(all.len(), 4, "{text}");
                assert_eq!(
                    turn(&store, &format!("{text}&_count=1")).await,
                    (all.clone(), all),
                    "{text}"
                );
            }
        }
    });
}

#[test]
fn a_resource_with_several_dates_stands_once_at_its_first_or_last() {
    each_engine(|store| async move {
        let stay = |id: &str, starts: &[&str]| {
            let places = starts.iter().map(|start| {
                json!({"location": {"reference": "Location/w"}, "period": {"start": start, "end": "2026-12-31"}})
            });
            let location: Vec<_> = places.collect();
            json!({"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "IMP"}, "location": location})
        };
        let stays = vec![
            stay("a", &["2026-03-01", "2026-01-01"]),
            stay("b", &["2026-02-01"]),
            stay("c", &[]),
        ];
        save(&store, 0, stays).await;
        for (order, expected) in [("", ["a", "b", "c"]), ("-", ["a", "b", "c"])] {
            let text = format!("Encounter?_sort={order}location-period");
            assert_eq!(ids(&store, &text).await, expected, "{text}");
            assert_eq!(
                turn(&store, &format!("{text}&_count=1")).await.0,
                expected,
                "{text}"
            );
        }
    });
}

#[test]
fn a_page_is_not_disturbed_by_what_is_written_meanwhile() {
    each_engine(|store| async move {
        ward(&store).await;
        let text = "Task?_sort=due&_count=2";
        let first = search(&store, text, None).await.expect("a page");
        assert_eq!(names(&first.matches), ["t2", "t3"]);
        let early = task("t0", "p1", "requested", Some("2026-11-01T00:00:00Z"));
        let moved = task("t3", "p2", "requested", Some("2026-11-02T00:00:00Z"));
        save(&store, 9, vec![early, moved]).await;
        let second = search(&store, text, first.next).await.expect("a page");
        assert_eq!(names(&second.matches), ["t1", "t4"]);
    });
}

#[test]
fn a_cursor_of_another_search_is_refused() {
    each_engine(|store| async move {
        ward(&store).await;
        let page = search(&store, "Task?status=requested&_count=1", None)
            .await
            .expect("a page");
        let other = search(&store, "Task?status=completed&_count=1", page.next).await;
        assert!(matches!(other, Err(StoreError::BadCursor)));
        let junk = search(&store, "Task?status=completed", Some("junk".to_string())).await;
        assert!(matches!(junk, Err(StoreError::BadCursor)));
    });
}

#[test]
fn included_resources_come_once_and_beside_the_matches() {
    each_engine(|store| async move {
        ward(&store).await;
        let included = |text: &'static str| {
            let store = store.clone();
            async move { names(&search(&store, text, None).await.expect("a page").included) }
        };
        assert_eq!(
            included("Task?status=requested&_include=Task:patient").await,
            ["p1", "p2", "p3"]
        );
        assert_eq!(
            included("Patient?_id=p1&_revinclude=Task:patient").await,
            ["t1", "t2"]
        );
        assert_eq!(
            included("Patient?_id=p1&_revinclude=Task:patient&_revinclude=Observation:subject").await,
            ["t1", "t2", "o1", "o2"]
        );
        let iterated = "Observation?_id=o3&_include=Observation:subject&_revinclude:iterate=Task:patient";
        assert_eq!(included(iterated).await, ["p2", "t3"]);
        let page = search(&store, "Patient?_id=p1&_revinclude=Task:patient", None)
            .await
            .expect("a page");
        assert!(!page.truncated);
    });
}

#[test]
fn what_is_deleted_is_found_no_more() {
    each_engine(|store| async move {
        ward(&store).await;
        let gone = delete("Patient", "p1", Expect::Any);
        store.commit(vec![gone], at(5)).await.expect("deleted");
        assert_eq!(ids(&store, "Patient?active=true").await, ["p2", "p3"]);
        assert_eq!(ids(&store, "Patient?_sort=family").await, ["p2", "p3"]);
        assert!(
            search(&store, "Task?_id=t1&_include=Task:patient", None)
                .await
                .expect("a page")
                .included
                .is_empty()
        );
        assert!(
            ids(&store, "Task?patient.family=m&patient.birthdate=1950")
                .await
                .is_empty()
        );
    });
}

#[test]
fn the_largest_searches_allowed_run() {
    each_engine(|store| async move {
        ward(&store).await;
        let many = |one: &str| vec![one; 500].join(",");
        let large = [
            format!("Patient?_id={}", many("p9")),
            format!("Patient?identifier={}", many("urn:mrn|p9")),
            format!("Patient?birthdate={}", many("ne1950-03-01")),
            format!("Patient?family={}", many("zorx")),
            format!("Task?{}status=draft", "part-of.".repeat(7)),
            "Observation?focus.focus.status=draft".to_string(),
            format!("Observation?_filter={}", vec!["code eq none"; 660].join(" or ")),
            format!("Patient?_filter={}", vec!["_content eq none"; 450].join(" or ")),
            format!(
                "Observation?{}code=none",
                "_has:Observation:has-member:".repeat(6)
            ),
        ];
        for text in large {
            let found = ids(&store, &text).await;
            assert_eq!(found.is_empty(), !text.contains("birthdate"), "{}", &text[..40]);
        }
    });
}

/// Ranges of values start a search where they are narrow, and are asked along the way where not.
#[test]
fn wide_and_narrow_ranges_find_the_same_resources() {
    each_engine(|store| async move {
        let mmol =
            |value: usize| json!({"value": value, "system": "http://unitsofmeasure.org", "code": "mmol"});
        let values = |of: usize| (0..110).map(move |n| of * 110 + n);
        let substance = |of: usize| {
            let instances: Vec<_> = values(of).map(|v| json!({"quantity": mmol(v)})).collect();
            json!({
                "resourceType": "Substance", "id": format!("s{of}"), "code": {"text": "x"}, "instance": instances,
            })
        };
        let panel = |of: usize| {
            let code = |v: usize| json!({"coding": [{"system": "urn:c", "code": format!("c{}", v % 3)}]});
            let components: Vec<_> = values(of)
                .map(|v| json!({"code": code(v), "valueQuantity": mmol(v)}))
                .collect();
            json!({
                "resourceType": "Observation", "id": format!("o{of}"), "status": "final", "code": {"text": "x"},
                "subject": {"reference": "Patient/p"}, "valueQuantity": mmol(of), "component": components,
            })
        };
        save(
            &store,
            0,
            (0..50).flat_map(|of| [substance(of), panel(of)]).collect(),
        )
        .await;
        for (text, expected) in [
            ("Substance?quantity=ge0", 0..50),
            ("Substance?quantity=ge110&_sort=-_id", 1..50),
            ("Substance?quantity=ge5390", 49..50),
            ("Substance?quantity=lt110||mmol", 0..1),
            ("Substance?quantity=lt110||kg", 0..0),
            ("Observation?component-value-quantity=ge0", 0..50),
            (
                "Observation?component-value-quantity=ge110&subject=Patient/p",
                1..50,
            ),
            (
                "Observation?component-value-quantity=lt220&_sort=-_lastUpdated",
                0..2,
            ),
            (
                "Observation?value-quantity=gt46&component-value-quantity=gt0",
                47..50,
            ),
            ("Observation?combo-value-quantity=ge5390,lt1", 0..1),
            ("Observation?combo-value-quantity=ne5000", 0..50),
            (
                "Patient?_has:Observation:subject:component-value-quantity=ge9999",
                0..0,
            ),
        ] {
            let mut found = ids(&store, text).await;
            found.sort_by_key(|id| id[1..].parse::<usize>().expect("a number"));
            let letter = if text.starts_with('S') { 's' } else { 'o' };
            let mut expected: Vec<_> = expected.map(|of| format!("{letter}{of}")).collect();
            if text.contains("5390,lt1") {
                expected.push("o49".into());
            }
            assert_eq!(found, expected, "{text}");
            let total = search(&store, &format!("{text}&_summary=count"), None).await;
            assert_eq!(
                total.expect("a total").total,
                i64::try_from(expected.len()).ok(),
                "{text}"
            );
        }
    });
}

#[test]
fn several_searches_at_once_find_what_each_finds() {
    each_engine(|store| async move {
        ward(&store).await;
        let asked = [
            "Task?status=requested&_count=2",
            "Patient?active=true",
            "Condition?subject=Patient/nobody",
        ];
        let few = |text: &str| Query {
            surely_few: true,
            ..query(text)
        };
        let queries = asked.map(few);
        let found = store
            .read(move |tx| tx.search_each(&queries))
            .await
            .expect("found");
        for (text, found) in asked.iter().zip(&found) {
            let alone = search(&store, text, None).await.expect("found");
            assert_eq!(names(found), names(&alone.matches), "{text}");
        }
        assert_eq!(
            found.iter().map(Vec::is_empty).collect::<Vec<_>>(),
            [false, false, true]
        );
    });
}
