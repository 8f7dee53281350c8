//! Whether one resource is an answer: by the words of the specification, one value at a time.
//! <https://hl7.org/fhir/R4/search.html#ptypes>
use super::ask::{Ask, plainly, values};
use super::value::{converted, fold};
use super::want::{Prefix, Want};
use super::world::{Held, World};
use fhir::search::index::EntryValue;
use serde_json::Value;

pub fn holds(ask: &Ask, one: &Held, world: &World) -> bool {
    match ask {
        Ask::Id(ids) => ids.contains(&one.id),
        Ask::Missing(param, missing) => (values(one, param).next().is_none()) == *missing,
        Ask::Values { param, modifier, wants } => {
            let any = values(one, param).any(|value| wants.iter().any(|want| matches(want, modifier, value)));
            any != (modifier == ":not")
        }
        Ask::Pair { param, code, quantity } => elements(one, param.code).any(|element| pair(element, code, quantity)),
        Ask::Chain { param, target, inner } => values(one, param).any(|value| match value {
            EntryValue::Local { type_id, id } if type_id == target => {
                world.get(*target, id).is_some_and(|there| holds(inner, there, world))
            }
            _ => false,
        }),
        Ask::Has { from, by, inner } => world.of(*from).any(|there| {
            let refers = values(there, by).any(|value| matches!(value, EntryValue::Local { type_id, id } if *type_id == one.on && *id == one.id));
            refers && holds(inner, there, world)
        }),
    }
}

fn matches(want: &Want, modifier: &str, value: &EntryValue) -> bool {
    match (want, value) {
        (
            Want::Token { system, code },
            EntryValue::Token {
                system: of,
                code: held,
            },
        )
        | (
            Want::Token { system, code },
            EntryValue::Identifier {
                system: of,
                code: held,
            },
        ) => {
            let identifies = matches!(value, EntryValue::Identifier { .. });
            let named = system
                .as_ref()
                .is_none_or(|system| system == of.as_deref().unwrap_or_default());
            identifies == (modifier == ":identifier")
                && named
                && code.as_ref().is_none_or(|code| code == held)
        }
        (Want::Reference { on, id }, EntryValue::Local { type_id, id: held }) => {
            let on = on.map_or(modifier.trim_start_matches(':'), |on| on.name());
            on == type_id.name() && id == held
        }
        (Want::Canonical(url), EntryValue::Url(held)) => {
            url == held || (!url.contains('|') && held.split_once('|').is_some_and(|(held, _)| held == url))
        }
        (Want::Text(text), EntryValue::Str { exact, .. }) => match modifier {
            ":exact" => text == exact,
            ":contains" => fold(exact).contains(&fold(text)),
            _ => fold(exact).starts_with(&fold(text)),
        },
        (Want::Uri(uri), EntryValue::Uri(held)) => match modifier {
            ":below" => held.starts_with(uri),
            ":above" => above(uri, held),
            _ => held == uri,
        },
        (Want::Date { prefix, moment }, EntryValue::Date { low, high }) => {
            date(*prefix, (moment.first, moment.last), (*low, *high))
        }
        (Want::Number { prefix, number, .. }, EntryValue::Number { low, high }) => {
            let (exact, half) = number.read();
            self::number(*prefix, (exact, exact - half, exact + half), (*low, *high))
        }
        (Want::Number { .. }, EntryValue::Quantity { value, system, code }) => {
            quantity(want, *value, system.as_deref(), code.as_deref())
        }
        _ => false,
    }
}

/// The held one is the asked one or what comes before a segment of it.
fn above(uri: &str, held: &str) -> bool {
    let sign = |c: char| matches!(c, '/' | ':' | '.' | '?' | '#');
    uri.strip_prefix(held)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(sign) || held.ends_with(sign))
}

/// <https://hl7.org/fhir/R4/search.html#prefix>
fn date(prefix: Prefix, (first, last): (i64, i64), (low, high): (i64, i64)) -> bool {
    let contained = first <= low && high <= last;
    match plainly(prefix) {
        Prefix::Eq => contained,
        Prefix::Ne => !contained,
        Prefix::Gt => high > last,
        Prefix::Lt => low < first,
        Prefix::Ge => high >= first,
        Prefix::Le => low <= last,
        Prefix::Sa => low > last,
        Prefix::Eb => high < first,
        _ => {
            let slack = (last - first).max(86_400_000_000);
            low <= last + slack && high >= first - slack
        }
    }
}

fn number(prefix: Prefix, (exact, least, most): (f64, f64, f64), (low, high): (f64, f64)) -> bool {
    let contained = least <= low && high < most;
    match plainly(prefix) {
        Prefix::Eq => contained,
        Prefix::Ne => !contained,
        Prefix::Gt => high > exact,
        Prefix::Lt => low < exact,
        Prefix::Ge => high >= exact,
        Prefix::Le => low <= exact,
        Prefix::Sa => low > exact,
        Prefix::Eb => high < exact,
        _ => {
            let slack = (exact.abs() * 0.1).max(most - exact);
            low <= exact + slack && high >= exact - slack
        }
    }
}

fn quantity(want: &Want, held: f64, system: Option<&str>, code: Option<&str>) -> bool {
    let Want::Number { prefix, number, unit } = want else {
        return false;
    };
    let (exact, half) = number.read();
    let bounds = (exact, exact - half, exact + half);
    let Some((of, wanted)) = unit else {
        return self::number(*prefix, bounds, (held, held));
    };
    if system != Some(of) {
        return false;
    }
    if code == Some(wanted) {
        return self::number(*prefix, bounds, (held, held));
    }
    let (Some(code), Some((kind, factor))) = (code, converted(1.0, wanted)) else {
        return false;
    };
    match converted(held, code) {
        Some((same, held)) if same == kind => self::number(*prefix, bounds, (held / factor, held / factor)),
        _ => false,
    }
}

/// Where the parts of a composite stand together.
fn elements<'a>(one: &'a Held, code: &str) -> impl Iterator<Item = &'a Value> {
    let (root, parts) = (!code.starts_with("component"), !code.starts_with("code"));
    let components = one.value["component"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |_| parts);
    std::iter::once(&one.value)
        .filter(move |_| root)
        .chain(components)
}

fn pair(element: &Value, code: &Want, wanted: &Want) -> bool {
    let codings = element["code"]["coding"].as_array().into_iter().flatten();
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_string);
    let coded = codings.into_iter().any(|coding| {
        let value = EntryValue::Token {
            system: text(coding, "system"),
            code: text(coding, "code").unwrap_or_default(),
        };
        matches(code, "", &value)
    });
    let held = &element["valueQuantity"];
    let unit = text(held, "code").or_else(|| text(held, "unit"));
    coded
        && held["value"]
            .as_f64()
            .is_some_and(|value| quantity(wanted, value, held["system"].as_str(), unit.as_deref()))
}
