//! `elements.tsv`: a section `#Name  Base` per resource, data type and backbone element, then one
//! line per own element: name, min, max, types (with `(targets)` of references), value set, and `s`
//! for elements of summaries, `m` for modifiers.
use super::{Error, list, tail, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Sections by name, each with its base and its lines.
type Sections = BTreeMap<String, (String, Vec<String>)>;

pub fn table(structures: &[Value]) -> Result<String, Error> {
    let mut out = String::new();
    for structure in structures {
        let mut sections = Sections::new();
        let name = text(structure, "name");
        sections.insert(name.to_owned(), (base_of(structure), Vec::new()));
        for element in list(&structure["snapshot"], "element").iter().skip(1) {
            add(&mut sections, name, element)?;
        }
        for (name, (base, lines)) in sections {
            writeln!(out, "#{name}\t{base}")?;
            out.extend(lines.into_iter().map(|line| line + "\n"));
        }
    }
    Ok(out)
}

/// Primitive types have no members in JSON, so their base is the word that says so.
fn base_of(structure: &Value) -> String {
    match text(structure, "kind") {
        "primitive-type" => "primitive".to_owned(),
        _ => tail(text(structure, "baseDefinition")).to_owned(),
    }
}

fn add(sections: &mut Sections, structure: &str, element: &Value) -> Result<(), Error> {
    let path = text(element, "path");
    let inherited = text(&element["base"], "path") != path;
    if inherited || sections[structure].0 == "primitive" {
        return Ok(());
    }
    let types = types_of(element);
    if let "BackboneElement" | "Element" = types.as_str() {
        sections.insert(path.to_owned(), (types, Vec::new()));
        return push(sections, element, path);
    }
    push(sections, element, &types)
}

fn push(sections: &mut Sections, element: &Value, types: &str) -> Result<(), Error> {
    let (parent, name) = text(element, "path")
        .rsplit_once('.')
        .ok_or("an element path without a parent")?;
    let (_, lines) = sections
        .get_mut(parent)
        .ok_or_else(|| format!("no section for {parent}"))?;
    let line = format!(
        "{name}\t{}\t{}\t{types}\t{}\t{}",
        element["min"],
        text(element, "max"),
        binding(element),
        flags(element)
    );
    lines.push(line.trim_end().to_owned());
    Ok(())
}

/// `dateTime|Period`, `Reference(Patient Group)`, or the section a content reference points to.
fn types_of(element: &Value) -> String {
    if let Some(section) = text(element, "contentReference").strip_prefix('#') {
        return section.to_owned();
    }
    let types = list(element, "type")
        .iter()
        .map(|t| type_of(t, text(element, "path")));
    types.collect::<Vec<_>>().join("|")
}

fn type_of(kind: &Value, path: &str) -> String {
    let code = text(kind, "code");
    if code.contains("fhirpath/System.") {
        return if path == "Resource.id" {
            "id".to_owned()
        } else {
            fhir_type(kind).to_owned()
        };
    }
    let targets: Vec<_> = list(kind, "targetProfile")
        .iter()
        .filter_map(Value::as_str)
        .map(tail)
        .collect();
    match code {
        "Reference" if !targets.contains(&"Resource") => format!("Reference({})", targets.join(" ")),
        _ => code.to_owned(),
    }
}

/// The FHIR type behind a FHIRPath system type.
fn fhir_type(kind: &Value) -> &str {
    let named = list(kind, "extension")
        .iter()
        .find(|e| text(e, "url").ends_with("structuredefinition-fhir-type"));
    named.map_or("string", |extension| text(extension, "valueUrl"))
}

/// <https://hl7.org/fhir/R4/search.html#summary> <https://hl7.org/fhir/R4/conformance-rules.html#isModifier>
fn flags(element: &Value) -> String {
    let flag = |name: &str, letter: &'static str| if element[name] == true { letter } else { "" };
    flag("isSummary", "s").to_owned() + flag("isModifier", "m")
}

/// Only required bindings are checked by the base definitions.
fn binding(element: &Value) -> &str {
    let binding = &element["binding"];
    if text(binding, "strength") == "required" {
        tail(text(binding, "valueSet"))
    } else {
        ""
    }
}
