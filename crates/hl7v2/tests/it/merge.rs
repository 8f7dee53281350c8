use crate::{MERGE, map, sender, try_map, with};
use fhir::event::Trigger;

#[test]
fn every_group_and_retired_number_is_an_event() {
    let pairs: Vec<_> = map(MERGE)
        .events
        .into_iter()
        .map(|event| {
            assert_eq!((event.trigger, event.stay), (Trigger::Merge, None));
            (event.patient.value, event.merged.unwrap().value)
        })
        .collect();
    let expected = [("100234", "100777"), ("100234", "100778"), ("200500", "200501")];
    assert_eq!(
        pairs,
        expected.map(|(kept, retired)| (kept.to_owned(), retired.to_owned()))
    );
}

#[test]
fn a_merge_needs_two_different_identities() {
    let refused = |text: &str| {
        let reject = try_map(text, &sender()).unwrap_err();
        format!("{} {}", reject.error, reject.location)
    };
    assert_eq!(refused(&with(MERGE, "MRG", 1, "")), "101 MRG-1");
    assert_eq!(
        refused(&with(
            MERGE,
            "MRG",
            1,
            "100234^^^NSH&2.16.840.1.113883.3.999.1&ISO^MR"
        )),
        "204 MRG-1"
    );
    let lonely = MERGE
        .lines()
        .filter(|line| !line.starts_with("MRG"))
        .collect::<Vec<_>>()
        .join("\r");
    assert_eq!(refused(&lonely), "101 MRG");
}
