//! Requests of every kind that write: about what is shown, what is hidden, and what never was.
use crate::oracle::world::{Held, World};
use base64::Engine as _;
use fhir::TypeId;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

/// Resources that are written about.
const SUBJECTS: usize = 40;
const FHIR: &str = "application/fhir+json";
const JSON_PATCH: &str = "application/json-patch+json";

#[derive(Clone)]
pub struct Deed {
    pub method: &'static str,
    pub path: String,
    pub header: Option<(&'static str, String)>,
    pub media: &'static str,
    pub body: String,
}

impl Deed {
    pub fn told(&self) -> String {
        let body: String = self.body.chars().take(300).collect();
        format!("{} {} {:?} {body}", self.method, self.path, self.header)
    }

    fn of(method: &'static str, path: String, body: &Value) -> Deed {
        Deed {
            method,
            path,
            header: None,
            media: FHIR,
            body: if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        }
    }

    fn with(self, name: &'static str, value: &str) -> Deed {
        Deed {
            header: Some((name, value.to_string())),
            ..self
        }
    }
}

/// What is written about: a resource of the world, or the like of one under an id that nothing has.
struct Subject {
    on: TypeId,
    id: String,
    value: Value,
}

pub fn all(world: &World, rng: &mut StdRng) -> Vec<Deed> {
    let mut subjects: Vec<Subject> = Vec::new();
    for on in &world.types {
        let held: Vec<&Held> = world.of(*on).collect();
        subjects.extend(held.iter().map(|one| subject(*on, &one.id, one)));
        subjects.extend(held.first().map(|one| subject(*on, "nobody", one)));
    }
    subjects.shuffle(rng);
    subjects.truncate(SUBJECTS);
    let patients: Vec<String> = names(world, "Patient");
    let mut all = Vec::new();
    for (at, one) in subjects.iter().enumerate() {
        let beside = &subjects[(at + 1) % subjects.len()];
        let other = &patients[rng.random_range(0..patients.len())];
        let mut kinds = alone(one, other);
        kinds.extend(together(one, beside));
        kinds.shuffle(rng);
        // A delete last, so that there is something to write.
        kinds.truncate(4);
        kinds.sort_by_key(|deed| deed.method == "DELETE");
        all.extend(kinds);
    }
    all
}

pub fn names(world: &World, on: &str) -> Vec<String> {
    let on = TypeId::of(on).expect("a type");
    let name = |one: &Held| format!("{}/{}", on.name(), one.id);
    world.of(on).map(name).collect()
}

fn subject(on: TypeId, id: &str, one: &Held) -> Subject {
    let mut value = one.value.clone();
    value["id"] = json!(id);
    Subject {
        on,
        id: id.to_string(),
        value,
    }
}

impl Subject {
    fn name(&self) -> String {
        format!("{}/{}", self.on.name(), self.id)
    }

    fn changed(&self) -> Value {
        let mut value = self.value.clone();
        value["language"] = json!("de");
        value
    }

    fn fresh(&self) -> Value {
        let mut value = self.changed();
        value.as_object_mut().expect("a resource").remove("id");
        value
    }

    fn criteria(&self) -> String {
        format!("{}?_id={}", self.on.name(), self.id)
    }
}

/// Every reference to a patient leads to this one.
fn moved(value: &Value, patient: &str) -> Value {
    match value {
        Value::String(text) if text.starts_with("Patient/") => json!(patient),
        Value::Object(members) => {
            let each = members
                .iter()
                .map(|(name, member)| (name.clone(), moved(member, patient)));
            Value::Object(each.collect())
        }
        Value::Array(items) => items.iter().map(|item| moved(item, patient)).collect(),
        other => other.clone(),
    }
}

fn patch() -> Value {
    json!([{"op": "add", "path": "/language", "value": "fr"}])
}

fn patching(path: String) -> Deed {
    let mut deed = Deed::of("PATCH", path, &patch());
    deed.media = JSON_PATCH;
    deed
}

fn meta() -> Value {
    let tag = json!({"tag": [{"system": "urn:tag", "code": "new"}]});
    json!({"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": tag}]})
}

