//! What is taken, what is refused, and the keys and times of an event.
use crate::{ADMIT, DISCHARGE, event, fault_codes, map, sender, try_map, with};
use fhir::event::{Key, Trigger};
use hl7v2::time::stamp;

fn key(system: &str, value: &str) -> Key {
    Key {
        system: system.into(),
        value: value.into(),
    }
}

#[test]
fn an_admission_becomes_an_event() {
    let mapped = map(ADMIT);
    assert_eq!(fault_codes(&mapped), [""; 0]);
    let event = &mapped.events[0];
    assert_eq!(
        (event.trigger, event.source.as_str()),
        (Trigger::Admit, "northshore")
    );
    assert_eq!(event.patient, key("urn:oid:2.16.840.1.113883.3.999.1", "100234"));
    assert_eq!(
        event.stay,
        Some(key("urn:oid:2.16.840.1.113883.3.999.2", "V55501"))
    );
    assert_eq!(
        event.aliases,
        [
            event.patient.clone(),
            key("http://hl7.org/fhir/sid/us-ssn", "123456789")
        ]
    );
    assert!(stamp(event.occurred).starts_with("20260302140500"));
    assert!(stamp(event.recorded).starts_with("20260302141400"));
}

#[test]
fn what_lies_ahead_is_doubted() {
    let with_end = |at: &str| with(&with(DISCHARGE, "PV1", 45, at), "EVN", 6, "20260306");
    let doubts = |text: &str| fault_codes(&map(text));
    assert_eq!(doubts(&with_end("20260306110000")), [""; 0]);
    assert_eq!(doubts(&with_end("22260306110000")), ["date-future PV1-45"]);
    assert_eq!(
        doubts(&with(ADMIT, "EVN", 6, "20270302090500")),
        ["date-future EVN-6"]
    );
    let planned = with(&with(ADMIT, "EVN", 6, "20270302090500"), "MSH", 9, "ADT^A05");
    assert_eq!(doubts(&planned), [""; 0]);
}

#[test]
fn every_trigger_is_known_and_the_others_are_refused() {
    let taken = [
        ("A01", Trigger::Admit),
        ("A02", Trigger::Transfer),
        ("A03", Trigger::Discharge),
        ("A04", Trigger::Register),
        ("A05", Trigger::PreAdmit),
        ("A06", Trigger::ToInpatient),
        ("A07", Trigger::ToOutpatient),
        ("A08", Trigger::Update),
        ("A11", Trigger::CancelAdmit),
        ("A12", Trigger::CancelTransfer),
        ("A13", Trigger::CancelDischarge),
    ];
    for (code, trigger) in taken {
        let event = event(&with(ADMIT, "MSH", 9, &format!("ADT^{code}")));
        assert_eq!(event.trigger, trigger);
        assert!(event.stay.is_some());
    }
    for (code, trigger) in [("A28", Trigger::AddPerson), ("A31", Trigger::UpdatePerson)] {
        let event = event(&with(ADMIT, "MSH", 9, &format!("ADT^{code}")));
        assert_eq!(
            (event.trigger, event.stay, event.encounter.len()),
            (trigger, None, 0)
        );
    }
}

#[test]
fn refusals_name_error_and_place() {
    let refused = |segment: &str, field: usize, value: &str| {
        let reject = try_map(&with(ADMIT, segment, field, value), &sender()).unwrap_err();
        format!("{} {} {}", reject.outcome.code(), reject.error, reject.location)
    };
    assert_eq!(refused("MSH", 9, "ORU^R01"), "AR 200 MSH-9.1");
    assert_eq!(refused("MSH", 9, "ADT^A60"), "AR 201 MSH-9.2");
    assert_eq!(refused("MSH", 10, ""), "AE 101 MSH-10");
    assert_eq!(refused("MSH", 11, "T"), "AR 202 MSH-11");
    assert_eq!(refused("MSH", 11, "D^T"), "AR 202 MSH-11");
    assert_eq!(refused("MSH", 12, "3.0"), "AR 203 MSH-12");
    assert_eq!(refused("MSH", 12, ""), "AR 203 MSH-12");
    assert_eq!(refused("PID", 3, "^^^NSH"), "AE 101 PID-3");
    let headless = ADMIT
        .lines()
        .filter(|line| !line.starts_with("PID"))
        .collect::<Vec<_>>()
        .join("\r");
    let reject = try_map(&headless, &sender()).unwrap_err();
    assert_eq!((reject.error, reject.location.to_string().as_str()), (101, "PID"));
}

