//! Searches that ask what stands in the same element: the resource itself decides.
mod finding;
mod support;

use finding::{ids, names, save, search};
use serde_json::{Value, json};
use store::{Store, StoreError};
use support::each_engine;

fn component(code: &str, value: f64) -> Value {
    json!({
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    })
}

fn pressure(id: &str, systolic: f64, diastolic: f64) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "Patient/p1"},
        "component": [component("8480-6", systolic), component("8462-4", diastolic)],
    })
}

/// Two questions with their answers.
fn survey(id: &str, first: &str, second: &str) -> Value {
    let answer = |question: &str, answer: &str| {
        json!({
            "code": {"coding": [{"system": "urn:q", "code": question}]},
            "valueCodeableConcept": {"coding": [{"system": "urn:a", "code": answer}]},
        })
    };
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"text": "survey"}, "subject": {"reference": "Patient/p1"},
        "component": [answer("q1", first), answer("q2", second)],
    })
}

fn location(id: &str, latitude: f64, longitude: f64) -> Value {
    json!({
        "resourceType": "Location", "id": id,
        "position": {"latitude": latitude, "longitude": longitude},
    })
}

async fn readings(store: &Store) {
    let patient = json!({
        "resourceType": "Patient", "id": "p1",
        "identifier": [
            {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
             "system": "urn:mrn", "value": "7"},
            {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]},
             "value": "8"},
        ],
    });
    let readings = vec![
        patient,
        pressure("o1", 120.0, 80.0),
        pressure("o2", 150.0, 95.0),
        pressure("o3", 90.0, 150.0),
    ];
    save(store, 0, readings).await;
}

#[test]
fn parts_of_a_composite_stand_in_one_component() {
    each_engine(|store| async move {
        readings(&store).await;
        let known: &[(&str, &[&str])] = &[
            ("Observation?component-code-value-quantity=8480-6$gt140", &["o2"]),
            (
                "Observation?component-code-value-quantity=http://loinc.org|8462-4$150|http://unitsofmeasure.org|mm[Hg]",
                &["o3"],
            ),
            (
                "Observation?component-code-value-quantity=8480-6$lt100,8462-4$80",
                &["o1", "o3"],
            ),
            (
                "Observation?combo-code-value-quantity=8462-4$gt94&_sort=-_id",
                &["o3", "o2"],
            ),
            ("Observation?component-code-value-quantity=85354-9$150", &[]),
            (
                "Patient?_has:Observation:subject:component-code-value-quantity=8480-6$gt140",
                &["p1"],
            ),
            (
                "Patient?_has:Observation:subject:component-code-value-quantity=8480-6$gt151",
                &[],
            ),
        ];
        for (text, expected) in known {
            assert_eq!(&ids(&store, text).await, expected, "{text}");
        }
        let counted = search(
            &store,
            "Observation?combo-code-value-quantity=8480-6$gt100&_summary=count",
            None,
        );
        assert_eq!(counted.await.expect("a total").total, Some(2));
    });
}

/// Every feature of search, where a code and its quantity share a row.
#[test]
fn rows_of_codes_with_quantities_answer_all_that_is_asked_of_them() {
    each_engine(|store| async move {
        readings(&store).await;
        let weight = json!({
            "resourceType": "Observation", "id": "w", "status": "amended", "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "valueQuantity": {"value": 100, "system": "http://unitsofmeasure.org", "code": "kg"},
        });
        save(&store, 1, vec![weight, survey("s", "yes", "no")]).await;
        let known: &[(&str, &[&str])] = &[
            ("component-code=8480-6", &["o1", "o2", "o3"]),
            ("component-code=urn:q|q1", &["s"]),
            ("component-code=urn:q|", &["s"]),
            ("component-code:not=q2", &["o1", "o2", "o3", "w"]),
            ("component-code:missing=true", &["w"]),
            ("component-value-quantity=gt140", &["o2", "o3"]),
            ("component-value-quantity=90||mm[Hg]", &["o3"]),
            ("component-value-quantity=90||kg", &[]),
            ("component-value-quantity=lt85&status=final", &["o1"]),
            ("component-value-quantity:missing=true", &["w", "s"]),
            ("component-value-quantity:missing=false", &["o1", "o2", "o3"]),
            (
                "component-code-value-quantity=8480-6$gt100||mm[Hg]",
                &["o1", "o2"],
            ),
            (
                "component-code-value-quantity=http://loinc.org|$gt149",
                &["o2", "o3"],
            ),
            ("combo-value-quantity=ge100", &["o1", "o2", "o3", "w"]),
            ("combo-value-quantity=ge100||kg", &["w"]),
            ("combo-value-quantity:missing=true", &["s"]),
            ("combo-code=29463-7,8480-6", &["o1", "o2", "o3", "w"]),
            ("combo-code-value-quantity=29463-7$ge100", &["w"]),
            ("combo-code-value-quantity=29463-7$gt100,8480-6$gt140", &["o2"]),
            (
                "combo-value-quantity:missing=false&_sort=combo-value-quantity",
                &["o1", "o3", "o2", "w"],
            ),
            ("_sort=-component-value-quantity", &["o3", "o2", "o1", "s", "w"]),
            ("_sort=component-code,_id", &["o1", "o2", "o3", "s", "w"]),
        ];
        for (text, expected) in known {
            assert_eq!(
                &ids(&store, &format!("Observation?{text}")).await,
                expected,
                "{text}"
            );
        }
    });
}

