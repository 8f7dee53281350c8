use super::*;
use crate::Resource;
use crate::validate::examine;
use proptest::prelude::*;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// A key, a resource that keeps the rule, and one that breaks it and no other.
const CASES: &str = include_str!("cases.tsv");

/// Types people coordinate care with: each of their rules has a case.
const COORDINATION: [&str; 22] = [
    "AllergyIntolerance",
    "Appointment",
    "AuditEvent",
    "Bundle",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Composition",
    "Condition",
    "Consent",
    "Goal",
    "Group",
    "List",
    "Measure",
    "MeasureReport",
    "Observation",
    "Organization",
    "Patient",
    "QuestionnaireResponse",
    "RiskAssessment",
    "ServiceRequest",
    "Task",
];

fn examined(text: &str) -> Vec<Issue> {
    let value: Value = serde_json::from_str(text).expect("JSON");
    examine(&Resource::from_value(value).expect("a resource"))
}

fn key(issue: &Issue) -> &str {
    issue.diagnostics.split(':').next().unwrap_or_default()
}

#[test]
fn every_invariant_compiles() {
    for invariant in invariants() {
        Expr::compile(invariant.expression)
            .unwrap_or_else(|error| panic!("{} {}: {error}", invariant.key, invariant.expression));
    }
    for (native, _) in NATIVE {
        assert!(
            invariants().iter().any(|invariant| invariant.key == native),
            "{native}"
        );
    }
}

#[test]
fn each_rule_is_kept_and_broken() {
    let mut faults = Vec::new();
    for line in CASES.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [wanted, kept, broken] = cells[..] else {
            panic!("three cells: {line}")
        };
        let against = |issue: &&Issue| issue.is_error() || key(issue) == wanted;
        if let Some(issue) = examined(kept).iter().find(against) {
            faults.push(format!("{wanted} should be kept by {kept}: {issue}"));
        }
        let found = examined(broken);
        if !found.iter().any(|issue| key(issue) == wanted) {
            faults.push(format!("{wanted} should be broken by {broken}"));
        }
        let other = |issue: &&Issue| issue.is_error() && key(issue) != wanted;
        if let Some(issue) = found.iter().find(other) {
            faults.push(format!("{wanted} alone should be broken by {broken}: {issue}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_rule_of_coordination_has_a_case() {
    let cases: Vec<&str> = CASES.lines().filter_map(|line| line.split('\t').next()).collect();
    for invariant in invariants() {
        let root = |path: &&str| path.split('.').next().unwrap_or(path).to_owned();
        let ours = invariant.paths.iter().any(|path| {
            let root = root(path);
            COORDINATION.contains(&root.as_str()) || crate::TypeId::of(&root).is_none()
        });
        let told = ["eld-11", "eld-19", "eld-20", "mqty-1"];
        assert!(
            !ours || cases.contains(&invariant.key) || told.contains(&invariant.key),
            "{} has no case",
            invariant.key
        );
    }
}

/// Where names decide, values would have decided the same.
#[test]
fn guards_agree_with_expressions() {
    let mut decided = 0;
    let mut seed = 1_u128;
    for (on, plan) in registry().definitions().iter().zip(PLANS.iter()) {
        let all = on.elements.len();
        for _ in 0..48 {
            seed = seed
                .wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645)
                .wrapping_add(1);
            let mask = (seed >> 3) & (seed >> 40 | 1) & ((1 << all) - 1);
            let object = object(on, mask);
            for planned in plan {
                if let Some(foretold) = planned.guard.foretell(mask) {
                    decided += 1;
                    let id = registry().definition_named(on.name).expect("a definition");
                    let item = Item::node(&object, None, ElementType::Complex(id));
                    let expression = &COMPILED[usize::from(planned.id)];
                    let held = expression.holds_on(&item, &object, &Env::default());
                    assert_eq!(
                        held,
                        Ok(foretold),
                        "{} {object}",
                        invariants()[usize::from(planned.id)].key
                    );
                }
            }
        }
    }
    assert!(decided > 10_000, "{decided}");
}

/// Something in each of the elements.
fn object(on: &Definition, mask: u128) -> Value {
    let mut members = Map::new();
    if on.resource.is_some() {
        members.insert("resourceType".into(), json!(on.name));
    }
    for element in on
        .elements
        .iter()
        .filter(|e| on.bit(e.name).is_some_and(|bit| mask & bit != 0))
    {
        let Some(member) = on.members_of(element.name).next() else {
            continue;
        };
        let value = match member.of {
            ElementType::Primitive(Primitive::Boolean) => json!(true),
            ElementType::Primitive(Primitive::Decimal | Primitive::PositiveInt) => json!(1),
            ElementType::Primitive(Primitive::Integer | Primitive::UnsignedInt) => json!(2),
            ElementType::Primitive(_) => json!("x"),
            ElementType::Complex(_) => json!({"id": "x"}),
            ElementType::Resource => json!({"resourceType": "Basic"}),
        };
        let value = if element.many { json!([value]) } else { value };
        members.insert(member.name.to_string(), value);
    }
    Value::Object(members)
}

/// What native code finds in a resource by key; rules of whole resources count once.
fn found_natively(resource: &Value) -> BTreeMap<&'static str, usize> {
    let issues = examine(&Resource::from_value(resource.clone()).expect("a resource"));
    let mut found = BTreeMap::new();
    for issue in &issues {
        if let Some((known, _)) = NATIVE.iter().find(|(known, _)| *known == key(issue)) {
            *found.entry(*known).or_insert(0) += 1;
        }
    }
    found.retain(|key, _| !key.starts_with("txt"));
    found
        .iter_mut()
        .filter(|(key, _)| key.starts_with("dom"))
        .for_each(|(_, count)| *count = 1);
    found
}

/// The same by evaluating the expressions on every node.
fn found_by_expression(resource: &Value) -> BTreeMap<&'static str, usize> {
    let nodes = Expr::compile("descendants()").expect("an expression");
    let env = Env::default().within(resource);
    let root = Item::of_json(resource);
    let mut found = BTreeMap::new();
    let mut ask = |item: &Item, on: &str| {
        for (key, _) in NATIVE.iter().filter(|(key, _)| !key.starts_with("txt")) {
            let id = invariants()
                .iter()
                .position(|i| i.key == *key)
                .expect("an invariant");
            if invariants()[id].paths.contains(&on) {
                let holds = COMPILED[id].holds_on(item, resource, &env).expect("little work");
                *found.entry(*key).or_insert(0) += usize::from(!holds);
            }
        }
    };
    ask(&root, "DomainResource");
    for item in nodes.evaluate(resource, &env) {
        let on = item.type_name();
        if crate::TypeId::of(on).is_none() {
            ask(&item, "Element");
        }
        if on == "Reference" {
            ask(&item, on);
        }
    }
    found.retain(|_, count| *count > 0);
    found
}

