//! Questions, made of the values that resources hold or nearly hold.
use super::value::moment;
use super::want::{Decimal, PREFIXES, Prefix, Want};
use super::world::{Held, World};
use fhir::TypeId;
use fhir::registry::{ParamKind, SearchParam, registry};
use fhir::search::index::{Entry, EntryValue, rows};
use rand::Rng;
use rand::rngs::StdRng;

#[derive(Clone, Debug)]
pub enum Ask {
    Id(Vec<String>),
    Missing(&'static SearchParam, bool),
    /// Any of the values, with the modifier they share.
    Values {
        param: &'static SearchParam,
        modifier: String,
        wants: Vec<Want>,
    },
    /// A code and a quantity in one element.
    Pair {
        param: &'static SearchParam,
        code: Want,
        quantity: Want,
    },
    Chain {
        param: &'static SearchParam,
        target: TypeId,
        inner: Box<Ask>,
    },
    Has {
        from: TypeId,
        by: &'static SearchParam,
        inner: Box<Ask>,
    },
}

impl Ask {
    pub fn name(&self) -> String {
        match self {
            Ask::Id(_) => "_id".to_string(),
            Ask::Missing(param, _) => format!("{}:missing", param.code),
            Ask::Values { param, modifier, .. } => format!("{}{modifier}", param.code),
            Ask::Pair { param, .. } => param.code.to_string(),
            Ask::Chain { param, target, inner } => {
                format!("{}:{}.{}", param.code, target.name(), inner.name())
            }
            Ask::Has { from, by, inner } => format!("_has:{}:{}:{}", from.name(), by.code, inner.name()),
        }
    }

    pub fn value(&self) -> String {
        match self {
            Ask::Id(ids) => ids.join(","),
            Ask::Missing(_, missing) => missing.to_string(),
            Ask::Values { wants, .. } => wants.iter().map(Want::text).collect::<Vec<_>>().join(","),
            Ask::Pair { code, quantity, .. } => format!("{}${}", code.text(), quantity.text()),
            Ask::Chain { inner, .. } | Ask::Has { inner, .. } => inner.value(),
        }
    }
}

pub fn random(world: &World, on: TypeId, rng: &mut StdRng, depth: usize) -> Ask {
    let deeper = (depth > 0).then(|| rng.random_range(0..10));
    let found = match deeper {
        Some(0 | 1) => chain(world, on, rng, depth),
        Some(2) => has(world, on, rng, depth),
        _ => None,
    };
    found.unwrap_or_else(|| plain(world, on, rng))
}

fn pick<'a, T>(from: &'a [T], rng: &mut StdRng) -> Option<&'a T> {
    (!from.is_empty()).then(|| &from[rng.random_range(0..from.len())])
}

fn one<'a>(world: &'a World, on: TypeId, rng: &mut StdRng) -> Option<&'a Held> {
    let all: Vec<_> = world.of(on).collect();
    pick(&all, rng).copied()
}

fn params(on: TypeId, kind: impl Fn(ParamKind) -> bool) -> Vec<&'static SearchParam> {
    registry()
        .params(on)
        .iter()
        .filter(|param| kind(param.kind))
        .collect()
}

/// Along a reference that somebody has.
fn chain(world: &World, on: TypeId, rng: &mut StdRng, depth: usize) -> Option<Ask> {
    let source = one(world, on, rng)?;
    let params = params(on, |kind| kind == ParamKind::Reference);
    let param = *pick(&params, rng)?;
    let target = values(source, param).find_map(|value| match value {
        EntryValue::Local { type_id, .. } => Some(*type_id),
        _ => None,
    })?;
    let may = param.targets.is_empty() || param.targets.contains(&target);
    (may && world.types.contains(&target)).then(|| Ask::Chain {
        param,
        target,
        inner: Box::new(random(world, target, rng, depth - 1)),
    })
}

fn has(world: &World, on: TypeId, rng: &mut StdRng, depth: usize) -> Option<Ask> {
    let from = *pick(&world.types, rng)?;
    let leads = |param: &&&SearchParam| param.targets.is_empty() || param.targets.contains(&on);
    let by: Vec<_> = params(from, |kind| kind == ParamKind::Reference)
        .iter()
        .filter(leads)
        .copied()
        .collect();
    let by = *pick(&by, rng)?;
    let inner = Box::new(random(world, from, rng, depth - 1));
    Some(Ask::Has { from, by, inner })
}

