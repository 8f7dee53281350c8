//! The queue of what a person must look at, from listing to reading again.
use crate::on_both;
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    doubts_are_accepted_and_listed,
    a_better_map_settles_them,
    a_corrected_message_replaces_what_was_said,
    what_is_no_correction_is_refused,
    an_answer_closes_the_review_in_any_order,
    an_answer_keeps_what_people_did,
    a_stranger_that_is_registered_and_repeats_is_done
);

const QUEUE: &str = "Task?code=urn:baton:task|message-review&status=requested";

fn path(task: &Value, operation: &str) -> String {
    format!("Task/{}/{operation}", task["id"].as_str().expect("an id"))
}

fn again(client: &Client, task: &Value, corrected: &str) -> Reply {
    client.send_text("POST", &path(task, "$reprocess"), "application/hl7-v2", corrected)
}

fn ended(visit: Option<&str>, class: &'static str, disposition: &'static str) -> Adt {
    let mut message = Adt::new("A03", &unique("P"), "").discharged(days_ago(1), disposition);
    (message.visit, message.class) = (visit.map(str::to_owned), class);
    message
}

fn doubts_are_accepted_and_listed(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let numbered = [unique("V"), unique("V"), unique("V")];
    let cases = [
        (
            ended(Some(&numbered[0]), "I", "NHOME"),
            "disposition-unknown",
            "PV1-36",
        ),
        (
            ended(Some(&numbered[1]), "I", ""),
            "disposition-missing",
            "PV1-36",
        ),
        (ended(Some(&numbered[2]), "BAY", "01"), "class-unknown", "PV1-2"),
        (ended(Some(""), "I", "01"), "visit-number-missing", "PV1-19"),
    ];
    for (count, (message, code, place)) in cases.iter().enumerate() {
        let answer = partner.hl7(&message.text());
        assert!(
            answer.text.contains("MSA|AA|") && answer.text.contains(code),
            "{}",
            answer.text
        );
        let queue = partner.find(QUEUE);
        assert_eq!(queue.len(), count + 1);
        let task = queue.iter().find(|task| {
            task["statusReason"]["text"]
                .as_str()
                .is_some_and(|it| it.contains(code))
        });
        let task = task.unwrap_or_else(|| panic!("{code} in {queue:#?}"));
        assert!(task["input"].to_string().contains(place), "{task:#}");
        let said = task.to_string();
        assert!(
            !said.contains(&message.patient) && !said.contains("Sample"),
            "no patient in the queue: {said}"
        );
        assert_eq!(
            partner
                .put(&format!("Task/{}", task["id"].as_str().expect("an id")), task)
                .status,
            200
        );
        assert!(partner.only(&format!("Patient?identifier={}", message.patient))["name"].is_array());
    }
    for visit in &numbered {
        assert!(partner.uneventful(visit), "no episode on a doubt");
    }
}

fn a_better_map_settles_them(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let visit = unique("V");
    partner.taken(&ended(Some(&visit), "BAY", "NHOME"));
    let task = partner.only(QUEUE);
    let still = again(&partner, &task, "").ok();
    assert_eq!(still["status"], "requested", "nothing is better yet");
    baton.sender_mapped(
        "general",
        "[classes]\nBAY = \"OBSENC\"\n[dispositions]\nNHOME = \"06\"\n",
    );
    // The registry is believed for a second.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let settled = again(&partner, &task, "").ok();
    assert_eq!(
        (&settled["status"], &settled["id"]),
        (&json!("completed"), &task["id"])
    );
    assert!(partner.find(QUEUE).is_empty());
    let course = partner.course(&visit);
    assert_eq!(course.stay["class"]["code"], "OBSENC");
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
}

fn a_corrected_message_replaces_what_was_said(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (wrong, right) = (unique("V"), unique("V"));
    let mut message = ended(Some(&wrong), "I", "NHOME");
    partner.taken(&message);
    let task = partner.only(QUEUE);
    (message.visit, message.disposition) = (Some(right.clone()), "06");
    let parameters = json!({"resourceType": "Parameters", "parameter": [{"name": "message", "valueString": message.text()}]});
    let settled = partner.post(&path(&task, "$reprocess"), &parameters).ok();
    assert_eq!(settled["status"], "completed");
    assert_eq!(partner.stay(&wrong)["status"], "entered-in-error");
    assert_eq!(
        partner.course(&right).statuses(),
        ["active", "active", "active", "requested"]
    );
    assert!(
        partner.get(&path(&task, "$message")).text.contains("NHOME"),
        "the original stays as it came"
    );
    again(&partner, &task, "").refused(422, "corrected before");
    // What could not be read at all.
    let visit = unique("V");
    partner.hl7("MSH|^~\\&|ADT1|GENERAL\r");
    let task = partner.only(QUEUE);
    again(&partner, &task, &ended(Some(&visit), "I", "01").text()).ok();
    assert_eq!(partner.stay(&visit)["status"], "finished");
}

fn what_is_no_correction_is_refused(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let visit = unique("V");
    partner.taken(&ended(Some(&visit), "I", "NHOME"));
    let task = partner.only(QUEUE);
    for text in ["no message", "MSH|^~\\&|ADT1|GENERAL\r"] {
        again(&partner, &task, text).refused(422, "");
    }
    assert_eq!(partner.stay(&visit)["status"], "finished", "what was said stands");
    let empty =
        json!({"resourceType": "Parameters", "parameter": [{"name": "nonsense", "valueString": "x"}]});
    partner
        .post(&path(&task, "$reprocess"), &empty)
        .refused(400, "message");
    assert_eq!(partner.get("Task/nobody/$message").status, 404);
    let other = partner
        .post(
            "Task",
            &json!({"resourceType": "Task", "status": "requested", "intent": "order"}),
        )
        .ok();
    partner
        .get(&path(&other, "$message"))
        .refused(422, "message-review");
    let reader = baton.client("system/Task.rs");
    reader.get(&path(&task, "$message")).refused(403, "");
    assert_eq!(again(&reader, &task, "").status, 403);
    assert_eq!(partner.only(QUEUE)["id"], task["id"]);
}

