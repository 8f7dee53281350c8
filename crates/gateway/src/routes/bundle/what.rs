//! What an entry wants, and whether the caller may.
use super::batch::{expectation, unsupported};
use super::look::{Look, no_operation};
use super::plan::Plan;
use crate::auth::Access;
use crate::edge;
use crate::error::ApiError;
use crate::state::AppState;
use fhir::TypeId;
use fhir::bundle::{Entry, Method, Target};
use fhir::patch::Patch;
use serde::Deserialize;
use std::collections::HashMap;
use store::Expect;

pub enum What {
    /// `unless`: the criteria of ifNoneExist.
    Create {
        type_id: TypeId,
        id: String,
        unless: Option<usize>,
    },
    Update {
        type_id: TypeId,
        id: String,
        expect: Expect,
    },
    /// Under `id` when the criteria find nothing: its own, or a new one.
    UpdateBy {
        type_id: TypeId,
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

impl What {
    /// Of the resource that is put; None for what puts none.
    pub fn type_id(&self) -> Option<TypeId> {
        match self {
            What::Create { type_id, .. } | What::Update { type_id, .. } | What::UpdateBy { type_id, .. } => {
                Some(*type_id)
            }
            _ => None,
        }
    }

    /// The criteria that a change depends on: others who use them wait.
    pub fn claim(&self) -> Option<usize> {
        match self {
            What::Create { unless, .. } => *unless,
            What::UpdateBy { criteria, .. }
            | What::DeleteBy { criteria, .. }
            | What::PatchBy { criteria, .. } => Some(*criteria),
            _ => None,
        }
    }
}

impl Plan {
    pub(super) fn what(
        &mut self,
        state: &AppState,
        index: usize,
        entry: Entry,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        let expect = expectation(&entry)?;
        if let Some(patch) = entry.patch {
            return self.patch(state, index, entry.target, patch, expect, known);
        }
        match (entry.method, entry.target, entry.text) {
            (Method::Post, Target::Operation(..), _) => Err(no_operation()),
            (Method::Post, Target::Type(type_id, _), Some(_)) => {
                self.caller.writes(type_id, Access::Create)?;
                let text = entry.if_none_exist.as_deref();
                let unless = text
                    .map(|text| self.criteria(state, index, type_id, text, known))
                    .transpose()?;
                Ok(What::Create {
                    type_id,
                    id: edge::new_id(),
                    unless,
                })
            }
            (Method::Put, target @ (Target::Instance(on, _) | Target::Type(on, _)), Some(text)) => {
                self.caller.writes(on, Access::Update)?;
                let own = own_id(self.slice(&text));
                self.put(state, index, target, own, expect, known)
            }
            (Method::Delete, target, _) => self.delete(state, index, target, expect, known),
            (Method::Get, target, _) => {
                Look::plan(state, &self.caller, target, entry.if_none_match).map(What::Look)
            }
            _ => Err(unsupported()),
        }
    }

    fn put(
        &mut self,
        state: &AppState,
        index: usize,
        target: Target,
        own: Option<String>,
        expect: Expect,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        match target {
            Target::Instance(type_id, id) => Ok(What::Update { type_id, id, expect }),
            Target::Type(type_id, text) => {
                let criteria = self.criteria(state, index, type_id, &text, known)?;
                Ok(What::UpdateBy {
                    type_id,
                    id: own.unwrap_or_else(edge::new_id),
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
        index: usize,
        target: Target,
        patch: Patch,
        expect: Expect,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        let (Target::Instance(type_id, _) | Target::Type(type_id, _)) = target else {
            return Err(unsupported());
        };
        self.caller.writes(type_id, Access::Update)?;
        Ok(match target {
            Target::Type(_, text) => What::PatchBy {
                type_id,
                criteria: self.criteria(state, index, type_id, &text, known)?,
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
        index: usize,
        target: Target,
        expect: Expect,
        known: &mut HashMap<String, usize>,
    ) -> Result<What, ApiError> {
        match target {
            Target::Instance(type_id, id) => {
                self.caller.writes(type_id, Access::Delete)?;
                Ok(What::Delete { type_id, id, expect })
            }
            Target::Type(type_id, text) => {
                self.caller.writes(type_id, Access::Delete)?;
                Ok(What::DeleteBy {
                    type_id,
                    criteria: self.criteria(state, index, type_id, &text, known)?,
                    expect,
                })
            }
            _ => Err(unsupported()),
        }
    }
}

/// The id that a resource brings along, read without the rest of it.
fn own_id(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        id: Option<String>,
    }
    serde_json::from_str::<Head>(text).ok()?.id
}
