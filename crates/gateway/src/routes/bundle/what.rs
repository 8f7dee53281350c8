//! What an entry wants, and whether the caller may.
use super::batch::{expectation, unsupported};
use super::look::Look;
use super::plan::Plan;
use crate::auth::Access;
use crate::edge;
use crate::error::ApiError;
use crate::routes::update;
use crate::state::AppState;
use fhir::bundle::{Entry, Method, Target};
use fhir::patch::Patch;
use fhir::{Resource, TypeId};
use std::collections::HashMap;
use store::Expect;

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
    pub(super) fn what(
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
}
