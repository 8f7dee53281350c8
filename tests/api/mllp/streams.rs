//! Many messages: one after the other, in one breath, and over many connections.
use super::line::{Line, framed};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Database, Options};
use crate::{on_both, on_both_databases};

on_both!(
    a_stay_over_one_connection,
    many_connections_at_once,
    pipelined_frames_are_answered_in_order,
    what_was_sent_before_hanging_up_is_taken
);
on_both_databases!(what_was_answered_before_the_end_is_kept);

fn a_stay_over_one_connection(baton: &Baton) {
    baton.sender();
    let (patient, visit) = (unique("P"), unique("V"));
    let mut line = Line::open(baton);
    line.accepted(&Adt::new("A01", &patient, &visit));
    line.accepted(&Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01"));
    let partner = baton.partner();
    let stay = partner.only(&format!("Encounter?identifier={visit}"));
    assert_eq!(stay["status"], "finished");
    let subject = stay["subject"]["reference"].as_str().expect("a subject");
    let episode = partner.only(&format!("EpisodeOfCare?patient={subject}"));
    assert_eq!(episode["status"], "active");
}

fn many_connections_at_once(baton: &Baton) {
    baton.sender();
    let prefix = unique("MANY");
    std::thread::scope(|scope| {
        for n in 0..24 {
            let (patient, visit) = (format!("{prefix}-{n}"), format!("{prefix}-V{n}"));
            scope.spawn(move || {
                let mut line = Line::open(baton);
                line.accepted(&Adt::new("A01", &patient, &visit));
                line.accepted(&Adt::new("A08", &patient, &visit).at(days_ago(4)));
                line.accepted(&Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01"));
            });
        }
    });
    let partner = baton.partner();
    for n in 0..24 {
        let stay = partner.only(&format!("Encounter?identifier={prefix}-V{n}"));
        assert_eq!(stay["status"], "finished", "{n}");
    }
}

fn pipelined_frames_are_answered_in_order(baton: &Baton) {
    baton.sender();
    let patient = unique("P");
    let messages: Vec<Adt> = (0..12).map(|_| Adt::new("A01", &patient, &unique("V"))).collect();
    let mut line = Line::open(baton);
    line.send(
        messages
            .iter()
            .flat_map(|message| framed(message.text()))
            .collect::<Vec<u8>>(),
    );
    for message in &messages {
        let answer = line.answer();
        assert!(
            answer.contains(&format!("MSA|AA|{}", message.control)),
            "{answer}"
        );
    }
    let partner = baton.partner();
    let owner = partner.only(&format!("Patient?identifier={patient}"));
    let id = owner["id"].as_str().expect("an id");
    assert_eq!(partner.find(&format!("Encounter?patient={id}")).len(), 12);
}

fn what_was_sent_before_hanging_up_is_taken(baton: &Baton) {
    baton.sender();
    let message = Adt::new("A01", &unique("P"), &unique("V"));
    let mut line = Line::open(baton);
    line.send(framed(message.text()));
    line.hang_up();
    assert!(line.answer().contains(&format!("MSA|AA|{}", message.control)));
    assert_eq!(line.next(), None);
}

/// SIGTERM while frames are coming: the message in hand is finished and answered.
fn what_was_answered_before_the_end_is_kept(database: Database) {
    let first = Baton::start(database, Options::default());
    first.sender();
    let visits: Vec<String> = (0..200).map(|_| unique("V")).collect();
    let frames = visits
        .iter()
        .flat_map(|visit| framed(Adt::new("A01", &unique("P"), visit).text()));
    let mut line = Line::open(&first);
    line.send(frames.collect::<Vec<u8>>());
    let mut answered = usize::from(line.next().is_some());
    assert!(first.terminate().success());
    while let Some(answer) = line.next() {
        assert!(answer.contains("MSA|AA|"), "{answer}");
        answered += 1;
    }
    let second = Baton::on(first.database.clone(), &Options::default());
    let stays = second.partner().find("Encounter?_count=200").len();
    assert!(
        (1..=visits.len()).contains(&answered) && stays == answered,
        "{answered} of {stays}"
    );
}
