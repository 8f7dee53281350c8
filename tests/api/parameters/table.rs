//! Worlds of resources and tables of queries, read from the files beside this one.
use crate::support::{Client, Reply};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// `query near-miss id…`
#[derive(Clone)]
pub struct Row {
    /// File and line, for whoever mends it.
    pub at: String,
    pub query: String,
    pub near: String,
    pub finds: BTreeSet<String>,
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/api/parameters")
        .join(name)
}

/// The rows of a resource type.
pub fn rows(on: &str) -> Vec<Row> {
    rows_of(on)
}

pub fn rows_of(file: &str) -> Vec<Row> {
    let path = folder("rows").join(format!("{file}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let numbered = text.lines().enumerate();
    numbered
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|(at, line)| row(format!("{file}.txt:{}", at + 1), line))
        .collect()
}

fn row(at: String, line: &str) -> Row {
    let mut cells = line.split_whitespace().map(str::to_string);
    let mut cell = || {
        cells
            .next()
            .unwrap_or_else(|| panic!("{at}: query, near miss, ids"))
    };
    let (query, near) = (cell(), cell());
    let finds: BTreeSet<_> = cells.collect();
    assert!(!finds.is_empty(), "{at}: the query finds nothing");
    Row {
        at,
        query,
        near,
        finds,
    }
}

/// What is stored: by type, the first resource of it as it is read.
pub struct World {
    first: BTreeMap<String, Value>,
}

impl World {
    /// PUTs the resources of all files in the folder, the first of each type marked, and Lists of
    /// the marked ones and of none of them.
    pub fn load(partner: &Client, name: &str) -> World {
        let mut resources = resources(name);
        let first = mark(&mut resources);
        let list = |id: &str, items: Vec<Value>| json!({"resourceType": "List", "id": id, "status": "current", "mode": "working", "entry": items});
        let marked = first
            .iter()
            .map(|reference| json!({"item": {"reference": reference}}));
        resources.push(list("every", marked.collect()));
        resources.push(list("none", vec![json!({"item": {"reference": "Basic/none"}})]));
        let entries: Vec<_> = resources.iter().map(entry).collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        partner.post("", &bundle).ok();
        let read = |reference: &String| {
            let (on, _) = reference.split_once('/').expect("Type/id");
            (on.to_string(), partner.get(reference).ok())
        };
        World {
            first: first.iter().map(read).collect(),
        }
    }

    /// What is wrong with the answers to this row.
    pub fn check(&self, partner: &Client, on: &str, row: &Row) -> Option<String> {
        let fill = |text: &str| self.fill(on, text);
        let wanted: BTreeSet<_> = row.finds.iter().map(|id| fill(id)).collect();
        let (query, near) = (fill(&row.query), fill(&row.near));
        let found = match search(partner, on, &query) {
            Ok(found) => found,
            Err(refusal) => return Some(format!("{} {on}?{query}: {refusal}", row.at)),
        };
        if found != wanted {
            return Some(format!("{} {on}?{query} finds {found:?}, not {wanted:?}", row.at));
        }
        match search(partner, on, &near) {
            Ok(found) if found.is_disjoint(&wanted) => None,
            Ok(found) => Some(format!("{} near miss {on}?{near} finds {found:?}", row.at)),
            Err(refusal) => Some(format!("{} near miss {on}?{near}: {refusal}", row.at)),
        }
    }

    /// `$id` and `$updated` of the type's first resource.
    fn fill(&self, on: &str, text: &str) -> String {
        let first = &self.first[on];
        let member = |at: &str| first.pointer(at).and_then(Value::as_str).expect("stored");
        text.replace("$id", member("/id"))
            .replace("$updated", member("/meta/lastUpdated"))
    }
}

pub fn resources(world: &str) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(folder(world))
        .expect("the world's folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    let read = |path: PathBuf| -> Vec<Value> {
        let text = std::fs::read_to_string(&path).expect("readable");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    files.into_iter().flat_map(read).collect()
}

/// Marks the first resource of each type; their references.
fn mark(resources: &mut [Value]) -> Vec<String> {
    let (mut types, mut first) = (BTreeSet::new(), Vec::new());
    for resource in resources {
        let on = resource["resourceType"].as_str().expect("a type").to_string();
        if types.insert(on.clone()) {
            first.push(format!("{on}/{}", resource["id"].as_str().expect("an id")));
            resource["meta"] = json!({
                "source": "urn:general:adt",
                "profile": ["http://general.example/StructureDefinition/marked|1.0"],
                "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
                "tag": [{"system": "urn:general:tag", "code": "marked"}],
            });
        }
    }
    first
}

fn entry(resource: &Value) -> Value {
    let member = |name: &str| resource[name].as_str().expect("text");
    let url = format!("{}/{}", member("resourceType"), member("id"));
    json!({"resource": resource, "request": {"method": "PUT", "url": url}})
}

/// Ids of the matches, or what the server said against the search.
pub fn search(partner: &Client, on: &str, query: &str) -> Result<BTreeSet<String>, String> {
    let reply = partner.get(&format!("{on}?{query}&_count=200&_elements=id"));
    match reply.status {
        // What Baton recorded about the scene itself is found too (`audit/`).
        200 => Ok(ids(&reply, "match")
            .into_iter()
            .filter(|id| !id.starts_with("baton-"))
            .collect()),
        status => Err(format!("{status} {}", reply.text)),
    }
}

/// `Type/id` of the entries in that mode.
pub fn held(reply: &Reply, mode: &str) -> BTreeSet<String> {
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let held = entries.filter(|entry| entry["search"]["mode"] == mode);
    let name = |resource: &Value| {
        Some(format!(
            "{}/{}",
            resource["resourceType"].as_str()?,
            resource["id"].as_str()?
        ))
    };
    held.filter_map(|entry| name(&entry["resource"])).collect()
}

/// Their ids alone.
pub fn ids(reply: &Reply, mode: &str) -> BTreeSet<String> {
    let id = |name: &String| name.split_once('/').map(|(_, id)| id.to_string());
    held(reply, mode).iter().filter_map(id).collect()
}
