//! Refusals that say which entry they are about.
use crate::error::ApiError;
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
pub struct Refusals(Vec<(usize, ApiError)>);

/// More than anybody reads; a hostile Bundle must not become a larger answer.
const MOST: usize = 1_000;

impl Refusals {
    pub fn add(&mut self, index: usize, error: ApiError) {
        self.0.push((index, error));
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn none_or_error(mut self) -> Result<(), ApiError> {
        self.0.sort_by_key(|(index, _)| *index);
        let mut all: Option<ApiError> = None;
        for (index, error) in self.0 {
            let issues = error.issues.into_iter().map(|issue| within(index, issue));
            match &mut all {
                None => {
                    let (status, headers, issues) = (error.status, error.headers, issues.collect());
                    all = Some(ApiError {
                        status,
                        issues,
                        headers,
                    });
                }
                Some(all) if all.issues.len() < MOST => all.issues.extend(issues),
                Some(_) => break,
            }
        }
        all.map_or(Ok(()), Err)
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
