//! Acknowledgements, and the HTTP around them.
use super::field;
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::{Adt, days_ago, unique};

on_both!(
    an_acknowledgement_mirrors_its_message,
    every_listed_event_is_taken,
    a_batch_is_taken_message_by_message,
    what_is_not_taken_is_refused_with_a_reason,
    the_http_around_it
);

fn an_acknowledgement_mirrors_its_message(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let message = Adt::new("A01", &unique("P"), &unique("V"));
    let answer = partner.hl7(&message.text());
    let of = |segment: &str, number: usize| field(&answer, segment, number);
    assert_eq!(
        (of("MSA", 1), of("MSA", 2)),
        ("AA".into(), message.control.clone())
    );
    let names = ["BATON", "BATON", "ADT1", "GENERAL"];
    assert_eq!(
        [3, 4, 5, 6].map(|number| of("MSH", number)),
        names,
        "sender and receiver change places"
    );
    assert_eq!(
        (of("MSH", 9), of("MSH", 11), of("MSH", 12)),
        ("ACK^A01^ACK".into(), "P".into(), "2.5.1".into())
    );
    assert!(!of("MSH", 10).is_empty() && of("MSH", 10) != message.control);
    assert!(!answer.text.contains("ERR|"));
    // Enhanced mode: a commit acknowledgement.
    let enhanced = Adt::new("A08", &unique("P"), &unique("V"))
        .text()
        .replacen("|2.5.1", "|2.5.1|||AL|NE", 1);
    assert_eq!(field(&partner.hl7(&enhanced), "MSA", 1), "CA");
}

fn a_batch_is_taken_message_by_message(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let mut messages = [
        Adt::new("A01", &patient, &visit),
        Adt::new("A99", &patient, &visit),
        Adt::new("A03", &patient, &visit).discharged(days_ago(1), "01"),
    ];
    messages[1].event = "A17";
    let body: String = messages.iter().map(Adt::text).collect();
    let batch = format!("FHS|^~\\&|ADT1|GENERAL\rBHS|^~\\&|ADT1|GENERAL|||||||B1\r{body}BTS|3\rFTS|1\r");
    let answer = partner.hl7(&batch).text;
    let answers: Vec<&str> = answer
        .split('\r')
        .filter(|line| line.starts_with("MSA"))
        .collect();
    let of = |code: &str, n: usize| format!("MSA|{code}|{}", messages[n].control);
    assert_eq!(answers, [of("AA", 0), of("AR", 1), of("AA", 2)]);
    assert!(
        answer.starts_with("FHS|^~\\&||") && answer.contains("\rBTS|3\r"),
        "{answer}"
    );
    assert_eq!(partner.course(&visit).episode["status"], "active");
    let mut line = crate::mllp::Line::open(baton);
    let again = line.exchange(&batch);
    assert!(again.contains(&of("AA", 2)), "the same answers again: {again}");
    partner.only("Task?code=urn:baton:task|message-review&status=requested");
    let empty = partner.hl7("BHS|^~\\&|ADT1|GENERAL\rBTS|0\r").text;
    assert!(
        empty.contains("MSA|AR|") && empty.contains("no message"),
        "{empty}"
    );
}

fn every_listed_event_is_taken(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let stay = [
        "A05", "A04", "A01", "A02", "A12", "A06", "A07", "A08", "A03", "A13", "A11",
    ];
    let (patient, visit) = (unique("P"), unique("V"));
    for event in stay {
        let mut message = Adt::new(event, &patient, &visit);
        message.disposition = if event == "A03" { "01" } else { "" };
        partner.taken(&message);
    }
    assert_eq!(partner.find(&format!("Encounter?identifier={visit}")).len(), 1);
    for event in ["A28", "A31"] {
        let mut message = Adt::new(event, &unique("P"), "");
        message.visit = None;
        partner.taken(&message);
        assert_eq!(
            partner.only(&format!("Patient?identifier={}", message.patient))["name"][0]["family"],
            "Sample"
        );
    }
    let mut merge = Adt::new("A40", &unique("P"), "");
    (merge.visit, merge.merged) = (None, Some(unique("P")));
    partner.taken(&merge);
    assert!(partner.find("Task?code=urn:baton:task|message-review").is_empty());
}

