//! HL7 v2: one stay per visit, answers, repeats, merges, and what is refused.
use crate::messages::{adt, discharge, merge};
use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn an_admission_and_a_discharge_are_one_finished_stay() {
    let world = World::open().await;
    assert_eq!(world.send(&adt("A01", 2, 8).text()).await, "AA");
    assert_eq!(world.stay("V1").await["status"], "in-progress");
    assert_eq!(world.send(&discharge(6, "01").text()).await, "AA");
    let stay = world.stay("V1").await;
    assert_eq!(stay["status"], "finished");
    assert_eq!(stay["period"]["end"], "2026-03-06T15:00:00-05:00");
    assert_eq!(
        stay["hospitalization"]["dischargeDisposition"]["coding"][0]["code"],
        "01"
    );
    assert_eq!(world.all("Encounter").await.len(), 1);
    assert_eq!(world.patient("100").await["name"][0]["family"], "Quintero");
    assert_eq!(world.all("Practitioner").await.len(), 1);
    assert_eq!(world.reviews().await, Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn everything_stored_is_valid_fhir() {
    let world = World::open().await;
    world
        .send(
            &adt("A01", 2, 8)
                .with(|it| it.tail = "DG1|1||I50.9^Heart failure^I10|||A".into())
                .text(),
        )
        .await;
    world.send(&discharge(6, "01").text()).await;
    world.send(&merge("200", 7).text()).await;
    world.send("MSH|garbage").await;
    for kind in [
        "Encounter",
        "Patient",
        "Condition",
        "Practitioner",
        "Organization",
        "Location",
        "Task",
    ] {
        let found = world.all(kind).await;
        assert!(!found.is_empty(), "{kind}");
        for resource in found {
            let resource = fhir::Resource::from_value(resource).expect("a resource");
            assert_eq!(fhir::validate::validate(&resource), [], "{kind}");
        }
    }
}

#[tokio::test]
async fn an_exact_repeat_is_answered_alike_and_changes_nothing() {
    let world = World::open().await;
    let message = discharge(6, "01").text();
    let first = world.answer(&message).await;
    let before = world.stay("V1").await;
    assert_eq!(world.answer(&message).await, first);
    assert_eq!(world.stay("V1").await, before);
}

#[tokio::test]
async fn a_known_fact_under_another_name_changes_nothing() {
    let world = World::open().await;
    world.send(&discharge(6, "01").text()).await;
    let before = (world.stay("V1").await, world.patient("100").await);
    assert_eq!(
        world
            .send(&discharge(6, "01").with(|it| it.control = "other".into()).text())
            .await,
        "AA"
    );
    assert_eq!((world.stay("V1").await, world.patient("100").await), before);
}

#[tokio::test]
async fn a_control_id_used_again_for_something_else_is_taken_in() {
    let world = World::open().await;
    world
        .send(&adt("A01", 2, 8).with(|it| it.control = "1".into()).text())
        .await;
    assert_eq!(
        world
            .send(&discharge(6, "01").with(|it| it.control = "1".into()).text())
            .await,
        "AA"
    );
    assert_eq!(world.stay("V1").await["status"], "finished");
}

#[tokio::test]
async fn a_merge_moves_stays_and_plain_resources_to_the_survivor() {
    let world = World::open().await;
    world
        .send(&adt("A01", 2, 8).with(|it| it.patient = "200").text())
        .await;
    let loser = world.patient("200").await["id"]
        .as_str()
        .map(str::to_owned)
        .expect("stored");
    let subject = json!({"reference": format!("Patient/{loser}")});
    world
        .put(json!({
            "resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "weight"},
            "subject": subject, "valueQuantity": {"value": 81.50},
        }))
        .await;
    assert_eq!(world.send(&merge("200", 3).text()).await, "AA");
    let survivor = world.patient("100").await;
    let reference = json!(format!("Patient/{}", survivor["id"].as_str().expect("an id")));
    assert_eq!(world.stay("V1").await["subject"]["reference"], reference);
    assert_eq!(
        world.read("Observation", "o1").await["subject"]["reference"],
        reference
    );
    let retired = world.patient("200").await;
    assert_eq!(
        (&retired["active"], &retired["link"][0]["type"]),
        (&json!(false), &json!("replaced-by"))
    );
    assert_eq!(survivor["link"][0]["type"], "replaces");
    // What still comes under the retired number is the survivor's.
    world
        .send(&discharge(6, "01").with(|it| it.patient = "200").text())
        .await;
    assert_eq!(world.stay("V1").await["subject"]["reference"], reference);
}

#[tokio::test]
async fn a_patient_created_over_fhir_is_found_by_its_identifier() {
    let world = World::open().await;
    world
        .put(json!({
            "resourceType": "Patient", "id": "registered", "maritalStatus": {"text": "widowed"},
            "identifier": [{"system": "urn:oid:1.9.1", "value": "100"}],
        }))
        .await;
    world.send(&adt("A01", 2, 8).text()).await;
    assert_eq!(
        world.stay("V1").await["subject"]["reference"],
        "Patient/registered"
    );
    let patient = world.read("Patient", "registered").await;
    assert_eq!(patient["name"][0]["family"], "Quintero");
    assert_eq!(patient["maritalStatus"]["text"], "widowed");
    assert_eq!(world.all("Patient").await.len(), 1);
}

#[tokio::test]
async fn a_patient_created_over_fhir_can_be_retired() {
    let world = World::open().await;
    world
        .put(json!({
            "resourceType": "Patient", "id": "registered",
            "identifier": [{"system": "urn:oid:1.9.1", "value": "200"}],
        }))
        .await;
    world.send(&merge("200", 3).text()).await;
    world
        .send(&adt("A08", 4, 8).with(|it| it.patient = "200").text())
        .await;
    let retired = world.read("Patient", "registered").await;
    assert_eq!(
        (&retired["active"], &retired["link"][0]["type"]),
        (&json!(false), &json!("replaced-by"))
    );
    assert_eq!(
        world.patient("100").await["link"][0]["other"]["reference"],
        "Patient/registered"
    );
    assert_eq!(world.all("Patient").await.len(), 2);
}

#[tokio::test]
async fn identifiers_of_two_patients_are_put_before_a_person() {
    let world = World::open().await;
    world
        .put(json!({
            "resourceType": "Patient", "id": "other",
            "identifier": [{"system": "urn:oid:1.9.5", "value": "55"}],
        }))
        .await;
    let both = adt("A01", 2, 8).with(|it| it.more_identifiers = "~55^^^OTHER&1.9.5&ISO^PI");
    assert_eq!(world.send(&both.text()).await, "AA");
    assert_eq!(world.all("Patient").await.len(), 2);
    let reviews = world.reviews().await;
    assert_eq!(reviews.len(), 1);
    assert_eq!(reviews[0]["statusReason"]["text"], "possible-duplicate");
}

#[tokio::test]
async fn refused_messages_are_answered_and_kept_for_review() {
    let world = World::open().await;
    assert_eq!(world.send("MSH|^~\\&|ADT").await, "AR");
    assert_eq!(
        world
            .send(&adt("A01", 2, 8).with(|it| it.facility = "NOBODY").text())
            .await,
        "AR"
    );
    assert_eq!(world.send(&adt("A17", 2, 8).text()).await, "AR");
    assert_eq!(world.reviews().await.len(), 3);
    assert_eq!(world.send(&adt("A17", 2, 8).text()).await, "AR");
    assert_eq!(world.reviews().await.len(), 3, "a repeat of what was refused");
    assert_eq!(world.all("Encounter").await.len(), 0);
}

#[tokio::test]
async fn a_sender_can_send_as_soon_as_it_is_registered() {
    let world = World::open().await;
    let message = adt("A01", 2, 8).with(|it| it.facility = "EAST").text();
    assert_eq!(world.send(&message).await, "AR");
    world.register("EAST").await;
    assert_eq!(world.send(&message).await, "AA");
    assert_eq!(world.stay("V1").await["status"], "in-progress");
}
