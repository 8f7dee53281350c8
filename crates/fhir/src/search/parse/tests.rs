mod expression;

use super::{Limits, parse};
use crate::registry::{ParamKind, SearchParam, registry};
use crate::search::{Filter, Prefix, Query, Reference, StrMode, Summary, Test, Token};
use crate::{Issue, TypeId};

const BASE: &str = "https://baton.example/fhir";
const LIMITS: Limits = Limits {
    default_count: 20,
    max_count: 100,
};

fn on(name: &str) -> TypeId {
    TypeId::of(name).expect("a type")
}

fn query(text: &str) -> Result<Query, Vec<Issue>> {
    let (name, rest) = text.split_once('?').expect("a query");
    let pairs: Vec<_> = rest
        .split('&')
        .map(|pair| pair.split_once('=').expect("name=value"))
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    parse(on(name), &pairs, BASE, LIMITS, false).map(|(query, _)| query)
}

fn only(text: &str) -> Filter {
    let mut query = query(text).expect("valid");
    assert_eq!(query.filters.len(), 1);
    query.filters.remove(0)
}

fn test(text: &str) -> Test {
    match only(text) {
        Filter::Param { test, .. } => test,
        other => panic!("not a plain parameter: {other:?}"),
    }
}

fn refusal(text: &str) -> String {
    query(text)
        .expect_err("refused")
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn tokens_keep_system_and_escapes_apart() {
    let Test::Token(tokens) = test(r"Patient?identifier=a,s|b,|c,s|,d\,e\|f\\") else {
        panic!()
    };
    let expected = [
        Token::Code("a".into()),
        Token::SystemCode("s".into(), "b".into()),
        Token::NoSystem("c".into()),
        Token::System("s".into()),
        Token::Code(r"d,e|f\".into()),
    ];
    assert_eq!(tokens, expected);
}

#[test]
fn references_to_this_server_are_local_however_written() {
    let text = format!("Observation?subject=Patient/1,{BASE}/Patient/1,http://else.example/Patient/1,1");
    let Test::Reference(references) = test(&text) else {
        panic!()
    };
    let local = |type_id| Reference::Local {
        type_id,
        id: "1".into(),
    };
    let patient = Some(on("Patient"));
    let elsewhere = Reference::Url("http://else.example/Patient/1".into());
    assert_eq!(
        references,
        [local(patient), local(patient), elsewhere, local(None)]
    );
    let Test::Reference(typed) = test("Observation?subject:Patient=1") else {
        panic!()
    };
    assert_eq!(typed, [local(patient)]);
}

#[test]
fn numbers_carry_the_precision_they_are_written_with() {
    let Test::Number(numbers) = test("RiskAssessment?probability=gt0.80") else {
        panic!()
    };
    assert_eq!(numbers[0].prefix, Prefix::Gt);
    assert!((numbers[0].value.low - 0.795).abs() < 1e-12 && (numbers[0].value.high - 0.805).abs() < 1e-12);
}

#[test]
fn dates_may_leave_the_seconds_out() {
    let Test::Date(dates) = test("Encounter?date=ge2026-11-22T09:30Z") else {
        panic!()
    };
    assert_eq!(dates[0].value.high - dates[0].value.low, 59_999_999);
}

#[test]
fn strings_are_folded_unless_exact() {
    let Test::Str(StrMode::StartsWith, folded) = test("Patient?name=DÉBORAH  Ann") else {
        panic!()
    };
    assert_eq!(folded, ["deborah ann"]);
    let Test::Str(StrMode::Exact, exact) = test("Patient?name:exact=Ann") else {
        panic!()
    };
    assert_eq!(exact, ["Ann"]);
}

#[test]
fn chains_and_has_nest() {
    let Filter::Chain { inner, .. } = only("Encounter?subject:Patient.organization.name=x") else {
        panic!()
    };
    assert!(matches!(*inner, Filter::Chain { .. }));
    let Filter::Has { inner, .. } = only("Patient?_has:Observation:patient:_has:AuditEvent:entity:agent=x")
    else {
        panic!()
    };
    assert!(matches!(*inner, Filter::Has { .. }));
}

#[test]
fn composites_become_their_parts_and_repeating_ones_ask_the_resource() {
    let filters = |text: &str| query(text).expect("valid").filters;
    let whole = filters("Observation?code-value-concept=http://loinc.org|8480-6$high");
    assert!(matches!(&whole[..], [Filter::Param { .. }, Filter::Param { .. }]));
    let several = filters("Observation?code-value-concept=a$1,b$2");
    assert!(
        matches!(&several[..], [Filter::Param { test: Test::Token(codes), .. }, Filter::Or(pairs)]
        if codes.len() == 2 && pairs.len() == 2)
    );
    let repeating = filters("Group?characteristic-value=a$b");
    assert!(matches!(&repeating[..], [.., Filter::Checked(_)]));
}

#[test]
fn composites_that_one_row_holds_ask_that_row() {
    let filters = |text: &str| query(text).expect("valid").filters;
    for code in [
        "code-value-quantity",
        "component-code-value-quantity",
        "combo-code-value-quantity",
    ] {
        let found = filters(&format!("Observation?{code}=8480-6$gt140,8462-4$lt60"));
        assert!(
            matches!(&found[..], [Filter::Param { test: Test::Paired(pairs), .. }] if pairs.len() == 2),
            "{found:?}"
        );
    }
}

/// A value that any parameter of that kind takes.
fn sample(param: &SearchParam) -> String {
    match param.kind {
        ParamKind::Number | ParamKind::Quantity => "1".to_string(),
        ParamKind::Date => "2026".to_string(),
        ParamKind::Special => "42.36|-71.06|10|km".to_string(),
        ParamKind::Composite => {
            let parts = param.components.iter().map(|(code, _)| {
                let part = registry().param(param.on, code).expect("a part");
                sample(part)
            });
            parts.collect::<Vec<_>>().join("$")
        }
        _ => "x1".to_string(),
    }
}

#[test]
fn every_parameter_of_every_type_is_read() {
    for param in registry().types().iter().flat_map(|on| registry().params(*on)) {
        let text = format!("{}?{}={}", param.on.name(), param.code, sample(param));
        assert!(query(&text).is_ok(), "{text}: {:?}", query(&text));
    }
}

#[test]
fn plain_codes_take_the_system_of_their_binding() {
    let requested = Token::NoSystem("requested".to_string());
    let stored = |text: &str| test(text);
    assert!(
        matches!(stored("Task?status=http://hl7.org/fhir/task-status|requested"), Test::Token(t) if t == [requested])
    );
    let other = Token::SystemCode("urn:x".to_string(), "requested".to_string());
    assert!(matches!(stored("Task?status=urn:x|requested"), Test::Token(t) if t == [other]));
}

#[test]
fn every_problem_is_told_and_none_repeats_the_value() {
    let issues =
        query("Patient?nome=Secret&birthdate=Secret&gender:like=Secret&_sort=Secret2").expect_err("refused");
    assert_eq!(issues.len(), 4);
    assert!(issues[0].diagnostics.contains("birthdate"), "lists what is valid");
    assert!(
        issues[..3]
            .iter()
            .all(|issue| !issue.diagnostics.contains("Secret"))
    );
}

#[test]
fn lenient_handling_leaves_unknown_parameters_out_and_says_so() {
    let pairs = [
        ("nome".to_string(), "x".to_string()),
        ("gender".to_string(), "male".to_string()),
    ];
    let (query, warnings) = parse(on("Patient"), &pairs, BASE, LIMITS, true).expect("lenient");
    assert_eq!((query.filters.len(), query.echo.len(), warnings.len()), (1, 1, 1));
}

#[test]
fn the_page_is_bounded_and_the_cursor_is_no_parameter() {
    let query = query("Task?_count=5000&_cursor=abc&_sort=-due,_id").expect("valid");
    assert_eq!(
        (query.count, query.cursor.as_deref(), query.sort.len()),
        (100, Some("abc"), 2)
    );
    assert_eq!(
        query.echo,
        [
            ("_count".into(), "100".into()),
            ("_sort".into(), "-due,_id".into())
        ]
    );
}

#[test]
fn counting_asks_for_no_page() {
    assert_eq!(
        query("Task?_summary=count").expect("valid").summary,
        Summary::Count
    );
    assert_eq!(query("Task?_count=0").expect("valid").summary, Summary::Count);
}

#[test]
fn includes_name_types_that_exist_and_can_apply() {
    assert_eq!(
        query("Task?_include=Task:patient&_revinclude=Provenance:target")
            .expect("valid")
            .includes
            .len(),
        2
    );
    assert!(refusal("Task?_include=Encounter:patient").contains(":iterate"));
    assert!(refusal("Task?_include=Task:status").contains("not a reference"));
}

#[test]
fn a_search_cannot_outgrow_the_engines() {
    assert!(refusal(&format!("Patient?_id={}", vec!["a"; 501].join(","))).contains("500 values"));
    let nested = "Observation?focus.focus.focus.focus.focus.code=x";
    assert!(refusal(nested).contains("larger than this server allows"));
    assert!(refusal(&format!("Task?{}code=x", "part-of.".repeat(9))).contains("deeper"));
}

#[test]
fn a_number_written_to_its_last_digit_still_finds_itself() {
    let Test::Number(numbers) = test("RiskAssessment?probability=66.89999999999999") else {
        panic!()
    };
    let range = numbers[0].value;
    assert!(range.low < range.value && range.value < range.high);
}
