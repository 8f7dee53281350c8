//! How messages are read: separators, deletions, what nobody knows.
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::{Adt, days_ago, unique};
use serde_json::{Value, json};

on_both!(
    any_separators_and_line_ends,
    two_quotes_delete_and_nothing_keeps,
    what_is_unknown_is_kept,
    what_is_beyond_measure,
    names_in_any_charset
);

fn any_separators_and_line_ends(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    for (separators, end) in [("#*!/@", "\r\n"), ("|^~\\&", "\n")] {
        let (patient, visit) = (unique("P"), unique("V"));
        let text = Adt::new("A03", &patient, &visit)
            .discharged(days_ago(1), "01")
            .text();
        let translate = |letter: char| {
            "|^~\\&"
                .find(letter)
                .map_or(letter, |at| separators.as_bytes()[at] as char)
        };
        let text: String = text.chars().map(translate).collect::<String>().replace('\r', end);
        let answer = partner.hl7(&text);
        let first = &separators[..1];
        assert!(
            answer.text.contains(&format!("MSA{first}AA{first}")),
            "{}",
            answer.text
        );
        assert_eq!(partner.stay(&visit)["status"], "finished");
        assert_eq!(
            partner.only(&format!("Patient?identifier={patient}"))["name"][0]["given"],
            json!(["Robin", "Q"])
        );
    }
}

fn two_quotes_delete_and_nothing_keeps(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let person = || partner.only(&format!("Patient?identifier={patient}"));
    partner.taken(&Adt::new("A01", &patient, &visit));
    let before = person();
    assert!(before["telecom"].is_array() && before["address"].is_array());
    let update = |control: &str, at: i64, phone: &str| {
        let text = Adt::new("A08", &patient, &visit).at(days_ago(at)).text();
        let text = text.replacen("|(217)555-0100", &format!("|{phone}"), 1).replacen(
            "1 Main St^^Springfield^IL^62701",
            "",
            1,
        );
        assert!(partner.hl7(&text).text.contains("MSA|AA|"), "{control}");
    };
    update("empty", 3, "");
    assert_eq!(
        (&person()["telecom"], &person()["address"]),
        (&before["telecom"], &before["address"])
    );
    update("deleted", 2, "\"\"");
    assert_eq!(
        (&person()["telecom"], &person()["address"]),
        (&Value::Null, &before["address"])
    );
}

fn what_is_unknown_is_kept(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let mut message = Adt::new("A03", &patient, &visit).discharged(days_ago(1), "??");
    message.extra = vec!["ZHX|1|custom^thing".into(), "XYZ|what".into()];
    let text = message.text();
    assert!(partner.hl7(&text).text.contains("MSA|AA|"));
    let task = partner.only("Task?code=urn:baton:task|message-review&status=requested");
    let kept = partner.get(&format!("Task/{}/$message", task["id"].as_str().expect("an id")));
    assert_eq!(
        (kept.text.as_str(), kept.header("content-type")),
        (text.as_str(), "application/hl7-v2")
    );
}

fn names_in_any_charset(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("P"), unique("V"));
    let text = Adt::new("A01", &patient, &visit)
        .text()
        .replacen("Sample^Robin", "Mu\\T\\n~oz^Zo", 1);
    let text = text
        .replacen("|2.5.1", "|2.5.1||||||8859/1", 1)
        .replace("Mu\\T\\n~oz", "Mu\\T\\noz\u{f1}");
    // ISO 8859-1: one byte a letter.
    let bytes: Vec<u8> = text
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1"))
        .collect();
    let answer = partner.send_text("POST", "/hl7v2", "application/hl7-v2", bytes);
    assert!(answer.text.contains("MSA|AA|"), "{}", answer.text);
    assert_eq!(
        partner.only(&format!("Patient?identifier={patient}"))["name"][0]["family"],
        "Mu&noz\u{f1}"
    );
}

/// Long names that do not compress, as an index has to hold them.
fn noise(length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let letter = || char::from(alphabet[rand::random::<u32>() as usize % alphabet.len()]);
    std::iter::repeat_with(letter).take(length).collect()
}

fn what_is_beyond_measure(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let reviews = || {
        partner
            .find("Task?code=urn:baton:task|message-review&status=requested")
            .len()
    };
    for place in ["MSH-10", "PV1-19", "PID-3", "DG1-3"] {
        let long = noise(6_000);
        let mut message = Adt::new("A01", &unique("P"), &unique("V"));
        match place {
            "MSH-10" => message.control = long.clone(),
            "PV1-19" => message.visit = Some(long.clone()),
            "PID-3" => message.patient = long.clone(),
            _ => message.extra = vec![format!("DG1|2||{long}^x^L|||F")],
        }
        // And again, as senders do.
        for _ in 0..2 {
            partner.taken(&message);
        }
    }
    assert_eq!(reviews(), 0);
    let mut many = Adt::new("A01", &unique("P"), &unique("V"));
    many.patient = "1~".repeat(20_000) + &many.patient;
    let answer = partner.hl7(&many.text()).text;
    assert!(
        answer.contains("MSA|AR|") && answer.contains("PID^1^3"),
        "{answer}"
    );
    assert_eq!(reviews(), 1);
    // A mistyped year is taken, and put before a person.
    let visit = unique("V");
    let far = days_ago(-40_000);
    partner.taken(&Adt::new("A03", &unique("P"), &visit).discharged(far, "01"));
    let doubted = partner.find("Task?code=urn:baton:task|message-review&status=requested");
    let doubted: Vec<&Value> = doubted
        .iter()
        .filter(|task| task["statusReason"]["text"] == "date-future")
        .collect();
    let [task] = doubted[..] else {
        panic!("{doubted:#?}")
    };
    let path = format!("{}/$reprocess", crate::support::care::reference(task));
    let again = partner.send_text("POST", &path, "application/hl7-v2", "").ok();
    assert_eq!(again["status"], "requested", "it is no better yet");
    let right = Adt::new("A03", &unique("P"), &visit)
        .discharged(days_ago(1), "01")
        .text();
    let settled = partner.send_text("POST", &path, "application/hl7-v2", right).ok();
    assert_eq!(settled["status"], "completed");
    let due = partner.course(&visit).due("tcm-contact").to_owned();
    assert!(due < days_ago(-10).to_rfc3339(), "{due}");
}
