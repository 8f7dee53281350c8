//! Everything visible about one life, with its own ids and numbers replaced by their part in the
//! story, so that two tellings of one story compare equal.
use super::life::Life;
use crate::support::Client;
use serde_json::Value;
use std::collections::BTreeMap;

/// By type, stay and step.
pub type Picture = BTreeMap<String, Value>;

const KINDS: [&str; 8] = [
    "Encounter",
    "EpisodeOfCare",
    "CarePlan",
    "CareTeam",
    "RiskAssessment",
    "Task",
    "Condition",
    "Coverage",
];

pub fn picture(client: &Client, life: &Life) -> Picture {
    let mut resources: Vec<Value> = Vec::new();
    let numbers = life.patients.join(",");
    resources.extend(client.find(&format!("Patient?identifier={numbers}")));
    let patients: Vec<String> = resources
        .iter()
        .map(|it| it["id"].as_str().expect("an id").to_owned())
        .collect();
    for kind in KINDS {
        resources.extend(client.find(&format!("{kind}?patient={}", patients.join(","))));
    }
    let mut names = Names::default();
    for (at, number) in life.patients.iter().enumerate() {
        names.call(number, format!("patient-{at}"));
    }
    for (at, number) in life.visits.iter().enumerate() {
        names.call(number, format!("visit-{at}"));
    }
    let identified = |it: &&Value| matches!(it["resourceType"].as_str(), Some("Patient" | "Encounter"));
    for resource in resources.iter().filter(identified) {
        let part = numbered(resource, &names);
        names.call(resource["id"].as_str().expect("an id"), part);
    }
    for resource in &resources {
        let part = names.told(&step(resource));
        names.call(resource["id"].as_str().expect("an id"), part);
    }
    let mut picture = Picture::new();
    for resource in &resources {
        let told = names.tell(resource);
        let name = told["id"].as_str().expect("an id").to_owned();
        let earlier = picture.insert(name, told);
        assert!(
            earlier.is_none(),
            "two resources play one part: {earlier:#?} and {resource:#}"
        );
    }
    picture
}

/// A Patient or Encounter by its numbers; a visit number that another continues stays with its status.
fn numbered(resource: &Value, names: &Names) -> String {
    let identifiers = resource["identifier"].as_array().into_iter().flatten();
    let own = identifiers.filter(|identifier| identifier["use"] != "old");
    // By their parts in the story: one telling has P99 and P100, another P101 and P102.
    let mut numbers: Vec<String> = own
        .filter_map(|identifier| identifier["value"].as_str())
        .map(|number| names.told(number))
        .collect();
    numbers.sort_unstable();
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    format!(
        "{}-{}-{}",
        text("resourceType"),
        numbers.join("-"),
        text("status")
    )
}

/// What tells a resource from others of the same life, ids not yet replaced.
fn step(resource: &Value) -> String {
    let text = |pointer: &str| {
        resource
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let parts = [
        "/resourceType",
        "/encounter/reference",
        "/code/coding/0/code",
        "/period/start",
        "/authoredOn",
        "/subscriberId",
    ];
    parts.map(text).join(" ").replace('/', "-")
}

#[derive(Default)]
struct Names(Vec<(String, String)>);

impl Names {
    /// The first name stays.
    fn call(&mut self, id: &str, name: String) {
        if !self.0.iter().any(|(known, _)| known == id) {
            self.0.push((id.to_owned(), name));
        }
    }

    fn told(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
    }

    fn tell(&self, resource: &Value) -> Value {
        let mut resource = resource.clone();
        resource.as_object_mut().expect("a resource").remove("meta");
        let mut told: Value = serde_json::from_str(&self.told(&resource.to_string())).expect("still JSON");
        settle(&mut told);
        told.sort_all_objects();
        told
    }
}

/// Lists made in the order of ids differ between tellings, as the ids do.
fn settle(value: &mut Value) {
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(settle);
            for entry in list.iter_mut() {
                if entry["id"].as_str().is_some_and(|id| id.starts_with("derived-")) {
                    entry.as_object_mut().expect("an object").remove("id");
                }
            }
            list.sort_by_key(Value::to_string);
        }
        Value::Object(members) => members.values_mut().for_each(settle),
        _ => {}
    }
}
