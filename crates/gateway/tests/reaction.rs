//! The reaction at work in the store, on both engines: whatever door a change comes by.
#[path = "../../store/tests/support/mod.rs"]
mod support;

use fhir::{Resource, TypeId};
use gateway::config::Practice;
use gateway::reaction::{Coordination, close_due_tick, seed};
use serde_json::{Value, json};
use std::sync::Arc;
use store::{Change, Context, Expect, Op, Store, StoreError};
use support::{Database, run};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// 2026-11-20T17:00:00Z, noon in New York.
const FRIDAY_NOON: i64 = 1_795_194_000_000_000;

fn each_engine<F: Future<Output = ()>>(mut scene: impl FnMut(Store) -> F) {
    for database in Database::each() {
        let store = database.open_with(Arc::new(Coordination::new(&Practice::default())));
        run(async {
            seed(&store, FRIDAY_NOON - DAY).await.expect("seeds");
            scene(store.clone()).await;
        });
        store.close();
    }
}

fn ctx(now: i64) -> Context {
    Context {
        now,
        actor: "test".into(),
        request_id: "r".into(),
        origin: None,
        provenance: None,
        within: None,
    }
}

fn change(resource: Value) -> Change {
    let resource = Resource::from_value(resource).expect("a resource");
    let id = resource.id().expect("an id").to_owned();
    Change {
        type_id: resource.type_id,
        id,
        op: Op::Put(Box::new(resource)),
        expect: Expect::Any,
    }
}

async fn put(store: &Store, now: i64, resources: Vec<Value>) -> Result<(), StoreError> {
    store
        .commit(resources.into_iter().map(change).collect(), ctx(now))
        .await
        .map(drop)
}

/// Current resources of a type.
async fn all(store: &Store, kind: &'static str) -> Vec<Value> {
    let limits = fhir::search::parse::Limits {
        default_count: 100,
        max_count: 100,
    };
    let on = TypeId::of(kind).expect("a type");
    let (query, _) = fhir::search::parse::parse(on, &[], "", limits, false).expect("a query");
    let page = store.search(query).await.expect("a page");
    page.matches
        .iter()
        .map(|stored| serde_json::from_str(&stored.body).expect("JSON"))
        .collect()
}

async fn statuses(store: &Store, kind: &'static str) -> Vec<String> {
    let mut found: Vec<String> = all(store, kind)
        .await
        .iter()
        .map(|r| r["status"].as_str().unwrap_or_default().to_owned())
        .collect();
    found.sort_unstable();
    found
}

fn encounter(id: &str, class: &str, status: &str, start: i64, end: Option<i64>) -> Value {
    let mut encounter = json!({
        "resourceType": "Encounter", "id": id, "status": status,
        "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class },
        "subject": { "reference": "Patient/p" },
        "period": { "start": fhir::datetime::instant(start) },
    });
    if let Some(end) = end {
        encounter["period"]["end"] = json!(fhir::datetime::instant(end));
        encounter["hospitalization"] = json!({ "dischargeDisposition": { "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/nubc-UB92", "code": "01" }] } });
    }
    encounter
}

fn home() -> Value {
    encounter("e", "IMP", "finished", FRIDAY_NOON - 4 * DAY, Some(FRIDAY_NOON))
}

fn patient() -> Value {
    json!({ "resourceType": "Patient", "id": "p", "generalPractitioner": [{ "reference": "Practitioner/pcp" }] })
}

#[test]
fn an_encounter_put_by_a_client_opens_and_a_cancelled_discharge_closes() {
    each_engine(async |store| {
        put(&store, FRIDAY_NOON, vec![patient(), home()])
            .await
            .expect("stored");
        assert_eq!(statuses(&store, "EpisodeOfCare").await, ["active"]);
        assert_eq!(statuses(&store, "CarePlan").await, ["active"]);
        assert_eq!(statuses(&store, "Task").await, ["requested"; 5]);
        assert_eq!(all(&store, "CareTeam").await.len(), 1);
        let back = encounter("e", "IMP", "in-progress", FRIDAY_NOON - 4 * DAY, None);
        put(&store, FRIDAY_NOON + HOUR, vec![back]).await.expect("stored");
        assert_eq!(statuses(&store, "EpisodeOfCare").await, ["cancelled"]);
        assert_eq!(statuses(&store, "Task").await, ["cancelled"; 5]);
        put(&store, FRIDAY_NOON + 2 * HOUR, vec![home()])
            .await
            .expect("stored");
        assert_eq!(statuses(&store, "Task").await, ["requested"; 5]);
    });
}

