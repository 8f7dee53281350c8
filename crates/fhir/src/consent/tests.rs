//! Consents as rules, and rules at certain times; searches against provisions: `store/tests/consent.rs`.
use super::decide::{Held, is_shown};
use super::*;
use crate::base::Bases;
use crate::datetime::parse_range;
use serde_json::{Value, json};

fn consent(provision: Value) -> Value {
    json!({
        "resourceType": "Consent", "status": "active",
        "scope": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy",
        }]},
        "patient": {"reference": "Patient/ann"}, "provision": provision,
    })
}

fn rules(provision: Value) -> Vec<Rule> {
    let compiled = compile(&consent(provision), &Bases::default());
    assert!(compiled.issues.is_empty(), "{:?}", compiled.issues);
    compiled.rules
}

fn actor(reference: &str) -> Value {
    let role = json!({"coding": [{"code": "IRCP"}]});
    json!({"role": role, "reference": {"reference": reference}})
}

fn shown(rules: &[Rule], purpose: Option<&'static str>, day: &str) -> bool {
    let facts = Facts {
        on: TypeId::of("Observation").unwrap(),
        id: "o".into(),
        patients: ["ann".to_string()].into(),
        labels: [].into(),
        codes: [].into(),
        dates: Vec::new(),
    };
    let recipient = Recipient {
        actors: ["Organization/away".to_string()].into(),
        purpose,
        now: parse_range(day).unwrap().low,
    };
    let held = |rule: &Rule| Held {
        consent: "c".into(),
        rule: rule.clone(),
    };
    is_shown(&facts, &rules.iter().map(held).collect::<Vec<_>>(), &recipient)
}

#[test]
fn what_does_not_bind_has_no_rules() {
    let denial = consent(json!({"type": "deny"}));
    assert_eq!(compile(&denial, &Bases::default()).rules.len(), 1);
    for (member, value) in [
        ("status", json!("proposed")),
        ("status", json!("inactive")),
        ("scope", json!({"coding": [{"code": "patient-privacy"}]})),
    ] {
        let mut other = denial.clone();
        other[member] = value;
        let compiled = compile(&other, &Bases::default());
        assert!(compiled.rules.is_empty() && compiled.issues.is_empty(), "{other}");
    }
}

#[test]
fn a_rule_ends_with_its_last_moment() {
    let period = json!({"start": "2026-01-01", "end": "2026-06-30"});
    let rules = rules(json!({"type": "deny", "period": period}));
    for (day, expected) in [
        ("2025-12-31T23:59:59Z", true),
        ("2026-01-01T00:00:00Z", false),
        ("2026-06-30T23:59:59Z", false),
        ("2026-07-01T00:00:00Z", true),
    ] {
        assert_eq!(shown(&rules, None, day), expected, "{day}");
    }
}

#[test]
fn alternatives_are_combined_and_nested_terms_narrow() {
    let class = |on: &str| json!({"system": "http://hl7.org/fhir/resource-types", "code": on});
    let both = [class("Observation"), class("Condition")];
    let rules = rules(json!({
        "type": "deny", "class": both, "actor": [actor("Organization/a"), actor("Organization/b")],
        "provision": [{"type": "permit", "class": [class("Condition"), class("Patient")], "actor": [actor("Practitioner/p")]}],
    }));
    assert_eq!(rules.iter().filter(|rule| !rule.permits).count(), 4);
    let exceptions: Vec<&Rule> = rules.iter().filter(|rule| rule.permits).collect();
    assert_eq!(exceptions.len(), 2);
    for rule in exceptions {
        assert_eq!((rule.parent, rule.class), (Some(0), TypeId::of("Condition")));
        assert_eq!(rule.actors.iter().flatten().count(), 2);
    }
}

#[test]
fn purposes_are_kept_by_the_one_that_stands_for_all() {
    let reason = |code: &str| json!([{"system": purpose::SYSTEM, "code": code}]);
    let rules = rules(json!({
        "type": "deny", "purpose": reason("TREAT"),
        "provision": [{"type": "permit", "purpose": reason("ETREAT")}],
    }));
    let purposes: Vec<_> = rules.iter().map(|rule| rule.purpose).collect();
    assert_eq!(purposes, [Some("TREAT"), Some("ETREAT")]);
    let day = "2026-01-01";
    assert!(!shown(&rules, Some("TREAT"), day) && !shown(&rules, None, day));
    assert!(shown(&rules, Some("ERTREAT"), day) && shown(&rules, Some("HPAYMT"), day));
}

/// A denial is wider, a permission is not there, and neither are exceptions to what is not understood.
#[test]
fn what_is_not_understood_denies_more_or_permits_less() {
    let odd = json!([actor("CareTeam/x")]);
    for (provision, left) in [
        (json!({"type": "deny", "actor": odd}), &[false][..]),
        (json!({"type": "permit", "actor": odd}), &[]),
        (
            json!({"type": "deny", "provision": [{"type": "permit", "actor": odd}]}),
            &[false],
        ),
        (
            json!({"type": "deny", "actor": odd, "provision": [{"type": "permit"}]}),
            &[false],
        ),
        (
            json!({"type": "permit", "provision": [{"type": "permit", "actor": odd, "provision": [{"type": "deny"}]}]}),
            &[true, false],
        ),
        (
            json!({"type": "permit", "provision": [{"id": "untyped"}]}),
            &[true, false],
        ),
    ] {
        let compiled = compile(&consent(provision.clone()), &Bases::default());
        assert!(!compiled.issues.is_empty(), "{provision}");
        let permits: Vec<bool> = compiled.rules.iter().map(|rule| rule.permits).collect();
        assert_eq!(permits, left, "{provision}");
        assert!(
            compiled
                .rules
                .iter()
                .all(|rule| rule.actors == [None, None, None])
        );
    }
}

#[test]
fn what_is_too_much_denies_everything() {
    let labels: Vec<Value> = (0..600)
        .map(|at| json!({"system": "urn:x", "code": at.to_string()}))
        .collect();
    let types = ["Observation", "Condition"]
        .map(|on| json!({"system": "http://hl7.org/fhir/resource-types", "code": on}));
    let mut deep = json!({"type": "deny"});
    for _ in 0..40 {
        deep = json!({"type": "permit", "provision": [deep]});
    }
    for provision in [
        json!({"type": "permit", "securityLabel": labels, "class": types}),
        deep,
    ] {
        let compiled = compile(&consent(provision), &Bases::default());
        assert!(!compiled.issues.is_empty());
        assert!(!shown(&compiled.rules, Some("TREAT"), "2026-01-01"));
    }
}

#[test]
fn a_patient_of_elsewhere_is_refused() {
    let mut foreign = consent(json!({"type": "deny"}));
    foreign["patient"] = json!({"reference": "https://elsewhere.example/fhir/Patient/ann"});
    let compiled = compile(&foreign, &Bases::default());
    assert!(compiled.rules.is_empty() && compiled.issues.len() == 1);
    let here = Bases::default();
    here.adopt(["https://elsewhere.example/fhir".to_owned()]);
    assert_eq!(compile(&foreign, &here).rules[0].patient, "ann");
}

#[test]
fn what_decides_who_sees_what_is_named() {
    let governing = crate::registry().types().iter().filter(|on| governs(**on));
    let names: Vec<&str> = governing.map(|on| on.name()).collect();
    assert_eq!(names, ["Consent", "Organization", "PractitionerRole"]);
}