fn plain(world: &World, on: TypeId, rng: &mut StdRng) -> Ask {
    for _ in 0..50 {
        let Some(source) = one(world, on, rng) else { break };
        let params = params(on, |kind| !matches!(kind, ParamKind::Special));
        let param = *pick(&params, rng).expect("every type has parameters");
        let asked = match (param.code, param.kind) {
            ("_id", _) => Some(Ask::Id(vec![source.id.clone(), "nobody".to_string()])),
            ("_lastUpdated", _) => None,
            ("code-value-quantity" | "component-code-value-quantity" | "combo-code-value-quantity", _) => {
                pair(source, param, rng)
            }
            (_, ParamKind::Composite) => None,
            _ if rng.random_bool(0.1) => Some(Ask::Missing(param, rng.random_bool(0.5))),
            _ => several(world, source, param, rng),
        };
        if let Some(ask) = asked {
            return ask;
        }
    }
    Ask::Id(vec!["nobody".to_string()])
}

/// The parameter's entries in that resource.
pub fn values<'a>(held: &'a Held, param: &'static SearchParam) -> impl Iterator<Item = &'a EntryValue> {
    let ids = rows(param);
    let own = held
        .entries
        .iter()
        .filter(move |entry: &&Entry| ids.contains(&entry.param));
    let counts = |value: &&EntryValue| match value {
        EntryValue::Local { type_id, .. } => {
            param.only_targets.is_empty() || param.only_targets.contains(type_id)
        }
        EntryValue::Url(_) => param.only_targets.is_empty(),
        _ => true,
    };
    own.map(|entry| &entry.value).filter(counts)
}

/// Up to three values with one modifier.
fn several(world: &World, first: &Held, param: &'static SearchParam, rng: &mut StdRng) -> Option<Ask> {
    let modifier = modifier(first, param, rng)?;
    let mut wants = Vec::new();
    for at in 0..rng.random_range(1..4) {
        let source = if at == 0 {
            first
        } else {
            one(world, first.on, rng)?
        };
        let held: Vec<_> = values(source, param).collect();
        wants.extend(pick(&held, rng).and_then(|value| want(value, &modifier, rng)));
    }
    (!wants.is_empty()).then_some(Ask::Values {
        param,
        modifier,
        wants,
    })
}

fn modifier(source: &Held, param: &'static SearchParam, rng: &mut StdRng) -> Option<String> {
    let choices: &[&str] = match param.kind {
        ParamKind::Token => &["", "", ":not"],
        ParamKind::String => &["", ":exact", ":contains"],
        ParamKind::Uri => &["", ":below", ":above"],
        ParamKind::Reference => &["", "", ":Type", ":identifier"],
        _ => &[""],
    };
    let chosen = *pick(choices, rng)?;
    if chosen != ":Type" {
        return Some(chosen.to_string());
    }
    values(source, param).find_map(|value| match value {
        EntryValue::Local { type_id, .. } => Some(format!(":{}", type_id.name())),
        _ => None,
    })
}

fn want(value: &EntryValue, modifier: &str, rng: &mut StdRng) -> Option<Want> {
    let off = rng.random_bool(0.2);
    let near = |text: &str| if off { format!("{text}x") } else { text.to_string() };
    Some(match (value, modifier) {
        (EntryValue::Token { system, code }, _) if modifier != ":identifier" => {
            token(system, code, off, rng)?
        }
        (EntryValue::Identifier { system, code }, ":identifier") => token(system, code, off, rng)?,
        (_, ":identifier") => return None,
        (EntryValue::Local { type_id, id }, "") => Want::Reference {
            on: Some(*type_id),
            id: near(id),
        },
        (EntryValue::Local { type_id, id }, typed) => {
            if typed.strip_prefix(':') != Some(type_id.name()) {
                return None;
            }
            Want::Reference {
                on: None,
                id: near(id),
            }
        }
        (EntryValue::Url(url), "") if !url.is_empty() => Want::Canonical(cut(&near(url), '|', rng)),
        (EntryValue::Str { exact, .. }, _) if !exact.is_empty() => text(exact, modifier, off, rng),
        (EntryValue::Uri(uri), ":below") => Want::Uri(cut(&near(uri), '/', rng)),
        (EntryValue::Uri(uri), ":above") => Want::Uri(format!(
            "{uri}{}",
            ["", "/more", "x", "?y"][rng.random_range(0..4)]
        )),
        (EntryValue::Uri(uri), _) => Want::Uri(near(uri)),
        (EntryValue::Date { low, high }, _) => date(*low, *high, off, rng)?,
        (EntryValue::Number { low, .. }, _) => number(*low, None, off, rng),
        (EntryValue::Quantity { value, system, code }, _) => {
            let unit = system.clone().zip(code.clone());
            number(*value, unit.filter(|_| rng.random_bool(0.5)), off, rng)
        }
        _ => return None,
    })
}

