//! What coordination is about: care teams, plans with goals, and tasks that are due.
use super::vocabulary::{ACTIVITIES, PLANS};
use super::{Record, concept, instant, now, profile};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

const TASKS: [&str; 5] = [
    "Call the patient",
    "Schedule a visit",
    "Review medications",
    "Send the plan",
    "Check the results",
];
const STATUSES: [&str; 5] = ["completed", "completed", "requested", "in-progress", "cancelled"];

pub fn add(record: &mut Record) {
    for _ in 0..record.random.between(1, 2) {
        let start = now() - Duration::days(record.random.between(100, 3_000) as i64);
        let team = team(record, start);
        let plan = plan(record, start, &team);
        for _ in 0..record.random.between(1, 4) {
            task(record, &plan);
        }
    }
}

fn team(record: &mut Record, start: DateTime<Utc>) -> Value {
    let member = |code: &str, display: &str, who: &Value| {
        json!({"role": [{"coding": [{"system": "http://snomed.info/sct", "code": code, "display": display}], "text": display}],
               "member": who})
    };
    let content = json!({
        "meta": profile("careteam"),
        "status": "active",
        "subject": record.patient,
        "period": {"start": instant(start)},
        "participant": [
            member("116154003", "Patient", &record.patient),
            member("223366009", "Healthcare professional", &record.home.practitioner),
            member("224891009", "Healthcare services", &record.home.organization),
        ],
        "managingOrganization": [record.home.organization],
    });
    record.add("CareTeam", content)
}

fn goal(record: &mut Record, start: DateTime<Utc>) -> Value {
    let target = record.random.between(110, 140);
    let content = json!({
        "lifecycleStatus": "active",
        "description": {"text": format!("Systolic blood pressure below {target} mmHg")},
        "subject": record.patient,
        "startDate": super::day(start),
        "target": [{"dueDate": super::day(start + Duration::days(180))}],
    });
    record.add("Goal", content)
}

fn plan(record: &mut Record, start: DateTime<Utc>, team: &Value) -> Value {
    let goal = goal(record, start);
    let kind = record.random.common(&PLANS);
    let activities: Vec<_> = (0..3).map(|_| record.random.pick(&ACTIVITIES)).collect();
    let listed: String = activities
        .iter()
        .map(|a| format!("<li>{}</li>", a.display))
        .collect();
    let details: Vec<Value> = activities
        .iter()
        .map(|activity| {
            json!({"detail": {"code": concept(activity), "status": "in-progress", "location": record.home.location}})
        })
        .collect();
    let content = json!({
        "meta": profile("careplan"),
        "text": {"status": "generated", "div": format!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">Care plan: {}.<br/>Activities: <ul>{listed}</ul></div>", kind.display
        )},
        "status": if record.random.chance(0.6) { "active" } else { "completed" },
        "intent": "order",
        "category": [
            {"coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}]},
            concept(kind),
        ],
        "subject": record.patient,
        "period": {"start": instant(start)},
        "careTeam": [team],
        "goal": [goal],
        "activity": details,
    });
    record.add("CarePlan", content)
}

fn task(record: &mut Record, plan: &Value) {
    let due = now() + Duration::days(30) - Duration::days(record.random.below(800) as i64);
    let content = json!({
        "basedOn": [plan],
        "status": record.random.pick(&STATUSES),
        "intent": "order",
        "priority": if record.random.chance(0.1) { "urgent" } else { "routine" },
        "code": {"text": record.random.pick(&TASKS)},
        "description": format!("{} of the care plan", record.random.pick(&TASKS)),
        "for": record.patient,
        "authoredOn": instant(due - Duration::days(14)),
        "lastModified": instant(due - Duration::days(2)),
        "owner": record.home.practitioner,
        "restriction": {"period": {"end": instant(due)}},
    });
    record.add("Task", content);
}
