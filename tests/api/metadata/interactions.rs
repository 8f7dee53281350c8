//! Each interaction, header and parameter that the CapabilityStatement promises, on every type.
use super::minimal::minimal;
use crate::support::{Client, Reply};
use serde_json::{Value, json};

const JSON_PATCH: &str = "application/json-patch+json";
const FHIR: &str = "application/fhir+json";

/// One type as it is advertised, and the resource it is walked with.
pub struct Walk<'a> {
    pub client: &'a Client,
    pub on: &'a str,
    pub told: &'a Value,
}

impl Walk<'_> {
    fn at(&self, rest: &str) -> String {
        format!("{}{rest}", self.on)
    }

    fn body(&self, language: &str) -> Value {
        let mut resource = minimal(self.on);
        resource["id"] = json!("walk");
        resource["language"] = json!(language);
        resource
    }

    fn send(&self, method: &str, rest: &str, header: (&str, &str), body: Option<&Value>) -> Reply {
        let request = self
            .client
            .request(method, &self.at(rest))
            .header(header.0, header.1);
        Reply::of(match body {
            Some(body) => request.header("content-type", FHIR).body(body.to_string()),
            None => request,
        })
    }

    /// Every interaction that is told of, in an order in which each finds what it needs.
    pub fn interactions(&self) {
        let mut told: Vec<&str> = self.told["interaction"]
            .as_array()
            .expect("interactions")
            .iter()
            .filter_map(|one| one["code"].as_str())
            .collect();
        for (code, walk) in WALKS {
            let at = told.iter().position(|one| *one == code);
            told.remove(at.unwrap_or_else(|| panic!("{}: {code} is not advertised", self.on)));
            walk(self);
        }
        assert!(told.is_empty(), "{}: nobody walks {told:?}", self.on);
    }

    fn is(&self, reply: &Reply, status: u16, what: &str) {
        assert_eq!(reply.status, status, "{} {what}: {}", self.on, reply.text);
    }

    fn flag(&self, name: &str) -> &str {
        self.told[name].as_str().unwrap_or_default()
    }

    /// What may stand in `_include`, `_revinclude` and `_sort`, many in a request.
    pub fn results(&self) {
        for (name, told) in [("_include", "searchInclude"), ("_revinclude", "searchRevInclude")] {
            let all: Vec<&str> = self.told[told]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            for some in all.chunks(20) {
                let pairs: Vec<String> = some.iter().map(|one| format!("{name}={one}")).collect();
                let reply = self
                    .client
                    .get(&self.at(&format!("?_id=walk&{}", pairs.join("&"))));
                self.is(&reply, 200, name);
                let link = reply.json()["link"][0]["url"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let used = some.iter().all(|one| link.contains(&format!("{name}={one}")));
                assert!(used, "{} {name}: {link}", self.on);
            }
        }
        let params = self.told["searchParam"].as_array().into_iter().flatten();
        let sortable =
            params.filter(|param| !matches!(param["type"].as_str(), Some("composite" | "special")));
        let codes: Vec<&str> = sortable.filter_map(|param| param["name"].as_str()).collect();
        for some in codes.chunks(10) {
            let reply = self
                .client
                .get(&self.at(&format!("?_id=walk&_sort=-{}", some.join(",-"))));
            self.is(&reply, 200, "_sort");
        }
    }
}

type Step = fn(&Walk);

const WALKS: [(&str, Step); 9] = [
    ("update", update),
    ("read", read),
    ("patch", patch),
    ("vread", vread),
    ("history-instance", history_instance),
    ("history-type", history_type),
    ("search-type", search),
    ("create", create),
    ("delete", delete),
];

fn update(walk: &Walk) {
    assert_eq!(walk.told["updateCreate"], true);
    let reply = walk.client.put(&walk.at("/walk"), &walk.body("en"));
    walk.is(&reply, 201, "update as create");
    assert_eq!(walk.flag("versioning"), "versioned-update");
    let stale = walk.send("PUT", "/walk", ("if-match", "W/\"9\""), Some(&walk.body("fr")));
    walk.is(&stale, 412, "update of another version");
    assert_eq!(walk.told["conditionalUpdate"], true);
    let reply = walk.client.put(&walk.at("?_id=walk"), &walk.body("fr"));
    walk.is(&reply, 200, "conditional update");
    assert_eq!(reply.header("etag"), "W/\"2\"", "{}", walk.on);
}

