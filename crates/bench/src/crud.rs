//! The CRUD mix: nine resource types are created, read, changed and deleted in turn, with no
//! pause and the whole resource in each answer. One turn of a client is 36 requests.
use crate::generate::SEED;
use crate::http::{Connection, Door, Load};
use baton_bench::synthetic::{Item, Population};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// In the order of creation, with what an update changes.
const TYPES: [(&str, &str, &str); 9] = [
    ("Patient", "/gender", "unknown"),
    ("Location", "/status", "inactive"),
    ("Organization", "/name", "Renamed"),
    ("Practitioner", "/gender", "other"),
    ("Encounter", "/status", "cancelled"),
    ("Observation", "/status", "amended"),
    ("MedicationRequest", "/status", "cancelled"),
    ("Claim", "/created", "2024-01-02"),
    ("ExplanationOfBenefit", "/created", "2024-01-02"),
];
const PATIENTS: usize = 400;

type Sets = Vec<Vec<(&'static str, Value)>>;

/// Requests per second, and the latencies by kind.
pub fn run(door: &Door, clients: usize, time: Duration) -> (f64, Vec<(&'static str, Load)>) {
    let sets = std::sync::Arc::new(sets());
    let (start, mut kinds) = (Instant::now(), [const { Vec::new() }; 4]);
    let threads: Vec<_> = (0..clients)
        .map(|number| {
            let (sets, door) = (sets.clone(), door.clone());
            std::thread::spawn(move || {
                let mut client = Client {
                    connection: Connection::open(&door.address),
                    door,
                    took: Default::default(),
                };
                for n in 0.. {
                    client.turn(&sets[(number * 37 + n) % sets.len()]);
                    if start.elapsed() > time {
                        break;
                    }
                }
                client.took
            })
        })
        .collect();
    for thread in threads {
        let took = thread.join().expect("a client");
        kinds.iter_mut().zip(took).for_each(|(all, own)| all.extend(own));
    }
    let rate = kinds.iter().map(Vec::len).sum::<usize>() as f64 / start.elapsed().as_secs_f64();
    let loads = ["create", "read", "update", "delete"].into_iter().zip(kinds);
    let load = |mut latencies: Vec<f64>| {
        latencies.sort_by(f64::total_cmp);
        Load {
            latencies,
            ..Load::default()
        }
    };
    (
        rate,
        loads.map(|(kind, latencies)| (kind, load(latencies))).collect(),
    )
}

/// One resource of each type that belong to one patient.
fn sets() -> Sets {
    let population = Population {
        seed: SEED,
        patients: PATIENTS,
    };
    let set = |n: usize| -> Option<Vec<(&'static str, Value)>> {
        let mut items = population.patient(n);
        items.extend(population.place(n % population.place_count()));
        let of = |name: &str| items.iter().find(|item| item.resource_type == name);
        TYPES.iter().map(|(name, ..)| of(name).map(without_id)).collect()
    };
    (0..PATIENTS).filter_map(set).collect()
}

fn without_id(item: &Item) -> (&'static str, Value) {
    let mut body = item.body.clone();
    if let Some(members) = body.as_object_mut() {
        members.shift_remove("id");
    }
    (item.resource_type, body)
}

struct Client {
    connection: Connection,
    door: Door,
    /// Milliseconds of creates, reads, updates and deletes.
    took: [Vec<f64>; 4],
}

impl Client {
    fn turn(&mut self, set: &[(&'static str, Value)]) {
        let mut made: Vec<(&str, String, Value)> = Vec::with_capacity(set.len());
        for (name, body) in set {
            let location = self.send(0, "POST", name, body.to_string());
            let id = location
                .split("/_history/")
                .next()
                .and_then(|l| l.rsplit('/').next());
            made.push((name, id.unwrap_or_default().to_string(), body.clone()));
        }
        for (name, id, _) in &made {
            self.send(1, "GET", &format!("{name}/{id}"), String::new());
        }
        for ((name, id, body), (_, pointer, value)) in made.iter_mut().zip(TYPES) {
            body["id"] = json!(id);
            if let Some(member) = body.pointer_mut(pointer) {
                *member = json!(value);
            }
            self.send(2, "PUT", &format!("{name}/{id}"), body.to_string());
        }
        for (name, id, _) in made.iter().rev() {
            self.send(3, "DELETE", &format!("{name}/{id}"), String::new());
        }
    }

    fn send(&mut self, kind: usize, method: &str, path: &str, body: String) -> String {
        let request = self.door.asking_for_all(method, path, &body);
        let sent = Instant::now();
        let (status, location, answer) = self.connection.located(&request);
        self.took[kind].push(sent.elapsed().as_secs_f64() * 1000.0);
        assert!(
            status < 300,
            "{method} {path}: {status} {}",
            String::from_utf8_lossy(&answer)
        );
        location
    }
}
