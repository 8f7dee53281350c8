//! How messages are read: separators, deletions, what nobody knows.
use crate::on_both;
use crate::support::Baton;
use crate::support::messages::{Adt, days_ago, unique};
use serde_json::{Value, json};

on_both!(
    any_separators_and_line_ends,
    two_quotes_delete_and_nothing_keeps,
    what_is_unknown_is_kept,
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
