use super::*;
use serde_json::json;

fn patient() -> Value {
    json!({
        "resourceType": "Patient", "id": "secret-1",
        "text": {"status": "generated", "div": "<div xmlns=\"x\"><p>Zoë <b>Müller</b></p></div>"},
        "identifier": [{"system": "urn:mrn", "value": "abc-17", "type": {"text": "Record number"}}],
        "name": [{"family": "Mu\u{308}ller", "given": ["Zoë"]}],
        "gender": "female", "birthDate": "1950-03-01",
        "contained": [{"resourceType": "Organization", "id": "o", "name": "North Clinic"}],
        "extension": [{"url": "http://x", "valueString": "left handed", "id": "e1"}],
        "generalPractitioner": [{"reference": "Practitioner/77", "display": "Dr. Who"}],
    })
}

#[test]
fn texts_are_read_and_codes_and_names_of_things_are_not() {
    let terms = terms(&patient());
    let expected = [
        "clinic", "dr", "handed", "left", "muller", "north", "number", "record", "who", "zoe", "¶muller",
        "¶zoe",
    ];
    assert_eq!(terms, expected);
}

#[test]
fn what_holds_is_found_by_its_terms() {
    let resource = patient();
    let indexed = terms(&resource);
    let holds = |terms: &Terms| {
        let has = |term: &Term| {
            indexed.iter().any(|word| {
                if term.starts {
                    word.starts_with(&term.text)
                } else {
                    *word == term.text
                }
            })
        };
        terms.iter().any(|all| all.iter().all(has))
    };
    let words = |phrases: &[&str]| Words {
        alternatives: vec![phrases.iter().map(|phrase| super::words(phrase)).collect()],
    };
    for phrases in [&["zoe", "muller"][..], &["north clinic"], &["LEFT", "record"]] {
        assert!(
            words(phrases).hold(&content(&resource)) && holds(&words(phrases).terms(false)),
            "{phrases:?}"
        );
    }
    assert!(words(&["muller"]).hold(&narrative(&resource)) && holds(&words(&["muller"]).terms(true)));
    assert!(!holds(&words(&["clinic"]).terms(true)));
    assert!(holds(&beginnings(&["record nu".to_string()]).expect("words")));
    assert_eq!(beginnings(&["--".to_string()]), None);
}

#[test]
fn a_text_without_end_is_read_to_its_limit() {
    let mut resource = patient();
    let long = (0..100_000).map(|n| format!("w{n} ")).collect::<String>();
    resource["text"]["div"] = json!(format!("<div>{long}</div>"));
    let terms = terms(&resource);
    assert!(terms.len() < 30_000 && terms.contains(&"w1".to_string()));
    assert!(!terms.contains(&"w99999".to_string()) && !content(&resource).contains("w99999"));
}
