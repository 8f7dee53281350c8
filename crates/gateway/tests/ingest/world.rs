//! A Baton without its HTTP server: the doors of messages are called as the routes call them.
use fhir::TypeId;
use fhir::event::{Key, encounter_id, patient_id};
use gateway::auth::Authority;
use gateway::config::{Auth, Config};
use gateway::ingest::hl7::{Arrival, receive};
use gateway::reaction::{self, Coordination};
use gateway::state::AppState;
use hl7v2::Sender;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::admin::SenderRow;
use store::{Change, Context, Expect, Op, Store, StoreConfig};

pub struct World {
    pub state: AppState,
    folder: PathBuf,
}

impl World {
    /// With the senders NORTH and SOUTH, which know the same authorities.
    pub async fn open() -> World {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("baton-ingest-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut config = Config {
            auth: Auth::Disabled,
            ..Config::default()
        };
        config.database = format!("sqlite://{}/baton.db", folder.display());
        config.limits.message = 64 * 1024;
        let settings = StoreConfig {
            url: config.database.clone(),
            connections: 2,
            enforced: None,
            search_seconds: 60,
            wait_seconds: 15,
        };
        let reaction = Coordination::new(&config.practice);
        let store = Store::open(&settings, Arc::new(reaction)).expect("the store opens");
        reaction::seed(&store, gateway::edge::now())
            .await
            .expect("protocols");
        let auth = Authority::open(&store, &config).await.expect("keys");
        let world = World {
            state: AppState::new(store, Arc::new(config), auth),
            folder,
        };
        world.register("NORTH").await;
        world.register("SOUTH").await;
        world
    }

    pub async fn register(&self, facility: &str) {
        let zone = "America/New_York".parse().expect("a zone");
        let sender = Sender::new(&facility.to_lowercase(), "ADT", facility, zone);
        let row = SenderRow {
            name: sender.name.clone(),
            application: sender.application.clone(),
            facility: sender.facility.clone(),
            config: serde_json::to_string(&sender).expect("serialises"),
            created: 0,
            disabled: None,
        };
        self.state
            .store
            .write(move |tx| tx.insert_sender(&row))
            .await
            .expect("registered");
    }

    /// Sends a message and gives MSA-1.
    pub async fn send(&self, message: &str) -> String {
        let answer = self.answer(message).await;
        let msa = answer
            .split('\r')
            .find(|line| line.starts_with("MSA"))
            .unwrap_or_default();
        msa.split('|').nth(1).unwrap_or_default().to_owned()
    }

    pub async fn answer(&self, message: &str) -> String {
        let arrival = Arrival {
            channel: "http",
            request_id: "test".into(),
        };
        let answers = receive(&self.state, message.as_bytes().to_vec(), arrival).await;
        answers
            .iter()
            .map(|answer| String::from_utf8_lossy(answer))
            .collect()
    }

    pub async fn read(&self, kind: &str, id: &str) -> Value {
        let type_id = TypeId::of(kind).expect("a type");
        let stored = self
            .state
            .store
            .fetch(type_id, id.to_owned())
            .await
            .expect("a read");
        let body = stored.map(|stored| stored.body).unwrap_or_default();
        serde_json::from_str(&body).unwrap_or_default()
    }

    pub async fn stay(&self, number: &str) -> Value {
        self.read("Encounter", &encounter_id(&visit(number))).await
    }

    pub async fn patient(&self, number: &str) -> Value {
        self.read("Patient", &patient_id(&person(number))).await
    }

    pub async fn put(&self, resource: Value) {
        let resource = fhir::Resource::from_value(resource).expect("a resource");
        let change = Change {
            type_id: resource.type_id,
            id: resource.id().expect("an id").to_owned(),
            op: Op::Put(Box::new(resource)),
            expect: Expect::Any,
        };
        let context = Context {
            now: 1,
            actor: "person".into(),
            request_id: "test".into(),
            origin: None,
            provenance: None,
            within: None,
        };
        self.state
            .store
            .commit(vec![change], context)
            .await
            .expect("stored");
    }

    /// Everything of a type, by id, without what differs between two runs.
    pub async fn all(&self, kind: &str) -> Vec<Value> {
        self.find(kind, &[]).await
    }

    pub async fn find(&self, kind: &str, pairs: &[(&str, &str)]) -> Vec<Value> {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect();
        let limits = fhir::search::parse::Limits {
            default_count: 200,
            max_count: 200,
        };
        let type_id = TypeId::of(kind).expect("a type");
        let (query, _) = fhir::search::parse::parse(type_id, &pairs, "", limits, false).expect("a query");
        let page = self.state.store.search(query).await.expect("a search");
        let mut found: Vec<Value> = page
            .matches
            .iter()
            .map(|stored| serde_json::from_str(&stored.body).expect("JSON"))
            .collect();
        for resource in &mut found {
            resource.as_object_mut().expect("an object").remove("meta");
        }
        found.sort_by_key(|resource| resource["id"].to_string());
        found
    }

    pub async fn reviews(&self) -> Vec<Value> {
        self.find(
            "Task",
            &[("code", "urn:baton:task|message-review"), ("status", "requested")],
        )
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.state.store.close();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn visit(number: &str) -> Key {
    Key {
        system: "urn:oid:1.9.2".into(),
        value: number.into(),
    }
}

pub fn person(number: &str) -> Key {
    Key {
        system: "urn:oid:1.9.1".into(),
        value: number.into(),
    }
}
