//! Refusals that say which entry they are about.
use crate::error::ApiError;
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

/// What is wrong with the entries, and the status that says it best.
#[derive(Default)]
pub struct Refusals {
    issues: Vec<Issue>,
    status: Option<StatusCode>,
}

impl Refusals {
    pub fn add(&mut self, index: usize, error: ApiError) {
        self.status.get_or_insert(error.status);
        self.issues
            .extend(error.issues.into_iter().map(|issue| within(index, issue)));
    }

    pub fn none_or_error(self) -> Result<(), ApiError> {
        match self.status {
            None => Ok(()),
            Some(status) => Err(ApiError::with(status, self.issues)),
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
