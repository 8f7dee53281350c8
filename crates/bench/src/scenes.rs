//! What is measured, one function a row or two.
use crate::engine::Engine;
use crate::http::{self, Connection, Load};
use crate::server::{Server, run as baton};
use crate::table::{Row, Table, Target};
use crate::{adt, bare, bulk, consent, crud, launch, observation};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const TIME: Duration = Duration::from_secs(8);
const TURNS: u32 = 16;
const FHIR: &str = "application/fhir+json";
pub const NAMES: [&str; 6] = ["adt", "create", "read", "crud", "import", "transaction"];
const HL7: &str = "application/hl7-v2";

struct Bench<'a> {
    engine: &'a Engine,
    database: String,
    server: Server,
    token: String,
}

pub fn run(engine: &Engine, named: &[String], table: &mut Table) {
    let some = named.iter().any(|name| NAMES.contains(&name.as_str()));
    let wanted = |scene: &str| !some || named.iter().any(|name| name == scene);
    bulk::run(engine, table, &wanted);
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
    fn row(&self, what: &str, value: f64, unit: &'static str, limit: Option<f64>, target: Target) -> Row {
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
        let token = self.token.clone();
        let load = self.load(32, move |client, n| {
            http::request(
                "POST",
                "/fhir/Observation",
                &token,
                FHIR,
                &observation::json(client * 1_000_000 + n),
            )
        });
        let limit = bare::creates(self.engine, TIME);
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
        // By turns, as what a machine can do changes from one second to the next.
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

    /// What recording who reads costs, of two servers on the database: one records, one does not. Both have just
    /// started, as one that has served writes before answers more slowly, whether it records or not.
    fn audit(&self, table: &mut Table) {
        let recording = Server::start(&self.database);
        let silent = self.with_settings("[audit]\nreads = false\n");
        // Tokens are for one address.
        let tokens = [recording.token(&self.database), silent.token(&self.database)];
        let reads = self.some_ids().into_iter();
        let reads: Vec<String> = reads.map(|id| observation_path(&id)).collect();
        let search = "/fhir/Observation?code=http://loinc.org|8867-4&_count=10".to_owned();
        for (what, paths) in [("reads by id", reads), ("searches", vec![search])] {
            let ways = [(&recording, &*tokens[0]), (&silent, &*tokens[1])];
            let [on, off] = by_turns(ways, &paths);
            let cost = on.cost_beside(&off);
            let what = format!("audit, of what {what} take");
            table.add(self.row(&what, cost, "%", None, Target::AtMost(10.0)));
        }
    }

    /// Another server on the database.
    fn with_settings(&self, toml: &str) -> Server {
        let settings = std::env::temp_dir().join(format!("baton-bench-{}.toml", std::process::id()));
        std::fs::write(&settings, toml).expect("a file of settings");
        let server = Server::with(&self.database, &["--config", &settings.display().to_string()]);
        std::fs::remove_file(settings).expect("just written");
        server
    }

    /// What Consents and labels take of somebody of another organisation, of two servers on the database: one follows
    /// them, one does not. Each of many patients has denied something else than what is asked for.
    fn privacy(&self, table: &mut Table) {
        let mut connection = Connection::open(&self.server.address);
        for n in 0..consent::COUNT {
            let request = http::request("POST", "/fhir/Consent", &self.token, FHIR, &consent::json(n));
            let (status, answer) = connection.send(&request);
            assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
        }
        let following =
            self.with_settings("[privacy]\nown = [\"Organization/own\"]\nunaffiliated = \"other\"\n");
        let tokens = [following.token(&self.database), self.token.clone()];
        let reads = self.some_ids().into_iter();
        let reads: Vec<String> = reads.map(|id| observation_path(&id)).collect();
        let of_patient = |n: usize| {
            let patient = observation::patient(n);
            format!("/fhir/Observation?patient={patient}&code=http://loinc.org|85354-9&_count=10")
        };
        let searches: Vec<String> = (0..100).map(of_patient).collect();
        for (what, paths) in [("reads by id", reads), ("selective searches", searches)] {
            let ways = [(&following, &*tokens[0]), (&self.server, &*tokens[1])];
            let [followed, free] = by_turns(ways, &paths);
            let what = format!("consents, of {what}");
            table.add(self.row(&what, followed.cost_beside(&free), "%", None, Target::None));
        }
    }

    /// What checking a token takes, of two servers on the database: one asks for none.
    fn token_check(&self, table: &mut Table) {
        let open = Server::with(&self.database, &["--auth", "disabled"]);
        let paths: Vec<String> = self.some_ids().iter().map(|id| observation_path(id)).collect();
        let [checked, unchecked] = by_turns([(&self.server, &self.token), (&open, "")], &paths);
        table.add(self.row(
            "check of a known token",
            checked.server_micros() - unchecked.server_micros(),
            "us",
            None,
            Target::AtMost(50.0),
        ));
    }

    /// What `patient/` scopes take of who asks for what a patient's own token opens.
    fn scopes(&self, table: &mut Table) {
        let patient = observation::patient(7);
        let found = format!("/fhir/Observation?patient={patient}&_count=100");
        let reads = self
            .ids_of(&found)
            .iter()
            .map(|id| observation_path(id))
            .collect();
        let search = format!("/fhir/Observation?patient={patient}&code=http://loinc.org|85354-9&_count=10");
        let own = launch::token(&self.server, &self.database, &patient);
        for (what, paths) in [("reads by id", reads), ("selective searches", vec![search])] {
            let [limited, all] = by_turns([(&self.server, &own), (&self.server, &self.token)], &paths);
            let what = format!("patient/ scopes, of {what}");
            table.add(self.row(&what, limited.cost_beside(&all), "%", None, Target::AtMost(20.0)));
        }
    }

    /// Nine types from creation to deletion, as a published workload has them.
    fn mix(&self, table: &mut Table) {
        let (rate, loads) = crud::run(&self.server.address, &self.token, 32, TIME);
        table.add(self.row("CRUD mix, 32 clients", rate, "/s", None, Target::None));
        for (what, load) in loads {
            for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
                let what = format!("CRUD mix, {what}, {name}");
                table.add(self.row(&what, load.percentile(share), "ms", None, Target::None));
            }
        }
    }

    fn some_ids(&self) -> Vec<String> {
        self.ids_of("/fhir/Observation?_count=500")
    }

    fn ids_of(&self, search: &str) -> Vec<String> {
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

fn observation_path(id: &str) -> String {
    format!("/fhir/Observation/{id}")
}

/// The same requests to two servers, or under two tokens, by turns: what a machine can do changes
/// from one second to the next.
fn by_turns(ways: [(&Server, &str); 2], paths: &[String]) -> [Load; 2] {
    let mut loads = [Load::default(), Load::default()];
    for turn in 0..TURNS {
        // Whoever comes second finds what the first left to be done: first is now one, now the other.
        for way in [turn % 2, (turn + 1) % 2] {
            let way = way as usize;
            let ((server, token), sum) = (ways[way], &mut loads[way]);
            let request = |path: &String| http::request("GET", path, token, FHIR, "");
            let requests: Vec<Vec<u8>> = paths.iter().map(request).collect();
            let make = move |client: usize, n: usize| requests[(client * 31 + n) % requests.len()].clone();
            let before = server.processor_seconds();
            let load = http::load(&server.address, 32, TIME / TURNS, make);
            let server_seconds = server.processor_seconds() - before;
            sum.add(Load {
                server_seconds,
                ..load
            });
        }
    }
    loads
}

fn accepted(status: u16, answer: &[u8]) {
    let text = String::from_utf8_lossy(answer);
    assert!(status == 200 && text.contains("MSA|AA"), "{status} {text}");
}

#[allow(clippy::disallowed_methods)] // a benchmark is its own edge
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
