//! Where index rows are not one row per value.
//!
//! A code and the quantity beside it (`pairs.rs`) share a row, which answers the code and the composite
//! of both; in a repeating element (`Observation.component`) also the quantity, while the resource's own
//! has a row by itself too, to be found by whatever its code is. The usual value of a required
//! code (`data/usual.tsv`) has no row: a resource without another value has that one.
use super::compiled::{owned, rows};
use super::pairs::{Pair, Parts, pairs, parts};
use super::{Entry, EntryValue, add, sorted, values};
use crate::path::Expr;
use crate::registry::{Custom, CustomParams, SearchParam, registry};
use crate::search::implicit;
use crate::{ParamId, Resource, TypeId};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// What the rows of one parameter look like.
enum Shape {
    Plain,
    /// In the table of codes, each with the quantities beside it.
    Paired(Box<Pair>),
    /// In the rows of the code beside it.
    Beside(ParamId),
    Unusual(Usual),
}

/// The value that has no row, and those that have one.
pub struct Usual {
    pub code: &'static str,
    /// The empty code stands for an element that is not there or has no known code.
    pub others: Vec<&'static str>,
}

/// The ids of the rows a parameter reads, and whether they are codes with quantities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub id: ParamId,
    pub coded: bool,
}

type Shapes = Vec<(&'static SearchParam, &'static Expr, Shape)>;

/// The rows of a resource by R4's parameters, without duplicates, in a stable order.
pub fn stored(resource: &Resource) -> Vec<Entry> {
    stored_with(resource, CustomParams::none())
}

/// The same with the parameters a database adds, whose rows are one per value.
pub fn stored_with(resource: &Resource, custom: &CustomParams) -> Vec<Entry> {
    let mut found = Vec::new();
    for (param, path, shape) in shapes(resource.type_id) {
        let laid_out = match shape {
            Shape::Plain => values(&resource.value, param.kind, path),
            Shape::Paired(pair) => pair.rows(&resource.value),
            Shape::Beside(_) => continue,
            Shape::Unusual(usual) => usual.rows(values(&resource.value, param.kind, path)),
        };
        found.extend(laid_out.into_iter().map(|value| Entry {
            param: param.id,
            value,
        }));
    }
    for Custom { param, .. } in custom.of(resource.type_id) {
        add(&resource.value, param, &mut found);
    }
    sorted(found, &custom.bases)
}

/// Where the rows of a parameter are; more than one place for one that reads others'.
pub fn places(param: &SearchParam) -> Vec<Place> {
    let of_pair = |pair: &SearchParam| {
        Some(Place {
            id: parts(pair)?.code.id,
            coded: true,
        })
    };
    let paired: Vec<Place> = pairs(param).into_iter().filter_map(of_pair).collect();
    if !paired.is_empty() {
        return paired;
    }
    let place = |id| match shape(param.on, id) {
        Some(Shape::Paired(_)) => Place { id, coded: true },
        Some(Shape::Beside(code)) => Place {
            id: *code,
            coded: true,
        },
        _ => Place { id, coded: false },
    };
    rows(param).into_iter().map(place).collect()
}

/// What a composite of a code and a quantity finds in a resource: each code with the quantity beside it.
pub fn pairs_of(resource: &Value, composite: &SearchParam) -> Vec<EntryValue> {
    let shape = |pair: &SearchParam| shape(pair.on, parts(pair)?.code.id);
    let shapes = pairs(composite).into_iter().filter_map(shape);
    let rows = shapes.map(|shape| match shape {
        Shape::Paired(pair) => pair.rows(resource),
        _ => Vec::new(),
    });
    rows.flatten().collect()
}

/// The value of this parameter that has no row.
pub fn usual(param: &SearchParam) -> Option<&'static Usual> {
    match shape(param.on, param.id) {
        Some(Shape::Unusual(usual)) => Some(usual),
        _ => None,
    }
}

fn shape(on: TypeId, id: ParamId) -> Option<&'static Shape> {
    let (_, _, shape) = shapes(on).iter().find(|(param, ..)| param.id == id)?;
    Some(shape)
}

fn shapes(on: TypeId) -> &'static Shapes {
    static TYPES: LazyLock<Vec<OnceLock<Shapes>>> =
        LazyLock::new(|| registry().types().iter().map(|_| OnceLock::new()).collect());
    static NONE: Shapes = Vec::new();
    TYPES
        .get(usize::from(on.0))
        .map_or(&NONE, |cell| cell.get_or_init(|| draw(on)))
}

fn draw(on: TypeId) -> Shapes {
    let params = registry().params(on).iter();
    let pairs: Vec<_> = params.filter_map(|param| Some((param, parts(param)?))).collect();
    let shape = |of: &SearchParam| {
        let paired = pairs
            .iter()
            .find_map(|(composite, parts)| in_pair(of, composite, parts));
        paired.or_else(|| Usual::of(of).map(Shape::Unusual))
    };
    owned(on)
        .iter()
        .map(|(param, path)| (*param, path, shape(param).unwrap_or(Shape::Plain)))
        .collect()
}

fn in_pair(of: &SearchParam, composite: &SearchParam, parts: &Parts) -> Option<Shape> {
    if of.id == parts.code.id {
        return Some(Shape::Paired(Box::new(Pair::of(composite)?)));
    }
    (of.id == parts.quantity.id && parts.repeats).then_some(Shape::Beside(parts.code.id))
}

impl Usual {
    fn of(param: &SearchParam) -> Option<Usual> {
        static CODES: LazyLock<HashMap<ParamId, &str>> = LazyLock::new(|| {
            let lines = include_str!("../../../data/usual.tsv").lines();
            lines
                .filter_map(|line| {
                    let (of, value) = line.rsplit_once('\t')?;
                    let (on, code) = of.split_once('\t')?;
                    Some((ParamId::of(on, code), value))
                })
                .collect()
        });
        let code = CODES.get(&param.id)?;
        let known = implicit::binding(param.on, param.expression)?;
        let codes = known.systems.iter().flat_map(|(_, codes)| codes.iter().copied());
        let others = codes.filter(|other| other != code).chain([""]).collect();
        Some(Usual { code, others })
    }

    fn rows(&self, found: Vec<EntryValue>) -> Vec<EntryValue> {
        let known = |value: &EntryValue| matches!(value, EntryValue::Token { system: None, code } if self.others.contains(&code.as_str()));
        let is_usual = |value: &EntryValue| matches!(value, EntryValue::Token { system: None, code } if code == self.code);
        match &found[..] {
            [one] if is_usual(one) => Vec::new(),
            [one] if known(one) => found,
            _ => {
                let unknown = EntryValue::Token {
                    system: None,
                    code: String::new(),
                };
                found.into_iter().chain([unknown]).collect()
            }
        }
    }
}
