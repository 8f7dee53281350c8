use super::*;
use proptest::prelude::*;
use serde_json::json;

fn parsed(text: &str) -> Resource {
    Resource::parse(text.as_bytes()).expect("a resource")
}

fn refusal(bytes: &[u8]) -> String {
    let issues = Resource::parse(bytes).expect_err("a refusal");
    issues[0].diagnostics.clone()
}

#[test]
fn every_other_byte_survives_a_stamp() {
    let text = "{ \"resourceType\" : \"Basic\",\n  \"valueDecimal\": 1.00, \"e\": 1.0E-245 }";
    let stamped = parsed(text).stamped("a", 3, "2026-01-01T00:00:00.000Z");
    let meta = r#""meta":{"versionId":"3","lastUpdated":"2026-01-01T00:00:00.000Z"}"#;
    let head = format!("{{ \"resourceType\" : \"Basic\",\"id\":\"a\",{meta},");
    assert_eq!(
        stamped,
        text.replacen("{ \"resourceType\" : \"Basic\",", &head, 1)
    );
}

#[test]
fn members_already_there_are_replaced_where_they_stand() {
    let text = r#"{"meta":{"tag":[{"code":"x"}],"versionId":"old","_versionId":{}},"id":"b","resourceType":"Basic"}"#;
    let expected = r#"{"meta":{"lastUpdated":"T","tag":[{"code":"x"}],"versionId":"1","_versionId":{}},"id":"a","resourceType":"Basic"}"#;
    assert_eq!(parsed(text).stamped("a", 1, "T"), expected);
}

#[test]
fn an_empty_or_null_meta_becomes_one() {
    let expected = r#"{"resourceType":"Basic","id":"a","meta":{"versionId":"1","lastUpdated":"T"}}"#;
    for meta in ["{}", "null", "[1]"] {
        let text = format!(r#"{{"resourceType":"Basic","id":"a","meta":{meta}}}"#);
        assert_eq!(parsed(&text).stamped("a", 1, "T"), expected);
    }
}

#[test]
fn escaped_member_names_are_found() {
    let text = r#"{"resourceType":"Basic","\u0069d":"b"}"#;
    assert!(
        parsed(text)
            .stamped("a", 1, "T")
            .starts_with(r#"{"resourceType":"Basic","\u0069d":"a","meta""#)
    );
}

#[test]
fn what_is_not_a_resource_is_refused() {
    assert!(refusal(b"\xff").contains("UTF-8"));
    assert!(refusal(b"[]").contains("JSON object"));
    assert!(refusal(b"{\"resourceType\":\"Pateint\"}").contains("resourceType"));
    assert!(refusal(b"{\"resourceType\":\"Basic\",\"id\":\"a\",\"id\":\"b\"}").contains("twice"));
    assert!(refusal(b"{\"resourceType\":\"Basic\"} x").contains("trailing"));
    let deep = format!(
        "{{\"resourceType\":\"Basic\",\"x\":{}{}}}",
        "[".repeat(100),
        "]".repeat(100)
    );
    assert!(refusal(deep.as_bytes()).contains("nested"));
}

#[test]
fn a_byte_order_mark_is_no_content() {
    assert_eq!(
        parsed("\u{feff}{\"resourceType\":\"Basic\"}").text,
        "{\"resourceType\":\"Basic\"}"
    );
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z\"\\\\]{0,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Resource::parse(&bytes);
    }

    #[test]
    fn a_stamp_changes_only_id_and_meta(content in json_value(), meta in json_value(), id in "[A-Za-z0-9.-]{1,64}") {
        let before = json!({"id": "x", "content": content, "meta": meta, "resourceType": "Basic"});
        let resource = Resource::from_value(before.clone()).expect("a resource");
        let after = parsed(&resource.stamped(&id, 7, "2026-01-01T00:00:00.000Z")).value;
        prop_assert_eq!(&after["id"], &json!(id));
        prop_assert_eq!(&after["meta"]["versionId"], "7");
        prop_assert_eq!(&after["meta"]["lastUpdated"], "2026-01-01T00:00:00.000Z");
        prop_assert_eq!(&after["content"], &before["content"]);
        if let Some(members) = before["meta"].as_object() {
            let other = |name: &&String| !["versionId", "lastUpdated"].contains(&name.as_str());
            for name in members.keys().filter(other) {
                prop_assert_eq!(&after["meta"][name], &members[name]);
            }
        }
    }
}
