//! Whatever is sent is read or refused with a reason: searches, resources, Bundles and patches made
//! of pieces that mean something, cut and joined at random. `PROPTEST_CASES` asks for more of them.
use fhir::patch::Patch;
use fhir::search::parse::{Limits, parse};
use fhir::search::{Query, index};
use fhir::{Issue, Resource, TypeId, bundle, registry, validate};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const BASE: &str = "https://baton.example/fhir";
const LIMITS: Limits = Limits {
    default_count: 20,
    max_count: 100,
};
/// In values alone: no refusal may repeat it, since it may be somebody's name. Where the value is
/// itself the name of something of ours, the refusal tells which was not known.
const SECRET: &str = "xyzzy";

/// What values are made of.
const PIECES: [&str; 44] = [
    SECRET,
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "sa",
    "eb",
    "ap",
    "2024",
    "-02-30",
    "T25:61",
    "T10:00",
    "Z",
    "+14:00",
    "+99:99",
    "0001",
    "9999-12-31",
    "1e400",
    "-0",
    "0.",
    "1e-400",
    "99999999999999999999",
    "|",
    "$",
    ",",
    "\\",
    "\\,",
    "Patient/",
    "Group/1",
    "https://baton.example/fhir/",
    "urn:uuid:",
    "#",
    "/_history/1",
    "*",
    ":",
    "(",
    ")",
    " and ",
    " eq ",
    "\"",
    "é",
    "mg",
    "\u{0}",
];

/// Of `_filter`; the last two are none.
const OPERATORS: [&str; 20] = [
    "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "re", "in", "ni", "ss",
    "sb", "is", "",
];

/// Names beyond the parameters of the type.
const NAMES: [&str; 30] = [
    "_id",
    "_lastUpdated",
    "_sort",
    "_include",
    "_revinclude",
    "_has",
    "_filter",
    "_text",
    "_content",
    "_list",
    "_count",
    "_total",
    "_summary",
    "_elements",
    "_cursor",
    "_type",
    "_contained",
    "_query",
    "_explain",
    "_format",
    "_tag",
    "_security",
    "_profile",
    "_source",
    "_has:Observation:patient:code",
    "_has:Group:member:_id",
    "_include:iterate",
    "_revinclude:recurse",
    "",
    "é",
];

const MODIFIERS: [&str; 24] = [
    "",
    "",
    "",
    "",
    "",
    ":exact",
    ":contains",
    ":text",
    ":not",
    ":above",
    ":below",
    ":in",
    ":not-in",
    ":of-type",
    ":missing",
    ":identifier",
    ":Patient",
    ":iterate",
    ".name",
    ":Patient.name:exact",
    ".identifier.x",
    "._has",
    ":",
    ".",
];

fn name(on: TypeId) -> impl Strategy<Value = String> {
    let params = registry().params(on).iter().map(|param| param.code);
    let all: Vec<&str> = params.chain(NAMES).collect();
    (select(all), select(MODIFIERS.to_vec())).prop_map(|(name, modifier)| format!("{name}{modifier}"))
}

