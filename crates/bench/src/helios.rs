//! The same work for Baton and for Helios HFS, where that is installed, in one run on one machine.
//! <https://crates.io/crates/helios-hfs>: `cargo install helios-hfs --features R4,sqlite,postgres`.
//!
//! `hfs` is taken from the PATH and told nothing but where to listen and store; `HFS_DATA_DIR`, where it finds
//! the definitions of search parameters (`search-parameters-r4.json`), is the caller's: without them it indexes
//! less than Baton does. What the table calls the limit is then what Helios HFS did.
use crate::engine::Engine;
use crate::generate::SEED;
use crate::http::{self, Connection, Door};
use crate::scenes::TIME;
use crate::server::Server;
use crate::table::{Row, Table, Target};
use crate::{crud, observation};
use baton_bench::synthetic::{Item, Population, transaction};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = "hfs";
/// What is aimed for.
const TIMES: f64 = 5.0;
const CLIENTS: usize = 32;
/// Resources that each of them is given in transactions of one patient's record.
const RESOURCES: usize = 8_000;
/// It creates its tables first.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn run(engine: &Engine, table: &mut Table) {
    if !installed() {
        return eprintln!("Helios HFS: skipped, there is no {PROGRAM} on the PATH");
    }
    let records = records();
    let database = engine.database("beside");
    let server = Server::start(&database);
    let ours = Door {
        address: server.address.clone(),
        base: "/fhir",
        token: server.token(&database),
    };
    let rivals = engine.database("rival");
    let Some(rival) = Rival::start(engine, &rivals) else {
        return eprintln!("Helios HFS: skipped, it does not start on {}", engine.name());
    };
    for (what, work) in WORKS {
        let (theirs, ours) = (work(&rival.door, &records), work(&ours, &records));
        table.add(Row {
            engine: engine.name(),
            what: format!("{what}, beside Helios HFS"),
            value: ours,
            unit: "/s",
            limit: Some(theirs),
            target: Target::Share(TIMES),
        });
        for database in [&rivals, &database] {
            engine.analyse(database);
        }
    }
}

fn installed() -> bool {
    let asked = Command::new(PROGRAM)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

type Records = Vec<Vec<Item>>;

fn records() -> Records {
    let population = Population::of(SEED, RESOURCES);
    (0..population.patients).map(|n| population.patient(n)).collect()
}

/// How many of something per second.
type Work = fn(&Door, &Records) -> f64;

/// In this order: what is read has been written.
const WORKS: [(&str, Work); 5] = [
    ("transactions of one client, resources", transactions),
    ("create Observation, 32 clients", creates),
    ("read by id, 32 clients", reads),
    ("search by patient and code, 32 clients", searches),
    ("CRUD mix, 32 clients", mix),
];

fn transactions(door: &Door, records: &Records) -> f64 {
    let requests = records.iter().map(|items| {
        let items = items.clone();
        door.request("POST", "", &transaction(items).to_string())
    });
    let requests: Vec<Vec<u8>> = requests.collect();
    let mut connection = Connection::open(&door.address);
    let begun = Instant::now();
    for request in &requests {
        let (status, body) = connection.send(request);
        assert!(status == 200, "{status} {}", String::from_utf8_lossy(&body));
    }
    records.iter().map(Vec::len).sum::<usize>() as f64 / begun.elapsed().as_secs_f64()
}

fn creates(door: &Door, _: &Records) -> f64 {
    let one = door.clone();
    rate(door, move |client, n| {
        one.request("POST", "Observation", &observation::json(client * 1_000_000 + n))
    })
}

fn reads(door: &Door, records: &Records) -> f64 {
    gets(
        door,
        all(records)
            .map(|item| format!("Observation/{}", item.id))
            .collect(),
    )
}

fn searches(door: &Door, records: &Records) -> f64 {
    let paths = all(records).filter_map(|item| {
        let patient = item.body.pointer("/subject/reference")?.as_str()?;
        let code = item.body.pointer("/code/coding/0/code")?.as_str()?;
        Some(format!("Observation?patient={patient}&code={code}&_count=20"))
    });
    gets(door, paths.collect())
}

fn all(records: &Records) -> impl Iterator<Item = &Item> {
    records
        .iter()
        .flatten()
        .filter(|item| item.resource_type == "Observation")
}

fn gets(door: &Door, paths: Vec<String>) -> f64 {
    let requests: Vec<Vec<u8>> = paths.iter().map(|path| door.request("GET", path, "")).collect();
    rate(door, move |client, n| {
        requests[(client * 31 + n) % requests.len()].clone()
    })
}

/// Good answers per second: some searches of 32 clients end in 408 there.
fn rate(door: &Door, make: impl Fn(usize, usize) -> Vec<u8> + Send + Sync + 'static) -> f64 {
    http::answered(&door.address, CLIENTS, TIME, make, false).rate()
}

fn mix(door: &Door, _: &Records) -> f64 {
    crud::run(door, CLIENTS, TIME).0
}

struct Rival {
    process: Child,
    door: Door,
}

impl Rival {
    fn start(engine: &Engine, database: &str) -> Option<Rival> {
        let (host, port) = ("127.0.0.1", free_port().to_string());
        let mut command = Command::new(PROGRAM);
        command
            .args(["--host", host, "--port", &port, "--log-level", "error"])
            .env("HFS_STORAGE_BACKEND", engine.name().to_lowercase())
            .env("HFS_BASE_URL", format!("http://{host}:{port}"))
            .env("HFS_UI_ENABLED", "false")
            // One for each client and some: by itself it refuses searches of 32 clients with 503.
            .env("HFS_PG_MAX_CONNECTIONS", "64")
            .env("HFS_PG_POOL_WAIT_TIMEOUT_SECS", "60")
            .stdout(Stdio::null());
        stores_in(&mut command, database);
        let mut rival = Rival {
            process: command.spawn().expect("it starts"),
            door: Door {
                address: format!("{host}:{port}"),
                base: "",
                token: String::new(),
            },
        };
        rival.answers().then_some(rival)
    }

    /// False where it ended, or does not listen in time.
    fn answers(&mut self) -> bool {
        let begun = Instant::now();
        while std::net::TcpStream::connect(&self.door.address).is_err() {
            if begun.elapsed() > PATIENCE || !matches!(self.process.try_wait(), Ok(None)) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }
}

/// A socket's folder cannot stand in its URLs.
fn stores_in(command: &mut Command, database: &str) {
    let socket = database.strip_prefix("postgres://").and_then(|rest| {
        let (user, place) = rest.split_once("@%2F")?;
        let (folder, name) = place.rsplit_once('/')?;
        Some((user, format!("/{}", folder.replace("%2F", "/")), name))
    });
    match socket {
        Some((user, folder, name)) => command
            .env("HFS_PG_USER", user)
            .env("HFS_PG_HOST", folder)
            .env("HFS_PG_DBNAME", name),
        None => command.args(["--database-url", database.trim_start_matches("sqlite://")]),
    };
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