/// A stay with a discharge that leaves something open, and more news of it, by hours since.
fn stream(events: &[(&'static str, i64, &'static str, &'static str)]) -> Vec<Adt> {
    let (patient, visit) = (unique("P"), unique("V"));
    let told = |(event, hour, class, disposition): &(&'static str, i64, &'static str, &'static str)| {
        let mut message = Adt::new(event, &patient, &visit).at(days_ago(3) + chrono::Duration::hours(*hour));
        (message.class, message.disposition) = (*class, *disposition);
        message.admitted = Some(days_ago(5));
        message.discharged = (*event == "A03").then_some(message.occurred);
        message
    };
    events.iter().map(told).collect()
}

fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    let with_first = |at: usize| {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        orders(&rest).into_iter().map(move |mut order| {
            order.insert(0, first.clone());
            order
        })
    };
    (0..items.len()).flat_map(with_first).collect()
}

fn an_answer_closes_the_review_in_any_order(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let admitted = ("A01", -48, "I", "");
    let cases = [
        (vec![admitted, ("A03", 0, "I", "")], 1),
        (vec![admitted, ("A03", 0, "I", ""), ("A08", 2, "I", "01")], 0),
        (vec![admitted, ("A03", 0, "I", "NHOME"), ("A08", 2, "I", "06")], 0),
        (vec![admitted, ("A03", 0, "I", ""), ("A08", 2, "I", "")], 1),
        (vec![admitted, ("A03", 0, "BAY", "01"), ("A08", 2, "I", "")], 0),
        // Said again, and worse: whatever was asked stands again.
        (
            vec![
                admitted,
                ("A03", 0, "I", ""),
                ("A08", 2, "I", "01"),
                ("A08", 4, "I", "XX"),
            ],
            2,
        ),
        // Still in the house.
        (vec![admitted, ("A03", 0, "I", ""), ("A13", 2, "I", "")], 0),
        (
            vec![
                admitted,
                ("A03", 0, "I", ""),
                ("A13", 2, "I", ""),
                ("A03", 4, "I", ""),
            ],
            2,
        ),
        (vec![admitted, ("A03", 0, "I", "XX"), ("A11", 2, "I", "")], 0),
    ];
    for (events, expected) in cases {
        for order in orders(&events) {
            let before = partner.find(QUEUE).len();
            stream(&order).iter().for_each(|message| partner.taken(message));
            assert_eq!(partner.find(QUEUE).len() - before, expected, "{order:?}");
        }
    }
    let closed = partner.find("Task?code=urn:baton:task|message-review&status=completed");
    let reasons = closed
        .iter()
        .map(|task| &task["statusReason"]["coding"][0]["code"]);
    assert!(reasons.into_iter().all(|code| code == "answered"), "{closed:#?}");
}

fn an_answer_keeps_what_people_did(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let messages = stream(&[("A03", 0, "I", ""), ("A08", 2, "I", "01"), ("A08", 4, "I", "XX")]);
    partner.taken(&messages[0]);
    let mut task = partner.only(QUEUE);
    let path = crate::support::care::reference(&task);
    task["status"] = json!("in-progress");
    task["note"] = json!([{"text": "Called the ward"}]);
    partner.put(&path, &task).ok();
    partner.taken(&messages[1]);
    let answered = partner.get(&path).ok();
    assert_eq!(
        (&answered["status"], &answered["note"]),
        (&json!("completed"), &task["note"])
    );
    partner.taken(&messages[2]);
    let mut again = partner.get(&path).ok();
    assert_eq!(again["status"], "in-progress");
    assert_eq!(again["statusReason"]["text"], "disposition-missing");
    assert!(again.get("extension").is_none(), "{again:#}");
    // Who ended it ended it.
    again["status"] = json!("rejected");
    partner.put(&path, &again).ok();
    let more = Adt {
        control: unique("MSG"),
        ..messages[1].clone()
    }
    .at(days_ago(1));
    partner.taken(&more);
    assert_eq!(partner.get(&path).ok()["status"], "rejected");
    assert!(partner.find(QUEUE).is_empty());
}

fn a_stranger_that_is_registered_and_repeats_is_done(baton: &Baton) {
    let partner = baton.partner();
    let visit = unique("V");
    let message = ended(Some(&visit), "I", "01");
    let other = Adt {
        control: message.control.clone(),
        ..ended(Some(&unique("V")), "I", "01")
    };
    for refused in [&message, &other] {
        let answer = partner.hl7(&refused.text()).text;
        assert!(answer.contains("MSA|AR|"), "{answer}");
    }
    assert_eq!(partner.find(QUEUE).len(), 2);
    baton.sender();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    partner.taken(&message);
    let left = partner.only(QUEUE);
    let raw = partner.get(&path(&left, "$message")).text;
    assert!(raw.contains(&other.patient), "the other one still waits: {raw}");
    let done = partner.only("Task?code=urn:baton:task|message-review&status=completed");
    assert_eq!(done["statusReason"]["coding"][0]["code"], "answered");
    assert_eq!(partner.course(&visit).episode["status"], "active");
}
