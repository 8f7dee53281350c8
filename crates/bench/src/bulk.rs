//! Loading: `baton import` of files, transactions over HTTP, and what a very large one takes.
use crate::engine::Engine;
use crate::generate::SEED;
use crate::http::{Connection, request};
use crate::server::{Server, run as baton};
use crate::table::{Row, Table, Target};
use baton_bench::synthetic::{Form, Population, transaction, write};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Resources that are loaded in each row: seconds, not minutes.
const RESOURCES: usize = 40_000;
const ENTRIES: usize = 50_000;
const BYTES: usize = 100_000_000;
const FHIR: &str = "application/fhir+json";

pub fn run(engine: &Engine, table: &mut Table, wanted: &dyn Fn(&str) -> bool) {
    let bulk = Bulk { engine };
    if wanted("import") {
        bulk.import(table);
    }
    if wanted("transaction") {
        bulk.transactions(table, 1, "transactions over HTTP, 1 client");
        bulk.transactions(table, 4, "transactions over HTTP, 4 clients");
        bulk.large(table);
    }
}

struct Bulk<'a> {
    engine: &'a Engine,
}

impl Bulk<'_> {
    fn row(&self, what: &'static str, value: f64, unit: &'static str, target: Target) -> Row {
        Row {
            engine: self.engine.name(),
            what: what.to_string(),
            value,
            unit,
            limit: None,
            target,
        }
    }

    /// What issue and documentation promise for bundles of synthetic patients.
    fn promised(&self) -> Target {
        Target::AtLeast(match self.engine {
            Engine::Sqlite { .. } => 8_000.0,
            Engine::Postgres { .. } => 5_000.0,
        })
    }

    fn import(&self, table: &mut Table) {
        let folder = std::env::temp_dir().join(format!("baton-bench-bundles-{}", std::process::id()));
        let population = Population::of(SEED, RESOURCES);
        let count = write(&population, &folder, Form::Bundles).expect("written");
        let rate = self.imported("import_synthetic", &folder, count);
        let _ = std::fs::remove_dir_all(&folder);
        table.add(self.row("import of synthetic bundles", rate, "/s", self.promised()));
        let Some(corpus) = corpus() else {
            return eprintln!("Synthea's own bundles: skipped, there is no corpus");
        };
        let rate = self.imported("import_corpus", &corpus, entries(&corpus));
        table.add(self.row("import of Synthea's bundles", rate, "/s", self.promised()));
    }

    /// Resources per second from the start of the process to its end.
    fn imported(&self, database: &str, folder: &Path, count: usize) -> f64 {
        let database = self.engine.database(database);
        baton(&["migrate"], &database);
        let begun = Instant::now();
        baton(&["import", &folder.display().to_string()], &database);
        count as f64 / begun.elapsed().as_secs_f64()
    }

    /// Each client sends the records of patients of its own, one transaction each.
    fn transactions(&self, table: &mut Table, clients: usize, what: &'static str) {
        let database = self.engine.database(&format!("transactions{clients}"));
        let server = Server::start(&database);
        let token = server.token(&database);
        let population = Population::of(SEED, RESOURCES);
        let (mut requests, mut count) = (vec![Vec::new(); clients], 0);
        for n in 0..population.patients {
            let items = population.patient(n);
            count += items.len();
            let text = transaction(items).to_string();
            requests[n % clients].push(request("POST", "/fhir", &token, FHIR, &text));
        }
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for mine in &requests {
                scope.spawn(|| send(&server.address, mine));
            }
        });
        let rate = count as f64 / begun.elapsed().as_secs_f64();
        table.add(self.row(what, rate, "/s", self.promised()));
    }

    fn large(&self, table: &mut Table) {
        let database = self.engine.database("large");
        let server = Server::start(&database);
        let token = server.token(&database);
        let request = request("POST", "/fhir", &token, FHIR, &large_bundle().to_string());
        let begun = Instant::now();
        send(&server.address, &[request]);
        let seconds = begun.elapsed().as_secs_f64();
        table.add(self.row(
            "transaction of 50,000 entries, 100 MB",
            seconds,
            "s",
            Target::None,
        ));
        let peak = server.peak();
        table.add(self.row("resident at most during it", peak, "MiB", Target::AtMost(1024.0)));
    }
}

fn send(address: &str, requests: &[Vec<u8>]) {
    let mut connection = Connection::open(address);
    for request in requests {
        let (status, body) = connection.send(request);
        assert!(status == 200, "{status} {}", String::from_utf8_lossy(&body));
    }
}

/// Patients' records up to that many entries, with documents up to that many bytes.
fn large_bundle() -> Value {
    const DOCUMENTS: usize = 100;
    let population = Population::of(SEED + 1, 2 * ENTRIES);
    let mut items: Vec<_> = (0..population.patients)
        .flat_map(|n| population.patient(n))
        .take(ENTRIES - DOCUMENTS)
        .collect();
    items.shrink_to_fit();
    let mut bundle = transaction(items);
    let missing = BYTES.saturating_sub(bundle.to_string().len()) / DOCUMENTS;
    let data = "QmF0".repeat(missing / 4 + 1);
    let entries = bundle["entry"].as_array_mut().expect("entries");
    entries.extend((0..DOCUMENTS).map(|_| {
        json!({"resource": {"resourceType": "Binary", "contentType": "text/plain", "data": data},
               "request": {"method": "POST", "url": "Binary"}})
    }));
    bundle
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("BATON_CORPUS").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home);
        Some(cache?.join("baton-corpus"))
    })?;
    let folder = root.join("synthea/blaze-2021");
    folder.is_dir().then_some(folder)
}

/// Entries of all Bundles in the folder.
fn entries(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).expect("a folder");
    let texts = files.flatten().filter_map(|file| std::fs::read(file.path()).ok());
    texts
        .filter_map(|text| serde_json::from_slice::<Value>(&text).ok())
        .map(|bundle| bundle["entry"].as_array().map_or(0, Vec::len))
        .sum()
}
