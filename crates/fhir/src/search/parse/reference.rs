//! `id`, `Type/id`, URLs. <https://hl7.org/fhir/R4/search.html#reference>
use super::context::Context;
use super::escape::unescape;
use crate::TypeId;
use crate::registry::SearchParam;
use crate::search::Reference;

const RULE: &str = "takes an id, Type/id, or an absolute URL";

/// `typed` is the type after the colon in `subject:Patient=...`.
pub fn reference(
    text: &str,
    param: &SearchParam,
    typed: Option<TypeId>,
    cx: &Context,
) -> Result<Reference, &'static str> {
    let text = unescape(text);
    let below = |base| text.strip_prefix(base)?.strip_prefix('/');
    let local = below(cx.base)
        .or_else(|| cx.own().relative(&text))
        .unwrap_or(&text);
    let found = match local.split_once('/') {
        Some((name, id)) if TypeId::of(name).is_some() => relative(TypeId::of(name), id)?,
        _ if text.contains(':') => Reference::Url(text),
        None if is_id(local) => Reference::Local {
            type_id: typed.or_else(|| only(param)),
            id: local.to_string(),
        },
        _ => return Err(RULE),
    };
    match (typed, &found) {
        (
            Some(typed),
            Reference::Local {
                type_id: Some(other), ..
            },
        ) if *other != typed => Err("names one type in the parameter and another in the value"),
        _ => Ok(found),
    }
}

fn relative(type_id: Option<TypeId>, id: &str) -> Result<Reference, &'static str> {
    if id.contains("/_history/") {
        return Err("does not take a version; leave out _history and what follows");
    }
    if !is_id(id) {
        return Err(RULE);
    }
    Ok(Reference::Local {
        type_id,
        id: id.to_string(),
    })
}

/// The one type a bare id can mean.
fn only(param: &SearchParam) -> Option<TypeId> {
    let targets = if param.only_targets.is_empty() {
        &param.targets
    } else {
        &param.only_targets
    };
    match targets[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// <https://hl7.org/fhir/R4/datatypes.html#id>
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
