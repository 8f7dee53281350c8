//! `_summary` and `_elements` of a request. <https://hl7.org/fhir/R4/search.html#summary>
use super::query;
use crate::error::ApiError;
use actix_web::http::StatusCode;
use fhir::view::View;
use fhir::{Issue, IssueCode, TypeId};
use std::borrow::Cow;
use store::Stored;

/// The view the parameters choose. `on` is None where resources of several types are shown.
pub fn of(on: Option<TypeId>, pairs: &[(String, String)]) -> Result<View, ApiError> {
    View::of(on, pairs).map_err(|issue| ApiError::with(StatusCode::BAD_REQUEST, vec![issue]))
}

/// Where a single resource or a history is asked for there is nothing to count.
pub fn of_shown(on: Option<TypeId>, pairs: &[(String, String)]) -> Result<View, ApiError> {
    match query::first(pairs, "_summary") {
        None | Some("true" | "text" | "data" | "false") => of(on, pairs),
        Some(_) => {
            let rule = "_summary takes true, text, data or false here; count is for searches";
            Err(ApiError::with(
                StatusCode::BAD_REQUEST,
                vec![Issue::error(IssueCode::Value, rule)],
            ))
        }
    }
}

/// The stored text itself unless less was asked for.
pub fn show<'a>(view: &View, stored: &'a Stored) -> Cow<'a, str> {
    match view {
        _ if stored.deleted => "".into(),
        View::Full => Cow::Borrowed(&stored.body),
        view => view.show(&stored.body).into(),
    }
}
