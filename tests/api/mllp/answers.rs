//! What is answered, and that nothing refused is lost.
use super::line::{Line, framed};
use crate::on_both;
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use serde_json::Value;

on_both!(
    the_unparseable_is_rejected_and_kept,
    test_messages_are_refused,
    a_stranger_is_refused_and_kept,
    an_event_nobody_handles_is_rejected,
    enhanced_mode_gets_the_answers_it_asks_for
);

/// Review tasks for messages of that outcome.
fn reviews(partner: &Client, outcome: &str) -> Vec<Value> {
    let mut tasks = partner.find("Task?code=urn:baton:task|message-review&status=requested");
    tasks.retain(|task| task["input"].to_string().contains(&format!("\"{outcome}\"")));
    tasks
}

fn raw(partner: &Client, task: &Value) -> String {
    let reply = partner.get(&format!("Task/{}/$message", task["id"].as_str().expect("an id")));
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, "application/hl7-v2")
    );
    reply.text
}

fn the_unparseable_is_rejected_and_kept(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let mut line = Line::open(baton);
    let broken = ["hello", "PID|1||SECRET", "MSH"];
    for text in broken {
        let answer = line.exchange(text);
        assert!(answer.starts_with("MSH|"), "{text}: {answer}");
        assert!(
            answer.contains("\rMSA|AR|") && answer.contains("\rERR|"),
            "{text}: {answer}"
        );
    }
    let kept: Vec<String> = reviews(&partner, "unparseable")
        .iter()
        .map(|task| raw(&partner, task))
        .collect();
    assert_eq!(kept.len(), broken.len(), "{kept:?}");
    assert!(
        broken.iter().all(|text| kept.iter().any(|raw| raw == text)),
        "{kept:?}"
    );

    // What is read but cannot be answered by name is an error, kept all the same.
    let nameless = "MSH|^~\\&|ADT1|GENERAL|||20260101||ADT^A01|";
    let answer = line.exchange(nameless);
    assert!(
        answer.contains("\rMSA|AE|") && answer.contains("MSH^1^10|101^"),
        "{answer}"
    );
    assert_eq!(raw(&partner, &reviews(&partner, "rejected")[0]), nameless);
    assert!(!partner.get("Task?code=message-review").text.contains("SECRET"));
    line.accepted(&Adt::new("A01", &unique("P"), &unique("V")));
}

fn test_messages_are_refused(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let mut line = Line::open(baton);
    for processing in ["T", "D"] {
        let message = Adt {
            processing,
            ..Adt::new("A01", &unique("P"), &unique("V"))
        };
        let answer = line.exchange(message.text());
        assert!(
            answer.contains(&format!("MSA|AR|{}", message.control)),
            "{answer}"
        );
        assert!(answer.contains("MSH^1^11"), "{answer}");
        assert!(
            partner
                .find(&format!("Patient?identifier={}", message.patient))
                .is_empty()
        );
    }
    assert_eq!(reviews(&partner, "rejected").len(), 2);
}

fn a_stranger_is_refused_and_kept(baton: &Baton) {
    let partner = baton.partner();
    let stranger = Adt {
        application: "STRANGE".into(),
        ..Adt::new("A01", &unique("P"), &unique("V"))
    };
    let mut line = Line::open(baton);
    let answer = line.exchange(stranger.text());
    assert!(
        answer.contains(&format!("MSA|AR|{}", stranger.control)),
        "{answer}"
    );
    assert!(
        answer.contains("MSH^1^3") && answer.contains("not registered"),
        "{answer}"
    );
    line.exchange(stranger.text());
    let kept = reviews(&partner, "unregistered");
    assert_eq!(kept.len(), 1, "a repeat is kept once: {kept:#?}");
    assert_eq!(raw(&partner, &kept[0]), stranger.text());
    assert!(!kept[0].to_string().contains(&stranger.patient));
    assert!(
        partner
            .find(&format!("Patient?identifier={}", stranger.patient))
            .is_empty()
    );

    // Once registered, what was kept is read again.
    baton.sender_named("strange", "STRANGE", &stranger.facility);
    let path = format!("Task/{}/$reprocess", kept[0]["id"].as_str().expect("an id"));
    assert_eq!(
        partner.send_text("POST", &path, "application/hl7-v2", "").ok()["status"],
        "completed"
    );
    partner.only(&format!("Patient?identifier={}", stranger.patient));
    line.accepted(&stranger);
}

fn an_event_nobody_handles_is_rejected(baton: &Baton) {
    baton.sender();
    let message = Adt::new("A60", &unique("P"), &unique("V"));
    let answer = Line::open(baton).exchange(message.text());
    assert!(
        answer.contains(&format!("MSA|AR|{}", message.control)),
        "{answer}"
    );
    assert!(answer.contains("201^"), "unsupported event: {answer}");
    assert_eq!(reviews(&baton.partner(), "rejected").len(), 1);
}

/// MSH-15 and MSH-16.
fn asking(message: &Adt, commit: &str, application: &str) -> String {
    message
        .text()
        .replacen("|2.5.1\r", &format!("|2.5.1|||{commit}|{application}\r"), 1)
}

fn enhanced_mode_gets_the_answers_it_asks_for(baton: &Baton) {
    baton.sender();
    let mut line = Line::open(baton);
    let admission = || Adt::new("A01", &unique("P"), &unique("V"));
    let good = |line: &mut Line, commit: &str, application: &str, codes: &[&str]| {
        let message = admission();
        line.send(framed(asking(&message, commit, application)));
        for code in codes {
            let answer = line.answer();
            assert!(
                answer.contains(&format!("MSA|{code}|{}", message.control)),
                "{code}: {answer}"
            );
        }
    };
    good(&mut line, "AL", "AL", &["CA", "AA"]);
    good(&mut line, "AL", "NE", &["CA"]);
    good(&mut line, "NE", "AL", &["AA"]);
    good(&mut line, "SU", "ER", &["CA"]);
    good(&mut line, "NE", "NE", &[]);
    good(&mut line, "ER", "", &[]);
    let test = Adt {
        processing: "T",
        ..admission().at(days_ago(1))
    };
    line.send(framed(asking(&test, "ER", "SU")));
    assert!(line.answer().contains(&format!("MSA|CR|{}", test.control)));
    line.accepted(&admission());
}
