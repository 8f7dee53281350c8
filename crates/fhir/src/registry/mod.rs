//! What R4 defines, as tables: resource types, elements, search parameters, compartments.
//! <https://hl7.org/fhir/R4/resourcelist.html>
//!
//! The tables under `data/` are generated from the official definitions by
//! `examples/generate_tables`; routing, validation, indexing, the CapabilityStatement and
//! OpenAPI all read them here. Adding a search parameter is adding a row.
mod bindings;
mod compartments;
pub mod custom;
mod elements;
mod invariants;
mod params;
mod primitive;
mod sections;
mod types;

pub use bindings::ValueSet;
pub use custom::{Custom, CustomParams, Standing};
pub use elements::{Definition, DefinitionId, Element, ElementType, Member};
pub use invariants::{Invariant, InvariantId, all as invariants};
pub use params::{ParamId, ParamKind, SearchParam};
pub use primitive::Primitive;
pub use types::TypeId;

use compartments::Compartments;
use elements::Definitions;
use params::Params;
use std::sync::LazyLock;

/// All tables.
pub struct Registry {
    types: Vec<TypeId>,
    params: Params,
    definitions: Definitions,
    compartments: Compartments,
}

/// The one registry, built on first use.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::load);
    &REGISTRY
}

impl Registry {
    fn load() -> Registry {
        Registry {
            types: TypeId::all().collect(),
            params: Params::load(),
            definitions: Definitions::load(),
            compartments: compartments::load(),
        }
    }

    /// All resource types a client can store, alphabetically (no abstract types).
    pub fn types(&self) -> &[TypeId] {
        &self.types
    }

    /// All parameters of the type, by code, including those of Resource and DomainResource.
    pub fn params(&self, on: TypeId) -> &[SearchParam] {
        self.params.of(on)
    }

    pub fn param(&self, on: TypeId, code: &str) -> Option<&SearchParam> {
        let params = self.params.of(on);
        params
            .binary_search_by(|param| param.code.cmp(code))
            .ok()
            .map(|at| &params[at])
    }

    pub fn param_by_id(&self, id: ParamId) -> Option<&SearchParam> {
        self.params.by_id(id)
    }

    /// The elements of a resource type.
    pub fn resource(&self, type_id: TypeId) -> &Definition {
        self.definitions.resource(type_id)
    }

    /// The same as an id.
    pub fn resource_id(&self, type_id: TypeId) -> DefinitionId {
        self.definitions.resource_id(type_id)
    }

    pub fn definition(&self, id: DefinitionId) -> &Definition {
        self.definitions.get(id)
    }

    /// Every resource, data type and backbone element, in the order of their ids.
    pub fn definitions(&self) -> &[Definition] {
        self.definitions.all()
    }

    /// A resource, data type or backbone element (`Observation.component`) by name.
    pub fn definition_named(&self, name: &str) -> Option<DefinitionId> {
        self.definitions.named(name)
    }

    /// Codes of the parameters that put a resource of type `on` into a compartment; empty when
    /// the type is not in it. <https://hl7.org/fhir/R4/compartmentdefinition.html>
    pub fn compartment(&self, compartment: TypeId, on: TypeId) -> &[&'static str] {
        self.compartments
            .get(&(compartment, on))
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests;