fn what_is_not_taken_is_refused_with_a_reason(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let message = || Adt::new("A01", &unique("P"), &unique("V"));
    let mut test = message();
    test.processing = "T";
    let mut unknown = message();
    unknown.facility = "NOWHERE".into();
    let cases = [
        (Adt::new("A17", "P", "V").text(), "AR", "201", "MSH^1^9^1^2"),
        (
            message().text().replacen("ADT^A01", "ORU^R01", 1),
            "AR",
            "200",
            "MSH^1^9^1^1",
        ),
        (test.text(), "AR", "202", "MSH^1^11"),
        (
            message().text().replacen("|2.5.1", "|3.0", 1),
            "AR",
            "203",
            "MSH^1^12",
        ),
        (unknown.text(), "AR", "204", "MSH^1^3"),
        ("MSH|^~\\&|ADT1|GENERAL\r".to_owned(), "AR", "", ""),
        ("no message at all".to_owned(), "AR", "", ""),
        (
            message()
                .text()
                .split('\r')
                .filter(|line| !line.starts_with("PID"))
                .collect::<Vec<_>>()
                .join("\r"),
            "AE",
            "101",
            "PID^1",
        ),
    ];
    for (text, code, error, place) in &cases {
        let answer = partner.hl7(text);
        assert_eq!(field(&answer, "MSA", 1), *code, "{text}");
        assert!(
            field(&answer, "ERR", 3).starts_with(error),
            "{} for {text}",
            answer.text
        );
        assert!(
            field(&answer, "ERR", 2).starts_with(place),
            "{} for {text}",
            answer.text
        );
        assert_eq!(field(&answer, "ERR", 4), "E", "{text}");
        assert!(
            !field(&answer, "ERR", 7).is_empty() || !field(&answer, "ERR", 8).is_empty(),
            "{}",
            answer.text
        );
    }
    assert!(partner.find("Encounter?_summary=data").is_empty());
    let kept = partner.find("Task?code=urn:baton:task|message-review&status=requested");
    assert_eq!(kept.len(), cases.len(), "each is kept for a person");
    let texts: Vec<String> = kept
        .iter()
        .map(|task| {
            partner
                .get(&format!("Task/{}/$message", task["id"].as_str().expect("an id")))
                .text
        })
        .collect();
    for (text, ..) in &cases {
        assert!(texts.contains(text), "as it came: {text}");
    }
}

fn the_http_around_it(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let text = || {
        Adt::new("A03", &unique("P"), &unique("V"))
            .discharged(days_ago(1), "01")
            .text()
    };
    for media in ["application/hl7-v2", "x-application/hl7-v2+er7", "text/plain"] {
        let answer = partner.send_text("POST", "/hl7v2", &format!("{media}; charset=utf-8"), text());
        assert_eq!(field(&answer, "MSA", 1), "AA");
        assert!(
            answer.header("content-type").starts_with(media),
            "{}",
            answer.header("content-type")
        );
    }
    partner
        .send_text("POST", "/hl7v2", "application/json", text())
        .refused(415, "application/hl7-v2");
    partner.get("/hl7v2").refused(405, "");
    let anonymous = baton.anonymous().hl7(&text());
    anonymous.refused(401, "");
    assert!(anonymous.header("www-authenticate").starts_with("Bearer"));
    let reader = baton.client("system/*.rs");
    reader.hl7(&text()).refused(403, "MessageHeader");
    reader
        .post("$process-message", &serde_json::json!({}))
        .refused(403, "MessageHeader");
    assert_eq!(
        field(&baton.client("system/MessageHeader.c").hl7(&text()), "MSA", 1),
        "AA",
        "no more is needed"
    );
    let huge = format!("{}NTE|1||{}\r", text(), "x".repeat(2 << 20));
    let huge = partner.hl7(&huge);
    assert!(
        huge.status == 413 && huge.text.contains("MSA|AR|"),
        "{}",
        huge.text
    );
}
