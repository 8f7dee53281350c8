//! `latitude|longitude[|distance[|units]]`. <https://hl7.org/fhir/R4/location.html#positional>
use super::escape::split;
use super::values::each;
use super::{invalid, unsupported};
use crate::Issue;
use crate::registry::SearchParam;
use crate::search::check::Check;
use crate::search::near::Near;
use crate::search::{Filter, Test};

const RULE: &str = "takes latitude|longitude|distance|unit in decimal degrees, such as 42.36|-71.06|11.2|km; units are km, m, [mi_i], [mi_us] and [ft_i]";
/// What `near` means where no distance is given.
const NEARBY_KM: f64 = 50.0;

/// Kilometres in a unit of length.
const UNITS: [(&str, f64); 5] = [
    ("km", 1.0),
    ("m", 0.001),
    ("[mi_i]", 1.609344),
    ("[mi_us]", 1.609347),
    ("[ft_i]", 0.0003048),
];

pub fn filter(
    param: &'static SearchParam,
    name: &str,
    modifier: Option<&str>,
    value: &[&str],
) -> Result<Filter, Issue> {
    if modifier.is_some() {
        return Err(unsupported(name, "takes no modifier"));
    }
    let within = each(value, near).map_err(|rule| invalid(name, rule))?;
    Ok(Filter::And(vec![
        Filter::Param {
            param,
            test: Test::Near(within.clone()),
        },
        Filter::Checked(Check::Near { param, within }),
    ]))
}

fn near(text: &str) -> Result<Near, &'static str> {
    let parts = split(text, '|');
    if !(2..=4).contains(&parts.len()) {
        return Err(RULE);
    }
    let number = |at: usize| parts[at].parse().ok().filter(|n: &f64| n.is_finite()).ok_or(RULE);
    let (latitude, longitude) = (number(0)?, number(1)?);
    if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
        return Err(RULE);
    }
    let unit = parts
        .get(3)
        .copied()
        .filter(|unit| !unit.is_empty())
        .unwrap_or("km");
    let (_, factor) = UNITS.iter().find(|(code, _)| *code == unit).ok_or(RULE)?;
    let kilometres = match parts.get(2) {
        Some(distance) if !distance.is_empty() => number(2)? * factor,
        _ => NEARBY_KM,
    };
    if kilometres < 0.0 {
        return Err(RULE);
    }
    Ok(Near {
        latitude,
        longitude,
        kilometres,
    })
}
