//! What a prefix compares: ranges of time with ranges, numbers with numbers.
//! <https://hl7.org/fhir/R4/search.html#prefix>
//!
//! Said once, for index rows and for values in memory. Dates compare ranges with ranges. For
//! numbers only `eq`, `ne` and `ap` use the precision the client wrote; the others compare with
//! the exact value.
use super::{NumberRange, Prefix, Prefixed};
use crate::datetime::DateRange;

const DAY: i64 = 86_400_000_000;

/// An end of the range that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Low,
    High,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    Less,
    AtMost,
    AtLeast,
    More,
}

#[derive(Clone, Copy, Debug)]
pub struct Comparison<T> {
    pub side: Side,
    pub is: Is,
    pub than: T,
}

#[derive(Clone, Debug)]
pub enum Comparisons<T> {
    All(Vec<Comparison<T>>),
    Any(Vec<Comparison<T>>),
}

impl<T: PartialOrd + Copy> Comparisons<T> {
    pub fn hold(&self, low: T, high: T) -> bool {
        let holds = |c: &Comparison<T>| c.holds(low, high);
        match self {
            Comparisons::All(parts) => parts.iter().all(holds),
            Comparisons::Any(parts) => parts.iter().any(holds),
        }
    }
}

impl<T: PartialOrd + Copy> Comparison<T> {
    fn holds(&self, low: T, high: T) -> bool {
        let value = match self.side {
            Side::Low => low,
            Side::High => high,
        };
        match self.is {
            Is::Less => value < self.than,
            Is::AtMost => value <= self.than,
            Is::AtLeast => value >= self.than,
            Is::More => value > self.than,
        }
    }
}

fn low<T>(is: Is, than: T) -> Comparison<T> {
    Comparison {
        side: Side::Low,
        is,
        than,
    }
}

fn high<T>(is: Is, than: T) -> Comparison<T> {
    Comparison {
        side: Side::High,
        is,
        than,
    }
}

fn overlap<T>(from: T, to: T) -> Comparisons<T> {
    Comparisons::All(vec![low(Is::AtMost, to), high(Is::AtLeast, from)])
}

pub fn dates(test: &Prefixed<DateRange>) -> Comparisons<i64> {
    let DateRange { low: from, high: to } = test.value;
    Comparisons::All(match test.prefix {
        // `low <= to` follows from the other two and bounds the range that is scanned.
        Prefix::Eq => vec![low(Is::AtLeast, from), low(Is::AtMost, to), high(Is::AtMost, to)],
        Prefix::Ne => return Comparisons::Any(vec![low(Is::Less, from), high(Is::More, to)]),
        Prefix::Gt => vec![high(Is::More, to)],
        Prefix::Lt => vec![low(Is::Less, from)],
        Prefix::Ge => vec![high(Is::AtLeast, from)],
        Prefix::Le => vec![low(Is::AtMost, to)],
        Prefix::Sa => vec![low(Is::More, to)],
        Prefix::Eb => vec![high(Is::Less, from)],
        Prefix::Po => return overlap(from, to),
        Prefix::Ap => {
            // As much again on either side, at least a day.
            let slack = to.saturating_sub(from).max(DAY);
            return overlap(from.saturating_sub(slack), to.saturating_add(slack));
        }
    })
}

pub fn numbers(test: &Prefixed<NumberRange>) -> Comparisons<f64> {
    let number = &test.value;
    let exact = number.value;
    Comparisons::All(match test.prefix {
        Prefix::Eq => vec![low(Is::AtLeast, number.low), high(Is::Less, number.high)],
        Prefix::Ne => {
            return Comparisons::Any(vec![low(Is::Less, number.low), high(Is::AtLeast, number.high)]);
        }
        Prefix::Gt => vec![high(Is::More, exact)],
        Prefix::Lt => vec![low(Is::Less, exact)],
        Prefix::Ge => vec![high(Is::AtLeast, exact)],
        Prefix::Le => vec![low(Is::AtMost, exact)],
        Prefix::Sa => vec![low(Is::More, exact)],
        Prefix::Eb => vec![high(Is::Less, exact)],
        Prefix::Po => return overlap(number.low, number.high),
        Prefix::Ap => {
            let slack = (exact.abs() * 0.1).max(number.high - exact);
            return overlap(exact - slack, exact + slack);
        }
    })
}
