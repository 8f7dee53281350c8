//! What R4 defines, as tables: resource types, elements, search parameters, compartments.
//! <https://hl7.org/fhir/R4/resourcelist.html>
//!
//! The tables under `data/` are generated from the official definitions by
//! `examples/generate_tables.rs`; routing, validation, indexing, the CapabilityStatement and
//! OpenAPI all read them here. Adding a search parameter is adding a row.
use std::fmt;

/// Index of a resource type in R4's alphabetical list. R4 is frozen, so the number is stable and
/// is what the database stores.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u16);

impl TypeId {
    pub fn name(self) -> &'static str {
        unimplemented!()
    }
    /// The type of that exact name.
    pub fn of(_name: &str) -> Option<TypeId> {
        unimplemented!()
    }
}

impl fmt::Debug for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Stable id of a search parameter in index rows: a hash of `Type.code`, the same on every
/// machine and in every release (a test proves there is no collision).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub i32);

/// <https://hl7.org/fhir/R4/search.html#ptypes>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

/// A search parameter as one resource type has it.
#[derive(Debug)]
pub struct SearchParam {
    pub id: ParamId,
    /// The resource type it is defined for here (a multi-type parameter has one row per type).
    pub on: TypeId,
    pub code: &'static str,
    pub kind: ParamKind,
    pub url: &'static str,
    /// The official expression, cut down to the alternatives that apply to `on`.
    pub expression: &'static str,
    /// Types a reference may point to; empty means any.
    pub targets: Vec<TypeId>,
    /// For composites: component code or definition and its relative expression.
    pub components: Vec<(&'static str, &'static str)>,
    /// When this parameter owns no index rows because others already hold the same values
    /// (`patient` reads `subject`'s): the parameters to read instead.
    pub same_as: Vec<ParamId>,
    /// For an alias like `patient`: only references to these types count.
    pub only_targets: Vec<TypeId>,
}

/// All tables.
pub struct Registry {
    _private: (),
}

/// The one registry, built on first use.
pub fn registry() -> &'static Registry {
    unimplemented!()
}

impl Registry {
    /// All resource types a client can store, alphabetically (no abstract types).
    pub fn types(&self) -> &[TypeId] {
        unimplemented!()
    }
    /// All parameters of the type, by code, including those of Resource and DomainResource.
    pub fn params(&self, _on: TypeId) -> &[SearchParam] {
        unimplemented!()
    }
    pub fn param(&self, _on: TypeId, _code: &str) -> Option<&SearchParam> {
        unimplemented!()
    }
    pub fn param_by_id(&self, _id: ParamId) -> Option<&SearchParam> {
        unimplemented!()
    }
}
