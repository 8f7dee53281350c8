//! Worlds: the resources of `parameters/world`, recombined member by member, so that they share
//! values in ever other ways and refer to each other.
use crate::parameters::resources;
use crate::support::Client;
use fhir::registry::registry;
use fhir::search::index::{Entry, entries};
use fhir::{Resource, TypeId};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Recombined resources per type, beside those they are made of.
const OFFSPRING: usize = 4;

pub struct Held {
    pub on: TypeId,
    pub id: String,
    pub value: Value,
    pub entries: Vec<Entry>,
}

pub struct World {
    /// Those of one type in the order of creation.
    held: BTreeMap<TypeId, Vec<Held>>,
    pub types: Vec<TypeId>,
}

type ByType = BTreeMap<String, Vec<Value>>;

fn by_type() -> ByType {
    let mut all = ByType::new();
    for resource in resources("world") {
        let on = resource["resourceType"].as_str().expect("a type").to_string();
        all.entry(on).or_default().push(resource);
    }
    all
}

pub fn recombined(rng: &mut StdRng) -> Vec<Value> {
    let mut parents = by_type();
    // Of these every server records its own, for those alone who see all of them.
    for recorded in ["AuditEvent", "Provenance"] {
        parents.remove(recorded);
    }
    let ids = |on: &str, at: usize| match parents.get(on).and_then(|own| own.get(at)) {
        Some(parent) => parent["id"].as_str().expect("an id").to_string(),
        None => format!("{}-{at}", on.to_ascii_lowercase()),
    };
    let mut all = Vec::new();
    for (on, own) in &parents {
        for at in 0..own.len() + OFFSPRING {
            let mut resource = if at < own.len() {
                own[at].clone()
            } else {
                child(TypeId::of(on).expect("a type"), own, rng)
            };
            refer(&mut resource, &mut |target| {
                let there = parents.get(target)?.len() + OFFSPRING;
                Some(ids(target, rng.random_range(0..there)))
            });
            resource["id"] = json!(ids(on, at));
            meta(&mut resource, rng);
            all.push(resource);
        }
    }
    all
}

/// Each element from one of the parents, so that those that must be there are.
fn child(on: TypeId, parents: &[Value], rng: &mut StdRng) -> Value {
    let definition = registry().resource(on);
    let element = |name: &str| definition.member(name).map(|member| member.element);
    let mut child = json!({"resourceType": on.name()});
    for at in 0..definition.elements.len() {
        let parent = parents[rng.random_range(0..parents.len())]
            .as_object()
            .expect("an object");
        for (name, value) in parent.iter().filter(|(name, _)| element(name) == Some(at)) {
            child[name] = value.clone();
        }
    }
    child
}

/// Points every other reference to another resource of its type.
fn refer(value: &mut Value, pick: &mut impl FnMut(&str) -> Option<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("reference")
                && let Some((on, _)) = reference.split_once('/')
                && let Some(id) = pick(on)
            {
                *reference = format!("{on}/{id}");
            }
            members.values_mut().for_each(|member| refer(member, pick));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, pick)),
        _ => {}
    }
}

fn meta(resource: &mut Value, rng: &mut StdRng) {
    if rng.random_bool(0.3) {
        let tag = ["a", "b", "A"][rng.random_range(0..3)];
        let profile = [
            "http://p.example/one",
            "http://p.example/one|1",
            "http://p.example/one/more",
        ][rng.random_range(0..3)];
        resource["meta"] = json!({"tag": [{"system": "urn:tag", "code": tag}], "profile": [profile]});
    }
}

impl World {
    /// What the server takes of these; what it refuses is no part of the world.
    pub fn load(partner: &Client, resources: &[Value]) -> World {
        let entry = |resource: &Value| {
            let member = |name: &str| resource[name].as_str().expect("text");
            let url = format!("{}/{}", member("resourceType"), member("id"));
            json!({"resource": resource, "request": {"method": "PUT", "url": url}})
        };
        let entries: Vec<_> = resources.iter().map(entry).collect();
        let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
        let answers = partner.post("", &batch).ok();
        let answers = answers["entry"].as_array().expect("entries");
        let taken = |answer: &&Value| {
            answer["response"]["status"]
                .as_str()
                .expect("a status")
                .starts_with('2')
        };
        let taken = answers.iter().filter(taken).count();
        assert!(
            taken * 10 > resources.len() * 9,
            "most are valid: {taken} of {}",
            resources.len()
        );
        let mut types: Vec<_> = resources
            .iter()
            .filter_map(|r| TypeId::of(r["resourceType"].as_str()?))
            .collect();
        types.dedup();
        let held: BTreeMap<_, _> = types.iter().map(|on| (*on, all(partner, *on))).collect();
        assert_eq!(
            held.values().map(Vec::len).sum::<usize>(),
            taken,
            "nothing else is there"
        );
        World { held, types }
    }

    pub fn of(&self, on: TypeId) -> impl Iterator<Item = &Held> {
        self.held.get(&on).into_iter().flatten()
    }

    pub fn get(&self, on: TypeId, id: &str) -> Option<&Held> {
        self.of(on).find(|one| one.id == id)
    }
}

fn all(partner: &Client, on: TypeId) -> Vec<Held> {
    let held = |value: Value| {
        let resource = Resource::from_value(value.clone()).expect("a resource");
        Held {
            on,
            id: value["id"].as_str().expect("an id").to_string(),
            entries: entries(&resource),
            value,
        }
    };
    partner
        .find(&format!("{}?_count=1000", on.name()))
        .into_iter()
        .map(held)
        .collect()
}

/// What others write while pages are read: copies of what is there, changed and deleted again.
pub struct Writes {
    on: TypeId,
    bodies: Vec<Value>,
}

pub fn is_noise(id: &str) -> bool {
    id.starts_with("noise-")
}

impl Writes {
    pub fn new(world: &World, on: TypeId) -> Writes {
        let bodies = world.of(on).map(|one| one.value.clone()).collect();
        Writes { on, bodies }
    }

    pub fn one(&mut self, partner: &Client, rng: &mut StdRng) {
        let id = format!("noise-{}", rng.random_range(0..4));
        let path = format!("{}/{id}", self.on.name());
        if rng.random_bool(0.3) {
            assert!(partner.delete(&path).status < 500);
            return;
        }
        let mut body = self.bodies[rng.random_range(0..self.bodies.len())].clone();
        body["id"] = json!(id);
        partner.put(&path, &body).ok();
    }
}