#[test]
fn deletion_death_and_readmission_close() {
    each_engine(async |store| {
        put(&store, FRIDAY_NOON, vec![patient(), home()])
            .await
            .expect("stored");
        let again = encounter("again", "IMP", "in-progress", FRIDAY_NOON + 12 * DAY, None);
        put(&store, FRIDAY_NOON + 12 * DAY, vec![again])
            .await
            .expect("stored");
        assert_eq!(statuses(&store, "EpisodeOfCare").await, ["finished"]);
        let delete = Change {
            type_id: TypeId::of("Encounter").expect("a type"),
            id: "again".into(),
            op: Op::Delete,
            expect: Expect::Any,
        };
        store
            .commit(vec![delete], ctx(FRIDAY_NOON + 12 * DAY))
            .await
            .expect("deleted");
        assert_eq!(statuses(&store, "EpisodeOfCare").await, ["active"]);
        let dead = json!({ "resourceType": "Patient", "id": "p", "deceasedBoolean": true });
        put(&store, FRIDAY_NOON + 13 * DAY, vec![dead])
            .await
            .expect("stored");
        assert_eq!(statuses(&store, "Task").await, ["cancelled"; 5]);
    });
}

#[test]
fn a_diagnosis_that_comes_later_changes_the_risk() {
    each_engine(async |store| {
        let mut stay = home();
        stay["priority"] = json!({ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActPriority", "code": "EM" }] });
        put(&store, FRIDAY_NOON, vec![patient(), stay])
            .await
            .expect("stored");
        let coded = |id: &str, code: &str| {
            json!({
                "resourceType": "Condition", "id": id, "subject": { "reference": "Patient/p" },
                "encounter": { "reference": "Encounter/e" },
                "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code }] },
            })
        };
        put(
            &store,
            FRIDAY_NOON + DAY,
            vec![coded("c", "I50.9"), coded("d", "J44.1")],
        )
        .await
        .expect("stored");
        let risk = all(&store, "RiskAssessment").await;
        assert_eq!(
            risk[0].pointer("/prediction/0/qualitativeRisk/coding/0/code"),
            Some(&json!("high"))
        );
        assert_eq!(statuses(&store, "Task").await.len(), 6);
    });
}

#[test]
fn clinic_visits_and_replays_change_nothing() {
    each_engine(async |store| {
        put(&store, FRIDAY_NOON, vec![patient(), home()])
            .await
            .expect("stored");
        let before = all(&store, "Task").await;
        put(&store, FRIDAY_NOON + DAY, vec![home()])
            .await
            .expect("stored");
        let visit = encounter(
            "v",
            "AMB",
            "finished",
            FRIDAY_NOON + DAY,
            Some(FRIDAY_NOON + DAY + HOUR),
        );
        put(&store, FRIDAY_NOON + DAY, vec![visit]).await.expect("stored");
        assert_eq!(all(&store, "Task").await, before);
    });
}

#[test]
fn the_clock_closes_what_is_over_once() {
    each_engine(async |store| {
        put(&store, FRIDAY_NOON, vec![patient(), home()])
            .await
            .expect("stored");
        let practice = Arc::new(Coordination::new(&Practice::default()));
        assert_eq!(
            close_due_tick(&store, &practice, FRIDAY_NOON + 29 * DAY)
                .await
                .expect("ticks"),
            0
        );
        let after = FRIDAY_NOON + 30 * DAY;
        assert_eq!(close_due_tick(&store, &practice, after).await.expect("ticks"), 1);
        assert_eq!(statuses(&store, "EpisodeOfCare").await, ["finished"]);
        assert_eq!(statuses(&store, "CarePlan").await, ["completed"]);
        assert_eq!(statuses(&store, "Task").await, ["failed"; 5]);
        assert_eq!(close_due_tick(&store, &practice, after).await.expect("ticks"), 0);
    });
}

#[test]
fn a_protocol_is_edited_over_fhir_and_a_broken_edit_is_refused() {
    each_engine(async |store| {
        let mut protocol = all(&store, "PlanDefinition").await.remove(0);
        protocol["action"][0]["extension"][0]["extension"][1]["valueUnsignedInt"] = json!(3);
        put(&store, FRIDAY_NOON, vec![protocol.clone()])
            .await
            .expect("stored");
        seed(&store, FRIDAY_NOON).await.expect("seeds");
        put(&store, FRIDAY_NOON, vec![patient(), home()])
            .await
            .expect("stored");
        let due = |task: &Value| task.pointer("/restriction/period/end").cloned();
        let tasks = all(&store, "Task").await;
        let contact = tasks
            .iter()
            .find(|task| task["code"]["coding"][0]["code"] == "tcm-contact");
        assert_eq!(contact.and_then(due), Some(json!("2026-11-25T23:59:59-05:00")));
        protocol["action"][0]["code"] = Value::Null;
        protocol["action"][0]
            .as_object_mut()
            .expect("an action")
            .remove("code");
        let refused = put(&store, FRIDAY_NOON, vec![protocol]).await;
        let Err(StoreError::Rejected { status: 422, issues }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            issues[0].expression.as_deref(),
            Some("PlanDefinition.action[0].code")
        );
    });
}