/// Every feature of search, where the usual value has no row.
#[test]
fn the_usual_status_is_found_by_what_is_not_there() {
    each_engine(|store| async move {
        readings(&store).await;
        let amended = json!({
            "resourceType": "Observation", "id": "a", "status": "amended", "subject": {"reference": "Patient/p1"},
            "code": {"text": "x"},
        });
        save(&store, 1, vec![amended, pressure("gone", 1.0, 1.0)]).await;
        let gone = store::Change {
            expect: store::Expect::Any,
            op: store::Op::Delete,
            ..support::put(pressure("gone", 1.0, 1.0), store::Expect::Any)
        };
        store.commit(vec![gone], support::at(2)).await.expect("deleted");
        let known: &[(&str, &[&str])] = &[
            ("Observation?status=final", &["o1", "o2", "o3"]),
            (
                "Observation?status=http://hl7.org/fhir/observation-status|final",
                &["o1", "o2", "o3"],
            ),
            ("Observation?status=urn:x|final", &[]),
            ("Observation?status=final,amended", &["o1", "o2", "o3", "a"]),
            ("Observation?status=amended", &["a"]),
            ("Observation?status=unknown", &[]),
            ("Observation?status:not=final", &["a"]),
            ("Observation?status:not=amended", &["o1", "o2", "o3"]),
            ("Observation?status:missing=true", &[]),
            ("Observation?status:missing=false&_id=a,o1", &["o1", "a"]),
            (
                "Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status&_id=o1,a",
                &["o1", "a"],
            ),
            ("Observation?_filter=status eq final", &["o1", "o2", "o3"]),
            ("Observation?_sort=status,_id", &["a", "o1", "o2", "o3"]),
            ("Observation?_sort=-status,_id", &["o1", "o2", "o3", "a"]),
            ("Patient?_has:Observation:subject:status=final", &["p1"]),
            ("Patient?_has:Observation:subject:status=preliminary", &[]),
            (
                "Observation?subject=Patient/p1&status=final&component-value-quantity=gt140",
                &["o2", "o3"],
            ),
        ];
        for (text, expected) in known {
            assert_eq!(&ids(&store, text).await, expected, "{text}");
        }
        let first = search(&store, "Observation?_sort=status&_count=2", None)
            .await
            .expect("a page");
        let second = search(&store, "Observation?_sort=status&_count=2", first.next)
            .await
            .expect("a page");
        assert_eq!(
            (names(&first.matches), names(&second.matches)),
            (vec!["a".into(), "o1".into()], vec!["o2".into(), "o3".into()])
        );
    });
}

#[test]
fn an_identifier_has_its_value_and_its_type() {
    each_engine(|store| async move {
        readings(&store).await;
        let of_type = "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203";
        assert_eq!(ids(&store, &format!("{of_type}|MR|7")).await, ["p1"]);
        assert_eq!(ids(&store, "Patient?identifier:of-type=|SS|8").await, ["p1"]);
        assert!(ids(&store, &format!("{of_type}|MR|8")).await.is_empty());
    });
}

#[test]
fn places_are_near_by_the_great_circle() {
    each_engine(|store| async move {
        let places = vec![
            location("boston", 42.3601, -71.0589),
            location("providence", 41.824, -71.4128),
            location("fiji", -17.0, 179.9),
        ];
        save(&store, 0, places).await;
        let known: &[(&str, &[&str])] = &[
            ("Location?near=42.37|-71.11|10|km", &["boston"]),
            ("Location?near=42.37|-71.11|45|[mi_i]", &["boston", "providence"]),
            ("Location?near=42.37|-71.11", &["boston"]),
            ("Location?near=-17|-179.9|30|km", &["fiji"]),
            // In the corner of the box, beyond the circle.
            ("Location?near=42.0|-70.57|55|km", &[]),
        ];
        for (text, expected) in known {
            assert_eq!(&ids(&store, text).await, expected, "{text}");
        }
    });
}

