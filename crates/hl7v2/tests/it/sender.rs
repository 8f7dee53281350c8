//! How configuration decides whose numbers are whose.
use crate::{ADMIT, DISCHARGE, event, fault_codes, parse, sender, try_map, with};
use hl7v2::Sender;
use hl7v2::sender::{Maps, VisitNumber};

fn stay_system(text: &str, sender: &Sender) -> String {
    try_map(text, sender)
        .unwrap()
        .events
        .remove(0)
        .stay
        .unwrap()
        .system
}

#[test]
fn two_senders_name_one_stay_alike() {
    let mut exchange = Sender::new("exchange", "HIE", "STATE", "America/Chicago".parse().unwrap());
    let through = |text: &str| with(&with(text, "MSH", 3, "HIE"), "MSH", 4, "STATE");
    // By the OID in PV1-19.4, whatever name stands beside it.
    let renamed = through(ADMIT).replace("NSH-VISIT", "NS_CSN");
    assert_eq!(stay_system(&renamed, &exchange), stay_system(ADMIT, &sender()));
    // By a map, where there is only a name.
    let named = with(&through(ADMIT), "PV1", 19, "V55501^^^NS_CSN");
    assert_eq!(stay_system(&named, &exchange), "urn:baton:authority:NS_CSN");
    exchange
        .maps
        .authorities
        .insert("NS_CSN".into(), "urn:oid:2.16.840.1.113883.3.999.2".into());
    assert_eq!(stay_system(&named, &exchange), stay_system(ADMIT, &sender()));
    // By the visit authority, where there is nothing.
    let bare = with(&through(ADMIT), "PV1", 19, "V55501");
    assert_ne!(stay_system(&bare, &exchange), stay_system(ADMIT, &sender()));
    exchange.maps.visit_authority = Some("urn:oid:2.16.840.1.113883.3.999.2".into());
    assert_eq!(stay_system(&bare, &exchange), stay_system(ADMIT, &sender()));
}

#[test]
fn equal_visit_numbers_of_two_facilities_stay_apart() {
    let bare = with(ADMIT, "PV1", 19, "V55501");
    assert_eq!(stay_system(&bare, &sender()), "urn:baton:authority:NORTHSHORE");
    let elsewhere = with(&bare, "EVN", 7, "SOUTHSHORE^2.16.840.1.113883.3.998^ISO");
    assert_eq!(
        stay_system(&elsewhere, &sender()),
        "urn:oid:2.16.840.1.113883.3.998"
    );
    // Naming itself changes nothing.
    assert_eq!(
        stay_system(&with(&bare, "EVN", 7, "NORTHSHORE"), &sender()),
        "urn:baton:authority:NORTHSHORE"
    );
    let mut known = sender();
    known.maps.identity.system = Some("urn:oid:2.16.840.1.113883.3.999".into());
    assert_eq!(stay_system(&bare, &known), "urn:oid:2.16.840.1.113883.3.999");
}

#[test]
fn the_patient_is_known_by_the_preferred_authority() {
    let two = with(
        ADMIT,
        "PID",
        3,
        "9^^^EMPI&1.2.3&ISO^PI~100234^^^NSH&2.16.840.1.113883.3.999.1&ISO^MR~111^^^^SS",
    );
    assert_eq!(event(&two).patient.value, "100234");
    let mut preferring = sender();
    preferring.maps.patient_authorities = vec!["urn:oid:1.2.3".into()];
    let event = try_map(&two, &preferring).unwrap().events.remove(0);
    assert_eq!(event.patient.value, "9");
    assert_eq!(
        event
            .aliases
            .iter()
            .map(|key| key.value.as_str())
            .collect::<Vec<_>>(),
        ["9", "100234", "111"]
    );
}

#[test]
fn own_codes_come_first() {
    let mut local = sender();
    local.maps.classes.insert("I".into(), "OBSENC".into());
    local.maps.dispositions.insert("XFER".into(), "02".into());
    let mapped = try_map(&with(DISCHARGE, "PV1", 36, "XFER"), &local).unwrap();
    assert_eq!(fault_codes(&mapped), [""; 0]);
    let encounter = &mapped.events[0].encounter;
    assert_eq!(encounter["class"]["code"], "OBSENC");
    let disposition = &encounter["hospitalization"]["dischargeDisposition"];
    assert_eq!(
        (
            disposition["coding"][0]["code"].as_str(),
            disposition["text"].as_str()
        ),
        (Some("02"), Some("XFER"))
    );
}

#[test]
fn a_list_of_authorities_makes_strangers_visible() {
    let mut strict = sender();
    strict
        .maps
        .authorities
        .insert("NSH".into(), "urn:oid:1.2.3".into());
    let mapped = try_map(&with(DISCHARGE, "PID", 3, "5^^^OTHER^MR"), &strict).unwrap();
    assert_eq!(fault_codes(&mapped), ["authority-unknown PID-3.4"]);
}

#[test]
fn the_visit_number_may_live_in_the_account() {
    let mut account = sender();
    account.maps.visit_number = VisitNumber::Account;
    let text = with(&with(ADMIT, "PV1", 19, ""), "PID", 18, "ACC1^^^NSH&1.2.3.4&ISO");
    assert_eq!(stay_system(&text, &account), "urn:oid:1.2.3.4");
}

#[test]
fn a_sender_survives_storage_and_a_map_file_is_checked() {
    let text = serde_json::to_string(&sender()).unwrap();
    assert_eq!(serde_json::from_str::<Sender>(&text).unwrap(), sender());
    assert_eq!(Sender::key_of(&parse(ADMIT)), ("ADT".into(), "NORTHSHORE".into()));
    let maps: Maps = serde_json::from_str(
        r#"{"classes": {"OB": "OBSENC", "X": "NOPE"}, "dispositions": {"H": "1"}, "authorities": {"A": "1.2"},
            "visit_authority": "V", "visit_number": "PID-18", "processing": "X"}"#,
    )
    .unwrap();
    let problems = maps.problems().join("\n");
    for named in [
        "classes.X",
        "dispositions.H",
        "authorities.A",
        "visit_authority",
        "processing",
    ] {
        assert!(problems.contains(named), "{problems}");
    }
    assert!(!problems.contains("classes.OB"));
    assert!(serde_json::from_str::<Maps>(r#"{"clases": {}}"#).is_err());
    assert!("Mars/Olympus".parse::<hl7v2::sender::Zone>().is_err());
    assert_eq!(Maps::default().problems(), [""; 0]);
}