fn value() -> impl Strategy<Value = String> {
    let code = select(registry().types().to_vec()).prop_map(|on| on.name().to_string());
    let piece = prop_oneof![8 => select(PIECES.to_vec()).prop_map(str::to_string), 1 => code, 1 => ".{0,3}"];
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

type Asked = (TypeId, Vec<(String, String)>);

fn asked() -> impl Strategy<Value = Asked> {
    let on = select(registry().types().to_vec());
    on.prop_flat_map(|on| (Just(on), prop::collection::vec((name(on), value()), 1..4)))
}

/// Comparisons as they should be, with any value: <https://hl7.org/fhir/R4/search_filter.html>.
fn filtered() -> impl Strategy<Value = Asked> {
    let on = select(registry().types().to_vec());
    on.prop_flat_map(|on| {
        (
            Just(on),
            expression(on).prop_map(|text| vec![("_filter".to_string(), text)]),
        )
    })
}

fn expression(on: TypeId) -> impl Strategy<Value = String> {
    let codes: Vec<&str> = registry().params(on).iter().map(|param| param.code).collect();
    let compared = (select(codes), select(OPERATORS.to_vec()), value(), any::<bool>());
    let compared = compared.prop_map(|(code, operator, value, quoted)| match quoted {
        true => format!("{code} {operator} {}", serde_json::json!(value)),
        false => format!(
            "{code} {operator} {SECRET}{}",
            value.replace([' ', '(', ')', '"', '\\'], "")
        ),
    });
    compared.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["and", "or"]), inner.clone())
                .prop_map(|(a, by, b)| format!("{a} {by} {b}")),
            inner.clone().prop_map(|all| format!("({all})")),
            inner.prop_map(|all| format!("not ({all})")),
        ]
    })
}

fn read((on, pairs): &Asked) -> Result<Query, Vec<Issue>> {
    parse(*on, pairs, BASE, LIMITS, false).map(|(query, _)| query)
}

/// Parameters whose values name parameters, types or elements.
const OF_NAMES: [&str; 4] = ["_sort", "_include", "_revinclude", "_filter"];

fn is_of_names((name, _): &(String, String)) -> bool {
    OF_NAMES
        .iter()
        .any(|of| name.split([':', '.']).next() == Some(of))
}

/// A reason for every refusal, without what was sent.
fn reasoned((_, pairs): &Asked, issues: &[Issue]) -> bool {
    let named = pairs.iter().any(is_of_names);
    let tells =
        |issue: &Issue| !issue.diagnostics.is_empty() && (named || !issue.diagnostics.contains(SECRET));
    !issues.is_empty() && issues.iter().all(tells)
}

const RESOURCES: [&str; 4] = [
    r##"{"resourceType":"Patient","id":"1","meta":{"tag":[{"system":"urn:x","code":"y"}]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x &amp; y</p></div>"},"name":[{"family":"A","given":["Ann"],"_given":[{"id":"x"}]}],"birthDate":"1950-02-28","_birthDate":{"extension":[{"url":"urn:x","valueDecimal":1.50}]},"contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}"##,
    r#"{"resourceType":"Observation","id":"1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/1"},"effectivePeriod":{"start":"2024-01","end":"2024-02-03T10:00:00Z"},"component":[{"code":{"text":"x"},"valueQuantity":{"value":1e2,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}"#,
    r#"{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:05efabf0-4be2-4561-91ce-51548425acb9","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"}},{"resource":{"resourceType":"Task","status":"requested","intent":"order","for":{"reference":"urn:uuid:05efabf0-4be2-4561-91ce-51548425acb9"}},"request":{"method":"PUT","url":"Task?identifier=x|y","ifMatch":"W/\"1\""}},{"request":{"method":"DELETE","url":"Patient/2"}}]}"#,
    r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"name"},{"name":"value","valueHumanName":{"family":"B"}}]},{"name":"operation","part":[{"name":"type","valueCode":"move"},{"name":"path","valueString":"Patient.name"},{"name":"source","valueInteger":0},{"name":"destination","valueInteger":1}]}]}"#,
];

/// What may stand in the place of a piece of JSON.
const PARTS: [&str; 27] = [
    "",
    "null",
    "true",
    "{}",
    "[]",
    "[null]",
    "[[]]",
    "\"\"",
    "0",
    "-0.0",
    "1e999",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\u{feff}",
    "\"resourceType\":\"Group\",",
    "\"extension\":[{}],",
    "\"_x\":",
    "\"é\"",
    "[[[[[[[[",
];

/// Cut, doubled, and put in other places: where, how much, and what instead.
fn edits() -> impl Strategy<Value = Vec<(Index, usize, &'static str, bool)>> {
    let edit = (any::<Index>(), 0usize..30, select(PARTS.to_vec()), any::<bool>());
    prop::collection::vec(edit, 1..4)
}

