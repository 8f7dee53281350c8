//! Practitioners, organizations and locations are named by many senders, each knowing a part.
//! They are joined without regard to order: the join of two copies is the same whichever came
//! first, and joining a copy again changes nothing.
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is stored and what a message says, as one.
pub fn join(stored: Option<&Map<String, Value>>, said: &Map<String, Value>) -> Map<String, Value> {
    let mut joined = stored.cloned().unwrap_or_default();
    for (name, value) in said
        .iter()
        .filter(|(name, value)| !value.is_null() && *name != "meta")
    {
        let better = match joined.get(name) {
            Some(known) if known == value => continue,
            None => value.clone(),
            Some(known) if is_union(name) => unite(known, value),
            Some(known) => fuller(known, value).clone(),
        };
        joined.insert(name.clone(), better);
    }
    joined
}

fn is_union(name: &str) -> bool {
    matches!(name, "identifier" | "telecom" | "extension")
}

/// All entries of both lists; of those with the same key the fuller one.
fn unite(a: &Value, b: &Value) -> Value {
    let mut entries: BTreeMap<String, &Value> = BTreeMap::new();
    for entry in [a, b].into_iter().filter_map(Value::as_array).flatten() {
        let key = format!("{}|{}|{}", entry["system"], entry["url"], entry["value"]);
        let best = entries.get(&key).map_or(entry, |known| fuller(known, entry));
        entries.insert(key, best);
    }
    entries.into_values().cloned().collect()
}

/// The longer text says more; among equals the greater one, so that the choice has no order.
fn fuller<'a>(a: &'a Value, b: &'a Value) -> &'a Value {
    let weight = |value: &Value| {
        (
            value == &Value::Bool(true),
            value.to_string().len(),
            value.to_string(),
        )
    };
    if weight(a) >= weight(b) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::join;
    use serde_json::{Map, Value, json};

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn the_join_has_no_order() {
        let copies = [
            map(
                json!({"id": "x", "name": [{"family": "Ng"}], "identifier": [{"system": "n", "value": "1"}]}),
            ),
            map(json!({"id": "x", "name": [{"family": "Ng", "given": ["Ann"]}], "active": true})),
            map(json!({"id": "x", "active": false, "identifier": [{"system": "m", "value": "2"}]})),
        ];
        let folded = |order: [usize; 4]| {
            order.iter().fold(None, |stored: Option<Map<_, _>>, at| {
                Some(join(stored.as_ref(), &copies[*at]))
            })
        };
        let expected = folded([0, 1, 2, 2]);
        for order in [[2, 1, 0, 0], [1, 0, 2, 1], [0, 2, 0, 1]] {
            assert_eq!(folded(order), expected);
        }
        let joined = expected.unwrap_or_default();
        assert_eq!(joined["name"][0]["given"][0], "Ann");
        assert_eq!(joined["identifier"].as_array().map(Vec::len), Some(2));
        assert_eq!(joined["active"], true);
    }
}
