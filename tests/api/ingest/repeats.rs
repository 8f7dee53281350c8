//! Messages told apart: the same message, the same fact, and a counter that started anew.
use crate::on_both;
use crate::support::Baton;
use crate::support::care::reference;
use crate::support::messages::{Adt, days_ago, unique};

on_both!(
    the_same_message_is_answered_alike,
    the_same_fact_has_no_effect,
    a_reused_control_id_is_taken
);

fn the_same_message_is_answered_alike(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let discharge = Adt::new("A03", &patient, &visit)
        .discharged(days_ago(1), "01")
        .text();
    let first = partner.hl7(&discharge);
    let course = partner.course(&visit);
    for _ in 0..3 {
        assert_eq!(partner.hl7(&discharge).text, first.text, "to the letter");
    }
    let again = partner.course(&visit);
    assert_eq!(
        (&again.stay, &again.tasks, &again.plan),
        (&course.stay, &course.tasks, &course.plan)
    );
}

fn the_same_fact_has_no_effect(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let mut discharge = Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01");
    partner.taken(&discharge);
    let course = partner.course(&visit);
    discharge.control = unique("MSG");
    partner.taken(&discharge);
    let again = partner.course(&visit);
    assert_eq!(
        (&again.stay, &again.tasks, &again.plan),
        (&course.stay, &course.tasks, &course.plan)
    );
    let path = format!("{}/_history", reference(&again.stay));
    assert_eq!(partner.get(&path).ok()["entry"].as_array().map(Vec::len), Some(1));
}

fn a_reused_control_id_is_taken(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let admission = Adt::new("A01", &patient, &visit);
    partner.taken(&admission);
    let mut discharge = Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01");
    discharge.control = admission.control;
    partner.taken(&discharge);
    assert_eq!(partner.stay(&visit)["status"], "finished");
}
