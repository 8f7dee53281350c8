//! A server that cannot write its audit ends all the same when it is told to.
use super::book::patient;
use crate::support::{Baton, Database, Options};
use std::time::Duration;

#[test]
fn a_server_whose_database_is_gone_ends_at_the_first_signal() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let baton = Baton::start(database, Options::default());
    patient(&baton.partner(), "ann");
    baton.database.lose();
    // Refused, and to be recorded.
    assert_eq!(baton.anonymous().get("Patient/ann").status, 401);
    let ended = baton.terminate_within(Duration::from_secs(25));
    assert!(ended.is_some_and(|status| status.success()), "{}", baton.log());
    let log = baton.log();
    let told = log
        .lines()
        .find(|line| line.contains("were not written, and are lost"));
    assert!(told.is_some_and(|line| line.contains("events=")), "{log}");
}
