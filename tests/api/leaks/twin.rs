//! A server with everything and its twin with what may be seen, asked the same.
use super::shapes::Shape;
use crate::oracle::world::World;
use crate::support::{Baton, Client};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Requests in one batch.
const TOGETHER: usize = 20;

pub struct Twins {
    everything: Client,
    // Stops with the twins.
    _twin: Baton,
    pub seen: Client,
    /// Somebody who may do everything there.
    pub all: Client,
}

impl Twins {
    pub fn new(everything: &Baton, twin: Baton, world: &World, resources: &[Value], shape: &Shape) -> Twins {
        let all = twin.partner();
        let shown: BTreeSet<String> = world
            .types
            .iter()
            .flat_map(|on| world.of(*on))
            .filter(|one| shape.shows(one, world))
            .map(|one| format!("{}/{}", one.on.name(), one.id))
            .collect();
        let name = |resource: &Value| {
            let text = |member: &str| resource[member].as_str().expect("text").to_string();
            format!("{}/{}", text("resourceType"), text("id"))
        };
        let mut loaded: Vec<Value> = resources.to_vec();
        loaded.retain(|resource| shown.contains(&name(resource)));
        assert_eq!(loaded.len(), shown.len(), "{}", shape.name);
        let stored = in_order(&all, &loaded);
        assert_eq!(stored, loaded.len(), "{}", shape.name);
        Twins {
            everything: everything.launched(&shape.scopes, &shape.holder),
            seen: twin.launched(&shape.scopes, &shape.holder),
            _twin: twin,
            all,
        }
    }

    /// The requests that tell both apart.
    pub fn differ(&self, paths: &[String]) -> Vec<String> {
        let mut wrong = Vec::new();
        for some in paths.chunks(TOGETHER) {
            let (here, there, all) = (
                answers(&self.everything, some),
                answers(&self.seen, some),
                answers(&self.all, some),
            );
            for (at, path) in some.iter().enumerate() {
                let refused = status(&here[at]).starts_with("403");
                if here[at] != there[at] {
                    wrong.push(told(path, &here[at], &there[at]));
                } else if !refused && !of_all_types(path) && here[at] != all[at] {
                    wrong.push(told(path, &here[at], &all[at]));
                }
            }
        }
        wrong
    }
}

/// One by one, as a batch does not keep to an order; how many were taken.
pub fn in_order(client: &Client, resources: &[Value]) -> usize {
    let put = |resource: &&Value| {
        let text = |member: &str| resource[member].as_str().expect("text");
        let path = format!("{}/{}", text("resourceType"), text("id"));
        client.put(&path, resource).status < 300
    };
    resources.iter().filter(put).count()
}

/// Where somebody who may do everything also finds what every server comes with.
fn of_all_types(path: &str) -> bool {
    path.starts_with(['?', '_']) && !path.contains("_type")
}

fn status(answer: &Value) -> &str {
    answer["response"]["status"].as_str().unwrap_or_default()
}

fn told(path: &str, here: &Value, there: &Value) -> String {
    let short = |value: &Value| value.to_string().chars().take(1_500).collect::<String>();
    format!("{path}\n  has {}\n  not {}", short(here), short(there))
}

fn answers(client: &Client, paths: &[String]) -> Vec<Value> {
    let entry = |path: &String| json!({"request": {"method": "GET", "url": path}});
    let entries: Vec<Value> = paths.iter().map(entry).collect();
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    let mut answer = client.post("", &batch).ok();
    alike(&mut answer, &client.base);
    let entries = answer["entry"].as_array().expect("entries").clone();
    assert_eq!(entries.len(), paths.len());
    entries
}

/// Without what two servers cannot have in common: their addresses, when things were written, and
/// cursors, which hold row numbers.
pub fn alike(value: &mut Value, base: &str) {
    match value {
        Value::Object(members) => {
            for name in ["lastUpdated", "lastModified"] {
                members.remove(name);
            }
            members.values_mut().for_each(|member| alike(member, base));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| alike(item, base)),
        Value::String(text) => {
            *text = text.replace(base, "");
            if let Some((before, _)) = text.split_once("_cursor=") {
                *text = format!("{before}_cursor");
            }
        }
        _ => {}
    }
}
