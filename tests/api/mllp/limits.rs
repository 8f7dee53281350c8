//! Messages too large, peers that fall silent or dawdle, too many of them: each meets its limit,
//! and nobody else notices.
use super::line::Line;
use crate::on_both_databases;
use crate::support::messages::{Adt, unique};
use crate::support::{Baton, Database, Options};
use std::time::{Duration, Instant};

on_both_databases!(
    an_oversized_message_is_refused_and_the_connection_lives,
    of_an_oversized_message_the_beginning_is_kept,
    silent_and_dawdling_peers_are_let_go,
    no_more_connections_than_places
);

fn with_limits(database: Database, limits: &str) -> Baton {
    let file = database.folder().join("baton.toml");
    std::fs::write(&file, format!("[limits]\n{limits}\n")).expect("a writable folder");
    let args = vec!["--config".into(), file.display().to_string()];
    let baton = Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    );
    baton.sender();
    baton
}

fn admission() -> Adt {
    Adt::new("A01", &unique("P"), &unique("V"))
}

fn an_oversized_message_is_refused_and_the_connection_lives(database: Database) {
    let baton = with_limits(database, "message = 4096");
    let mut line = Line::open(&baton);
    line.accepted(&admission());
    let mut large = admission();
    large.extra.push(format!("NTE|1||{}", "x".repeat(200_000)));
    let answer = line.exchange(large.text());
    assert!(
        answer.contains(&format!("MSA|AR|{}", large.control)) && answer.contains("larger than"),
        "{answer}"
    );
    line.accepted(&admission());
    let partner = baton.partner();
    let refused = partner.hl7(&large.text());
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (413, "application/hl7-v2")
    );
    assert!(
        refused.text.contains(&format!("MSA|AR|{}", large.control))
            && refused.text.contains("limits.message"),
        "{}",
        refused.text
    );
    let visit = large.visit.expect("a visit");
    assert!(partner.find(&format!("Encounter?identifier={visit}")).is_empty());
}

fn of_an_oversized_message_the_beginning_is_kept(database: Database) {
    const QUEUE: &str = "Task?code=urn:baton:task|message-review&status=requested";
    let baton = with_limits(database, "message = 4096\nbody = 300000");
    let partner = baton.partner();
    let mut large = admission();
    large.extra.push(format!("NTE|1||{}", "x".repeat(200_000)));
    let mut line = Line::open(&baton);
    for _ in 0..2 {
        assert!(line.exchange(large.text()).contains("MSA|AR|"));
        assert_eq!(partner.hl7(&large.text()).status, 413);
    }
    let task = partner.only(QUEUE);
    assert!(
        task["statusReason"]["text"] == "message-cut" && task.to_string().contains("general"),
        "sent four times, kept once, its sender known: {task:#}"
    );
    let path = format!("Task/{}", task["id"].as_str().expect("an id"));
    let kept = partner.get(&format!("{path}/$message")).text;
    assert_eq!(kept, large.text()[..4096], "as it came, up to the limit");
    let again = format!("{path}/$reprocess");
    partner
        .send_text("POST", &again, "application/hl7-v2", "")
        .refused(422, "only the beginning");
    large.extra.clear();
    let settled = partner.send_text("POST", &again, "application/hl7-v2", large.text());
    assert_eq!(settled.ok()["status"], "completed");
    let visit = large.visit.expect("a visit");
    assert_eq!(partner.stay(&visit)["status"], "in-progress");
    // A FHIR message is kept the same way.
    let bundle = format!(
        r#"{{"resourceType": "Bundle", "type": "message", "language": "{}"}}"#,
        "x".repeat(300_000)
    );
    partner
        .send_text(
            "POST",
            "$process-message",
            "application/fhir+json",
            bundle.clone(),
        )
        .refused(413, "limits.body");
    let task = partner.only(QUEUE);
    let kept = partner.get(&format!("Task/{}/$message", task["id"].as_str().expect("an id")));
    assert_eq!(kept.text, bundle[..4096]);
}

fn silent_and_dawdling_peers_are_let_go(database: Database) {
    let baton = with_limits(database, "mllp_idle_seconds = 1");
    let started = Instant::now();
    let (mut silent, mut stuck, mut dawdling) = (Line::open(&baton), Line::open(&baton), Line::open(&baton));
    stuck.send("\x0bMSH|^~\\&|");
    let dripping = std::thread::spawn({
        let baton_mllp = Line::open(&baton);
        move || drip(baton_mllp)
    });
    assert_eq!(silent.next(), None);
    assert_eq!(stuck.next(), None);
    assert!(started.elapsed() >= Duration::from_secs(1));
    // Whole messages keep a connection, however slowly they follow each other.
    assert_eq!(dawdling.next(), None);
    dawdling = Line::open(&baton);
    for _ in 0..3 {
        dawdling.accepted(&admission());
        std::thread::sleep(Duration::from_millis(600));
    }
    dawdling.accepted(&admission());
    let dripped = dripping.join().expect("the peer");
    assert!(
        dripped < Duration::from_secs(8),
        "one byte at a time held a place for {dripped:?}"
    );
}

/// One byte at a time, without ever ending the frame; how long the server stood it.
fn drip(mut line: Line) -> Duration {
    let started = Instant::now();
    line.send("\x0b");
    while started.elapsed() < Duration::from_secs(8) && line.try_send(b"M") {
        std::thread::sleep(Duration::from_millis(200));
    }
    started.elapsed()
}

fn no_more_connections_than_places(database: Database) {
    let baton = with_limits(database, "mllp_connections = 2");
    let (mut first, mut second) = (Line::open(&baton), Line::open(&baton));
    first.accepted(&admission());
    second.accepted(&admission());
    assert_eq!(Line::open(&baton).next(), None, "a third is turned away");
    first.accepted(&admission());
    drop(second);
    // The place is free as soon as the server has seen the other one go.
    let started = Instant::now();
    let answered = loop {
        let mut third = Line::open(&baton);
        let answer = third
            .try_send(super::line::framed(admission().text()))
            .then(|| third.next())
            .flatten();
        if answer.is_some() || started.elapsed() > Duration::from_secs(5) {
            break answer;
        }
    };
    assert!(answered.expect("a place for the third").contains("MSA|AA|"));
    first.accepted(&admission());
}