#[test]
fn pages_of_checked_matches_leave_none_out() {
    each_engine(|store| async move {
        let mut all = Vec::new();
        for at in 0..700 {
            let (first, second) = if at % 7 == 0 { ("yes", "no") } else { ("no", "yes") };
            all.push(survey(&format!("o{at}"), first, second));
        }
        save(&store, 0, all).await;
        let text = "Observation?component-code-value-concept=q1$yes&_count=9";
        let (mut seen, mut cursor, mut back) = (Vec::new(), None, None);
        loop {
            let page = search(&store, text, cursor).await.expect("a page");
            seen.extend(names(&page.matches));
            back = page.prev.or(back);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (0..100).map(|at| format!("o{}", at * 7)).collect();
        assert_eq!(seen, expected);
        let before = search(&store, text, back).await.expect("the page before");
        assert_eq!(names(&before.matches), expected[90..99]);
    });
}

#[test]
fn too_much_inside_has_is_refused() {
    each_engine(|store| async move {
        let all = (0..1_100)
            .map(|at| survey(&format!("o{at}"), "yes", "no"))
            .collect();
        save(&store, 0, all).await;
        let text = "Patient?_has:Observation:subject:component-code-value-concept=q1$yes";
        let refused = search(&store, text, None).await;
        assert!(matches!(refused, Err(StoreError::Rejected { status: 400, .. })));
    });
}

#[test]
fn codes_of_stored_terminology() {
    each_engine(|store| async move {
        readings(&store).await;
        let codes = json!({
            "resourceType": "CodeSystem", "id": "acts", "url": "urn:acts", "status": "active", "content": "complete",
            "concept": [{"code": "care", "concept": [{"code": "call"}, {"code": "visit"}]}, {"code": "bill"}],
        });
        let calls = json!({
            "resourceType": "ValueSet", "id": "calls", "url": "urn:calls", "version": "2", "status": "active",
            "compose": {"include": [{"system": "urn:acts", "concept": [{"code": "call"}, {"code": "bill"}]}]},
        });
        let task = |code: &str| {
            json!({
                "resourceType": "Task", "id": code, "status": "requested", "intent": "order",
                "code": {"coding": [{"system": "urn:acts", "code": code}]},
            })
        };
        save(
            &store,
            1,
            vec![codes, calls, task("call"), task("visit"), task("bill")],
        )
        .await;
        let known: &[(&str, &[&str])] = &[
            ("Task?code:in=urn:calls", &["call", "bill"]),
            ("Task?code:in=urn:calls|2", &["call", "bill"]),
            ("Task?code:in=ValueSet/calls", &["call", "bill"]),
            ("Task?code:not-in=urn:calls", &["visit"]),
            ("Task?code:below=urn:acts|care", &["call", "visit"]),
            ("Task?code:above=urn:acts|call", &["call"]),
            (
                "Task?status:in=http://hl7.org/fhir/ValueSet/task-status&code=bill",
                &["bill"],
            ),
            (
                "Task?status=http://hl7.org/fhir/task-status|requested&code=bill",
                &["bill"],
            ),
        ];
        for (text, expected) in known {
            assert_eq!(&ids(&store, text).await, expected, "{text}");
        }
        for text in [
            "Task?code:in=urn:none",
            "Task?code:below=urn:none|a",
            "Task?code:in=urn:calls|3",
        ] {
            let refused = search(&store, text, None).await;
            assert!(
                matches!(refused, Err(StoreError::Rejected { status: 400, .. })),
                "{text}"
            );
        }
    });
}

#[test]
fn filter_expressions_and_texts() {
    each_engine(|store| async move {
        readings(&store).await;
        let condition = |id: &str, display: &str, note: &str| {
            json!({
                "resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p1"},
                "recordedDate": "2026-03-01",
                "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{note}</p></div>")},
                "code": {"coding": [{"system": "http://snomed.info/sct", "code": id, "display": display}]},
            })
        };
        let conditions = vec![
            condition("c1", "Heart failure", "seen on the left side"),
            condition("c2", "Failure to thrive", "no heart trouble"),
        ];
        save(&store, 1, conditions).await;
        let known: &[(&str, &[&str])] = &[
            (
                "Condition?_filter=code eq http://snomed.info/sct|c1 or code eq c2",
                &["c1", "c2"],
            ),
            (
                "Condition?_filter=subject re Patient/p1 and not(code eq c1)",
                &["c2"],
            ),
            (
                "Condition?_filter=recorded-date po 2026-03 and code ne c2",
                &["c1"],
            ),
            (
                "Condition?_filter=patient.identifier eq urn:mrn|7 and recorded-date lt 2026-02",
                &[],
            ),
            (
                "Patient?_filter=_has:Observation:subject:component-code-value-quantity eq 8480-6$150",
                &["p1"],
            ),
            ("Condition?code:text=heart", &["c1"]),
            ("Condition?code:text=failure", &["c2"]),
            ("Condition?_text=heart", &["c2"]),
            ("Condition?_content=heart&subject=Patient/p1", &["c1", "c2"]),
            ("Condition?_content=\"heart failure\"", &["c1"]),
            ("Condition?_content=hear", &[]),
            ("Condition?_text=p", &[]),
        ];
        for (text, expected) in known {
            assert_eq!(&ids(&store, text).await, expected, "{text}");
        }
    });
}

