//! The review queue: doubts are listed, corrected, and read again.
use crate::messages::{adt, discharge};
use crate::world::World;
use gateway::edge;
use gateway::ingest::reprocess::{message_of, reprocess};
use serde_json::Value;
use store::Context;

fn context() -> Context {
    Context {
        now: edge::now(),
        actor: "person".into(),
        request_id: "test".into(),
        origin: None,
        provenance: None,
        within: None,
    }
}

async fn only_task(world: &World) -> String {
    let reviews = world.reviews().await;
    assert_eq!(reviews.len(), 1, "{reviews:?}");
    reviews[0]["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_message_without_visit_number_becomes_a_stay_when_corrected() {
    let world = World::open().await;
    let told = adt("A01", 2, 8).with(|it| it.visit = "");
    assert_eq!(world.send(&told.text()).await, "AA");
    assert_eq!(world.all("Encounter").await.len(), 0);
    let task = only_task(&world).await;
    let corrected = told.with(|it| it.visit = "V7").text().into_bytes();
    let settled = reprocess(&world.state, &task, Some(corrected), context())
        .await
        .expect("read again");
    let settled: Value = serde_json::from_str(&settled).expect("a Task");
    assert_eq!(settled["status"], "completed");
    assert_eq!(world.stay("V7").await["status"], "in-progress");
    assert_eq!(world.reviews().await.len(), 0);
}

#[tokio::test]
async fn a_correction_takes_back_what_the_message_said_before() {
    let world = World::open().await;
    let told = discharge(6, "XX").with(|it| it.visit = "WRONG");
    world.send(&told.text()).await;
    assert_eq!(world.stay("WRONG").await["status"], "finished");
    let task = only_task(&world).await;
    let corrected = told
        .with(|it| (it.visit, it.disposition) = ("V1", "01"))
        .text()
        .into_bytes();
    reprocess(&world.state, &task, Some(corrected), context())
        .await
        .expect("read again");
    assert_eq!(world.stay("WRONG").await["status"], "entered-in-error");
    assert_eq!(world.stay("V1").await["status"], "finished");
}

#[tokio::test]
async fn a_message_of_an_unregistered_sender_is_read_once_it_is_known() {
    let world = World::open().await;
    let text = adt("A01", 2, 8).with(|it| it.facility = "EAST").text();
    world.send(&text).await;
    let task = only_task(&world).await;
    let still: Value = serde_json::from_str(
        &reprocess(&world.state, &task, None, context())
            .await
            .expect("read"),
    )
    .expect("a Task");
    assert_eq!(still["status"], "requested");
    world.register("EAST").await;
    reprocess(&world.state, &task, None, context())
        .await
        .expect("read again");
    assert_eq!(world.stay("V1").await["status"], "in-progress");
    let kept = world
        .state
        .store
        .read(move |tx| message_of(tx, &task))
        .await
        .expect("kept");
    assert_eq!(kept.raw, text.as_bytes());
}

#[tokio::test]
async fn a_task_names_codes_and_places_but_no_content() {
    let world = World::open().await;
    world.send(&discharge(6, "XX").text()).await;
    let text = world.reviews().await[0].to_string();
    assert!(text.contains("PV1-36"), "{text}");
    for content in ["Quintero", "Marisol", "19481130", "1948"] {
        assert!(!text.contains(content), "{text}");
    }
}
