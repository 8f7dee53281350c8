//! Where index rows are not one row per value.
//!
//! A code and the quantity beside it in a repeating element (`Observation.component`) share a row,
//! which answers the code, the quantity and the composite of both. The usual value of a required
//! code (`data/usual.tsv`) has no row: a resource without another value has that one.
use super::compiled::{owned, rows};
use super::{Entry, EntryValue, add, sorted, values, values_of};
use crate::path::{Env, Expr};
use crate::registry::{Custom, CustomParams, ParamKind, SearchParam, registry};
use crate::search::implicit;
use crate::{ParamId, Resource, TypeId};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// What the rows of one parameter look like.
enum Shape {
    Plain,
    /// In the table of codes with quantities, without one: read together with those that have one.
    Coded,
    /// In that table, each code with the quantities beside it.
    Paired(Box<Pair>),
    /// In the rows of the code beside it.
    Beside(ParamId),
    Unusual(Usual),
}

struct Pair {
    base: Expr,
    code: Expr,
    quantity: Expr,
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
            Shape::Coded => values(&resource.value, param.kind, path)
                .into_iter()
                .map(|code| coded(code, None))
                .collect(),
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
    if let Some((code, _)) = paired(param) {
        return vec![Place {
            id: code.id,
            coded: true,
        }];
    }
    let place = |id| match shape(param.on, id) {
        Some(Shape::Coded | Shape::Paired(_)) => Place { id, coded: true },
        Some(Shape::Beside(code)) => Place {
            id: *code,
            coded: true,
        },
        _ => Place { id, coded: false },
    };
    rows(param).into_iter().map(place).collect()
}

/// Whether one row answers both parts of this composite.
pub fn is_pair(param: &SearchParam) -> bool {
    paired(param).is_some()
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
    let params = registry().params(on);
    let pairs: Vec<_> = params
        .iter()
        .filter_map(|param| Some((param, paired(param)?)))
        .collect();
    let shape = |of: &SearchParam| {
        for (composite, (code, quantity)) in &pairs {
            if of.id == quantity.id {
                return Shape::Beside(code.id);
            }
            if let Some(pair) = Pair::of(composite).filter(|_| of.id == code.id) {
                return Shape::Paired(Box::new(pair));
            }
            if params
                .iter()
                .any(|p| p.same_as.contains(&of.id) && p.same_as.contains(&code.id))
            {
                return Shape::Coded;
            }
        }
        Usual::of(of).map_or(Shape::Plain, Shape::Unusual)
    };
    owned(on)
        .iter()
        .map(|(param, path)| (*param, path, shape(param)))
        .collect()
}

/// A code and a quantity that own rows, side by side in an element that repeats. In the resource
/// itself there is one of each, so that two rows are as exact as one.
fn paired(composite: &SearchParam) -> Option<(&'static SearchParam, &'static SearchParam)> {
    let [(code, _), (quantity, _)] = composite.components[..] else {
        return None;
    };
    // One of a database's own has parts with rows of their own.
    if composite.custom.is_some() {
        return None;
    }
    let repeats = composite.expression != composite.on.name() && !composite.expression.contains('|');
    let of = |name: &str, kind| {
        let param = registry().param(composite.on, name)?;
        (param.kind == kind && param.same_as.is_empty()).then_some(param)
    };
    let pair = (of(code, ParamKind::Token)?, of(quantity, ParamKind::Quantity)?);
    repeats.then_some(pair)
}

impl Pair {
    fn of(composite: &SearchParam) -> Option<Pair> {
        let [(_, code), (_, quantity)] = composite.components[..] else {
            return None;
        };
        Some(Pair {
            base: Expr::compile(composite.expression).ok()?,
            code: Expr::compile(code).ok()?,
            quantity: Expr::compile(quantity).ok()?,
        })
    }

    /// Every code of an element with every quantity of it; either may be missing.
    fn rows(&self, resource: &Value) -> Vec<EntryValue> {
        let mut out = Vec::new();
        for element in self.base.evaluate(resource, &Env::default()) {
            let codes = values_of(&self.code, &element, resource, ParamKind::Token);
            let quantities = values_of(&self.quantity, &element, resource, ParamKind::Quantity);
            for code in codes {
                if quantities.is_empty() {
                    out.push(coded(code.clone(), None));
                }
                let rows = quantities.iter().cloned().map(Some);
                out.extend(rows.map(|quantity| coded(code.clone(), quantity)));
            }
        }
        out
    }
}

fn coded(code: EntryValue, quantity: Option<EntryValue>) -> EntryValue {
    match code {
        EntryValue::Token { system, code } => EntryValue::Coded {
            system,
            code,
            quantity: quantity.map(Box::new),
        },
        other => other,
    }
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
