//! `invariants.tsv`: the constraints of R4's resources and data types, a line each: the elements
//! they are on, key, severity (`e` or `w`), FHIRPath, and what it says to people.
//! <https://hl7.org/fhir/R4/conformance-rules.html#constraints>
//!
//! An element that is of a constrained type (SimpleQuantity) has that type's constraints. What an
//! element repeats from its own type or base is left out: the registry adds it again.
use super::{Error, list, tail, text};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// What is wrong in R4: key (`*` for any), official expression, our severity (`=` for R4's) and
/// expression, and why.
const OVERRIDES: &str = include_str!("../../../data/invariant_overrides.tsv");

struct Row {
    paths: Vec<String>,
    severity: &'static str,
    human: String,
}

/// `(key, expression)`, in the order of the definitions.
type Rows = Vec<((String, String), Row)>;

pub fn table(structures: &[Value], constrained: &[Value]) -> Result<String, Error> {
    let types: HashMap<&str, &Value> = structures.iter().map(|s| (text(s, "name"), s)).collect();
    let profiles: HashMap<&str, &Value> = constrained.iter().map(|s| (text(s, "url"), s)).collect();
    let mut rows = Rows::new();
    for structure in structures {
        let inherited = keys_of(&types, tail(text(structure, "baseDefinition")));
        for element in list(&structure["snapshot"], "element") {
            if !own(element) {
                continue;
            }
            let mut known: HashSet<String> = match text(element, "path").contains('.') {
                true => type_keys(&types, element),
                false => inherited.clone(),
            };
            for constraint in list(element, "constraint")
                .iter()
                .chain(narrowed(&profiles, element))
            {
                if known.insert(text(constraint, "key").to_owned()) {
                    add(&mut rows, text(element, "path"), constraint);
                }
            }
        }
    }
    written(rows)
}

fn own(element: &Value) -> bool {
    text(&element["base"], "path") == text(element, "path") || !text(element, "path").contains('.')
}

/// Keys of all constraints of a type and its bases.
fn keys_of(types: &HashMap<&str, &Value>, name: &str) -> HashSet<String> {
    let root = types
        .get(name)
        .and_then(|structure| list(&structure["snapshot"], "element").first());
    let constraints = root.map_or(&[][..], |root| list(root, "constraint"));
    constraints.iter().map(|c| text(c, "key").to_owned()).collect()
}

fn type_keys(types: &HashMap<&str, &Value>, element: &Value) -> HashSet<String> {
    let of_types = list(element, "type")
        .iter()
        .flat_map(|kind| keys_of(types, text(kind, "code")));
    of_types.chain(keys_of(types, "Element")).collect()
}

/// The constraints of the profiles an element's types are narrowed to.
fn narrowed<'a>(profiles: &HashMap<&str, &'a Value>, element: &Value) -> Vec<&'a Value> {
    let urls = list(element, "type")
        .iter()
        .flat_map(|kind| list(kind, "profile"));
    let roots = urls.filter_map(|url| {
        let profile = profiles.get(url.as_str()?)?;
        list(&profile["snapshot"], "element").first()
    });
    roots.flat_map(|root| list(root, "constraint")).collect()
}

fn add(rows: &mut Rows, path: &str, constraint: &Value) {
    let id = (
        text(constraint, "key").to_owned(),
        text(constraint, "expression").to_owned(),
    );
    if id.1.is_empty() {
        return;
    }
    match rows.iter_mut().find(|(known, _)| *known == id) {
        Some((_, row)) => row.paths.push(path.to_owned()),
        None => rows.push((
            id,
            Row {
                paths: vec![path.to_owned()],
                severity: if text(constraint, "severity") == "error" {
                    "e"
                } else {
                    "w"
                },
                human: plain(text(constraint, "human")),
            },
        )),
    }
}

fn plain(human: &str) -> String {
    human.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Override {
    key: &'static str,
    official: &'static str,
    severity: &'static str,
    ours: &'static str,
    used: bool,
}

fn overrides() -> Vec<Override> {
    let read = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().unwrap_or_default();
        Override {
            key: cell(),
            official: cell(),
            severity: cell(),
            ours: cell(),
            used: false,
        }
    };
    OVERRIDES.lines().map(read).collect()
}

fn written(rows: Rows) -> Result<String, Error> {
    let mut overrides = overrides();
    let mut out = String::new();
    for ((key, expression), row) in rows {
        let of_row = |o: &&mut Override| o.official == expression && (o.key == "*" || o.key == key);
        let (mut severity, mut ours) = (row.severity, expression.as_str());
        if let Some(found) = overrides.iter_mut().find(of_row) {
            found.used = true;
            ours = found.ours;
            severity = if found.severity == "=" {
                severity
            } else {
                found.severity
            };
        }
        let paths = row.paths.join(" ");
        writeln!(out, "{paths}\t{key}\t{severity}\t{ours}\t{}", row.human)?;
    }
    match overrides.iter().find(|found| !found.used) {
        Some(unused) => Err(format!("an override of no invariant: {}", unused.official).into()),
        None => Ok(out),
    }
}
