//! A transaction as it is known before the database is asked: what each entry wants, whether the
//! caller may, and which criteria must be looked up. Resources stay text in the request's body.
use super::refusal::Refusals;
use super::what::What;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::Call;
use crate::routes::criteria::Criteria;
use crate::state::AppState;
use actix_web::web::Bytes;
use fhir::bundle::{Entry, Method, criteria_of, resource};
use fhir::{Issue, TypeId};
use std::collections::HashMap;
use std::ops::Range;
use store::Context;

pub struct Plan {
    pub steps: Vec<Step>,
    /// Each distinct one once; steps and references name them by place.
    pub criteria: Vec<Criteria>,
    /// The first entry that needs the criteria of that place.
    pub first_use: Vec<usize>,
    /// Conditional references by their text, such as `Practitioner?identifier=x|y`: criteria and
    /// the entry where it first stands.
    pub references: HashMap<String, (usize, usize)>,
    pub caller: Caller,
    pub context: Context,
    /// FHIR base URL.
    pub base: String,
    pub call: Call,
    bytes: Bytes,
}

/// What one entry wants.
pub struct Step {
    pub method: Method,
    pub full_url: Option<String>,
    pub what: What,
    text: Option<Range<usize>>,
}

impl Plan {
    /// Every refusal of every entry at once.
    pub fn new(
        state: &AppState,
        caller: &Caller,
        call: &Call,
        bytes: Bytes,
        entries: Vec<Result<Entry, Vec<Issue>>>,
    ) -> Result<Plan, ApiError> {
        let mut plan = Plan {
            steps: Vec::with_capacity(entries.len()),
            criteria: Vec::new(),
            first_use: Vec::new(),
            references: HashMap::new(),
            caller: caller.clone(),
            context: call.context(caller),
            base: state.config.fhir_base(),
            call: call.clone(),
            bytes,
        };
        let mut known = HashMap::new();
        let mut refusals = Refusals::default();
        let mut texts = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let added = match entry {
                Ok(entry) => {
                    let text = entry.text.clone().zip(entry.target.of_body());
                    texts.extend(text.map(|(text, on)| (index, on, text)));
                    plan.add(state, index, entry, &mut known)
                }
                Err(issues) => Err(ApiError::invalid(issues)),
            };
            if let Err(error) = added {
                refusals.add(index, error);
            }
        }
        if refusals.is_empty() {
            return Ok(plan);
        }
        for (index, on, text) in texts {
            if let Err(issues) = resource(index, on, plan.slice(&text)) {
                refusals.add(index, ApiError::invalid(issues));
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
        let text = entry.text.clone();
        let references = text.as_ref().map(|text| criteria_of(self.slice(text)));
        for (type_id, criteria) in references.unwrap_or_default() {
            let place = self.criteria(state, index, type_id, &criteria, known)?;
            let text = format!("{}?{criteria}", type_id.name());
            self.references.entry(text).or_insert((place, index));
        }
        let (method, full_url) = (entry.method, entry.full_url.clone());
        let what = self.what(state, index, entry, known)?;
        self.steps.push(Step {
            method,
            full_url,
            what,
            text,
        });
        Ok(())
    }

    /// The place of these criteria, read once however often they are used.
    pub(super) fn criteria(
        &mut self,
        state: &AppState,
        index: usize,
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
        self.first_use.push(index);
        known.insert(key, self.criteria.len() - 1);
        Ok(self.criteria.len() - 1)
    }

    /// The resource of an entry as it came.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.steps[index].text.as_ref().map(|text| self.slice(text))
    }

    /// The envelope was read as UTF-8 JSON, and its ranges lie within it.
    pub(super) fn slice(&self, text: &Range<usize>) -> &str {
        let bytes = self.bytes.get(text.clone()).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}
