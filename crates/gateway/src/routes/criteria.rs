//! The criteria of conditional interactions: a search that must find at most one resource.
//! <https://hl7.org/fhir/R4/http.html#ccreate>
use super::query;
use super::search::authorize;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::state::AppState;
use fhir::bundle::conditional_references;
use fhir::search::Query;
use fhir::search::parse::{Limits, parse_with};
use fhir::{Issue, IssueCode, Resource, TypeId};
use store::{StoreError, Stored, Tx};

#[derive(Clone, Debug)]
pub struct Criteria {
    pub query: Query,
    /// As it was asked, whoever asks.
    pub asked: Query,
    /// The same for everyone who asks for the same.
    lock: String,
}

impl Criteria {
    /// Reads `identifier=…&…`. The caller must be allowed to search by it.
    pub fn read(state: &AppState, caller: &Caller, on: TypeId, text: &str) -> Result<Criteria, ApiError> {
        let pairs = query::pairs(text)?;
        // Two are enough to know that it is not one.
        let limits = Limits {
            default_count: 2,
            max_count: 2,
        };
        let (mut query, _) = parse_with(
            on,
            &pairs,
            &state.config.fhir_base(),
            limits,
            false,
            &state.store.custom(),
        )
        .map_err(ApiError::search)?;
        if query.filters.is_empty() {
            return Err(ApiError::bad_request(
                IssueCode::Required,
                "A conditional interaction needs criteria that select resources, such as identifier=system|value",
            ));
        }
        authorize(caller, &query)?;
        let asked = query.clone();
        caller.restrict(&mut query);
        let mut echo: Vec<String> = query
            .echo
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        echo.sort();
        Ok(Criteria {
            lock: format!("{}?{}", on.name(), echo.join("&")),
            query,
            asked,
        })
    }

    /// What it finds now.
    pub fn find(&self, tx: &mut Tx) -> Result<Option<Stored>, StoreError> {
        let mut matches = self.find_all(tx, 1)?;
        if matches.len() > 1 {
            return Err(StoreError::MultipleMatches {
                criteria: String::new(),
                count: matches.len(),
            });
        }
        Ok(matches.pop())
    }

    /// The same where several are wanted: one more than `most` says that there are more.
    pub fn find_all(&self, tx: &mut Tx, most: usize) -> Result<Vec<Stored>, StoreError> {
        let mut query = self.query.clone();
        query.count = most + 1;
        let mut matches = Vec::new();
        loop {
            let page = tx.search(&query)?;
            matches.extend(page.matches);
            // A page that was cut short proves nothing about what comes after it.
            if !page.cut || page.next.is_none() || matches.len() > most {
                return Ok(matches);
            }
            query.cursor = page.next;
        }
    }

    /// What it finds, with everyone else who asks the same waiting until this transaction ends: a
    /// create that follows is the only one.
    pub fn claim(&self, tx: &mut Tx) -> Result<Option<Stored>, StoreError> {
        self.lock(tx)?;
        self.find(tx)
    }

    pub fn lock(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.lock(&self.lock)
    }

    pub fn lock_text(&self) -> &str {
        &self.lock
    }
}

/// Conditional references mean something in a transaction only: stored as they are they would
/// never lead anywhere. <https://hl7.org/fhir/R4/http.html#trules>
pub fn no_conditional_references(resource: &Resource) -> Result<(), ApiError> {
    let rule = "A reference by criteria works in a transaction Bundle only; send one, or refer to Type/id";
    let issues: Vec<Issue> = conditional_references(resource)
        .into_iter()
        .map(|reference| Issue::error(IssueCode::NotSupported, rule).at(reference.expression))
        .collect();
    if issues.is_empty() {
        Ok(())
    } else {
        Err(ApiError::invalid(issues))
    }
}