fn edited(text: &str, edits: &[(Index, usize, &str, bool)]) -> String {
    let mut bytes: Vec<char> = text.chars().collect();
    for (at, length, part, doubled) in edits {
        let from = at.index(bytes.len() + 1);
        let to = (from + length).min(bytes.len());
        let gone: Vec<char> = bytes[from..to].to_vec();
        let kept = if *doubled { gone.repeat(2) } else { Vec::new() };
        bytes.splice(from..to, part.chars().chain(kept));
    }
    bytes.into_iter().collect()
}

/// Everything that is done with a resource before it is stored.
fn take(text: &str) -> Result<(), TestCaseError> {
    match Resource::parse(text.as_bytes()) {
        Err(issues) => prop_assert!(!issues.is_empty()),
        Ok(resource) => {
            validate::examine(&resource);
            index::entries(&resource);
            if let Ok(patch) = Patch::parameters(&resource) {
                after(&patch)?;
            }
            let stamped = resource.stamped("1", 2, "2026-01-01T00:00:00.000Z");
            let again = Resource::parse(stamped.as_bytes());
            prop_assert!(again.is_ok(), "{stamped}");
        }
    }
    Ok(())
}

/// A patch that is read ends in JSON, or in a reason.
fn after(patch: &Patch) -> Result<(), TestCaseError> {
    if let Ok(patched) = patch.apply(RESOURCES[0]) {
        let read = serde_json::from_str::<serde_json::Value>(&patched);
        prop_assert!(read.is_ok_and(|patched| patched.is_object()), "{patched}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_search_is_understood_as_its_self_link_says_or_refused_with_a_reason(asked in asked()) {
        match read(&asked) {
            Err(issues) => prop_assert!(reasoned(&asked, &issues), "{issues:?}"),
            Ok(query) => {
                let again = read(&(asked.0, query.echo.clone()));
                let again = again.map_err(|issues| TestCaseError::fail(format!("{:?}: {issues:?}", query.echo)))?;
                prop_assert_eq!(format!("{:?}", again.filters), format!("{:?}", query.filters));
                prop_assert_eq!(again.echo, query.echo);
            }
        }
    }

    #[test]
    fn a_filter_is_understood_as_its_self_link_says_or_refused_without_its_values(asked in filtered()) {
        match read(&asked) {
            Err(issues) => {
                prop_assert!(!issues.is_empty());
                let told = issues.iter().find(|issue| issue.diagnostics.contains(SECRET));
                prop_assert!(told.is_none(), "{told:?}");
            }
            Ok(query) => {
                let again = read(&(asked.0, query.echo.clone()));
                let again = again.map_err(|issues| TestCaseError::fail(format!("{:?}: {issues:?}", query.echo)))?;
                prop_assert_eq!(format!("{:?}", again.filters), format!("{:?}", query.filters));
            }
        }
    }

    #[test]
    fn a_damaged_resource_is_taken_as_it_stands_or_refused(which in 0..RESOURCES.len(), edits in edits()) {
        take(&edited(RESOURCES[which], &edits))?;
    }

    #[test]
    fn a_damaged_bundle_is_read_or_refused(edits in edits()) {
        let text = edited(RESOURCES[2], &edits);
        match bundle::read(text.as_bytes(), BASE, 10) {
            Err(issues) => prop_assert!(!issues.is_empty()),
            Ok(bundle) => prop_assert!(bundle.entries.len() <= 10),
        }
    }

    #[test]
    fn a_damaged_merge_patch_is_done_or_refused(edits in edits()) {
        let text = edited(r#"{"name":[{"family":"B"}],"birthDate":null,"contact":{"a":{"b":null}}}"#, &edits);
        match Patch::merge(&text) {
            Err(issues) => prop_assert!(!issues.is_empty()),
            Ok(patch) => after(&patch)?,
        }
    }
}