/// The beginning up to the last such sign, sometimes.
fn cut(text: &str, sign: char, rng: &mut StdRng) -> String {
    match text.rsplit_once(sign) {
        Some((before, _)) if rng.random_bool(0.4) => before.to_string(),
        _ => text.to_string(),
    }
}

fn token(system: &Option<String>, code: &str, off: bool, rng: &mut StdRng) -> Option<Want> {
    let code = match (code, off) {
        ("", _) => None,
        (code, true) => Some(format!("{code}x")),
        (code, false) => Some(code.to_string()),
    };
    let system = match (system, rng.random_range(0..4)) {
        (Some(system), 0) => {
            return Some(Want::Token {
                system: Some(system.clone()),
                code: None,
            });
        }
        (system, 1 | 2) => Some(system.clone().unwrap_or_default()),
        _ => None,
    };
    // Neither `|` nor nothing is a question.
    (code.is_some() || system.as_deref().is_some_and(|system| !system.is_empty()))
        .then_some(Want::Token { system, code })
}

fn text(exact: &str, modifier: &str, off: bool, rng: &mut StdRng) -> Want {
    let letters: Vec<char> = exact.chars().collect();
    let end = rng.random_range(1..=letters.len());
    let start = if modifier == ":contains" {
        rng.random_range(0..end)
    } else {
        0
    };
    let mut part: String = letters[start..end].iter().collect();
    if modifier == ":exact" && rng.random_bool(0.7) {
        part = exact.to_string();
    }
    if rng.random_bool(0.2) {
        part = part.to_uppercase();
    }
    let part = part.trim();
    Want::Text(match (part, off) {
        ("", _) => exact.to_string(),
        (part, true) => format!("{part}x"),
        (part, false) => part.to_string(),
    })
}

fn date(low: i64, high: i64, off: bool, rng: &mut StdRng) -> Option<Want> {
    let ends: Vec<_> = [low, high]
        .into_iter()
        .filter(|end| ![i64::MIN, i64::MAX].contains(end))
        .collect();
    let day = 86_400_000_000;
    let end = pick(&ends, rng)? + if off { day * rng.random_range(-40..40) } else { 0 };
    let (prefix, _) = PREFIXES[rng.random_range(0..PREFIXES.len())];
    let moment = moment(end, rng.random_range(0..6));
    Some(Want::Date { prefix, moment })
}

fn number(value: f64, unit: Option<(String, String)>, off: bool, rng: &mut StdRng) -> Want {
    // Beyond any range is no number to ask for.
    let value = if value.abs() > 1e9 { 1.0 } else { value };
    let number = Decimal {
        value: value
            + if off {
                f64::from(rng.random_range(-3..4)) / 2.0
            } else {
                0.0
            },
        digits: rng.random_range(0..4),
    };
    let (prefix, _) = PREFIXES[rng.random_range(0..PREFIXES.len())];
    Want::Number { prefix, number, unit }
}

/// `code$quantity`, of one element or of two.
fn pair(source: &Held, param: &'static SearchParam, rng: &mut StdRng) -> Option<Ask> {
    let of = |code: &str| registry().param(source.on, code);
    let codes: Vec<_> = values(source, of("combo-code")?).collect();
    let quantities: Vec<_> = values(source, of("combo-value-quantity")?).collect();
    let code = want(pick(&codes, rng)?, "", rng)?;
    let quantity = want(pick(&quantities, rng)?, "", rng)?;
    Some(Ask::Pair {
        param,
        code,
        quantity,
    })
}

/// What the prefix means by default.
pub fn plainly(prefix: Prefix) -> Prefix {
    if prefix == Prefix::None {
        Prefix::Eq
    } else {
        prefix
    }
}
