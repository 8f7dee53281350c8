//! What is promised for the server as a whole: interactions, operations, compartments, and every
//! path of the OpenAPI document.
use super::minimal::minimal;
use crate::support::{Client, Reply};
use serde_json::{Value, json};

pub fn interactions(client: &Client, rest: &Value) {
    for interaction in rest["interaction"].as_array().expect("interactions") {
        match interaction["code"].as_str().expect("a code") {
            kind @ ("batch" | "transaction") => {
                let request = json!({"method": "GET", "url": "Basic?_id=nobody"});
                let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": [{"request": request}]});
                let done = client.post("", &bundle).ok();
                assert_eq!(done["type"], format!("{kind}-response"));
            }
            "history-system" => assert_eq!(client.get("_history?_count=2").ok()["type"], "history"),
            "search-system" => assert_eq!(client.get("?_id=walk").ok()["type"], "searchset"),
            code => panic!("nobody walks {code}"),
        }
    }
    for param in rest["searchParam"].as_array().expect("parameters of every type") {
        let asked = match param["name"].as_str().expect("a name") {
            "_text" => "_text=word&_id=walk",
            "_content" => "_content=word&_id=walk",
            "_filter" => "_filter=_id eq walk",
            "_list" => "_list=walk",
            "_has" => "_has:Observation:patient:_id=walk",
            name => panic!("nobody walks {name}"),
        };
        assert_eq!(client.get(&format!("Patient?{asked}")).status, 200, "{asked}");
    }
}

/// `types` are told in the statement; a compartment is told by its definition's canonical.
pub fn compartments(client: &Client, rest: &Value, types: &[&str]) {
    let told = rest["compartment"].as_array().expect("compartments");
    assert_eq!(told.len(), 5);
    for canonical in told.iter().filter_map(Value::as_str) {
        let name = canonical.rsplit('/').next().unwrap_or_default();
        let on = types.iter().find(|on| on.to_lowercase() == name).expect("a type");
        for rest in ["*?_summary=count", "Observation?_summary=count"] {
            let reply = client.get(&format!("{on}/walk/{rest}"));
            assert_eq!(reply.status, 200, "{on}/walk/{rest}: {}", reply.text);
        }
    }
}

/// Called as its definition wants it; `on` is None for the server's own.
pub fn operation(client: &Client, on: Option<&str>, name: &str) {
    let at = |rest: &str| format!("{}{rest}/${name}", on.unwrap_or_default());
    let parameters = |parameter: Value| json!({"resourceType": "Parameters", "parameter": [parameter]});
    let reply = match name {
        "validate" => {
            let resource = minimal(on.expect("a type"));
            client.post(
                &at(""),
                &parameters(json!({"name": "resource", "resource": resource})),
            )
        }
        "meta" | "everything" => client.get(&at("/walk")),
        "meta-add" | "meta-delete" => {
            let meta = json!({"tag": [{"system": "urn:walk", "code": "x"}]});
            client.post(
                &at("/walk"),
                &parameters(json!({"name": "meta", "valueMeta": meta})),
            )
        }
        "lastn" => client.get(&format!("{}?patient=walk&code=x", at(""))),
        "match" => {
            let resource =
                json!({"resourceType": "Patient", "identifier": [{"system": "urn:walk", "value": "x"}]});
            client.post(
                &at(""),
                &parameters(json!({"name": "resource", "resource": resource})),
            )
        }
        "reindex-status" => client.get(&at("")),
        "reindex" => refused(client.post(&at("/walk"), &json!({"resourceType": "Parameters"}))),
        // What they do is walked with messages: here that they are there, and refuse.
        "process-message" => refused(client.post("$process-message", &minimal("Basic"))),
        "reprocess" => refused(client.post(&at("/walk"), &json!({"resourceType": "Parameters"}))),
        "message" => refused(client.get(&at("/walk"))),
        other => panic!("nobody walks ${other}"),
    };
    assert_eq!(reply.status, 200, "{on:?} ${name}: {}", reply.text);
}

fn refused(mut reply: Reply) -> Reply {
    assert!(
        is_served(&reply) && (400..500).contains(&reply.status),
        "{}",
        reply.text
    );
    reply.status = 200;
    reply
}

/// There is a handler, whatever it says to this request.
fn is_served(reply: &Reply) -> bool {
    let unknown = [
        "There is nothing at this address",
        "There is no such operation",
        "is not called here",
    ];
    reply.status != 405 && reply.status < 500 && !unknown.iter().any(|text| reply.text.contains(text))
}

/// The OpenAPI document has each parameter and operation that the statement tells of the type.
fn says_the_same(document: &Value, told: &Value) {
    let on = told["type"].as_str().expect("a type");
    let search = &document["paths"][format!("/fhir/{on}")]["get"]["parameters"];
    let names: Vec<&str> = search
        .as_array()
        .expect("parameters")
        .iter()
        .filter_map(|param| {
            let shared = param["$ref"]
                .as_str()
                .and_then(|shared| shared.rsplit('/').next());
            param["name"].as_str().or(shared)
        })
        .collect();
    for param in told["searchParam"].as_array().expect("parameters") {
        let name = param["name"].as_str().expect("a name");
        assert!(
            names.contains(&name),
            "{on}?{name} is not in the OpenAPI document"
        );
    }
    let paths = document["paths"].as_object().expect("paths");
    for operation in told["operation"].as_array().expect("operations") {
        let name = operation["name"].as_str().expect("a name");
        let own = format!("/fhir/{on}/");
        let mut paths = paths.keys().filter(|path| path.ends_with(&format!("/${name}")));
        let is_told = paths.any(|path| path.starts_with(&own) || path.starts_with("/fhir/{type}/"));
        assert!(is_told, "{on}/${name} is not in the OpenAPI document");
    }
}

pub fn openapi(client: &Client, types: &[Value]) {
    let document: Value = client.get("/openapi.json").ok();
    types.iter().for_each(|told| says_the_same(&document, told));
    let mut walked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let address = path
                .replace("{type}", "Patient")
                .replace("{id}", "walk-through")
                .replace("{version}", "1");
            let body = &operation["requestBody"];
            let body = match body["$ref"].as_str() {
                Some(reference) => document
                    .pointer(reference.trim_start_matches('#'))
                    .expect("a component"),
                None => body,
            };
            let media = body["content"].as_object().and_then(|all| all.keys().next());
            let media = media.map_or("application/json", String::as_str);
            let reply = client.send_text(&method.to_uppercase(), &address, media, "{}");
            assert!(
                is_served(&reply),
                "{method} {address}: {} {}",
                reply.status,
                reply.text
            );
            walked += 1;
        }
    }
    assert!(walked > 1_800, "{walked}");
}
