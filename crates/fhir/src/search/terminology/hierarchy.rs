//! Subsumption in a stored CodeSystem: nested concepts and `parent` properties.
//! <https://hl7.org/fhir/R4/codesystem.html#hierarchy>
use super::{Fetch, Needed, list, refuse, text};
use crate::Issue;
use crate::search::Token;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Child and parent.
type Link<'a> = (&'a str, &'a str);

/// The code itself and everything below (or above) it.
pub fn related<E: From<Issue>>(
    system: &str,
    code: &str,
    down: bool,
    fetch: &mut Fetch<'_, E>,
) -> Result<Vec<Token>, E> {
    let definition = complete(system, fetch)?;
    let mut next: HashMap<&str, Vec<&str>> = HashMap::new();
    for (child, parent) in links(&definition) {
        let (from, to) = if down { (parent, child) } else { (child, parent) };
        next.entry(from).or_default().push(to);
    }
    let (mut reached, mut open) = (BTreeSet::from([code]), vec![code]);
    while let Some(at) = open.pop() {
        let fresh = next
            .get(at)
            .into_iter()
            .flatten()
            .filter(|to| reached.insert(**to));
        open.extend(fresh.copied().collect::<Vec<_>>());
    }
    let token = |code: &str| Token::SystemCode(system.to_string(), code.to_string());
    Ok(reached.into_iter().map(token).collect())
}

/// All codes of a system.
pub fn all<E: From<Issue>>(system: &str, fetch: &mut Fetch<'_, E>) -> Result<Vec<Token>, E> {
    let definition = complete(system, fetch)?;
    let mut codes = BTreeSet::new();
    visit(&definition, None, &mut |concept, _| {
        codes.extend(text(concept, "code"));
    });
    let token = |code: &str| Token::SystemCode(system.to_string(), code.to_string());
    Ok(codes.into_iter().map(token).collect())
}

fn complete<E: From<Issue>>(system: &str, fetch: &mut Fetch<'_, E>) -> Result<Value, E> {
    let needed = Needed {
        resource: "CodeSystem",
        url: system,
    };
    match fetch(needed)? {
        Some(definition) if text(&definition, "content") == Some("complete") => Ok(definition),
        Some(_) => Err(refuse(
            "The CodeSystem stored here does not list all its codes (content is not complete), so what it subsumes is not known".to_string(),
        )),
        None => Err(refuse(
            "The CodeSystem that the code is from is not stored here; PUT it first, or list the codes".to_string(),
        )),
    }
}

fn links(definition: &Value) -> Vec<Link<'_>> {
    let mut links = Vec::new();
    visit(definition, None, &mut |concept, parent| {
        let Some(code) = text(concept, "code") else { return };
        links.extend(parent.map(|parent| (code, parent)));
        let properties = list(concept, "property").iter();
        let parents = properties.filter(|p| matches!(text(p, "code"), Some("parent" | "subsumedBy")));
        links.extend(parents.filter_map(|p| Some((code, text(p, "valueCode")?))));
    });
    links
}

fn visit<'a>(of: &'a Value, parent: Option<&'a str>, seen: &mut dyn FnMut(&'a Value, Option<&'a str>)) {
    for concept in list(of, "concept") {
        seen(concept, parent);
        visit(concept, text(concept, "code"), seen);
    }
}
