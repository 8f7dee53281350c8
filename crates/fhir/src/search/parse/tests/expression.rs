//! `_filter` and words: expressions inside one value.
use super::{BASE, LIMITS, on, only, query, refusal};
use crate::search::check::Check;
use crate::search::parse::parse;
use crate::search::{Filter, Prefix, Test};
use proptest::prelude::*;

#[test]
fn a_filter_expression_becomes_a_tree() {
    let text = "Patient?_filter=given eq \"pe \\\"ter\" and not(birthdate gt 2014-10-10 or active eq true)";
    let Filter::Not(inner) = query(text).expect("valid").filters.remove(1) else {
        panic!()
    };
    let Filter::Or(parts) = *inner else { panic!() };
    assert!(
        matches!(&parts[0], Filter::Param { test: Test::Date(dates), .. } if dates[0].prefix == Prefix::Gt)
    );
    let chained = only("Observation?_filter=subject:Patient.name co pet");
    assert!(matches!(chained, Filter::Chain { .. }));
    let missing = only("Patient?_filter=birthdate pr false");
    assert!(matches!(missing, Filter::Missing { missing: true, .. }));
}

#[test]
fn filter_expressions_that_make_no_sense_are_refused() {
    for wrong in [
        "given",
        "given eq",
        "(given eq a",
        "given eq a)",
        "given is a",
        "given eq \"a",
        "and",
        "",
    ] {
        assert!(query(&format!("Patient?_filter={wrong}")).is_err(), "{wrong}");
    }
    assert!(refusal("Patient?_filter=birthdate co 2014").contains("operator"));
    assert!(refusal("Patient?_filter=nome eq x").contains("birthdate"));
    let deep = format!("{}active eq true{}", "(".repeat(30), ")".repeat(30));
    assert!(refusal(&format!("Patient?_filter={deep}")).contains("parentheses"));
}

#[test]
fn words_are_read_as_alternatives_of_phrases() {
    let alternatives = |text: &str| match only(text) {
        Filter::Checked(Check::Content(words)) => words.alternatives,
        other => panic!("{other:?}"),
    };
    let read = alternatives("Condition?_content=Heart \"left side\" OR lung,liver");
    assert_eq!(
        read,
        [vec![" heart ", " left side "], vec![" lung "], vec![" liver "]]
    );
    for wrong in ["a OR", "(a)", "\"a", "not a", "!"] {
        assert!(query(&format!("Condition?_content={wrong}")).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn filter_expressions_never_break_the_reader(text in "[a-z0-9 ()\"\\\\|,.:-]{1,60}") {
        let pairs = [("_filter".to_string(), text)];
        let _ = parse(on("Patient"), &pairs, BASE, LIMITS, false);
    }
}
