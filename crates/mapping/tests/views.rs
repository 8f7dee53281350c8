//! The views at their front door: what is read, what is refused and where, what is written.
use mapping::{Code, Link, Moment, Order, Plan, Stay, StayStatus, WorkTask};
use serde_json::{Value, json};

fn stay() -> Value {
    json!({
        "resourceType": "Encounter", "id": "e", "status": "finished",
        "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" },
        "classHistory": [{ "class": { "code": "EMER" }, "period": { "start": "2026-11-16" } }],
        "subject": { "reference": "Patient/p" },
        "participant": [
            { "type": [{ "coding": [{ "code": "ATND" }] }], "individual": { "reference": "Practitioner/a" } },
            { "type": [{ "coding": [{ "code": "REF" }] }], "individual": { "reference": "Practitioner/r" } },
        ],
        "period": { "start": "2026-11-16", "end": "2026-11-20T10:30:00-05:00" },
        "hospitalization": { "dischargeDisposition": { "coding": [{ "code": "01" }] } },
        "diagnosis": [{ "condition": { "reference": "Condition/c" } }],
    })
}

#[test]
fn a_stay_is_read_from_an_encounter() {
    let stay = Stay::from_json(&stay()).unwrap();
    assert_eq!(stay.status, StayStatus::Finished);
    assert_eq!(
        stay.patient.as_ref().and_then(|link| link.id_of("Patient")),
        Some("p")
    );
    assert_eq!(stay.admitted, Some(Moment::Day("2026-11-16".into())));
    assert_eq!(stay.discharged, Some(Moment::Instant(1_795_188_600_000_000)));
    assert_eq!(stay.attending, [Link::to("Practitioner", "a")]);
    assert_eq!(stay.disposition, [Code::new("", "01")]);
    assert_eq!(stay.earlier_classes, [Code::new("", "EMER")]);
    assert_eq!(stay.diagnoses, [Link::to("Condition", "c")]);
}

#[test]
fn what_does_not_fit_is_named_by_element_and_never_quoted() {
    let mut wrong = stay();
    wrong["participant"][0]["individual"]["reference"] = json!(7);
    let error = Stay::from_json(&wrong).unwrap_err();
    assert_eq!(error.element, "Encounter.participant[0].individual.reference");
    let mut missing = stay();
    missing.as_object_mut().unwrap().remove("class");
    assert_eq!(Stay::from_json(&missing).unwrap_err().element, "Encounter.class");
    assert_eq!(
        Order::from_json(&stay()).unwrap_err().element,
        "ServiceRequest.resourceType"
    );
}

#[test]
fn tasks_and_plans_read_back_as_written() {
    let task = WorkTask {
        id: "t".into(),
        status: "cancelled".into(),
        status_reasons: vec![Code::new("urn:baton:reason", "deceased")],
        priority: "urgent".into(),
        code: Some(Code::new("urn:baton:task", "tcm-contact")),
        title: "Contact".into(),
        description: "Call".into(),
        protocol: Some("urn:baton:protocol:transitional-care|1.0.0".into()),
        plan: Some(Link::to("CarePlan", "c")),
        patient: Some(Link::to("Patient", "p")),
        encounter: Some(Link::to("Encounter", "e")),
        authored: Some("2026-11-20T10:30:00-05:00".into()),
        requester: None,
        performer: Some(Code::new("http://snomed.info/sct", "768820003")),
        owner: Some(Link::to("Practitioner", "n")),
        reason: "Discharge".into(),
        not_before: None,
        due: Some("2026-11-24T23:59:59-05:00".into()),
    };
    assert_eq!(WorkTask::from_json(&task.to_json().unwrap()).unwrap(), task);
    let plan = Plan {
        id: "c".into(),
        status: "active".into(),
        categories: vec![Code::new("urn:baton:program", "transitional-care")],
        title: "Transitional care".into(),
        summary: "5 tasks & <more>".into(),
        protocol: None,
        patient: Link::to("Patient", "p"),
        encounter: None,
        start: Some("2026-11-20".into()),
        end: None,
        created: None,
        team: vec![Link::to("CareTeam", "t")],
        addresses: vec![],
        supporting: vec![],
        activities: vec![Link::to("Task", "t")],
    };
    let written = plan.to_json().unwrap();
    assert!(
        written["text"]["div"]
            .as_str()
            .unwrap()
            .contains("5 tasks &amp; &lt;more&gt;")
    );
    assert_eq!(Plan::from_json(&written).unwrap(), plan);
}

#[test]
fn a_status_r4_does_not_know_cannot_be_written() {
    let task = json!({ "resourceType": "Task", "id": "t", "status": "done", "intent": "order" });
    assert_eq!(WorkTask::from_json(&task).unwrap_err().element, "Task.status");
}

#[test]
fn an_open_laboratory_order_awaits_its_result() {
    let order = |status: &str, category: &str| {
        let order = json!({
            "resourceType": "ServiceRequest", "id": "o", "status": status, "intent": "order",
            "category": [{ "coding": [{ "system": "http://snomed.info/sct", "code": category }] }],
            "subject": { "reference": "Patient/p" },
        });
        Order::from_json(&order).unwrap().awaits_result()
    };
    assert!(order("active", "108252007"));
    assert!(!order("completed", "108252007"));
    assert!(!order("active", "409063005"));
}

#[test]
fn links_tell_local_ids_from_others() {
    assert_eq!(Link("Patient/p/_history/3".into()).id_of("Patient"), Some("p"));
    assert_eq!(Link("Patient/p".into()).id_of("Group"), None);
    assert_eq!(
        Link("https://example.org/fhir/Patient/p".into()).id_of("Patient"),
        None
    );
}
