//! What people do on a task is theirs: no replay, update or correction undoes it.
use crate::on_both;
use crate::support::care::{Course, iso, reason, reference};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    progress_survives_replays,
    an_interruption_is_resumed,
    a_contact_before_a_new_discharge_does_not_count,
    what_people_delete_stays_away
);

const PD1: &str = "PD1||||1700123455^Family^Fran^^^^MD^^NPI";

struct Stay {
    messages: Vec<Adt>,
    patient: String,
    visit: String,
}

fn home(client: &Client, at: i64) -> Stay {
    let (patient, visit) = (unique("P"), unique("V"));
    let mut messages = vec![
        Adt::new("A01", &patient, &visit),
        Adt::new("A03", &patient, &visit).discharged(days_ago(at), "01"),
    ];
    messages
        .iter_mut()
        .for_each(|message| message.extra = vec![PD1.to_owned()]);
    messages.iter().for_each(|message| client.taken(message));
    Stay {
        messages,
        patient,
        visit,
    }
}

fn work_on(client: &Client, course: &Course, code: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut task = course.task(code).clone();
    change(&mut task);
    client.put(&reference(&task), &task).ok()
}

fn progress_survives_replays(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let stay = home(&partner, 2);
    let course = partner.course(&stay.visit);
    let worked = [
        work_on(&partner, &course, "tcm-contact", |task| {
            task["status"] = json!("in-progress");
            task["note"] = json!([{"text": "No answer at 10:00"}]);
        }),
        work_on(&partner, &course, "discharge-information", |task| {
            task["status"] = json!("completed")
        }),
        work_on(&partner, &course, "follow-up-visit", |task| {
            task["owner"] = json!({"reference": "Practitioner/locum"})
        }),
    ];
    stay.messages.iter().for_each(|message| partner.taken(message));
    let mut repeated = stay.messages[1].clone();
    repeated.control = unique("AGAIN");
    partner.taken(&repeated);
    let mut update = Adt::new("A08", &stay.patient, &stay.visit).at(days_ago(1));
    update.diagnoses = vec!["I50.9", "N18.4", "C78.7"];
    partner.taken(&update);
    let after = partner.course(&stay.visit);
    assert_eq!(
        after.risk["prediction"][0]["qualitativeRisk"]["coding"][0]["code"], "high",
        "the update counts"
    );
    for task in &worked {
        let now = partner.get(&reference(task)).ok();
        for member in ["status", "owner", "note", "for", "basedOn", "encounter"] {
            assert_eq!(now[member], task[member], "{member} of {task:#}");
        }
    }
    assert_eq!(after.task("tcm-contact"), &worked[0], "nothing about it changed");
    assert!(
        after.due("follow-up-visit") < course.due("follow-up-visit"),
        "Baton may still move a deadline"
    );
}

fn an_interruption_is_resumed(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    // So long before that business days lie between the discharges, whatever day it is.
    let stay = home(&partner, 5);
    let course = partner.course(&stay.visit);
    work_on(&partner, &course, "tcm-contact", |task| {
        task["status"] = json!("in-progress");
        task["note"] = json!([{"text": "Left a message"}]);
    });
    work_on(&partner, &course, "patient-education", |task| {
        task["status"] = json!("completed")
    });
    partner.taken(&Adt::new("A13", &stay.patient, &stay.visit).at(days_ago(2)));
    let stopped = partner.course(&stay.visit);
    let contact = stopped.task("tcm-contact");
    assert_eq!(
        (&contact["status"], reason(contact)),
        (&json!("cancelled"), "discharge-cancelled")
    );
    assert_eq!(contact["note"][0]["text"], "Left a message");
    assert_eq!(
        stopped.task("patient-education")["status"],
        "completed",
        "what is done is done"
    );
    partner.taken(&Adt::new("A03", &stay.patient, &stay.visit).discharged(days_ago(1), "01"));
    let resumed = partner.course(&stay.visit);
    let contact = resumed.task("tcm-contact");
    assert_eq!(
        (&contact["status"], &contact["note"][0]["text"]),
        (&json!("in-progress"), &json!("Left a message"))
    );
    assert!(resumed.due("tcm-contact") > course.due("tcm-contact"));
}

