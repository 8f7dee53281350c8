//! Every refusal that a scene meets is in the error catalogue (`docs/errors.md`), whichever scene it is.
use fhir::IssueCode;
use gateway::docs::errors::{OAUTH, STATUSES};
use serde_json::Value;

/// Asserts that the catalogue has the status and codes of a refusal.
pub fn holds(status: u16, text: &str) {
    if status < 400 {
        return;
    }
    let Ok(body) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if let Some(error) = body["error"].as_str() {
        let listed = OAUTH.iter().any(|row| row.what == (error, status));
        assert!(listed, "{error} with {status} is not in the catalogue: {text}");
    }
    if body["resourceType"] == "OperationOutcome" {
        let listed = STATUSES.iter().any(|row| row.what == status);
        assert!(listed, "{status} is not in the catalogue: {text}");
        for issue in body["issue"].as_array().into_iter().flatten() {
            let code = issue["code"].as_str().unwrap_or_default();
            let known = IssueCode::ALL.iter().any(|listed| listed.code() == code);
            assert!(known, "{code} is not in the catalogue: {text}");
        }
    }
}
