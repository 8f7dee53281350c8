//! What is measured, one function a row or two.
use crate::engine::Engine;
use crate::http::{self, Connection, Door, Load};
use crate::server::{Server, run as baton};
use crate::table::{Row, Table, Target};
use crate::{adt, bare, bulk, crud, helios, observation};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

pub const TIME: Duration = Duration::from_secs(8);
/// What is compared takes turns, as what a machine can do changes from one second to the next.
pub const TURNS: u32 = 16;
/// Few, as pgbench plans anew in each.
const WRITING_TURNS: u32 = 2;
pub const FHIR: &str = "application/fhir+json";
pub const NAMES: [&str; 7] = ["adt", "create", "read", "crud", "import", "transaction", "helios"];
const HL7: &str = "application/hl7-v2";

pub struct Bench<'a> {
    engine: &'a Engine,
    pub database: String,
    pub server: Server,
    pub token: String,
}

pub fn run(engine: &Engine, named: &[String], table: &mut Table) {
    let some = named.iter().any(|name| NAMES.contains(&name.as_str()));
    let wanted = |scene: &str| !some || named.iter().any(|name| name == scene);
    bulk::run(engine, table, &wanted);
    if wanted("helios") {
        helios::run(engine, table);
    }
    if !["adt", "create", "read", "crud"].into_iter().any(wanted) {
        return;
    }
    let database = engine.database("bench");
    drop(Server::start(&database));
    let server = Server::start(&database);
    std::thread::sleep(Duration::from_secs(1));
    let row = |what: &str, value, unit, target| Row {
        engine: engine.name(),
        what: what.to_string(),
        value,
        unit,
        limit: None,
        target,
    };
    table.add(row(
        "start on an existing database",
        server.started_in.as_secs_f64() * 1000.0,
        "ms",
        Target::AtMost(100.0),
    ));
    table.add(row(
        "resident when idle",
        server.resident(),
        "MiB",
        Target::AtMost(64.0),
    ));
    let sender = [
        "sender",
        "add",
        "--name",
        "bench",
        "--application",
        "ADT1",
        "--facility",
        "GENERAL",
    ];
    baton(
        &[&sender[..], &["--timezone", "America/New_York"]].concat(),
        &database,
    );
    let token = server.token(&database);
    let bench = Bench {
        engine,
        database,
        server,
        token,
    };
    if wanted("adt") {
        bench.discharges(table);
        bench.stream(table);
    }
    // Reads read what was created.
    if wanted("create") || wanted("read") {
        bench.creates(table);
    }
    if wanted("read") {
        bench.reads(table);
        bench.audit(table);
        bench.token_check(table);
        bench.scopes(table);
        bench.privacy(table);
    }
    if wanted("crud") {
        bench.mix(table);
    }
    table.add(row(
        "resident after the load",
        bench.server.resident(),
        "MiB",
        Target::None,
    ));
    table.add(row(
        "bytes on disk per byte of JSON",
        bench.growth(),
        "B/B",
        Target::AtMost(2.0),
    ));
}

