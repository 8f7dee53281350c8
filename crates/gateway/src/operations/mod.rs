//! FHIR operations as a table: routes, CapabilityStatement and OpenAPI follow from it.
//! <https://hl7.org/fhir/R4/operations.html>
//!
//! A new operation is a row in `table.rs` and a function. `invoke.rs` decides what may be called
//! how, `input.rs` reads parameters and refuses those the row does not name.
mod everything;
mod input;
mod invoke;
mod lastn;
mod match_patient;
mod meta;
mod reindex;
mod table;
mod validate;

pub use invoke::{Target, configure, run};
pub use table::TABLE;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::{Call, Reply};
use crate::state::AppState;
use fhir::TypeId;
use futures_util::future::LocalBoxFuture;
use input::Input;

/// One operation as clients are told of it.
pub struct Operation {
    /// Without the `$`.
    pub code: &'static str,
    /// Canonical of the OperationDefinition.
    pub definition: &'static str,
    /// Empty means every type.
    pub types: &'static [&'static str],
    pub levels: &'static [Level],
    /// Then GET is refused. <https://hl7.org/fhir/R4/operationdefinition-definitions.html#OperationDefinition.affectsState>
    pub affects_state: bool,
    pub summary: &'static str,
    pub parameters: &'static [Parameter],
    /// Search parameters of the type are taken too.
    pub searches: bool,
    run: fn(Invocation) -> Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Type,
    Instance,
}

/// An `in` parameter.
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    pub summary: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// May stand in the address.
    Primitive,
    /// A data type such as Meta: in the body only.
    Complex,
    Resource,
}

type Answer = LocalBoxFuture<'static, Result<Reply, ApiError>>;

/// A call whose parameters the table allows.
pub struct Invocation {
    pub state: AppState,
    pub caller: Caller,
    pub call: Call,
    pub on: TypeId,
    /// None on the type level.
    pub id: Option<String>,
    pub input: Input,
}

impl Operation {
    pub fn is_on(&self, on: TypeId) -> bool {
        self.types.is_empty() || self.types.contains(&on.name())
    }
}

impl Invocation {
    /// The id, on operations of the instance level alone.
    fn id(&self) -> Result<String, ApiError> {
        self.id
            .clone()
            .ok_or_else(|| ApiError::not_found("This operation is called on a resource: /Type/id/$operation"))
    }
}
