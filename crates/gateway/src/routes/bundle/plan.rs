//! A transaction as it is known before the database is asked: what each entry wants, whether the
//! caller may, and which criteria must be looked up.
use super::refusal::Refusals;
use super::what::What;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::Call;
use crate::routes::criteria::Criteria;
use crate::state::AppState;
use fhir::bundle::{ConditionalReference, Entry, Method, conditional_references};
use fhir::{Issue, TypeId};
use std::collections::HashMap;
use store::Context;

pub struct Plan {
    pub steps: Vec<Step>,
    /// Each distinct one once; steps and references name them by place.
    pub criteria: Vec<Criteria>,
    /// Conditional references by their text, such as `Practitioner?identifier=x|y`.
    pub references: HashMap<String, Use>,
    pub caller: Caller,
    pub context: Context,
    /// FHIR base URL.
    pub base: String,
    pub call: Call,
}

/// Where a conditional reference first stands.
pub struct Use {
    pub criteria: usize,
    pub entry: usize,
    /// FHIRPath within the entry's resource.
    pub expression: String,
}

/// What one entry wants.
pub struct Step {
    pub method: Method,
    pub full_url: Option<String>,
    pub what: What,
}

impl Plan {
    /// Every refusal of every entry at once.
    pub fn new(
        state: &AppState,
        caller: &Caller,
        call: &Call,
        entries: Vec<Result<Entry, Vec<Issue>>>,
    ) -> Result<Plan, ApiError> {
        let mut plan = Plan {
            steps: Vec::with_capacity(entries.len()),
            criteria: Vec::new(),
            references: HashMap::new(),
            caller: caller.clone(),
            context: call.context(&caller.client_id),
            base: state.config.fhir_base(),
            call: call.clone(),
        };
        let mut known = HashMap::new();
        let mut refusals = Refusals::default();
        for (index, entry) in entries.into_iter().enumerate() {
            let added = match entry {
                Ok(entry) => plan.add(state, index, entry, &mut known),
                Err(issues) => Err(ApiError::invalid(issues)),
            };
            if let Err(error) = added {
                refusals.add(index, error);
            }
        }
        refusals.none_or_error().map(|()| plan)
    }

    fn add(
        &mut self,
        state: &AppState,
        index: usize,
        entry: Entry,
        known: &mut HashMap<String, usize>,
    ) -> Result<(), ApiError> {
        if let Some(resource) = &entry.resource {
            for reference in conditional_references(resource) {
                let ConditionalReference {
                    type_id,
                    criteria: text,
                    expression,
                } = reference;
                let criteria = self.criteria(state, type_id, &text, known)?;
                let first = Use {
                    criteria,
                    entry: index,
                    expression,
                };
                self.references
                    .entry(format!("{}?{text}", type_id.name()))
                    .or_insert(first);
            }
        }
        let (method, full_url) = (entry.method, entry.full_url.clone());
        let what = self.what(state, entry, known)?;
        self.steps.push(Step {
            method,
            full_url,
            what,
        });
        Ok(())
    }

    /// The place of these criteria, read once however often they are used.
    pub(super) fn criteria(
        &mut self,
        state: &AppState,
        on: TypeId,
        text: &str,
        known: &mut HashMap<String, usize>,
    ) -> Result<usize, ApiError> {
        let key = format!("{}?{text}", on.name());
        if let Some(place) = known.get(&key) {
            return Ok(*place);
        }
        let criteria = Criteria::read(state, &self.caller, on, text.trim_start_matches('?'))?;
        self.criteria.push(criteria);
        known.insert(key, self.criteria.len() - 1);
        Ok(self.criteria.len() - 1)
    }
}
