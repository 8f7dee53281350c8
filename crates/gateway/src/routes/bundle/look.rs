//! The reads of a transaction: planned before it, done after its writes.
use super::batch::{scope, unless_known};
use super::plan::Plan;
use crate::audit;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::routes::search::{self, Of};
use crate::routes::{Instance, Reply, history, query, read, search_system};
use crate::state::AppState;
use fhir::TypeId;
use fhir::bundle::Target;
use fhir::search::reach::Reach;
use fhir::view::View;
use fhir::{Issue, IssueCode};
use store::{HistoryScope, StoreError, Stored, Tx};

/// A read, done after all writes.
pub enum Look {
    Current { of: Seen, if_none_match: Option<String> },
    Version(Seen, i64),
    Shown(Seen, Box<View>),
    Search(Box<search::Asked>),
    Several(Box<search_system::Asked>),
    History(history::Asked),
}

/// A resource, and how far the caller sees.
pub struct Seen {
    type_id: TypeId,
    id: String,
    reach: Reach,
}

impl Seen {
    fn by(caller: &Caller, type_id: TypeId, id: String) -> Result<Seen, ApiError> {
        let reach = caller.reach(type_id, Access::Read)?;
        Ok(Seen { type_id, id, reach })
    }

    fn current(&self, tx: &mut Tx, plan: &Plan) -> Result<Stored, StoreError> {
        let of = (self.type_id, self.id.as_str());
        read::current_in(tx, &plan.caller, &self.reach, of, &plan.base)
    }

    fn version(&self, tx: &mut Tx, version: i64, plan: &Plan) -> Result<Stored, StoreError> {
        let of = (self.type_id, self.id.as_str(), version);
        let found = read::version_in(tx, &plan.caller, &self.reach, of, &plan.base)?;
        Ok(read::existing(self.type_id, found)?)
    }
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
            Target::Instance(type_id, id) => Ok(Look::Current {
                of: Seen::by(caller, type_id, id)?,
                if_none_match,
            }),
            Target::Version(type_id, id, version) => {
                Ok(Look::Version(Seen::by(caller, type_id, id)?, version))
            }
            Target::Shown(type_id, id, text) => {
                let of = Seen::by(caller, type_id, id)?;
                let view = read::view_of(&text, type_id, false)?;
                Ok(Look::Shown(of, Box::new(view)))
            }
            Target::Type(type_id, text) => Look::search(state, caller, &Of::all(type_id), &text),
            Target::Compartment(type_id, id, Some(on), text) => {
                let within = Some(Instance { type_id, id });
                Look::search(state, caller, &Of { on, within }, &text)
            }
            Target::Compartment(type_id, id, None, text) => {
                Look::several(state, caller, Some(Instance { type_id, id }), &text)
            }
            Target::System(text) => Look::several(state, caller, None, &text),
            Target::History(type_id, id, text) => Look::history(state, caller, scope(type_id, id), &text),
            Target::SystemHistory(text) => Look::history(state, caller, HistoryScope::System, &text),
            Target::Operation(..) => Err(no_operation()),
        }
    }

    fn search(state: &AppState, caller: &Caller, of: &Of, text: &str) -> Result<Look, ApiError> {
        let asked = search::Asked::read(state, caller, of, &query::pairs(text)?, false)?;
        Ok(Look::Search(Box::new(asked)))
    }

    fn several(
        state: &AppState,
        caller: &Caller,
        within: Option<Instance>,
        text: &str,
    ) -> Result<Look, ApiError> {
        let asked = search_system::Asked::read(state, caller, within, query::pairs(text)?, false)?;
        Ok(Look::Several(Box::new(asked)))
    }

    fn history(state: &AppState, caller: &Caller, scope: HistoryScope, text: &str) -> Result<Look, ApiError> {
        history::Asked::read(state, caller, scope, text, false).map(Look::History)
    }

    pub fn look(&self, tx: &mut Tx, plan: &Plan) -> Result<Reply, StoreError> {
        match self {
            Look::Current { of, if_none_match } => {
                let stored = of.current(tx, plan)?;
                Ok(unless_known(stored, if_none_match.as_deref()))
            }
            Look::Version(of, version) => Ok(unless_known(of.version(tx, *version, plan)?, None)),
            Look::Shown(of, view) => {
                let stored = of.current(tx, plan)?;
                let patients = audit::patients([&stored]);
                Ok(Reply::stored(read::shown(stored, view)).about(patients))
            }
            Look::Several(asked) => Ok(asked.answer(&plan.caller, &asked.walk.page(tx)?)),
            Look::Search(asked) => Ok(asked.answer(
                audit::search::page_in(tx, &asked.query, &plan.base, &plan.caller)?,
                &plan.caller,
            )),
            Look::History(asked) => Ok(asked.answer(&plan.base, asked.page(tx)?)),
        }
    }
}

/// What an operation does is its own to commit, not the transaction's.
pub fn no_operation() -> ApiError {
    let rule = "Operations have no place in a transaction; call them alone or in a batch";
    let issue = Issue::error(IssueCode::NotSupported, rule);
    ApiError::with(actix_web::http::StatusCode::BAD_REQUEST, vec![issue])
}
