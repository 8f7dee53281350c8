//! A row of `search_param`: a parameter of one type, and the work on its index.
use crate::StoreError;
use crate::conn::Conn;
use crate::rows::type_column;
use crate::schema::search_param;
use diesel::prelude::*;
use fhir::registry::custom::{Definition, interned};
use fhir::registry::{Custom, ParamKind, SearchParam, Standing};
use fhir::{ParamId, TypeId};

/// Where a parameter is between its definition and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Writes that began before it was defined are not all over yet.
    Waiting,
    /// Stored resources are being indexed.
    Indexing,
    Serving,
    /// Writes that began before its end are not all over yet.
    Leaving,
    /// Its rows are being removed.
    Removing,
}

const STATES: [(State, &str); 5] = [
    (State::Waiting, "waiting"),
    (State::Indexing, "indexing"),
    (State::Serving, "serving"),
    (State::Leaving, "leaving"),
    (State::Removing, "removing"),
];

impl State {
    pub fn code(self) -> &'static str {
        STATES
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, code)| code)
    }

    fn of(code: &str) -> Option<State> {
        STATES
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(state, _)| *state)
    }

    /// Whether writes make its rows.
    pub fn is_wanted(self) -> bool {
        matches!(self, State::Waiting | State::Indexing | State::Serving)
    }
}

/// A parameter of one type in one form, and how far its index is.
#[derive(Clone, Debug, Queryable, Insertable)]
#[diesel(table_name = search_param)]
pub struct ParamJob {
    pub id: i32,
    pub type_id: i16,
    pub code: String,
    pub resource_id: String,
    pub definition: String,
    state: String,
    pub(crate) reached: i64,
    /// Stored resources looked at, of how many there were, and those that could not be indexed.
    pub done: i64,
    pub total: i64,
    pub failed: i64,
    /// What went wrong first.
    pub error: Option<String>,
    /// Microseconds.
    pub created: i64,
    pub changed: i64,
}

impl ParamJob {
    pub(crate) fn new(
        id: ParamId,
        on: TypeId,
        resource_id: &str,
        new: (&Definition, State, i64),
    ) -> ParamJob {
        let (definition, state, now) = new;
        ParamJob {
            id: id.0,
            type_id: type_column(on),
            code: definition.code.clone(),
            resource_id: resource_id.to_string(),
            definition: text(definition),
            state: state.code().to_string(),
            reached: 0,
            done: 0,
            total: 0,
            failed: 0,
            error: None,
            created: now,
            changed: now,
        }
    }

    pub fn on(&self) -> Option<TypeId> {
        TypeId::from_number(u16::try_from(self.type_id).ok()?)
    }

    pub fn state(&self) -> Option<State> {
        State::of(&self.state)
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.state().is_some_and(State::is_wanted)
    }

    /// None when this release cannot read the definition.
    pub(crate) fn param(&self) -> Option<&'static SearchParam> {
        let definition: Definition = serde_json::from_str(&self.definition).ok()?;
        interned(ParamId(self.id), &definition)
    }

    pub(crate) fn custom(&self) -> Option<Custom> {
        let standing = match self.state()? {
            State::Serving => Standing::Serving,
            State::Waiting | State::Indexing => Standing::Building {
                done: self.done,
                total: self.total,
            },
            State::Leaving | State::Removing => return None,
        };
        let param = self.param();
        if param.is_none() {
            tracing::error!(
                code = self.code,
                "a stored search parameter cannot be read by this release and is not served"
            );
        }
        Some(Custom {
            param: param?,
            standing,
        })
    }
}

pub(crate) fn text(definition: &Definition) -> String {
    // Strings alone always become JSON.
    serde_json::to_string(definition).unwrap_or_default()
}

/// A composite is answered from its parts.
pub(crate) fn owns_rows(definition: &Definition) -> bool {
    definition.kind != ParamKind::Composite.code()
}

pub(crate) fn all(conn: &mut Conn) -> Result<Vec<ParamJob>, StoreError> {
    let order = (search_param::type_id, search_param::code, search_param::id);
    Ok(search_param::table.order(order).load(conn)?)
}

/// Moves rows on.
pub(crate) fn enter(conn: &mut Conn, ids: &[i32], state: State, now: i64) -> Result<(), StoreError> {
    if !ids.is_empty() {
        diesel::update(search_param::table.filter(search_param::id.eq_any(ids)))
            .set((
                search_param::state.eq(state.code()),
                search_param::changed.eq(now),
            ))
            .execute(conn)?;
    }
    Ok(())
}
