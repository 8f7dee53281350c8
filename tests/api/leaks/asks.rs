//! Requests of every kind that reads: about what is shown, what is hidden, and what never was.
use crate::oracle::world::World;
use fhir::TypeId;
use fhir::registry::{ParamKind, SearchParam, registry};
use fhir::search::compartment;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

/// Of each kind of request, as many as are asked of one shape.
const OF_A_KIND: usize = 60;

/// The world, and lists of some of it.
pub fn world(mut resources: Vec<Value>) -> Vec<Value> {
    let names: Vec<String> = resources
        .iter()
        .filter_map(|one| {
            Some(format!(
                "{}/{}",
                one["resourceType"].as_str()?,
                one["id"].as_str()?
            ))
        })
        .collect();
    let patients: Vec<&String> = names.iter().filter(|name| name.starts_with("Patient/")).collect();
    let lists: Vec<Value> = (0..6)
        .map(|at| {
            let items = names.iter().skip(at).step_by(9);
            let items: Vec<Value> = items.map(|name| json!({"item": {"reference": name}})).collect();
            json!({
                "resourceType": "List", "id": format!("list-{at}"), "status": "current", "mode": "working",
                "subject": {"reference": patients[at % patients.len()]}, "entry": items,
            })
        })
        .collect();
    let devices = patients.iter().enumerate().map(|(at, patient)| {
        json!({"resourceType": "Device", "id": format!("device-{at}"), "patient": {"reference": patient}})
    });
    let devices: Vec<Value> = devices.collect();
    resources.extend(devices);
    resources.extend(lists);
    resources
}

pub fn all(world: &World, rng: &mut StdRng) -> Vec<String> {
    let kinds: [fn(&World) -> Vec<String>; 9] = [
        reads,
        versions,
        whole_types,
        by_reference,
        chains,
        reversed,
        included,
        compartments,
        together,
    ];
    let mut all = operations(world);
    for kind in kinds {
        let mut paths = kind(world);
        paths.shuffle(rng);
        paths.truncate(OF_A_KIND);
        all.extend(paths);
    }
    all
}

fn names(world: &World) -> Vec<String> {
    let of_type = |on: &TypeId| {
        let mut names: Vec<String> = world
            .of(*on)
            .map(|one| format!("{}/{}", on.name(), one.id))
            .collect();
        names.push(format!("{}/nobody", on.name()));
        names
    };
    world.types.iter().flat_map(of_type).collect()
}

fn ids(world: &World, on: TypeId) -> Vec<String> {
    let ids = world.of(on).map(|one| one.id.clone());
    ids.chain(["nobody".to_string()]).collect()
}

fn reads(world: &World) -> Vec<String> {
    let each = |name: String| {
        [
            name.clone(),
            format!("{name}?_summary=true"),
            format!("{name}/$meta"),
        ]
    };
    names(world).into_iter().flat_map(each).collect()
}

fn versions(world: &World) -> Vec<String> {
    let each = |name: String| {
        ["_history", "_history/1", "_history/2", "_history?_count=1"].map(|rest| format!("{name}/{rest}"))
    };
    names(world).into_iter().flat_map(each).collect()
}

fn whole_types(world: &World) -> Vec<String> {
    let each = |on: &TypeId| {
        [
            "",
            "?_count=2",
            "?_summary=count",
            "?_total=accurate&_count=1",
            "?_total=estimate&_count=1",
            "?_sort=-_id&_count=3",
            "?_sort=_id",
            "?_id:not=nobody&_summary=count",
            "?_text=the&_summary=count",
            "?_content=a",
            "?_list=list-1",
            "?_filter=_id ne nobody",
            "?_tag=urn:tag|a",
            "?_tag:not=urn:tag|a&_count=4",
            "/_history",
        ]
        .map(|rest| format!("{}{}", on.name(), rest.replace(' ', "%20")))
    };
    world.types.iter().flat_map(each).collect()
}

fn references(on: TypeId) -> impl Iterator<Item = &'static SearchParam> {
    let all = registry().params(on).iter();
    all.filter(|param| param.kind == ParamKind::Reference)
}

/// Reference parameters with what they may lead to in this world.
fn links(world: &World) -> Vec<(TypeId, &'static SearchParam, TypeId)> {
    let mut links = Vec::new();
    for on in &world.types {
        for param in references(*on) {
            let leads = |to: &&TypeId| param.targets.is_empty() || param.targets.contains(to);
            links.extend(world.types.iter().filter(leads).map(|to| (*on, param, *to)));
        }
    }
    links
}

