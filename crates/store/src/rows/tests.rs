use super::IndexRows;
use crate::families::{FAMILIES, MET, NORM};
use fhir::Resource;
use fhir::registry::CustomParams;
use serde_json::{Value, json};

fn rows(value: Value) -> IndexRows {
    IndexRows::all(
        &Resource::from_value(value).expect("a resource"),
        CustomParams::none(),
    )
}

/// Of a parameter that is being built all rows go and come: the same is still the same.
#[test]
fn what_lasts_comes_and_never_goes() {
    let patient = rows(json!({"resourceType": "Patient", "name": [{"family": "Ünal", "given": ["Ann"]}]}));
    let (remove, add) = patient.diff(&patient, |_| true);
    assert!(remove.is_like(&add) && remove.len() > 0);
    assert!(remove.family(NORM).is_empty() && !add.family(NORM).is_empty());
    let (remove, add) = patient.diff(&patient, |_| false);
    assert_eq!((remove.len(), add.len()), (0, 0));
}

#[test]
fn every_code_meets_every_other() {
    let code = |code: &str| json!({"coding": [{"system": "urn:s", "code": code}]});
    let observation = rows(json!({
        "resourceType": "Observation", "status": "final", "category": [code("x"), code("y")],
        "code": {"coding": [{"code": "b"}, {"code": "a"}, {"system": "urn:s", "code": "a"}]},
    }));
    let met = observation.family(MET);
    assert!(met.len() == 4 && met.is_sorted(), "{met:?}");
    assert!(
        rows(json!({"resourceType": "Observation", "code": code("a")}))
            .family(MET)
            .is_empty()
    );
    let lasting = FAMILIES
        .iter()
        .filter(|family| family.lasts())
        .map(|family| family.table);
    assert_eq!(lasting.collect::<Vec<_>>(), ["idx_met", "idx_norm"]);
}
