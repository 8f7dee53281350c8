//! `kill -9` at any moment, under load: what was acknowledged is there, nothing is there twice or
//! in halves, and what was not acknowledged can simply be sent again.
mod audit;
mod load;
mod work;

use crate::on_both_databases;
use crate::support::{Baton, Database, Options};
use load::{Done, Secret};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

on_both_databases!(nothing_acknowledged_is_lost, killed_while_starting);

const KILLS: u32 = 4;
/// However slow the machine: a kill counts only when something had been acknowledged before it.
const PATIENCE: Duration = Duration::from_secs(5);

fn nothing_acknowledged_is_lost(database: Database) {
    let database = Arc::new(database);
    let secret = Secret::new(&database);
    let mut done = Done::default();
    for round in 0..KILLS {
        let baton = Baton::on(database.clone(), &Options::default());
        if round == 0 {
            baton.sender();
        }
        let partner = secret.client(&baton);
        audit::nothing_is_half_built(&partner);
        // First of all what the last kill left open, as a sender would.
        done.resend(&partner);
        let before = done.acknowledged();
        let load = load::start(&partner, round);
        std::thread::sleep(Duration::from_millis(rand::random_range(50..500)));
        let started = Instant::now();
        while load.acknowledged() == 0 && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        baton.kill();
        done.add(load.finish());
        assert!(
            done.acknowledged() > before,
            "round {round} did nothing:\n{}",
            baton.log()
        );
    }
    let baton = Baton::on(database, &Options::default());
    let partner = secret.client(&baton);
    audit::nothing_is_half_built(&partner);
    // Before anything is sent again.
    done.stays
        .iter()
        .for_each(|stay| audit::stay_is_whole(&partner, stay));
    audit::marks_are_there(&partner, &done);
    done.resend(&partner);
    audit::everything_is_there_once(&partner, &done);
}

/// The schema, the protocol and the first key are made at the first start.
fn killed_while_starting(database: Database) {
    for _ in 0..6 {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database", database.url()];
        let mut process = Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(serve)
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        std::thread::sleep(Duration::from_millis(rand::random_range(1..120)));
        process.kill().expect("still there");
        process.wait().expect("it ended");
    }
    let baton = Baton::start(database, Options::default());
    baton.sender();
    let partner = baton.partner();
    let stay = work::Stay {
        patient: "P-START".into(),
        visit: "V-START".into(),
    };
    for message in stay.messages() {
        assert!(partner.hl7(&message.text()).text.contains("MSA|AA|"));
    }
    audit::nothing_is_half_built(&partner);
    audit::stay_is_whole(&partner, &stay);
}
