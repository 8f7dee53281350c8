//! `bindings.tsv`: the codes of every value set with a required binding, a line per code system.
//!
//! Left out: value sets without a closed list (MIME types, UCUM, LOINC answers); their codes are
//! checked for the form of a `code` only.
use super::{Error, list, load, tail, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;

/// No closed list: urn:ietf:bcp:13, UCUM, and an answer list only LOINC holds.
const OPEN: [&str; 3] = ["mimetypes", "ucum-units", "LL379-9"];

pub fn table(dir: &Path, structures: &[Value]) -> Result<String, Error> {
    let sets = by_url(load_all(
        dir,
        "ValueSet",
        &["valuesets.json", "v3-codesystems.json", "v2-tables.json"],
    )?);
    let expansions = by_url(load(dir, "expansions.json", "ValueSet")?);
    let systems = by_url(load_all(
        dir,
        "CodeSystem",
        &["valuesets.json", "v3-codesystems.json", "v2-tables.json"],
    )?);
    let mut out = String::new();
    for url in required(structures) {
        if OPEN.contains(&tail(&url)) {
            continue;
        }
        let set = sets.get(&url).ok_or_else(|| format!("no value set {url}"))?;
        let codes = composed(set, &systems).or_else(|| expanded(expansions.get(&url)?));
        for (system, codes) in codes.ok_or_else(|| format!("cannot expand {url}"))? {
            writeln!(out, "{}\t{system}\t{}", tail(&url), join(&codes)?)?;
        }
    }
    Ok(out)
}

/// Codes by system.
type Codes = BTreeMap<String, BTreeSet<String>>;

fn join(codes: &BTreeSet<String>) -> Result<String, Error> {
    if codes.iter().any(|code| code.contains(char::is_whitespace)) {
        return Err("a code with white space needs another separator".into());
    }
    Ok(codes.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
}

fn load_all(dir: &Path, resource_type: &str, files: &[&str]) -> Result<Vec<Value>, Error> {
    let loaded: Result<Vec<_>, _> = files.iter().map(|file| load(dir, file, resource_type)).collect();
    Ok(loaded?.into_iter().flatten().collect())
}

fn by_url(resources: Vec<Value>) -> HashMap<String, Value> {
    resources
        .into_iter()
        .map(|r| (text(&r, "url").to_owned(), r))
        .collect()
}

fn required(structures: &[Value]) -> BTreeSet<String> {
    let elements = structures.iter().flat_map(|s| list(&s["snapshot"], "element"));
    let bindings = elements
        .map(|e| &e["binding"])
        .filter(|b| text(b, "strength") == "required");
    bindings
        .filter_map(|b| text(b, "valueSet").split('|').next())
        .map(str::to_owned)
        .collect()
}

/// The codes by the set's own definition, when that is closed: listed codes or whole systems.
fn composed(set: &Value, systems: &HashMap<String, Value>) -> Option<Codes> {
    let compose = &set["compose"];
    if !list(compose, "exclude").is_empty() {
        return None;
    }
    let mut codes = Codes::new();
    for include in list(compose, "include") {
        if !list(include, "filter").is_empty() || !list(include, "valueSet").is_empty() {
            return None;
        }
        let system = text(include, "system");
        let concepts = match list(include, "concept") {
            [] => list(systems.get(system)?, "concept"),
            listed => listed,
        };
        collect(concepts, "concept", codes.entry(system.to_owned()).or_default());
    }
    Some(codes)
}

fn collect(concepts: &[Value], children: &str, codes: &mut BTreeSet<String>) {
    for concept in concepts {
        codes.insert(text(concept, "code").to_owned());
        collect(list(concept, children), children, codes);
    }
}

fn expanded(set: &Value) -> Option<Codes> {
    let mut codes = Codes::new();
    for entry in list(&set["expansion"], "contains") {
        codes
            .entry(text(entry, "system").to_owned())
            .or_default()
            .insert(text(entry, "code").to_owned());
    }
    (!codes.is_empty()).then_some(codes)
}
