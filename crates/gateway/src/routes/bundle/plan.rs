//! A transaction as it is known before the database is asked: what each entry wants, whether the
//! caller may, and which criteria must be looked up.
use super::batch::{expectation, unsupported};
use super::look::Look;
use super::refusal::Refusals;
use crate::auth::{Access, Caller};
use crate::edge;
use crate::error::ApiError;
use crate::routes::criteria::Criteria;
use crate::routes::{Call, update};
use crate::state::AppState;
use fhir::bundle::{ConditionalReference, Entry, Method, Target, conditional_references};
use fhir::patch::Patch;
use fhir::{Issue, Resource, TypeId};
use std::collections::HashMap;
use store::{Context, Expect};

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

pub enum What {
    /// `unless`: the criteria of ifNoneExist.
    Create {
        resource: Resource,
        id: String,
        unless: Option<usize>,
    },
    Update {
        resource: Resource,
        id: String,
        expect: Expect,
    },
    /// Under `id` when the criteria find nothing and the resource has no id of its own.
    UpdateBy {
        resource: Resource,
        id: String,
        criteria: usize,
        expect: Expect,
    },
    Delete {
        type_id: TypeId,
        id: String,
        expect: Expect,
    },
    DeleteBy {
        type_id: TypeId,
        criteria: usize,
        expect: Expect,
    },
    Patch {
        type_id: TypeId,
        id: String,
        patch: Patch,
        expect: Expect,
    },
    PatchBy {
        type_id: TypeId,
        criteria: usize,
        patch: Patch,
        expect: Expect,
    },
    Look(Look),
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

    fn what(
        &mut self,
        state: &AppState,
        entry: Entry,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        let expect = expectation(&entry)?;
        if let Some(patch) = entry.patch {
            return self.patch(state, entry.target, patch, expect, known);
        }
        match (entry.method, entry.target, entry.resource) {
            (Method::Post, _, Some(resource)) => {
                self.caller.require(resource.type_id, Access::Create)?;
                let text = entry.if_none_exist.as_deref();
                let unless = text
                    .map(|text| self.criteria(state, resource.type_id, text, known))
                    .transpose()?;
                Ok(What::Create {
                    resource,
                    id: edge::new_id(),
                    unless,
                })
            }
            (Method::Put, target, Some(resource)) => {
                self.caller.require(resource.type_id, Access::Update)?;
                self.put(state, target, resource, expect, known)
            }
            (Method::Delete, target, _) => self.delete(state, target, expect, known),
            (Method::Get, target, _) => {
                Look::plan(state, &self.caller, target, entry.if_none_match).map(What::Look)
            }
            _ => Err(unsupported()),
        }
    }

    fn put(
        &mut self,
        state: &AppState,
        target: Target,
        resource: Resource,
        expect: Expect,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        match target {
            Target::Instance(_, id) => {
                update::same_id(&resource, &id)?;
                Ok(What::Update { resource, id, expect })
            }
            Target::Type(type_id, text) => {
                let criteria = self.criteria(state, type_id, &text, known)?;
                Ok(What::UpdateBy {
                    resource,
                    id: edge::new_id(),
                    criteria,
                    expect,
                })
            }
            _ => Err(unsupported()),
        }
    }

    fn patch(
        &mut self,
        state: &AppState,
        target: Target,
        patch: Patch,
        expect: Expect,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        let (Target::Instance(type_id, _) | Target::Type(type_id, _)) = target else {
            return Err(unsupported());
        };
        self.caller.require(type_id, Access::Update)?;
        Ok(match target {
            Target::Type(_, text) => What::PatchBy {
                type_id,
                criteria: self.criteria(state, type_id, &text, known)?,
                patch,
                expect,
            },
            Target::Instance(_, id) => What::Patch {
                type_id,
                id,
                patch,
                expect,
            },
            _ => return Err(unsupported()),
        })
    }

    fn delete(
        &mut self,
        state: &AppState,
        target: Target,
        expect: Expect,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        match target {
            Target::Instance(type_id, id) => {
                self.caller.require(type_id, Access::Delete)?;
                Ok(What::Delete { type_id, id, expect })
            }
            Target::Type(type_id, text) => {
                self.caller.require(type_id, Access::Delete)?;
                Ok(What::DeleteBy {
                    type_id,
                    criteria: self.criteria(state, type_id, &text, known)?,
                    expect,
                })
            }
            _ => Err(unsupported()),
        }
    }

    /// The place of these criteria, read once however often they are used.
    fn criteria(
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
