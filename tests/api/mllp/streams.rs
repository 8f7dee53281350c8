//! Many messages: one after the other, in one breath, and over many connections.
use super::line::{Line, framed};
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::{Adt, days_ago, unique};

on_both!(
    a_stay_over_one_connection,
    many_connections_at_once,
    pipelined_frames_are_answered_in_order,
    what_was_sent_before_hanging_up_is_taken
);

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
