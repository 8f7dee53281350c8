//! Equality, order and truth; None is FHIRPath's empty. <http://hl7.org/fhirpath/N1/#operations>
use super::ast::Operator;
use super::item::{Data, Item, Of};
use super::quantity;
use crate::datetime::{Precision, Stamp};
use crate::registry::Primitive;
use std::cmp::Ordering;
use std::collections::HashSet;

/// A collection as a condition: one Boolean is itself, one item of another kind counts as true.
pub(super) fn truth(items: &[Item]) -> Option<bool> {
    match items {
        [item] => Some(item.as_bool().unwrap_or(true)),
        _ => None,
    }
}

/// <http://hl7.org/fhirpath/N1/#boolean-logic>
pub(super) fn logic(operator: Operator, left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match operator {
        Operator::And => match (left, right) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Operator::Or => logic(Operator::And, left.map(|l| !l), right.map(|r| !r)).map(|neither| !neither),
        Operator::Implies => logic(Operator::Or, left.map(|l| !l), right),
        _ => Some(left? != right?),
    }
}

pub(super) fn equal(left: &[Item], right: &[Item]) -> Option<bool> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    if left.len() != right.len() {
        return Some(false);
    }
    left.iter()
        .zip(right)
        .try_fold(true, |all, (l, r)| Some(all && item_equal(l, r)?))
}

pub(super) fn has(items: &[Item], wanted: &Item) -> bool {
    items.iter().any(|item| item_equal(item, wanted) == Some(true))
}

/// Values seen so far, by what they say.
#[derive(Default)]
pub(super) struct Seen(HashSet<String>);

impl Seen {
    /// False for a value that was there already.
    pub(super) fn insert(&mut self, item: &Item) -> bool {
        let text = || item.as_str().map(|text| format!("'{text}"));
        let number = || item.as_f64().map(|number| format!("#{number}"));
        let flag = || item.as_bool().map(|flag| flag.to_string());
        let whole = || item.json().map(|value| value.to_string());
        let shown = text().or_else(number).or_else(flag).or_else(whole);
        self.0.insert(shown.unwrap_or_else(|| format!("{:?}", item.data)))
    }
}

fn item_equal(left: &Item, right: &Item) -> Option<bool> {
    if let (Some(left), Some(right)) = (moment(left), moment(right)) {
        return moments_equal(left, right);
    }
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        return Some(left == right);
    }
    if let (Some(left), Some(right)) = (left.as_bool(), right.as_bool()) {
        return Some(left == right);
    }
    if is_literal(left) || is_literal(right) || left.as_f64().is_some() {
        return match (quantity::of(left), quantity::of(right)) {
            (Some(left), Some(right)) => quantity::aligned(left, right).map(|(l, r)| l == r),
            _ => Some(false),
        };
    }
    match (&left.data, &right.data) {
        (Data::Target(left), Data::Target(right)) => Some(left == right),
        _ => Some(left.json().is_some() && left.json() == right.json()),
    }
}

fn is_literal(item: &Item) -> bool {
    matches!(
        item.data,
        Data::Quantity(..) | Data::Integer(_) | Data::Decimal(_)
    )
}

/// What precision or a missing zone leaves open is unknown.
fn moments_equal(left: Stamp, right: Stamp) -> Option<bool> {
    order_of(left, right).map(|order| order == Ordering::Equal)
}

fn order_of(left: Stamp, right: Stamp) -> Option<Ordering> {
    let clock = |stamp: Stamp| stamp.precision > Precision::Day;
    match (left.range, right.range) {
        _ if clock(left) && clock(right) && left.zoned != right.zoned => None,
        // Seconds and their fractions are one precision.
        (l, r) if left.precision == Precision::Second && right.precision == Precision::Second => {
            Some(l.low.cmp(&r.low))
        }
        (l, r) if l == r => Some(Ordering::Equal),
        (l, r) if l.high < r.low => Some(Ordering::Less),
        (l, r) if l.low > r.high => Some(Ordering::Greater),
        _ => None,
    }
}

/// A date, dateTime, instant or time, written as a literal or held by an element.
pub(super) fn moment(item: &Item) -> Option<Stamp> {
    match &item.data {
        Data::Temporal(text) if text.starts_with('T') => time_of_day(text),
        Data::Temporal(text) => Stamp::parse(text),
        Data::Node {
            of: Of::Primitive(primitive),
            ..
        } => match primitive {
            Primitive::Date | Primitive::DateTime | Primitive::Instant => Stamp::parse(item.as_str()?),
            Primitive::Time => time_of_day(&format!("T{}", item.as_str()?)),
            _ => None,
        },
        _ => None,
    }
}

/// Times compare like moments of one day.
pub(super) fn time_of_day(time: &str) -> Option<Stamp> {
    Stamp::parse(&format!("1970-01-01{time}"))
}

/// Both sides must be one item; what cannot be ordered is empty.
pub(super) fn ordered(operator: Operator, left: &[Item], right: &[Item]) -> Option<bool> {
    let ([left], [right]) = (left, right) else {
        return None;
    };
    let order = order(left, right)?;
    Some(match operator {
        Operator::Less => order == Ordering::Less,
        Operator::Greater => order == Ordering::Greater,
        Operator::LessOrEqual => order != Ordering::Greater,
        _ => order != Ordering::Less,
    })
}

fn order(left: &Item, right: &Item) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (moment(left), moment(right)) {
        return order_of(left, right);
    }
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        return Some(left.cmp(right));
    }
    let (left, right) = quantity::aligned(quantity::of(left)?, quantity::of(right)?)?;
    left.partial_cmp(&right)
}

/// `~`: without regard to order, case and white space; two empties are equivalent.
pub(super) fn equivalent(left: &[Item], right: &[Item]) -> bool {
    let matched = |item: &Item| right.iter().any(|other| item_equivalent(item, other));
    left.len() == right.len() && left.iter().all(matched)
}

fn item_equivalent(left: &Item, right: &Item) -> bool {
    let alike = |left: &str, right: &str| folded(left) == folded(right);
    item_equal(left, right) == Some(true)
        || left
            .as_str()
            .zip(right.as_str())
            .is_some_and(|(l, r)| alike(l, r))
}

fn folded(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