fn read(walk: &Walk) {
    let reply = walk.client.get(&walk.at("/walk"));
    walk.is(&reply, 200, "read");
    assert_eq!(reply.json()["language"], "fr", "{}", walk.on);
    assert_eq!(walk.flag("conditionalRead"), "full-support");
    let known = walk.send("GET", "/walk", ("if-none-match", "W/\"2\""), None);
    walk.is(&known, 304, "conditional read by version");
    let later = ("if-modified-since", "Fri, 31 Dec 2100 00:00:00 GMT");
    walk.is(
        &walk.send("GET", "/walk", later, None),
        304,
        "conditional read by time",
    );
}

fn patch(walk: &Walk) {
    let json = json!([{"op": "replace", "path": "/language", "value": "de"}]).to_string();
    let path = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": walk.at(".language")},
        {"name": "value", "valueCode": "nl"}]}]});
    // Says the same as the one before, and makes no version.
    let part = r#"{"language": "de"}"#.to_owned();
    for (media, body) in [
        (JSON_PATCH, json.clone()),
        ("application/merge-patch+json", part),
        (FHIR, path.to_string()),
    ] {
        let reply = walk.client.send_text("PATCH", &walk.at("/walk"), media, body);
        walk.is(&reply, 200, media);
    }
    let by_criteria = walk
        .client
        .send_text("PATCH", &walk.at("?_id=walk"), JSON_PATCH, json.clone());
    walk.is(&by_criteria, 200, "conditional patch");
    let other = walk
        .client
        .send_text("PATCH", &walk.at("/walk"), "application/xml-patch+xml", json);
    walk.is(&other, 415, "another patch");
}

fn vread(walk: &Walk) {
    assert_eq!(walk.told["readHistory"], true);
    for (version, language) in [(1, "en"), (2, "fr"), (3, "de"), (4, "nl"), (5, "de")] {
        let reply = walk.client.get(&walk.at(&format!("/walk/_history/{version}")));
        walk.is(&reply, 200, "vread");
        assert_eq!(reply.json()["language"], language, "{} {version}", walk.on);
    }
}

fn entries(reply: &Reply) -> usize {
    reply.json()["entry"].as_array().map_or(0, Vec::len)
}

fn history_instance(walk: &Walk) {
    let reply = walk.client.get(&walk.at("/walk/_history?_count=100"));
    walk.is(&reply, 200, "history");
    assert_eq!(entries(&reply), 5, "{}", walk.on);
}

fn history_type(walk: &Walk) {
    let reply = walk.client.get(&walk.at("/_history?_count=3"));
    walk.is(&reply, 200, "history of the type");
    assert_eq!(entries(&reply), 3, "{}", walk.on);
}

fn search(walk: &Walk) {
    let found = walk.client.get(&walk.at("?_id=walk"));
    walk.is(&found, 200, "search");
    assert_eq!(entries(&found), 1, "{}", walk.on);
    let form = walk.client.form(&walk.at("/_search"), &[("_id", "walk")]);
    walk.is(&form, 200, "search by POST");
    assert_eq!(entries(&form), 1, "{}", walk.on);
}

fn create(walk: &Walk) {
    let made = walk.client.post(walk.on, &minimal(walk.on));
    walk.is(&made, 201, "create");
    let place = made.header("location").to_owned();
    assert!(
        place.contains(&walk.at("/")) && place.ends_with("/_history/1"),
        "{place}"
    );
    assert_eq!(walk.told["conditionalCreate"], true);
    let header = ("if-none-exist", "_id=walk");
    let known = walk.send("POST", "", header, Some(&minimal(walk.on)));
    walk.is(&known, 200, "conditional create");
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let gone = walk.client.delete(&walk.at(&format!("/{id}")));
    walk.is(&gone, 204, "delete");
    walk.is(
        &walk.client.get(&walk.at(&format!("/{id}"))),
        410,
        "read of what is gone",
    );
}

fn delete(walk: &Walk) {
    assert_eq!(walk.flag("conditionalDelete"), "single");
    let gone = walk.client.delete(&walk.at("?_id=walk"));
    walk.is(&gone, 204, "conditional delete");
    walk.is(&walk.client.get(&walk.at("/walk")), 410, "read of what is gone");
    walk.client.put(&walk.at("/walk"), &walk.body("en")).ok();
}