fn by_reference(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for (on, param, to) in links(world) {
        let (on, code) = (on.name(), param.code);
        all.push(format!("{on}?{code}:missing=true"));
        all.push(format!("{on}?{code}:missing=false&_sort={code}&_count=3"));
        let each = ids(world, to).into_iter();
        all.extend(each.map(|id| format!("{on}?{code}={}/{id}&_total=accurate", to.name())));
    }
    all
}

fn chains(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for (on, param, to) in links(world) {
        let (on, code, name) = (on.name(), param.code, to.name());
        for id in ids(world, to) {
            all.push(format!("{on}?{code}:{name}._id={id}"));
            all.push(format!("{on}?{code}:{name}._id:not={id}&_summary=count"));
            all.push(format!(
                "{on}?_filter=not%20({code}:{name}._id%20eq%20{id})&_summary=count"
            ));
        }
        for further in references(to) {
            all.push(format!("{on}?{code}:{name}.{}:missing=false", further.code));
            let through = |end: &TypeId| {
                format!(
                    "{on}?{code}:{name}.{}:{}._id:not=nobody",
                    further.code,
                    end.name()
                )
            };
            let ends = world.types.iter().filter(|end| further.targets.contains(end));
            all.extend(ends.map(through));
        }
    }
    all
}

fn reversed(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for (from, param, on) in links(world) {
        let (on, by) = (on.name(), format!("{}:{}", from.name(), param.code));
        for id in ids(world, from) {
            all.push(format!("{on}?_has:{by}:_id={id}"));
        }
        all.push(format!("{on}?_has:{by}:_id:not=nobody&_summary=count"));
        for (other, further, to) in links(world).into_iter().filter(|(.., to)| *to == from) {
            let _ = to;
            all.push(format!(
                "{on}?_has:{by}:_has:{}:{}:_id:not=nobody",
                other.name(),
                further.code
            ));
        }
    }
    all
}

fn included(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for on in world.types.iter().map(|on| on.name()) {
        all.push(format!("{on}?_include=*"));
        all.push(format!(
            "{on}?_include={on}:*&_include:iterate=Patient:*&_count=3"
        ));
    }
    for (from, param, to) in links(world) {
        let (from, code, to) = (from.name(), param.code, to.name());
        all.push(format!("{from}?_include={from}:{code}"));
        all.push(format!(
            "{from}?_include={from}:{code}:{to}&_revinclude:iterate=Provenance:target"
        ));
        all.push(format!("{to}?_revinclude={from}:{code}&_count=2"));
        all.push(format!(
            "{to}?_revinclude={from}:{code}&_include:iterate={from}:*"
        ));
        all.push(format!("{to}?_revinclude={from}:*"));
    }
    all
}

fn compartments(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for focus in world.types.iter().filter(|on| compartment::is_focus(**on)) {
        for id in ids(world, *focus) {
            let name = format!("{}/{id}", focus.name());
            all.push(format!("{name}/*?_count=5"));
            all.push(format!("{name}/*?_summary=count"));
            let members = compartment::types(*focus).filter(|on| world.types.contains(on));
            all.extend(members.map(|on| format!("{name}/{}", on.name())));
        }
    }
    all
}

fn together(world: &World) -> Vec<String> {
    let pairs = world.types.iter().zip(world.types.iter().rev());
    let pairs = pairs.map(|(one, other)| format!("?_type={},{}&_total=accurate", one.name(), other.name()));
    let whole = [
        "?_count=7",
        "?_summary=count",
        "?_id=nobody",
        "?_tag=urn:tag|a",
        "_history",
    ];
    pairs.chain(whole.map(str::to_string)).collect()
}

fn operations(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for id in ids(world, TypeId::of("Patient").expect("a type")) {
        all.push(format!("Patient/{id}/$everything"));
        all.push(format!(
            "Patient/{id}/$everything?_count=4&_type=Observation,Patient"
        ));
        all.push(format!("Observation/$lastn?patient={id}&category:missing=false"));
        all.push(format!(
            "Observation/$lastn?patient={id}&code:missing=false&max=2"
        ));
    }
    for id in ids(world, TypeId::of("Encounter").expect("a type")) {
        all.push(format!("Encounter/{id}/$everything"));
    }
    let sets = world.of(TypeId::of("ValueSet").expect("a type"));
    let urls = sets.filter_map(|set| set.value["url"].as_str());
    all.extend(urls.map(|url| format!("Condition?code:in={url}&_summary=count")));
    all
}
