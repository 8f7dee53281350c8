//! Refusals that say which entry they are about.
use crate::error::{ApiError, Headers};
use actix_web::http::StatusCode;
use fhir::Issue;
use fhir::bundle::within;
use store::StoreError;

/// The error of one entry, told from the Bundle's root; failures of the store stay what they are.
pub fn at(index: usize, error: StoreError) -> StoreError {
    match error {
        StoreError::Busy | StoreError::Transient(..) | StoreError::Database(_) => error,
        refusal => {
            let mut refusal = ApiError::from(refusal);
            refusal.issues = refusal
                .issues
                .into_iter()
                .map(|issue| within(index, issue))
                .collect();
            refusal.into()
        }
    }
}

/// What is wrong with the entries; the first one's status and headers speak for all.
#[derive(Default)]
pub struct Refusals {
    issues: Vec<Issue>,
    first: Option<(StatusCode, Headers)>,
}

impl Refusals {
    pub fn add(&mut self, index: usize, error: ApiError) {
        self.first.get_or_insert((error.status, error.headers));
        self.issues
            .extend(error.issues.into_iter().map(|issue| within(index, issue)));
    }

    pub fn none_or_error(self) -> Result<(), ApiError> {
        match self.first {
            None => Ok(()),
            Some((status, headers)) => Err(ApiError {
                status,
                issues: self.issues,
                headers,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_its_entry() {
        let error = at(
            3,
            StoreError::MultipleMatches {
                criteria: String::new(),
                count: 2,
            },
        );
        let StoreError::Rejected { status, issues } = error else {
            panic!("{error}")
        };
        assert_eq!(status, 412);
        assert_eq!(issues[0].expression.as_deref(), Some("Bundle.entry[3]"));
    }
}
