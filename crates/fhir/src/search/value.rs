//! Whether one value of a resource passes a test: what the store's index rows decide, for values
//! in memory. <https://hl7.org/fhir/R4/search.html#ptypes>
use super::index::{EntryValue, clip, normalise};
use super::{Prefixed, QuantityTest, Reference, StrMode, Test, Token, UriMode, compare};

pub fn holds(test: &Test, value: &EntryValue) -> bool {
    match (test, value) {
        (Test::Token(tokens), EntryValue::Token { system, code })
        | (Test::Identifier(tokens), EntryValue::Identifier { system, code }) => {
            tokens.iter().any(|t| token(t, system.as_deref(), code))
        }
        (Test::Reference(targets), found) => targets.iter().any(|target| reference(target, found)),
        (Test::Str(mode, texts), EntryValue::Str { norm, exact }) => {
            texts.iter().any(|text| string(*mode, text, norm, exact))
        }
        (Test::Date(dates), EntryValue::Date { low, high }) => {
            dates.iter().any(|date| compare::dates(date).hold(*low, *high))
        }
        (Test::Number(numbers), EntryValue::Number { low, high }) => numbers
            .iter()
            .any(|number| compare::numbers(number).hold(*low, *high)),
        (Test::Quantity(tests), EntryValue::Quantity { value, system, code }) => tests
            .iter()
            .any(|test| quantity(test, *value, system.as_deref(), code.as_deref())),
        (Test::Uri(mode, uris), EntryValue::Uri(found)) => {
            uris.iter().any(|uri| self::uri(*mode, uri, found))
        }
        (
            Test::Paired(pairs),
            EntryValue::Coded {
                system,
                code,
                quantity: Some(beside),
            },
        ) => pairs.iter().any(|(tokens, tests)| {
            let named = tokens.iter().any(|t| token(t, system.as_deref(), code));
            named && holds(&Test::Quantity(tests.clone()), beside)
        }),
        _ => false,
    }
}

pub fn token(wanted: &Token, system: Option<&str>, code: &str) -> bool {
    match wanted {
        Token::Code(c) => clip(c) == code,
        Token::SystemCode(s, c) => Some(s.as_str()) == system && clip(c) == code,
        Token::NoSystem(c) => system.is_none() && clip(c) == code,
        Token::System(s) => Some(s.as_str()) == system,
    }
}

fn reference(wanted: &Reference, found: &EntryValue) -> bool {
    match (wanted, found) {
        (
            Reference::Local { type_id, id },
            EntryValue::Local {
                type_id: of,
                id: there,
            },
        ) => type_id.is_none_or(|wanted| wanted == *of) && id == there,
        (Reference::Url(url), EntryValue::Url(there)) => {
            let any_version = || {
                there
                    .strip_prefix(clip(url))
                    .is_some_and(|rest| rest.starts_with('|'))
            };
            clip(url) == there || (!url.contains('|') && any_version())
        }
        _ => false,
    }
}

fn string(mode: StrMode, text: &str, norm: &str, exact: &str) -> bool {
    match mode {
        StrMode::StartsWith => norm.starts_with(text),
        StrMode::EndsWith => norm.ends_with(text),
        StrMode::Contains => norm.contains(text),
        StrMode::Whole => norm == text,
        StrMode::Exact => norm == normalise(text) && exact == clip(text),
    }
}

fn quantity(test: &Prefixed<QuantityTest>, value: f64, system: Option<&str>, code: Option<&str>) -> bool {
    let QuantityTest {
        number,
        system: of,
        code: unit,
    } = &test.value;
    let number = Prefixed {
        prefix: test.prefix,
        value: *number,
    };
    let named = of.as_deref().is_none_or(|of| Some(of) == system);
    named
        && unit.as_deref().is_none_or(|unit| Some(unit) == code)
        && compare::numbers(&number).hold(value, value)
}

fn uri(mode: UriMode, wanted: &str, found: &str) -> bool {
    match mode {
        UriMode::Exact => clip(wanted) == found,
        UriMode::Below => found.starts_with(clip(wanted)),
        UriMode::Above => wanted.starts_with(found),
    }
}
