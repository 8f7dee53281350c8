//! `compartments.tsv`: compartment, type in it, the parameters that put it there.
use super::{Error, list, text};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

const FILES: [&str; 5] = ["device", "encounter", "patient", "practitioner", "relatedperson"];

pub fn table(dir: &Path) -> Result<String, Error> {
    let mut out = String::new();
    for file in FILES {
        let bytes = std::fs::read(dir.join(format!("compartmentdefinition-{file}.json")))?;
        let compartment: Value = serde_json::from_slice(&bytes)?;
        for resource in list(&compartment, "resource") {
            let params: Vec<_> = list(resource, "param").iter().filter_map(Value::as_str).collect();
            if !params.is_empty() {
                let (code, on) = (text(&compartment, "code"), text(resource, "code"));
                writeln!(out, "{code}\t{on}\t{}", params.join(" "))?;
            }
        }
    }
    Ok(out)
}
