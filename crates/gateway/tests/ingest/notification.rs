//! Da Vinci notifications through the FHIR door.
use crate::messages::{adt, discharge};
use crate::world::World;
use gateway::ingest::notification::receive;
use serde_json::{Value, json};

fn bundle(code: &str, status: &str, id: &str, header: &str) -> Value {
    let system = "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event";
    json!({
        "resourceType": "Bundle", "id": id, "type": "message", "timestamp": "2026-03-06T20:30:00Z",
        "entry": [
            {"fullUrl": "urn:uuid:4d2b1f0e-0000-4000-8000-000000000001", "resource": {
                "resourceType": "MessageHeader", "id": header,
                "eventCoding": {"system": system, "code": code},
                "source": {"endpoint": "https://hie.example/fhir"},
                "focus": [{"reference": "urn:uuid:4d2b1f0e-0000-4000-8000-000000000002"}]}},
            {"fullUrl": "urn:uuid:4d2b1f0e-0000-4000-8000-000000000002", "resource": {
                "resourceType": "Encounter", "id": "e1", "status": status,
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
                "identifier": [{"system": "urn:oid:1.9.2", "value": "V1"}],
                "subject": {"reference": "urn:uuid:4d2b1f0e-0000-4000-8000-000000000003"},
                "period": {"start": "2026-03-02T08:00:00-05:00", "end": "2026-03-06T15:00:00-05:00"}}},
            {"fullUrl": "urn:uuid:4d2b1f0e-0000-4000-8000-000000000003", "resource": {
                "resourceType": "Patient", "id": "p1", "birthDate": "1948-11-30",
                "identifier": [{"system": "urn:oid:1.9.1", "value": "100"}]}},
        ],
    })
}

async fn send(world: &World, bundle: &Value) -> Result<Vec<u8>, u16> {
    let bytes = bundle.to_string().into_bytes();
    receive(&world.state, &bytes, "hie", "test")
        .await
        .map_err(|error| error.status.as_u16())
}

#[tokio::test]
async fn a_stay_told_both_ways_is_one_stay() {
    let world = World::open().await;
    world.send(&adt("A01", 2, 8).text()).await;
    send(&world, &bundle("notification-discharge", "finished", "b1", "h1"))
        .await
        .expect("taken in");
    assert_eq!(
        world.reviews().await[0]["statusReason"]["text"],
        "disposition-unknown"
    );
    let stay = world.stay("V1").await;
    assert_eq!(stay["status"], "finished");
    assert_eq!(world.all("Encounter").await.len(), 1);
    assert_eq!(world.all("Patient").await.len(), 1);
    world.send(&discharge(6, "01").text()).await;
    assert_eq!(world.stay("V1").await["period"], stay["period"]);
}

#[tokio::test]
async fn repeats_are_told_apart_on_both_levels() {
    let world = World::open().await;
    let first = bundle("notification-discharge", "finished", "b1", "h1");
    let answer = send(&world, &first).await.expect("taken in");
    let version = world.stay("V1").await["meta"]["versionId"].clone();
    assert_eq!(send(&world, &first).await, Ok(answer));
    // Forwarded by another network: new names, the same fact.
    assert!(
        send(&world, &bundle("notification-discharge", "finished", "b2", "h2"))
            .await
            .is_ok()
    );
    assert!(
        send(&world, &bundle("notification-discharge", "finished", "b3", "h1"))
            .await
            .is_ok()
    );
    assert_eq!(world.stay("V1").await["meta"]["versionId"], version);
    assert_eq!(
        send(&world, &bundle("notification-discharge", "finished", "b1", "h9")).await,
        Err(409)
    );
}

#[tokio::test]
async fn what_breaks_the_profile_is_refused_and_kept() {
    let world = World::open().await;
    let mut wrong = bundle("notification-discharge", "finished", "b1", "h1");
    wrong["total"] = json!(3);
    assert_eq!(send(&world, &wrong).await, Err(422));
    assert_eq!(
        send(&world, &bundle("notification-referral", "finished", "b2", "h2")).await,
        Err(422)
    );
    assert_eq!(world.reviews().await.len(), 2);
    assert_eq!(world.all("Encounter").await.len(), 0);
}
