//! UCUM units that measure the same, so that 0.12 g/dL finds 120 mg/dL. <https://ucum.org/ucum>
//!
//! `data/units.tsv` lists the units in use in clinical observations: what they measure, the code,
//! the factor to the unit of reference, and for temperatures the offset. Rows keep the unit that
//! was written; a search asks for its value in every commensurable unit instead.
use super::{NumberRange, Prefixed, QuantityTest};
use std::collections::HashMap;
use std::sync::LazyLock;

pub const UCUM: &str = "http://unitsofmeasure.org";
/// Factors are not exact; what differs after as many digits is not a difference of measurement.
const DIGITS: usize = 12;

#[derive(Debug, PartialEq)]
struct Unit {
    measures: &'static str,
    code: &'static str,
    factor: f64,
    offset: f64,
}

fn units() -> &'static [Unit] {
    static UNITS: LazyLock<Vec<Unit>> = LazyLock::new(|| {
        let lines = include_str!("../../data/units.tsv").lines();
        lines.filter_map(unit).collect()
    });
    &UNITS
}

fn unit(line: &'static str) -> Option<Unit> {
    let mut cells = line.split('\t');
    Some(Unit {
        measures: cells.next()?,
        code: cells.next()?,
        factor: cells.next()?.parse().ok()?,
        offset: cells.next().map_or(Some(0.0), |offset| offset.parse().ok())?,
    })
}

fn named(code: &str) -> Option<&'static Unit> {
    static BY_CODE: LazyLock<HashMap<&str, &Unit>> =
        LazyLock::new(|| units().iter().map(|unit| (unit.code, unit)).collect());
    BY_CODE.get(code).copied()
}

/// The test as given, and in all other units of the same kind.
pub fn commensurable(test: Prefixed<QuantityTest>) -> Vec<Prefixed<QuantityTest>> {
    let ucum = test.value.system.as_deref() == Some(UCUM);
    let given = test.value.code.as_deref().filter(|_| ucum).and_then(named);
    let others = units()
        .iter()
        .filter(|unit| given.is_some_and(|given| given.measures == unit.measures && given.code != unit.code));
    let converted = others.filter_map(|unit| {
        Some(Prefixed {
            prefix: test.prefix,
            value: QuantityTest {
                number: converted(&test.value.number, given?, unit),
                system: test.value.system.clone(),
                code: Some(unit.code.to_string()),
            },
        })
    });
    let mut all: Vec<_> = converted.collect();
    all.insert(0, test);
    all
}

fn converted(number: &NumberRange, from: &Unit, to: &Unit) -> NumberRange {
    let convert = |value: f64| rounded((value * from.factor + from.offset - to.offset) / to.factor);
    NumberRange {
        value: convert(number.value),
        low: convert(number.low),
        high: convert(number.high),
    }
}

fn rounded(value: f64) -> f64 {
    format!("{value:.DIGITS$e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Prefix;

    fn in_unit(value: f64, code: &str, wanted: &str) -> Option<f64> {
        let number = NumberRange {
            value,
            low: value,
            high: value,
        };
        let test = Prefixed {
            prefix: Prefix::Ge,
            value: QuantityTest {
                number,
                system: Some(UCUM.to_string()),
                code: Some(code.to_string()),
            },
        };
        let all = commensurable(test);
        let found = all.iter().find(|t| t.value.code.as_deref() == Some(wanted));
        found.map(|t| t.value.number.value)
    }

    #[test]
    fn values_are_those_of_the_other_unit() {
        assert_eq!(in_unit(1.2, "g/L", "mg/dL"), Some(120.0));
        assert_eq!(in_unit(37.0, "Cel", "[degF]"), Some(98.6));
        assert_eq!(in_unit(60.0, "/min", "Hz"), Some(1.0));
        assert_eq!(in_unit(150.0, "[lb_av]", "kg"), Some(68.0388555));
        assert_eq!(in_unit(4.5, "10*3/uL", "10*9/L"), Some(4.5));
        assert_eq!(in_unit(1.0, "g/L", "mmol/L"), None);
    }

    #[test]
    fn every_line_is_a_unit_and_none_comes_twice() {
        let lines = include_str!("../../data/units.tsv").lines().count();
        assert_eq!(units().len(), lines);
        let codes: std::collections::HashSet<_> = units().iter().map(|unit| unit.code).collect();
        assert_eq!(codes.len(), lines);
        assert!(units().iter().all(|unit| unit.factor > 0.0));
    }
}