fn alone(one: &Subject, patient: &str) -> Vec<Deed> {
    let (name, on) = (one.name(), one.on.name().to_string());
    let focused = json!([{"op": "add", "path": "/extension", "value": [{"url": "urn:x", "valueReference": {"reference": name}}]}]);
    vec![
        Deed::of("PUT", name.clone(), &one.changed()),
        Deed::of("PUT", name.clone(), &one.changed()).with("if-match", "W/\"1\""),
        Deed::of("PUT", name.clone(), &one.changed()).with("if-match", "W/\"7\""),
        Deed::of("PUT", name.clone(), &one.changed()).with("if-none-match", "*"),
        Deed::of("PUT", name.clone(), &moved(&one.changed(), patient)),
        patching(name.clone()),
        patching(name.clone()).with("if-match", "W/\"2\""),
        patching(one.criteria()),
        Deed {
            media: JSON_PATCH,
            ..Deed::of("PATCH", patient.to_string(), &focused)
        },
        Deed::of("POST", on.clone(), &one.fresh()),
        Deed::of("POST", on.clone(), &moved(&one.fresh(), patient)),
        Deed::of("POST", on.clone(), &one.fresh()).with("prefer", "return=OperationOutcome"),
        Deed::of("POST", on.clone(), &one.fresh()).with("if-none-exist", &format!("_id={}", one.id)),
        Deed::of("PUT", one.criteria(), &one.changed()),
        Deed::of("PUT", one.criteria(), &one.fresh()),
        Deed::of("PUT", format!("{on}?_tag=urn:tag|a"), &one.fresh()),
        Deed::of("DELETE", name.clone(), &Value::Null),
        Deed::of("DELETE", name.clone(), &Value::Null).with("prefer", "return=OperationOutcome"),
        Deed::of("DELETE", name.clone(), &Value::Null).with("if-match", "W/\"1\""),
        Deed::of("DELETE", one.criteria(), &Value::Null),
        Deed::of("DELETE", format!("{on}?_tag=urn:tag|a"), &Value::Null),
        Deed::of("POST", format!("{name}/$meta-add"), &meta()),
        Deed::of("GET", format!("{name}/$validate?mode=delete"), &Value::Null),
        Deed::of("GET", format!("{name}/$validate"), &Value::Null),
        Deed::of("HEAD", name, &Value::Null),
    ]
}

fn entry(method: &str, url: &str, resource: &Value) -> Value {
    match resource {
        Value::Null => json!({"request": {"method": method, "url": url}}),
        some => json!({"request": {"method": method, "url": url}, "resource": some}),
    }
}

fn together(one: &Subject, other: &Subject) -> Vec<Deed> {
    let text = base64::engine::general_purpose::STANDARD.encode(patch().to_string());
    let binary = json!({"resourceType": "Binary", "contentType": JSON_PATCH, "data": text});
    let put = entry("PUT", &one.name(), &one.changed());
    let post = entry("POST", other.on.name(), &other.fresh());
    let patch = entry("PATCH", &other.name(), &binary);
    let delete = entry("DELETE", &other.name(), &Value::Null);
    let looks = [
        one.name(),
        format!("{}?_count=2", one.on.name()),
        format!("{}/_history", other.on.name()),
    ];
    let look = looks.map(|url| entry("GET", &url, &Value::Null));
    let sets = [
        vec![put.clone()],
        vec![post],
        vec![patch],
        vec![delete.clone()],
        vec![put, delete],
        vec![],
    ];
    let mut all = Vec::new();
    for (at, mut entries) in sets.into_iter().enumerate() {
        entries.extend(look.iter().skip(at % 2).cloned());
        let kinds = ["transaction", "batch"].into_iter();
        all.extend(kinds.map(|kind| {
            let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": entries});
            Deed::of("POST", String::new(), &bundle).with("prefer", "return=representation")
        }));
    }
    all
}
