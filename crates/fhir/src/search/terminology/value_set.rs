//! The codes of a ValueSet: its expansion if it has one, or else what it composes.
//! <https://hl7.org/fhir/R4/valueset.html#composition>
use super::{Fetch, Needed, hierarchy, list, refuse, text};
use crate::Issue;
use crate::registry;
use crate::search::Token;
use serde_json::Value;

pub fn named<E: From<Issue>>(url: &str, fetch: &mut Fetch<'_, E>, depth: usize) -> Result<Vec<Token>, E> {
    if depth == 0 {
        return Err(refuse("The ValueSet includes others too deeply".to_string()));
    }
    let needed = Needed {
        resource: "ValueSet",
        url,
    };
    match fetch(needed)? {
        Some(value_set) if value_set.get("expansion").is_some() => expansion(&value_set["expansion"]),
        Some(value_set) => compose(&value_set["compose"], fetch, depth),
        None => of_fhir(url).ok_or_else(|| {
            refuse("The ValueSet is not stored here; PUT it first, or list the codes".to_string())
        }),
    }
}

/// The value sets of FHIR's own required bindings need no storing.
fn of_fhir(url: &str) -> Option<Vec<Token>> {
    let canonical = url.split('|').next()?;
    let set = registry::ValueSet::named(canonical.strip_prefix("http://hl7.org/fhir/ValueSet/")?)?;
    let systems = set.systems.iter();
    let tokens = systems.flat_map(|(system, codes)| codes.iter().map(|code| token(system, code)));
    Some(tokens.collect())
}

fn token(system: &str, code: &str) -> Token {
    Token::SystemCode(system.to_string(), code.to_string())
}

fn expansion<E: From<Issue>>(expansion: &Value) -> Result<Vec<Token>, E> {
    let (mut tokens, mut listed) = (Vec::new(), 0);
    contains(expansion, &mut tokens, &mut listed);
    let total = expansion["total"].as_u64().unwrap_or(listed);
    if total > listed {
        return Err(refuse(
            "The ValueSet stored here holds a part of its expansion only".to_string(),
        ));
    }
    Ok(tokens)
}

fn contains(of: &Value, tokens: &mut Vec<Token>, listed: &mut u64) {
    for item in list(of, "contains") {
        *listed += 1;
        if let (Some(system), Some(code)) = (text(item, "system"), text(item, "code"))
            && item["abstract"] != true
        {
            tokens.push(token(system, code));
        }
        contains(item, tokens, listed);
    }
}

fn compose<E: From<Issue>>(compose: &Value, fetch: &mut Fetch<'_, E>, depth: usize) -> Result<Vec<Token>, E> {
    let mut tokens = Vec::new();
    for include in list(compose, "include") {
        tokens.extend(selected(include, fetch, depth)?);
    }
    for exclude in list(compose, "exclude") {
        let gone = selected(exclude, fetch, depth)?;
        tokens = enumerated(tokens, &gone, fetch)?;
        tokens.retain(|token| !covers(&gone, token));
    }
    tokens.dedup();
    Ok(tokens)
}

/// Whole systems that something is taken out of, code by code.
fn enumerated<E: From<Issue>>(
    tokens: Vec<Token>,
    gone: &[Token],
    fetch: &mut Fetch<'_, E>,
) -> Result<Vec<Token>, E> {
    let mut listed = Vec::new();
    for token in tokens {
        match &token {
            Token::System(system) if gone.iter().any(|t| of_system(t, system)) => {
                listed.extend(hierarchy::all(system, fetch)?);
            }
            _ => listed.push(token),
        }
    }
    Ok(listed)
}

/// One include or exclude: everything it says holds together.
fn selected<E: From<Issue>>(rule: &Value, fetch: &mut Fetch<'_, E>, depth: usize) -> Result<Vec<Token>, E> {
    let mut selected: Option<Vec<Token>> = None;
    if let Some(system) = text(rule, "system") {
        selected = Some(of_rule(system, rule, fetch)?);
    }
    for url in list(rule, "valueSet").iter().filter_map(Value::as_str) {
        let others = named(url, fetch, depth - 1)?;
        selected = Some(match selected {
            Some(tokens) => both(tokens, others),
            None => others,
        });
    }
    Ok(selected.unwrap_or_default())
}

fn of_rule<E: From<Issue>>(system: &str, rule: &Value, fetch: &mut Fetch<'_, E>) -> Result<Vec<Token>, E> {
    let concepts = list(rule, "concept");
    if !concepts.is_empty() {
        let codes = concepts.iter().filter_map(|concept| text(concept, "code"));
        return Ok(codes.map(|code| token(system, code)).collect());
    }
    let mut selected = vec![Token::System(system.to_string())];
    for filter in list(rule, "filter") {
        selected = both(selected, filtered(system, filter, fetch)?);
    }
    Ok(selected)
}

fn filtered<E: From<Issue>>(system: &str, filter: &Value, fetch: &mut Fetch<'_, E>) -> Result<Vec<Token>, E> {
    let (property, op) = (text(filter, "property"), text(filter, "op"));
    let (Some("concept" | "code"), Some(op @ ("is-a" | "descendent-of")), Some(code)) =
        (property, op, text(filter, "value"))
    else {
        return Err(refuse(
            "The ValueSet selects codes by a filter other than is-a and descendent-of on concepts; store it with its expansion".to_string(),
        ));
    };
    let mut codes = hierarchy::related(system, code, true, fetch)?;
    codes.retain(|t| op == "is-a" || *t != token(system, code));
    Ok(codes)
}

fn both(some: Vec<Token>, others: Vec<Token>) -> Vec<Token> {
    let mut both: Vec<_> = some.iter().filter(|t| covers(&others, t)).cloned().collect();
    let more: Vec<_> = others
        .into_iter()
        .filter(|t| covers(&some, t) && !both.contains(t))
        .collect();
    both.extend(more);
    both
}

fn covers(tokens: &[Token], token: &Token) -> bool {
    tokens.iter().any(|t| match (t, token) {
        (Token::System(all), Token::SystemCode(system, _)) => all == system,
        _ => t == token,
    })
}

fn of_system(token: &Token, system: &str) -> bool {
    matches!(token, Token::SystemCode(of, _) if of == system)
}
