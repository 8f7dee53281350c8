//! Search parameters per type. <https://hl7.org/fhir/R4/searchparameter-registry.html>
use super::TypeId;
use crate::path::Expr;
use std::collections::HashMap;

/// Stable id of a search parameter in index rows: a hash of `Type.code`, the same on every
/// machine and in every release (a test proves there is no collision).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub i32);

impl ParamId {
    /// FNV-1a over `Type.code`; identifiers of references live under `Type.code:identifier`.
    pub fn of(type_name: &str, code: &str) -> ParamId {
        let bytes = type_name.bytes().chain([b'.']).chain(code.bytes());
        let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        ParamId(hash.cast_signed())
    }
}

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

impl ParamKind {
    /// As in `SearchParameter.type`.
    pub fn code(self) -> &'static str {
        KINDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("special", |(_, code)| code)
    }

    fn of(code: &str) -> ParamKind {
        ParamKind::named(code).unwrap_or(ParamKind::Special)
    }

    pub fn named(code: &str) -> Option<ParamKind> {
        let found = KINDS.iter().find(|(_, name)| *name == code);
        found.map(|(kind, _)| *kind)
    }
}

const KINDS: [(ParamKind, &str); 9] = [
    (ParamKind::Number, "number"),
    (ParamKind::Date, "date"),
    (ParamKind::String, "string"),
    (ParamKind::Token, "token"),
    (ParamKind::Reference, "reference"),
    (ParamKind::Composite, "composite"),
    (ParamKind::Quantity, "quantity"),
    (ParamKind::Uri, "uri"),
    (ParamKind::Special, "special"),
];

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
    /// For composites: code of the component parameter and its expression relative to
    /// `expression`.
    pub components: Vec<(&'static str, &'static str)>,
    /// When this parameter owns no index rows because others already hold the same values
    /// (`patient` reads `subject`'s): the parameters to read instead.
    pub same_as: Vec<ParamId>,
    /// For an alias like `patient`: only references to these types count.
    pub only_targets: Vec<TypeId>,
    /// The compiled expression of a parameter that a database added to R4's.
    pub custom: Option<Box<Expr>>,
}

impl SearchParam {
    /// Under which `Reference.identifier` of this parameter is indexed.
    pub fn identifier_id(&self) -> ParamId {
        ParamId::of(self.on.name(), &format!("{}:identifier", self.code))
    }
}

const OFFICIAL: &str = include_str!("../../data/params.tsv");
/// Baton's own parameters, in the columns of the generated table.
const OWN: &str = include_str!("../../data/baton_params.tsv");

/// Parameters by type, and where each id is.
pub(super) struct Params {
    by_type: Vec<Vec<SearchParam>>,
    by_id: HashMap<ParamId, (usize, usize)>,
}

impl Params {
    pub(super) fn load() -> Params {
        let mut by_type: Vec<Vec<SearchParam>> = TypeId::all().map(|_| Vec::new()).collect();
        for line in OFFICIAL.lines().chain(OWN.lines()) {
            for on in applies_to(line) {
                by_type[usize::from(on.0)].push(row(on, line));
            }
        }
        let mut by_id = HashMap::new();
        for (on, params) in by_type.iter_mut().enumerate() {
            params.sort_by_key(|param| param.code);
            by_id.extend(params.iter().enumerate().map(|(at, param)| (param.id, (on, at))));
        }
        Params { by_type, by_id }
    }

    pub(super) fn of(&self, on: TypeId) -> &[SearchParam] {
        self.by_type.get(usize::from(on.0)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn by_id(&self, id: ParamId) -> Option<&SearchParam> {
        self.by_id.get(&id).map(|(on, at)| &self.by_type[*on][*at])
    }
}

/// A row of an abstract type is a row of every type.
fn applies_to(line: &str) -> Vec<TypeId> {
    let name = line.split('\t').next().unwrap_or_default();
    TypeId::of(name).map_or_else(|| TypeId::all().collect(), |on| vec![on])
}

fn row(on: TypeId, line: &'static str) -> SearchParam {
    let mut cells = line.split('\t').skip(1);
    let mut cell = || cells.next().unwrap_or_default();
    let code = cell();
    SearchParam {
        id: ParamId::of(on.name(), code),
        on,
        code,
        kind: ParamKind::of(cell()),
        url: cell(),
        expression: cell(),
        targets: types(cell()),
        components: cell()
            .split(';')
            .filter_map(|component| component.split_once('='))
            .collect(),
        same_as: cell()
            .split_whitespace()
            .map(|code| ParamId::of(on.name(), code))
            .collect(),
        only_targets: types(cell()),
        custom: None,
    }
}

fn types(names: &str) -> Vec<TypeId> {
    names.split_whitespace().filter_map(TypeId::of).collect()
}
