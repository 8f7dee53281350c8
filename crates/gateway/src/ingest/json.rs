//! Resources as JSON objects on their way into and out of the store.
use fhir::{Issue, Resource, TypeId};
use serde_json::{Map, Value};
use store::{Change, Expect, Op, StoreError, Stored};

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
    let resource = Resource::from_value(Value::Object(resource)).map_err(unfit)?;
    let id = resource.id().unwrap_or_default().to_owned();
    Ok(Change {
        type_id: resource.type_id,
        id,
        op: Op::Put(Box::new(resource)),
        expect: Expect::Any,
    })
}

/// A message whose content makes no resource is the sender's to correct.
fn unfit(issues: Vec<Issue>) -> StoreError {
    StoreError::Rejected { status: 422, issues }
}

/// `Type/id` of a resource.
pub fn name(resource: &Object) -> Option<(TypeId, String)> {
    let type_id = TypeId::of(resource.get("resourceType")?.as_str()?)?;
    Some((type_id, resource.get("id")?.as_str()?.to_owned()))
}
