//! The edge: JSON to a model, with the element named when it does not fit.
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// A resource the model refuses. Names the element, never its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingError {
    /// FHIRPath-like, such as `Task.restriction.period.end`.
    pub element: String,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is missing or not of the type R4 gives it", self.element)
    }
}

impl std::error::Error for MappingError {}

/// Reads one model; `name` is the resource type.
pub(crate) fn model<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, MappingError> {
    if value.get("resourceType").and_then(Value::as_str) != Some(name) {
        return Err(MappingError {
            element: format!("{name}.resourceType"),
        });
    }
    // Keeping the path doubles the work, so it is kept where it is needed.
    T::deserialize(value).or_else(|_| {
        serde_path_to_error::deserialize(value).map_err(|error| MappingError {
            element: element(name, &error),
        })
    })
}

/// The failing path; for a required element that is absent serde names it only in its message.
fn element(name: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = error.path().to_string();
    let mut element = name.to_owned();
    if path != "." && !path.is_empty() {
        element.push('.');
        element.push_str(&path);
    }
    let message = error.inner().to_string();
    if let Some(rest) = message.strip_prefix("missing field `")
        && let Some((field, _)) = rest.split_once('`')
    {
        element.push('.');
        element.push_str(field);
    }
    element
}