impl Bench<'_> {
    pub fn row(&self, what: &str, value: f64, unit: &'static str, limit: Option<f64>, target: Target) -> Row {
        Row {
            engine: self.engine.name(),
            what: what.to_string(),
            value,
            unit,
            limit,
            target,
        }
    }

    fn load<F>(&self, clients: usize, make: F) -> Load
    where
        F: Fn(usize, usize) -> Vec<u8> + Send + Sync + 'static,
    {
        http::load(&self.server.address, clients, TIME, make)
    }

    /// One client: the time from the message to its durable acknowledgement, episode included.
    fn discharges(&self, table: &mut Table) {
        let now = now();
        let mut connection = Connection::open(&self.server.address);
        let mut latencies: Vec<f64> = Vec::new();
        for stay in 0..200 {
            for step in 0..adt::STEPS {
                let message = adt::message("one", stay, step, now);
                let request = http::request("POST", "/hl7v2", &self.token, HL7, &message);
                let sent = std::time::Instant::now();
                let (status, answer) = connection.send(&request);
                accepted(status, &answer);
                if step == 2 {
                    latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
                }
            }
        }
        latencies.sort_by(f64::total_cmp);
        let load = Load {
            latencies,
            ..Load::default()
        };
        table.add(self.row(
            "discharge to durable ACK, 1 client, p50",
            load.percentile(0.5),
            "ms",
            None,
            Target::AtMost(10.0),
        ));
        table.add(self.row(
            "discharge to durable ACK, 1 client, p99",
            load.percentile(0.99),
            "ms",
            None,
            Target::None,
        ));
    }

    /// Eight connections, each with stays of its own: a third of the messages opens an episode.
    fn stream(&self, table: &mut Table) {
        let (now, token) = (now(), self.token.clone());
        let load = self.load(8, move |client, n| {
            let message = adt::message(&format!("s{client}x"), n / adt::STEPS, n % adt::STEPS, now);
            http::request("POST", "/hl7v2", &token, HL7, &message)
        });
        table.add(self.row(
            "ADT messages, 8 connections",
            load.rate(),
            "/s",
            None,
            Target::AtLeast(500.0),
        ));
        table.add(self.row(
            "ADT messages, 8 connections, p99",
            load.percentile(0.99),
            "ms",
            None,
            Target::None,
        ));
    }

    fn creates(&self, table: &mut Table) {
        let mut bare = bare::Bare::new(self.engine);
        let (mut load, mut limit) = (Load::default(), 0.0);
        for turn in 0..WRITING_TURNS as usize {
            let token = self.token.clone();
            let make = move |client: usize, n: usize| {
                let body = observation::json(client * 1_000_000 + turn * 100_000 + n);
                http::request("POST", "/fhir/Observation", &token, FHIR, &body)
            };
            let time = TIME / WRITING_TURNS;
            load.add(http::load(&self.server.address, 32, time, make));
            limit += bare.creates(time) / f64::from(WRITING_TURNS);
        }
        table.add(self.row(
            "create Observation, 32 clients",
            load.rate(),
            "/s",
            Some(limit),
            Target::Share(0.5),
        ));
        table.add(self.row(
            "create Observation, 32 clients, p99",
            load.percentile(0.99),
            "ms",
            None,
            Target::None,
        ));
        table.add(self.row(
            "index rows of that Observation",
            observation::index_rows() as f64,
            "rows",
            None,
            Target::AtMost(8.0),
        ));
    }

    fn reads(&self, table: &mut Table) {
        let ids = self.some_ids();
        let request =
            |id: &str| http::request("GET", &format!("/fhir/Observation/{id}"), &self.token, FHIR, "");
        let (_, body) = Connection::open(&self.server.address).send(&request(&ids[0]));
        let requests: Vec<Vec<u8>> = ids.iter().map(|id| request(id)).collect();
        let constant = Server::constant(body.len());
        let requests = Arc::new(requests);
        let (mut load, mut limit) = (Load::default(), Load::default());
        for _ in 0..TURNS {
            for (address, sum) in [(&self.server.address, &mut load), (&constant.address, &mut limit)] {
                let (requests, count) = (requests.clone(), requests.len());
                let make = move |client: usize, n: usize| requests[(client * 31 + n) % count].clone();
                sum.add(http::load(address, 32, TIME / TURNS, make));
            }
        }
        table.add(self.row(
            "read by id, 32 clients",
            load.rate(),
            "/s",
            Some(limit.rate()),
            Target::Share(0.5),
        ));
        table.add(self.row(
            "read by id, 32 clients, p99",
            load.percentile(0.99),
            "ms",
            None,
            Target::None,
        ));
    }

    /// Nine types from creation to deletion, as a published workload has them.
    fn mix(&self, table: &mut Table) {
        let door = Door {
            address: self.server.address.clone(),
            base: "/fhir",
            token: self.token.clone(),
        };
        let (rate, loads) = crud::run(&door, 32, TIME);
        table.add(self.row("CRUD mix, 32 clients", rate, "/s", None, Target::None));
        for (what, load) in loads {
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                let what = format!("CRUD mix, {what}, {name}");
                table.add(self.row(&what, load.percentile(share), "ms", None, Target::None));
            }
        }
    }

    pub fn some_ids(&self) -> Vec<String> {
        self.ids_of("/fhir/Observation?_count=500")
    }

    pub fn ids_of(&self, search: &str) -> Vec<String> {
        let request = http::request("GET", search, &self.token, FHIR, "");
        let (_, body) = Connection::open(&self.server.address).send(&request);
        let bundle: Value = serde_json::from_slice(&body).expect("a bundle");
        let entries = bundle["entry"].as_array().expect("entries");
        entries
            .iter()
            .filter_map(|e| e["resource"]["id"].as_str().map(str::to_string))
            .collect()
    }

    /// What the database takes on disk for the JSON it holds.
    fn growth(&self) -> f64 {
        crate::disk::bytes_per_byte(self.engine, &self.database)
    }
}

fn accepted(status: u16, answer: &[u8]) {
    let text = String::from_utf8_lossy(answer);
    assert!(status == 200 && text.contains("MSA|AA"), "{status} {text}");
}

#[allow(clippy::disallowed_methods)] // a benchmark is its own edge
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
