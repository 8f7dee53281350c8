//! `_sort`: by up to two keys, the missing last, equals by creation in the first key's direction.
//! <https://hl7.org/fhir/R4/search.html#sort>
use super::ask::values;
use super::world::Held;
use fhir::TypeId;
use fhir::registry::{ParamKind, SearchParam, registry};
use fhir::search::index::EntryValue;
use rand::Rng;
use rand::rngs::StdRng;
use std::cmp::Ordering;

pub struct Order(Vec<(&'static SearchParam, bool)>);

#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Key {
    Text(String),
    Date(i64),
    Number(f64),
}

impl Order {
    pub fn random(on: TypeId, rng: &mut StdRng) -> Order {
        let sorts = |param: &&SearchParam| {
            !matches!(param.kind, ParamKind::Composite | ParamKind::Special) && param.code != "_lastUpdated"
        };
        let params: Vec<_> = registry().params(on).iter().filter(sorts).collect();
        let keys = rng.random_range(0..3);
        Order(
            (0..keys)
                .map(|_| (params[rng.random_range(0..params.len())], rng.random_bool(0.5)))
                .collect(),
        )
    }

    /// `_sort=…&`
    pub fn parameter(&self) -> String {
        let key = |(param, descending): &(&SearchParam, bool)| {
            format!("{}{}", if *descending { "-" } else { "" }, param.code)
        };
        let keys: Vec<_> = self.0.iter().map(key).collect();
        if keys.is_empty() {
            String::new()
        } else {
            format!("_sort={}&", keys.join(","))
        }
    }

    /// `found` comes in the order of creation.
    pub fn sort(&self, found: &mut [&Held]) {
        if self.0.first().is_some_and(|(_, descending)| *descending) {
            found.reverse();
        }
        found.sort_by(|a, b| {
            let by = |(param, descending): &(&'static SearchParam, bool)| {
                compare(
                    key(a, param, *descending),
                    key(b, param, *descending),
                    *descending,
                )
            };
            self.0
                .iter()
                .map(by)
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
    }
}

fn compare(a: Option<Key>, b: Option<Key>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => {
            let order = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
            if descending { order.reverse() } else { order }
        }
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// The least value upwards, the greatest downwards.
fn key(one: &Held, param: &'static SearchParam, descending: bool) -> Option<Key> {
    if param.code == "_id" {
        return Some(Key::Text(one.id.clone()));
    }
    let keys = values(one, param).filter_map(|value| match value {
        EntryValue::Token { code: text, .. } | EntryValue::Uri(text) | EntryValue::Url(text) => {
            Some(Key::Text(text.clone()))
        }
        EntryValue::Local { id, .. } => Some(Key::Text(id.clone())),
        EntryValue::Str { norm, .. } => Some(Key::Text(norm.clone())),
        EntryValue::Date { low, .. } => Some(Key::Date(*low)),
        EntryValue::Number { low, high } => Some(Key::Number(if descending { *high } else { *low })),
        EntryValue::Quantity { value, .. } => Some(Key::Number(*value)),
        // Rows alone have codes with quantities; values come apart.
        EntryValue::Identifier { .. } | EntryValue::Coded { .. } => None,
    });
    keys.reduce(|a, b| if (a < b) == descending { b } else { a })
}
