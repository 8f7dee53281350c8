//! The same done on a server with everything and on a twin with what is shown: the same answers, the
//! same state after, and nothing done to what is hidden.
use super::deeds::Deed;
use super::shapes::Shape;
use super::twin::alike;
use crate::oracle::world::World;
use crate::support::{Client, Reply};
use serde_json::{Value, json};

/// One server, as the holder of a token and as somebody who may do everything see it.
pub struct Side {
    pub holder: Client,
    pub all: Client,
    /// Ids that this server chose, in the order of their making.
    new: Vec<String>,
}

impl Side {
    pub fn new(holder: Client, all: Client) -> Side {
        let new = Vec::new();
        Side { holder, all, new }
    }

    /// What a deed answers, and the ids it brought.
    fn run(&mut self, deed: &Deed) -> Value {
        let mut request = self.holder.request(deed.method, &deed.path);
        if !deed.body.is_empty() {
            request = request.header("content-type", deed.media).body(deed.body.clone());
        }
        if let Some((name, value)) = &deed.header {
            request = request.header(*name, value);
        }
        let reply = Reply::of(request);
        let body: Value = serde_json::from_str(&reply.text).unwrap_or_default();
        self.learn(reply.header("location"));
        let entries = body["entry"].as_array().into_iter().flatten();
        for entry in entries {
            self.learn(entry["response"]["location"].as_str().unwrap_or_default());
        }
        let told = json!({
            "status": reply.status, "etag": reply.header("etag"), "location": reply.header("location"), "body": body,
        });
        self.named(told)
    }

    /// From the location of what was created.
    fn learn(&mut self, location: &str) {
        let id = location
            .strip_suffix("/_history/1")
            .and_then(|rest| rest.rsplit('/').next());
        let is_new = |id: &&str| id.len() == 36 && !self.new.iter().any(|known| known == id);
        if let Some(id) = id.filter(is_new) {
            self.new.push(id.to_string());
        }
    }

    fn get(&self, client: &Client, path: &str) -> Value {
        let reply = client.get(path);
        let body: Value = serde_json::from_str(&reply.text).unwrap_or_default();
        self.named(json!({"status": reply.status, "body": body}))
    }

    fn named(&self, mut value: Value) -> Value {
        alike(&mut value, &self.holder.base);
        let mut text = value.to_string();
        for (at, id) in self.new.iter().enumerate() {
            text = text.replace(id.as_str(), &format!("new-{at}"));
        }
        serde_json::from_str(&text).expect("the same JSON")
    }

    /// The ids of all pages.
    fn pages(&self, path: &str) -> Value {
        let ids = self.holder.find(path).into_iter().map(|one| one["id"].clone());
        self.named(ids.collect())
    }
}

pub struct Pair {
    pub everything: Side,
    pub twin: Side,
}

impl Pair {
    /// What differs, and how many resources were written.
    pub fn judge(mut self, deeds: &[Deed], world: &World, shape: &Shape) -> (Vec<String>, usize) {
        let (mut wrong, mut written) = (Vec::new(), 0);
        for deed in deeds {
            let (here, there) = (self.everything.run(deed), self.twin.run(deed));
            let took = here["status"].as_u64() < Some(300) && here["etag"] != "";
            written += usize::from(took && !["GET", "HEAD"].contains(&deed.method));
            wrong.extend(told(&deed.told(), &here, &there));
        }
        wrong.extend(self.compared(world));
        wrong.extend(self.matched(world));
        wrong.extend(self.touched(world, shape));
        (wrong, written)
    }

    /// What the holder sees afterwards.
    fn compared(&self, world: &World) -> Vec<String> {
        let both = |path: &str| {
            let (here, there) = (&self.everything, &self.twin);
            told(
                path,
                &here.get(&here.holder, path),
                &there.get(&there.holder, path),
            )
        };
        let mut wrong = Vec::new();
        for on in &world.types {
            let on = on.name();
            for rest in [
                "?_count=200",
                "/_history?_count=200",
                "?_summary=count",
                "/_history?_count=2",
            ] {
                wrong.extend(both(&format!("{on}{rest}")));
            }
            if self.everything.get(&self.everything.holder, on)["status"] == 200 {
                let path = format!("{on}?_count=2");
                wrong.extend(told(
                    &path,
                    &self.everything.pages(&path),
                    &self.twin.pages(&path),
                ));
            }
        }
        wrong.extend(both("_history?_count=200"));
        wrong
    }

    fn matched(&self, world: &World) -> Vec<String> {
        let mut wrong = Vec::new();
        for one in world.of(fhir::TypeId::of("Patient").expect("a type")) {
            let answer = |side: &Side| {
                let reply = side.holder.post("Patient/$match", &one.value);
                side.named(json!({"status": reply.status, "body": reply.json()}))
            };
            let (here, there) = (answer(&self.everything), answer(&self.twin));
            wrong.extend(told(&format!("$match of {}", one.id), &here, &there));
        }
        wrong
    }

    /// What is stored afterwards: what is hidden as it was, all else as on the twin.
    fn touched(&self, world: &World, shape: &Shape) -> Vec<String> {
        let mut wrong = Vec::new();
        for one in world.types.iter().flat_map(|on| world.of(*on)) {
            let name = format!("{}/{}", one.on.name(), one.id);
            let here = self.everything.get(&self.everything.all, &name);
            if shape.shows(one, world) {
                wrong.extend(told(&name, &here, &self.twin.get(&self.twin.all, &name)));
            } else if here["body"]["meta"]["versionId"] != "1" {
                wrong.push(format!("{name} was changed: {here}"));
            }
        }
        wrong
    }
}

pub fn told(what: &str, here: &Value, there: &Value) -> Option<String> {
    let short = |value: &Value| value.to_string().chars().take(1_200).collect::<String>();
    (here != there).then(|| format!("{what}\n  has {}\n  not {}", short(here), short(there)))
}