#[test]
fn filter_expressions_compare_whole_strings_and_ends() {
    each_engine(|store| async move {
        let person = |id: &str, family: &str| json!({"resourceType": "Patient", "id": id, "name": [{"family": family}]});
        save(
            &store,
            0,
            vec![
                person("a", "Lind"),
                person("b", "Lindgren"),
                person("c", "Åkerlind"),
            ],
        )
        .await;
        let known: &[(&str, &[&str])] = &[
            ("Patient?_filter=family eq lind", &["a"]),
            ("Patient?_filter=family sw lind", &["a", "b"]),
            ("Patient?_filter=family ew lind", &["a", "c"]),
            ("Patient?_filter=family co ERL", &["c"]),
            ("Patient?_filter=family ne lind", &["b", "c"]),
        ];
        for (text, expected) in known {
            let mut found = ids(&store, text).await;
            found.sort();
            assert_eq!(&found, expected, "{text}");
        }
    });
}

#[test]
fn quantities_are_found_in_whatever_unit_they_were_written() {
    each_engine(|store| async move {
        let sugar = |id: &str, value: f64, unit: &str| {
            json!({
                "resourceType": "Observation", "id": id, "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
                "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
            })
        };
        let sugars = vec![
            sugar("a", 120.0, "mg/dL"),
            sugar("b", 1.2, "g/L"),
            sugar("c", 120.0, "mmol/L"),
        ];
        save(&store, 0, sugars).await;
        let known: &[(&str, &[&str])] = &[
            (
                "Observation?value-quantity=120|http://unitsofmeasure.org|mg/dL",
                &["a", "b"],
            ),
            (
                "Observation?value-quantity=ge1.2|http://unitsofmeasure.org|g/L",
                &["a", "b"],
            ),
            (
                "Observation?value-quantity=gt1.2|http://unitsofmeasure.org|g/L",
                &[],
            ),
            (
                "Observation?code-value-quantity=2339-0$ap0.125|http://unitsofmeasure.org|g/dL",
                &["a", "b"],
            ),
            ("Observation?value-quantity=120||mg/dL", &["a"]),
            (
                "Observation?value-quantity=lt2|http://unitsofmeasure.org|g/L",
                &["a", "b"],
            ),
            (
                "Observation?value-quantity=gt0|http://unitsofmeasure.org|mm[Hg]",
                &[],
            ),
            (
                "Observation?value-quantity=gt0|http://unitsofmeasure.org|mm[Hg],120||mmol/L",
                &["c"],
            ),
            (
                "Observation?combo-value-quantity=gt0|http://unitsofmeasure.org|mm[Hg]",
                &[],
            ),
            ("Observation?combo-value-quantity=gt100", &["a", "c"]),
            ("Observation?combo-code-value-quantity=2339-0$lt2,x$120", &["b"]),
            ("Observation?code-value-quantity=2339-0$120||mmol/L", &["c"]),
            ("Observation?value-quantity=ne120", &["b"]),
            ("Observation?value-quantity=120", &["a", "c"]),
        ];
        for (text, expected) in known {
            assert_eq!(&ids(&store, text).await, expected, "{text}");
        }
    });
}

#[test]
fn a_page_that_read_enough_ends_early_and_the_next_goes_on() {
    each_engine(|store| async move {
        let answered = |at: i32| survey(&format!("o{at}"), if at == 5_099 { "yes" } else { "no" }, "yes");
        save(&store, 0, (0..5_100).map(answered).collect()).await;
        let text = "Observation?component-code-value-concept=q1$yes";
        let first = search(&store, text, None).await.expect("a page");
        assert!(first.cut && first.matches.is_empty());
        let second = search(&store, text, first.next).await.expect("a page");
        assert_eq!(names(&second.matches), ["o5099"]);
        assert!(!second.cut && second.next.is_none());
        let counted = search(&store, &format!("{text}&_total=accurate"), None).await;
        assert_eq!(counted.expect("a total").total, Some(1));
    });
}