fn extension() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"url": "urn:x", "valueCode": "x"})),
        Just(json!({"url": "urn:x", "valueReference": {"id": "x"}})),
        Just(json!({"url": "urn:x", "_valueCode": {"id": "x"}})),
        Just(json!({"url": "urn:x", "valueUri": "#a"})),
        Just(json!({"url": "urn:x", "valueReference": {"reference": "#b"}})),
    ]
}

fn inner(id: &'static str) -> impl Strategy<Value = Value> {
    let more = prop_oneof![
        Just(json!({})),
        Just(json!({"partOf": {"reference": "#"}})),
        Just(json!({"partOf": {"reference": "#b"}})),
        Just(json!({"meta": {"versionId": "1", "lastUpdated": "2024-01-01T00:00:00Z"}})),
        Just(json!({"meta": {"security": [{"code": "x"}]}})),
        Just(json!({"meta": {"id": "x"}})),
        Just(json!({"contained": [{"resourceType": "Organization", "id": "n", "name": "x"}]})),
    ];
    more.prop_map(move |more| {
        let mut value = json!({"resourceType": "Organization", "id": id, "name": "x"});
        let members = value.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        value
    })
}

prop_compose! {
    fn patient()(
        contained in (inner("a"), inner("b"), 0..3_usize),
        extension in prop::collection::vec(extension(), 0..3),
        link in prop::sample::select(vec!["#", "#a", "#b", "#none", "Organization/1"]),
        birth_date in prop::sample::select(vec![json!({"id": "x"}), json!({"extension": [{"url": "urn:x", "valueCode": "x"}]})]),
        valued: bool,
        status in prop::sample::select(vec![json!({"id": "x"}), json!({"text": "x"}), json!({"id": "x", "text": "x"})]),
    ) -> Value {
        let (a, b, many) = contained;
        let mut value = json!({
            "resourceType": "Patient", "managingOrganization": {"reference": link},
            "_birthDate": birth_date, "maritalStatus": status,
        });
        if valued {
            value["birthDate"] = json!("2024");
        }
        if many > 0 {
            value["contained"] = json!([a, b][..many]);
        }
        if !extension.is_empty() {
            value["extension"] = json!(extension);
        }
        value
    }
}

proptest! {
    #[test]
    fn native_rules_agree_with_their_expressions(patient in patient()) {
        prop_assert_eq!(found_natively(&patient), found_by_expression(&patient), "{}", patient);
    }
}
