//! The reads of a transaction: planned before it, done after its writes.
use super::batch::{scope, unless_known};
use super::plan::Plan;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::routes::{Reply, history, query, read, search};
use crate::state::AppState;
use fhir::TypeId;
use fhir::bundle::Target;
use store::{StoreError, Tx};

/// A read, done after all writes.
pub enum Look {
    Current {
        type_id: TypeId,
        id: String,
        if_none_match: Option<String>,
    },
    Version(TypeId, String, i64),
    Search(Box<search::Asked>),
    History(history::Asked),
}

impl Look {
    /// Understood and allowed, or refused before the transaction begins.
    pub fn plan(
        state: &AppState,
        caller: &Caller,
        target: Target,
        if_none_match: Option<String>,
    ) -> Result<Look, ApiError> {
        match target {
            Target::Instance(type_id, id) => {
                caller.require(type_id, Access::Read)?;
                Ok(Look::Current {
                    type_id,
                    id,
                    if_none_match,
                })
            }
            Target::Version(type_id, id, version) => {
                caller.require(type_id, Access::Read)?;
                Ok(Look::Version(type_id, id, version))
            }
            Target::Type(type_id, text) => {
                let asked = search::Asked::read(state, caller, type_id, &query::pairs(&text)?, false)?;
                Ok(Look::Search(Box::new(asked)))
            }
            Target::History(type_id, id, text) => {
                history::Asked::read(state, caller, scope(type_id, id), &text).map(Look::History)
            }
        }
    }

    pub fn look(&self, tx: &mut Tx, plan: &Plan) -> Result<Reply, StoreError> {
        match self {
            Look::Current {
                type_id,
                id,
                if_none_match,
            } => {
                let stored = read::existing(*type_id, tx.get(*type_id, id)?)?;
                Ok(unless_known(stored, if_none_match.as_deref()))
            }
            Look::Version(type_id, id, version) => Ok(Reply::stored(read::existing(
                *type_id,
                tx.version(*type_id, id, *version)?,
            )?)),
            Look::Search(asked) => Ok(asked.answer(tx.search(&asked.query)?, &plan.caller)),
            Look::History(asked) => Ok(asked.answer(&plan.base, asked.page(tx)?)),
        }
    }
}
