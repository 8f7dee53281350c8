//! Value texts to a [`Test`], by the parameter's type and modifier.
use super::context::Context;
use super::escape::{split, unescape};
use super::{date::date, invalid, number::number, quantity::quantity, reference::reference, unsupported};
use crate::registry::{ParamKind, SearchParam};
use crate::search::check::TypedIdentifier;
use crate::search::implicit;
use crate::search::index::normalise;
use crate::search::units::commensurable;
use crate::search::{StrMode, Test, Token, UriMode};
use crate::{Issue, TypeId};

/// `name` is the parameter as the client wrote it, for diagnostics.
pub fn test(
    param: &SearchParam,
    name: &str,
    modifier: Option<&str>,
    value: &str,
    cx: &Context,
) -> Result<Test, Issue> {
    let wrong = |rule: &'static str| invalid(name, rule);
    let value = &cx.alternatives(name, value)?[..];
    match (param.kind, modifier) {
        (ParamKind::Token, None | Some("not")) => {
            each(value, |v| token(v).map(|token| implicit::stored(param, token)))
                .map(Test::Token)
                .map_err(wrong)
        }
        (ParamKind::Reference, Some("identifier")) => each(value, token).map(Test::Identifier).map_err(wrong),
        (ParamKind::Reference, typed) => {
            // Not only the types R4 names as targets: stored references may lead elsewhere.
            let read = |t: &str| TypeId::of(t).ok_or_else(|| bad_modifier(param, name, t));
            let typed = typed.map(read).transpose()?;
            each(value, |v| reference(v, param, typed, cx))
                .map(Test::Reference)
                .map_err(wrong)
        }
        (ParamKind::String, modifier) => string(name, modifier, value),
        (ParamKind::Uri, modifier) => {
            // What contains it is looked for at each of these.
            let ends = |v: &&str| v.matches(['/', ':', '.', '?', '#']).count();
            let above = modifier == Some("above");
            cx.spend(name, if above { value.iter().map(ends).sum() } else { 0 })?;
            uri(name, modifier, value)
        }
        (ParamKind::Date, None) => each(value, date).map(Test::Date).map_err(wrong),
        (ParamKind::Number, None) => each(value, number).map(Test::Number).map_err(wrong),
        (ParamKind::Quantity, None) => {
            let tests = each(value, quantity).map_err(wrong)?;
            let all: Vec<_> = tests.into_iter().flat_map(commensurable).collect();
            cx.spend(name, all.len())?;
            Ok(Test::Quantity(all))
        }
        (_, Some(other)) => Err(bad_modifier(param, name, other)),
        (_, None) => Err(unsupported(name, "is not offered by this server")),
    }
}

/// Every alternative between commas; an empty one is a mistake, not a wildcard.
pub fn each<T>(
    alternatives: &[&str],
    read: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Vec<T>, &'static str> {
    alternatives
        .iter()
        .map(|part| {
            if part.is_empty() {
                Err("has an empty alternative between commas")
            } else {
                read(part)
            }
        })
        .collect()
}

/// <https://hl7.org/fhir/R4/search.html#token>
fn token(text: &str) -> Result<Token, &'static str> {
    match split(text, '|')[..] {
        [code] => Ok(Token::Code(unescape(code))),
        ["", ""] => Err("has neither system nor code"),
        ["", code] => Ok(Token::NoSystem(unescape(code))),
        [system, ""] => Ok(Token::System(unescape(system))),
        [system, code] => Ok(Token::SystemCode(unescape(system), unescape(code))),
        _ => Err("takes code, system|code, |code or system|; write a bar inside a code as \\|"),
    }
}

/// A code that subsumption is asked of.
pub fn system_code(text: &str) -> Result<(String, String), &'static str> {
    match token(text)? {
        Token::SystemCode(system, code) => Ok((system, code)),
        _ => Err("takes system|code after :above and :below"),
    }
}

/// `system|code|value` of `:of-type`; the system may be left out.
pub fn typed_identifier(text: &str) -> Result<TypedIdentifier, &'static str> {
    let read = |system: &str, code: &str, value: &str| {
        let (system, code) = (unescape(system), unescape(code));
        Some(TypedIdentifier {
            of_type: if system.is_empty() {
                Token::Code(code)
            } else {
                Token::SystemCode(system, code)
            },
            value: unescape(value),
        })
    };
    match split(text, '|')[..] {
        [system, code, value] if !code.is_empty() && !value.is_empty() => read(system, code, value),
        _ => None,
    }
    .ok_or("takes type-system|type-code|value after :of-type")
}

fn string(name: &str, modifier: Option<&str>, value: &[&str]) -> Result<Test, Issue> {
    let mode = match modifier {
        None => StrMode::StartsWith,
        Some("exact") => StrMode::Exact,
        Some("contains") => StrMode::Contains,
        Some(_) => {
            return Err(unsupported(
                name,
                "takes no modifier but :exact, :contains and :missing",
            ));
        }
    };
    let read = |text: &str| {
        let plain = unescape(text);
        Ok(if mode == StrMode::Exact {
            plain
        } else {
            normalise(&plain)
        })
    };
    each(value, read)
        .map(|values| Test::Str(mode, values))
        .map_err(|rule| invalid(name, rule))
}

fn uri(name: &str, modifier: Option<&str>, value: &[&str]) -> Result<Test, Issue> {
    let mode = match modifier {
        None => UriMode::Exact,
        Some("below") => UriMode::Below,
        Some("above") => UriMode::Above,
        Some(_) => {
            return Err(unsupported(
                name,
                "takes no modifier but :below, :above and :missing",
            ));
        }
    };
    each(value, |v| Ok(unescape(v)))
        .map(|values| Test::Uri(mode, values))
        .map_err(|rule| invalid(name, rule))
}

/// The type in `subject:Patient`, if the parameter can refer to it.
pub fn target(param: &SearchParam, name: &str, type_name: &str) -> Result<TypeId, Issue> {
    let Some(type_id) = TypeId::of(type_name) else {
        return Err(bad_modifier(param, name, type_name));
    };
    if param.targets.is_empty() || param.targets.contains(&type_id) {
        return Ok(type_id);
    }
    let names: Vec<_> = param.targets.iter().map(|t| t.name()).collect();
    Err(invalid(
        name,
        &format!("cannot refer to that type; valid types: {}", names.join(", ")),
    ))
}

fn bad_modifier(param: &SearchParam, name: &str, modifier: &str) -> Issue {
    let valid = match param.kind {
        ParamKind::Token => ":not, :text, :in, :not-in, :above, :below, :of-type, :missing",
        ParamKind::Reference => ":identifier, :missing, or a resource type such as :Patient",
        ParamKind::String => ":exact, :contains, :missing",
        ParamKind::Uri => ":below, :above, :missing",
        _ => ":missing",
    };
    unsupported(
        name,
        &format!("does not support the modifier ':{modifier}'; valid here: {valid}"),
    )
}