#[test]
fn a_sandbox_takes_test_messages_only() {
    let mut sandbox = sender();
    sandbox.maps.processing = "T".into();
    assert!(try_map(&with(ADMIT, "MSH", 11, "T"), &sandbox).is_ok());
    assert_eq!(try_map(ADMIT, &sandbox).unwrap_err().error, 202);
}

#[test]
fn the_event_time_is_never_the_message_time() {
    let at = |text: &str| stamp(event(text).occurred)[..14].to_owned();
    // No EVN-6: the end of the visit, in the sender's zone.
    assert_eq!(at(DISCHARGE), "20260306193000");
    assert_eq!(at(&with(ADMIT, "EVN", 6, "")), "20260302140000");
    // Neither: when it was entered.
    assert_eq!(at(&with(DISCHARGE, "PV1", 45, "")), "20260306200400");
    // A correction is not an admission.
    assert_eq!(
        at(&with(&with(ADMIT, "EVN", 6, ""), "MSH", 9, "ADT^A08")),
        "20260302141400"
    );
    // A date that was entered the same day keeps its place in that day.
    assert_eq!(at(&with(DISCHARGE, "PV1", 45, "20260306")), "20260306200400");
    assert_eq!(at(&with(DISCHARGE, "PV1", 45, "20260304")), "20260304050000");
    let timeless = with(&with(&with(DISCHARGE, "EVN", 2, ""), "MSH", 7, ""), "PV1", 45, "");
    assert_eq!(
        try_map(&timeless, &sender()).unwrap_err().location.to_string(),
        "EVN-2"
    );
}

#[test]
fn doubtful_data_is_reported_and_taken() {
    let cases = [
        ("PV1", 2, "QX", "class-unknown PV1-2"),
        ("PV1", 2, "", "class-missing PV1-2"),
        ("PV1", 36, "QX", "disposition-unknown PV1-36"),
        ("PV1", 36, "", "disposition-missing PV1-36"),
        ("PV1", 19, "", "visit-number-missing PV1-19"),
        ("PV1", 44, "yesterday", "date-invalid PV1-44"),
        ("PV1", 45, "20261101013000", "time-ambiguous PV1-45"),
        ("PV1", 45, "20260308023000", "time-skipped PV1-45"),
        ("PID", 8, "Q", "gender-unknown PID-8"),
        ("PID", 3, "100234", "authority-missing PID-3.4"),
        ("MSH", 11, "", "processing-missing MSH-11"),
        ("DG1", 5, "soon", "date-invalid DG1-5"),
        (
            "PID",
            5,
            "Quintero^Marisol^^^^^L^^^^^once",
            "date-invalid PID-5.12",
        ),
        ("PID", 11, "1 A St^^B^^^^^^^^^^soon", "date-invalid PID-11.13"),
    ];
    assert_eq!(fault_codes(&map(DISCHARGE)), [""; 0]);
    for (segment, field, value, fault) in cases {
        let mapped = map(&with(DISCHARGE, segment, field, value));
        assert_eq!(fault_codes(&mapped), [fault]);
        assert_eq!(mapped.events.len(), 1);
    }
}

#[test]
fn without_a_visit_number_the_person_is_still_known() {
    let event = event(&with(ADMIT, "PV1", 19, ""));
    assert_eq!((event.stay, event.encounter.len()), (None, 0));
    assert!(event.person.contains_key("name"));
    assert!(
        event
            .related
            .iter()
            .all(|related| related.resource["resourceType"] != "Condition")
    );
}

#[test]
fn an_outpatient_visit_continues_as_inpatient() {
    let turned = with(ADMIT, "MSH", 9, "ADT^A06").replace(
        "PV1|",
        "MRG|100234||||E777^^^NSH-VISIT&2.16.840.1.113883.3.999.2&ISO\rPV1|",
    );
    let event = event(&turned);
    assert_eq!(event.trigger, Trigger::ToInpatient);
    assert_eq!(
        event.prior_stay,
        Some(key("urn:oid:2.16.840.1.113883.3.999.2", "E777"))
    );
}
