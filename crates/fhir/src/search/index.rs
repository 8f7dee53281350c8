//! What a resource is found by: its index entries, extracted with compiled paths.
use crate::{ParamId, Resource, TypeId};

/// One index row to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub param: ParamId,
    pub value: EntryValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum EntryValue {
    /// `system` is None where the element has none; uris are tokens without a system.
    Token { system: Option<String>, code: String },
    /// `Reference.identifier`, under the reference's own parameter.
    Identifier { system: Option<String>, code: String },
    /// A reference to a resource here.
    Local { type_id: TypeId, id: String },
    /// A reference elsewhere, a canonical or a URN.
    Url(String),
    /// Inclusive microseconds.
    Date { low: i64, high: i64 },
    /// `norm` from [`normalise`]; `exact` as written.
    Str { norm: String, exact: String },
    Number { low: f64, high: f64 },
    /// `code` falls back to the unit where there is no code.
    Quantity { value: f64, system: Option<String>, code: Option<String> },
    Uri(String),
}

/// All entries of a resource, without duplicates, in a stable order.
pub fn entries(_resource: &Resource) -> Vec<Entry> {
    unimplemented!()
}

/// Case and accents folded, white space collapsed: how strings are compared.
pub fn normalise(_text: &str) -> String {
    unimplemented!()
}
