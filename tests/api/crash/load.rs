//! The load: discharges from several senders and creates from several clients, until the server
//! is gone. Each remembers what was acknowledged and what hung in the air.
use super::work::{Mark, Stay};
use crate::support::{Baton, Client, Database, Reply};
use reqwest::blocking::RequestBuilder;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

const SENDERS: usize = 4;
const WRITERS: usize = 2;

/// One client for all rounds: it is part of what must survive.
pub struct Secret(String, String);

impl Secret {
    pub fn new(database: &Database) -> Secret {
        let scope = "system/*.cruds";
        let added = database.run_json(&["client", "add", "--name", "crash", "--scope", scope, "--secret"]);
        let text = |name: &str| added[name].as_str().expect("text").to_string();
        Secret(text("client_id"), text("client_secret"))
    }

    pub fn client(&self, baton: &Baton) -> Client {
        Client::with_secret(&baton.base, &self.0, &self.1)
    }
}

/// What has been tried so far.
#[derive(Default)]
pub struct Done {
    /// Both messages acknowledged.
    pub stays: Vec<Stay>,
    pub marks: Vec<Mark>,
    /// With the number of messages that were acknowledged.
    open_stays: Vec<(Stay, usize)>,
    open_marks: Vec<Mark>,
}

impl Done {
    pub fn acknowledged(&self) -> usize {
        self.stays.len() + self.marks.len()
    }

    pub fn add(&mut self, other: Done) {
        self.stays.extend(other.stays);
        self.marks.extend(other.marks);
        self.open_stays.extend(other.open_stays);
        self.open_marks.extend(other.open_marks);
    }

    /// Sends again what was never acknowledged: messages as they were, writes that left no trace.
    pub fn resend(&mut self, partner: &Client) {
        for (stay, acknowledged) in std::mem::take(&mut self.open_stays) {
            let found = partner
                .find(&format!("Encounter?identifier={}", stay.visit))
                .len();
            assert!(
                found >= acknowledged,
                "the admission of {} was acknowledged",
                stay.visit
            );
            for message in stay.messages() {
                let answer = partner.hl7(&message.text());
                assert!(answer.text.contains("MSA|AA|"), "{}", answer.text);
            }
            self.stays.push(stay);
        }
        for mark in std::mem::take(&mut self.open_marks) {
            match partner.find(&mark.search()).len() {
                0 => drop(Reply::of(mark.write(partner)).ok()),
                found => assert_eq!(found, mark.parts, "all of a transaction or nothing"),
            }
            self.marks.push(mark);
        }
    }
}

pub struct Load {
    workers: Vec<JoinHandle<Done>>,
    acknowledged: Arc<AtomicUsize>,
}

impl Load {
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    pub fn finish(self) -> Done {
        let mut all = Done::default();
        for worker in self.workers {
            all.add(worker.join().expect("a worker"));
        }
        all
    }
}

/// Until the server stops answering.
pub fn start(partner: &Client, round: u32) -> Load {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let worker = |n: usize, work: fn(&Client, &str, &AtomicUsize) -> Done| {
        let (partner, count) = (partner.clone(), acknowledged.clone());
        std::thread::spawn(move || work(&partner, &format!("R{round}W{n}"), &count))
    };
    let senders = (0..SENDERS).map(|n| worker(n, discharge));
    let writers = (SENDERS..SENDERS + WRITERS).map(|n| worker(n, create));
    let workers = senders.chain(writers).collect();
    Load {
        workers,
        acknowledged,
    }
}

fn discharge(partner: &Client, name: &str, acknowledged: &AtomicUsize) -> Done {
    let mut done = Done::default();
    for n in 0.. {
        let stay = Stay {
            patient: format!("P{name}N{n}"),
            visit: format!("V{name}N{n}"),
        };
        for (sent, message) in stay.messages().iter().enumerate() {
            let request = partner
                .request("POST", "/hl7v2")
                .header("content-type", "application/hl7-v2");
            let Some(answer) = answered(request.body(message.text())) else {
                done.open_stays.push((stay, sent));
                return done;
            };
            assert!(answer.contains("MSA|AA|"), "{answer}");
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
        done.stays.push(stay);
    }
    done
}

fn create(partner: &Client, name: &str, acknowledged: &AtomicUsize) -> Done {
    let mut done = Done::default();
    for n in 0.. {
        let mark = Mark::new(format!("{name}N{n}"), 1 + 2 * (n % 2));
        if answered(mark.write(partner)).is_none() {
            done.open_marks.push(mark);
            return done;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
        done.marks.push(mark);
    }
    done
}

/// The whole answer of a success; None when the server went away first.
fn answered(request: RequestBuilder) -> Option<String> {
    let response = request.send().ok()?;
    let status = response.status();
    let text = response.text().ok()?;
    assert!(status.is_success(), "{status} {text}");
    Some(text)
}
