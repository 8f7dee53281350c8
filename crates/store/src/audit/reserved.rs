//! Ids under which recorded events are served: nobody can write a resource there.
use crate::StoreError;
use fhir::{Issue, IssueCode, TypeId};
use std::sync::LazyLock;

/// How such an id starts.
pub const PREFIX: &str = "baton-";

/// Types as which recorded events are served.
static TYPES: LazyLock<Vec<TypeId>> = LazyLock::new(|| {
    ["AuditEvent", "Provenance"]
        .into_iter()
        .filter_map(TypeId::of)
        .collect()
});

pub fn is_recorded(type_id: TypeId, id: &str) -> bool {
    id.starts_with(PREFIX) && TYPES.contains(&type_id)
}

/// 405 for a write there.
pub fn refuse(type_id: TypeId, id: &str) -> Result<(), StoreError> {
    if !is_recorded(type_id, id) {
        return Ok(());
    }
    let rule = "Ids that start with `baton-` are of events that the server recorded, which nobody can write, change or delete";
    Err(StoreError::Rejected {
        status: 405,
        issues: vec![Issue::error(IssueCode::NotSupported, rule)],
    })
}
