//! `params.tsv`: search parameters per concrete type: type, code, kind, URL, expression, targets,
//! components (`code=expression`, separated by `;`), the parameters whose rows it reads, and the
//! only target types that count. <https://hl7.org/fhir/R4/searchparameter-registry.html>
use super::{Error, aliases, list, text};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;

/// A parameter as one type has it.
pub struct Row {
    pub code: String,
    pub kind: String,
    pub url: String,
    pub expression: String,
    targets: String,
    components: String,
    pub same_as: Vec<String>,
    pub only_targets: String,
}

pub fn table(params: &[Value], types: &[String]) -> Result<String, Error> {
    let codes: HashMap<&str, &str> = params.iter().map(|p| (text(p, "url"), text(p, "code"))).collect();
    let mut out = String::new();
    for on in types
        .iter()
        .map(String::as_str)
        .chain(["DomainResource", "Resource"])
    {
        let mut rows: Vec<Row> = params.iter().filter_map(|p| row(p, on, &codes, types)).collect();
        rows.sort_by(|a, b| a.code.cmp(&b.code));
        aliases::find(&mut rows);
        for r in rows {
            let cells = [
                on,
                &r.code,
                &r.kind,
                &r.url,
                &r.expression,
                &r.targets,
                &r.components,
            ];
            let line = format!(
                "{}\t{}\t{}",
                cells.join("\t"),
                r.same_as.join(" "),
                r.only_targets
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(out)
}

/// None when the parameter is not for that type or has no expression (`_text`, `_content`).
fn row(param: &Value, on: &str, codes: &HashMap<&str, &str>, types: &[String]) -> Option<Row> {
    list(param, "base")
        .iter()
        .find(|base| base.as_str() == Some(on))?;
    let whole = text(param, "expression");
    let parts: Vec<String> = alternatives(whole)
        .into_iter()
        .filter_map(|part| rooted(part, on))
        .collect();
    if parts.is_empty() {
        return None;
    }
    Some(Row {
        code: text(param, "code").to_owned(),
        kind: text(param, "type").to_owned(),
        url: text(param, "url").to_owned(),
        expression: parts.join(" | "),
        targets: targets(param, types),
        components: components(param, codes),
        same_as: Vec::new(),
        only_targets: String::new(),
    })
}

/// The parts of a union, without splitting inside parentheses.
pub fn alternatives(expression: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in expression.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            '|' if depth == 0 => {
                parts.push(expression[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(expression[start..].trim());
    parts
}

/// The alternative if it is for that type; one that names no type (`alias`) is for every type.
fn rooted(part: &str, on: &str) -> Option<String> {
    match root(part) {
        name if name == on => Some(part.to_owned()),
        name if name.starts_with(|c: char| c.is_ascii_lowercase()) => Some(format!("{on}.{part}")),
        _ => None,
    }
}

/// The name an alternative starts with.
fn root(part: &str) -> &str {
    let path = part.trim_start_matches('(');
    path.split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or(path)
}

/// Empty when anything may be the target, which the official file says by listing all types.
fn targets(param: &Value, types: &[String]) -> String {
    let targets: Vec<_> = list(param, "target").iter().filter_map(Value::as_str).collect();
    let any = types
        .iter()
        .all(|t| targets.contains(&t.as_str()) || t == "Parameters");
    if any { String::new() } else { targets.join(" ") }
}

/// R4 gives the components of `relationship` each other's expressions; with those it finds nothing.
const EXCHANGED: [(&str, &str); 2] = [
    ("/DocumentReference-relatesto", "target"),
    ("/DocumentReference-relation", "code"),
];

fn components(param: &Value, codes: &HashMap<&str, &str>) -> String {
    let components = list(param, "component").iter().map(|component| {
        let definition = text(component, "definition");
        let code = codes.get(definition).copied().unwrap_or(definition);
        let wrong = EXCHANGED.iter().find(|(of, _)| definition.ends_with(of));
        format!(
            "{code}={}",
            wrong.map_or(text(component, "expression"), |(_, right)| right)
        )
    });
    components.collect::<Vec<_>>().join(";")
}
