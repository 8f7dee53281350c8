//! The generator proper, shared with the test that finds tables out of date.
mod aliases;
mod bindings;
mod compartments;
mod elements;
mod invariants;
mod params;

use serde_json::Value;
use std::path::Path;

pub type Error = Box<dyn std::error::Error>;

/// Name and content of each table.
pub fn generate(dir: &Path) -> Result<Vec<(&'static str, String)>, Error> {
    let mut structures = load(dir, "profiles-types.json", "StructureDefinition")?;
    structures.extend(load(dir, "profiles-resources.json", "StructureDefinition")?);
    structures.retain(|s| text(s, "kind") != "logical");
    let constrained: Vec<Value> = structures
        .extract_if(.., |s| text(s, "derivation") == "constraint")
        .collect();
    structures.sort_by(|a, b| text(a, "name").cmp(text(b, "name")));
    let types = concrete_resources(&structures);
    let params = load(dir, "search-parameters.json", "SearchParameter")?;
    Ok(vec![
        ("types.tsv", types.join("\n") + "\n"),
        ("elements.tsv", elements::table(&structures)?),
        ("invariants.tsv", invariants::table(&structures, &constrained)?),
        ("bindings.tsv", bindings::table(dir, &structures)?),
        ("params.tsv", params::table(&params, &types)?),
        ("compartments.tsv", compartments::table(dir)?),
    ])
}

/// The resources of one type in a definitions bundle.
fn load(dir: &Path, file: &str, resource_type: &str) -> Result<Vec<Value>, Error> {
    let bundle: Value = serde_json::from_slice(&std::fs::read(dir.join(file))?)?;
    let resources = list(&bundle, "entry")
        .iter()
        .map(|entry| entry["resource"].clone());
    Ok(resources
        .filter(|r| text(r, "resourceType") == resource_type)
        .collect())
}

fn concrete_resources(structures: &[Value]) -> Vec<String> {
    let concrete = structures
        .iter()
        .filter(|s| text(s, "kind") == "resource" && s["abstract"] == false);
    concrete.map(|s| text(s, "name").to_owned()).collect()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

fn tail(url: &str) -> &str {
    url.split('|')
        .next()
        .unwrap_or(url)
        .rsplit('/')
        .next()
        .unwrap_or(url)
}
