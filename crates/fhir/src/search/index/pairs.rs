//! A code and the quantity beside it, in one row: what answers a composite of both exactly.
//! <https://hl7.org/fhir/R4/search.html#combining>
use super::{EntryValue, values_of};
use crate::path::{Env, Expr};
use crate::registry::{ParamKind, SearchParam, registry};
use serde_json::Value;

/// The parts of a composite whose code and quantity own rows.
pub struct Parts {
    pub code: &'static SearchParam,
    pub quantity: &'static SearchParam,
    /// Whether both are in an element that repeats; else they are the resource's own.
    pub repeats: bool,
}

/// The parts, where one row of the code answers this composite.
pub fn parts(composite: &SearchParam) -> Option<Parts> {
    let [(code, _), (quantity, _)] = composite.components[..] else {
        return None;
    };
    // One of a database's own has parts with rows of their own.
    if composite.custom.is_some() || composite.expression.contains('|') {
        return None;
    }
    let of = |name: &str, kind| {
        let param = registry().param(composite.on, name)?;
        (param.kind == kind && param.same_as.is_empty()).then_some(param)
    };
    Some(Parts {
        code: of(code, ParamKind::Token)?,
        quantity: of(quantity, ParamKind::Quantity)?,
        repeats: composite.expression != composite.on.name(),
    })
}

/// The composites that stand for this one, each answered by one row: itself, or for one of several elements
/// (`Observation | Observation.component`) those of each alone. Empty where rows do not answer it.
pub fn pairs(composite: &SearchParam) -> Vec<&'static SearchParam> {
    if composite.kind != ParamKind::Composite {
        return Vec::new();
    }
    if parts(composite).is_some() {
        return registry().param_by_id(composite.id).into_iter().collect();
    }
    let paths = |of: &SearchParam| of.components.iter().map(|(_, path)| *path).collect::<Vec<_>>();
    let alone = |base: &str| {
        let mut all = registry().params(composite.on).iter();
        all.find(|other| {
            other.expression == base.trim() && paths(other) == paths(composite) && parts(other).is_some()
        })
    };
    let all = composite.expression.split('|').map(alone);
    all.collect::<Option<_>>().unwrap_or_default()
}

/// The paths of such a composite.
pub struct Pair {
    base: Expr,
    code: Expr,
    quantity: Expr,
}

impl Pair {
    pub fn of(composite: &SearchParam) -> Option<Pair> {
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
    pub fn rows(&self, resource: &Value) -> Vec<EntryValue> {
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
