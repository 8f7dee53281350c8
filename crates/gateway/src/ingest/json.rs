//! Resources as JSON objects on their way into and out of the store.
use fhir::{Issue, Resource, TypeId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use store::{Change, Op, Seen, StoreError, Stored};

pub type Object = Map<String, Value>;

/// The number of a type Baton names itself.
pub fn type_id(name: &str) -> Result<TypeId, StoreError> {
    TypeId::of(name).ok_or_else(|| StoreError::Database(format!("no resource type {name}")))
}

/// What is stored, unless it was deleted.
pub fn object(stored: &Stored) -> Result<Option<Object>, StoreError> {
    if stored.deleted {
        return Ok(None);
    }
    let unreadable = |_| StoreError::Database(format!("{}/{} is not JSON", stored.type_id.name(), stored.id));
    serde_json::from_str(&stored.body).map(Some).map_err(unreadable)
}

/// The change that stores a resource Baton made; it carries its own type and id.
pub fn put(resource: Object) -> Result<Change, StoreError> {
    put_over(resource, &Seen::default())
}

/// The same where it was made from what was read.
pub fn put_over(resource: Object, seen: &Seen) -> Result<Change, StoreError> {
    let resource = Resource::from_value(Value::Object(resource)).map_err(unfit)?;
    let id = resource.id().unwrap_or_default().to_owned();
    Ok(Change {
        type_id: resource.type_id,
        expect: seen.expect(resource.type_id, &id),
        id,
        op: Op::Put(Box::new(resource)),
    })
}

/// Whether they are the same but for what the store stamps.
pub fn says_the_same(new: &Object, stored: &Object) -> bool {
    let own = |resource: &Object| resource.len() - usize::from(resource.contains_key("meta"));
    let mut members = new.iter().filter(|(name, _)| *name != "meta");
    own(new) == own(stored)
        && members.all(|(name, value)| stored.get(name) == Some(value))
        && meta(new).eq(meta(stored))
}

/// What `meta` says beside the stamp, in an order of its own.
fn meta(resource: &Object) -> impl Iterator<Item = (&String, &Value)> {
    let members = resource.get("meta").and_then(Value::as_object);
    let own = members.into_iter().flatten();
    own.filter(|(name, _)| !matches!(name.as_str(), "versionId" | "lastUpdated"))
        .collect::<BTreeMap<_, _>>()
        .into_iter()
}

/// A message whose content makes no resource is the sender's to correct.
fn unfit(issues: Vec<Issue>) -> StoreError {
    StoreError::Rejected { status: 422, issues }
}

/// The version a stored resource says it is.
pub fn version(stored: &Object) -> Option<i64> {
    stored.get("meta")?.get("versionId")?.as_str()?.parse().ok()
}

/// `Type/id` of a resource.
pub fn name(resource: &Object) -> Option<(TypeId, String)> {
    let type_id = TypeId::of(resource.get("resourceType")?.as_str()?)?;
    Some((type_id, resource.get("id")?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Object, says_the_same};
    use serde_json::{Value, json};

    fn object(value: Value) -> Object {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_stamp_makes_no_difference_and_all_else_does() {
        let said = object(json!({"id": "1", "code": {"text": "x"}}));
        let stamp = json!({"versionId": "3", "lastUpdated": "2026-01-01T00:00:00.000Z"});
        let stored = |more: Value| {
            let mut stored = said.clone();
            stored.insert("meta".into(), stamp.clone());
            stored.extend(object(more));
            stored
        };
        assert!(says_the_same(&said, &said));
        assert!(says_the_same(&said, &stored(json!({}))));
        assert!(!says_the_same(&said, &stored(json!({"code": {"text": "y"}}))));
        assert!(!says_the_same(&said, &stored(json!({"note": []}))));
        assert!(!says_the_same(&stored(json!({"note": []})), &said));
        let tagged = stored(json!({"meta": {"versionId": "3", "tag": [{"code": "t"}]}}));
        assert!(!says_the_same(&said, &tagged));
        assert!(says_the_same(&tagged, &tagged));
    }
}