fn a_contact_before_a_new_discharge_does_not_count(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let stay = home(&partner, 4);
    let first = partner.course(&stay.visit);
    let done = work_on(&partner, &first, "tcm-contact", |task| {
        task["status"] = json!("completed");
        task["executionPeriod"] = json!({"start": iso(days_ago(3)), "end": iso(days_ago(3))});
    });
    partner.taken(&Adt::new("A13", &stay.patient, &stay.visit).at(days_ago(2)));
    partner.taken(&Adt::new("A03", &stay.patient, &stay.visit).discharged(days_ago(1), "01"));
    let plan = partner.course(&stay.visit).plan;
    let encounter = reference(&first.stay);
    let contacts = partner.find(&format!(
        "Task?encounter={encounter}&code=urn:baton:task|tcm-contact"
    ));
    let mut statuses: Vec<&str> = contacts
        .iter()
        .filter_map(|task| task["status"].as_str())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["completed", "requested"]);
    assert_eq!(partner.get(&reference(&done)).ok()["status"], "completed");
    let open = contacts
        .iter()
        .find(|task| task["status"] == "requested")
        .expect("a successor");
    assert!(open["restriction"]["period"]["end"].as_str() > done["restriction"]["period"]["end"].as_str());
    for contact in &contacts {
        assert!(
            plan["activity"].to_string().contains(&reference(contact)),
            "the plan lists both"
        );
    }
}

fn what_people_delete_stays_away(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let stay = home(&partner, 2);
    let course = partner.course(&stay.visit);
    let education = reference(course.task("patient-education"));
    assert_eq!(partner.delete(&education).status, 204);
    let team = reference(&course.team);
    let entry = |url: &str| json!({"request": {"method": "DELETE", "url": url}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry(&team)]});
    partner.post("", &bundle).ok();
    // Every reconciliation: an update, a replay, a correction of the discharge, a diagnosis.
    let mut update = Adt::new("A08", &stay.patient, &stay.visit).at(days_ago(1));
    update.diagnoses = vec!["I50.9", "J44.1"];
    partner.taken(&update);
    for message in &stay.messages {
        partner.taken(message);
    }
    let mut again = stay.messages[1].clone();
    (again.control, again.discharged) = (unique("MSG"), Some(days_ago(3)));
    partner.taken(&again);
    assert_eq!(partner.get(&education).status, 410);
    assert_eq!(partner.get(&team).status, 410);
    let encounter = reference(&course.stay);
    let tasks = partner.find(&format!("Task?encounter={encounter}"));
    assert!(tasks.len() >= 4 && tasks.iter().all(|task| task["status"] == "requested"));
    let plan = partner.only(&format!("CarePlan?encounter={encounter}"));
    assert!(!plan["activity"].to_string().contains(&education), "{plan:#}");
    // The patient goes back into the house and home again: now it is to be done.
    let back = Adt::new("A13", &stay.patient, &stay.visit).at(crate::support::messages::now());
    partner.taken(&back);
    assert_eq!(partner.get(&education).status, 410);
    let tomorrow = days_ago(-1);
    partner.taken(&Adt::new("A03", &stay.patient, &stay.visit).discharged(tomorrow, "01"));
    let course = partner.course(&stay.visit);
    assert_eq!(course.task("patient-education")["status"], "requested");
    assert_eq!(reference(course.task("patient-education")), education);
    // Who deletes the episode ends it all.
    assert_eq!(partner.delete(&reference(&course.episode)).status, 204);
    partner.taken(&Adt::new("A08", &stay.patient, &stay.visit).at(tomorrow));
    partner.taken(&{
        let mut told = Adt::new("A08", &stay.patient, &stay.visit).at(days_ago(-1));
        told.class = "I";
        told.admission_type = "U";
        told
    });
    let tasks = partner.find(&format!("Task?encounter={encounter}"));
    assert!(
        tasks
            .iter()
            .all(|task| task["status"] == "cancelled" && reason(task) == "withdrawn"),
        "{tasks:#?}"
    );
    assert_eq!(partner.get(&reference(&course.episode)).status, 410);
}
