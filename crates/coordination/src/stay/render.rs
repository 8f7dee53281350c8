//! The Encounter of a course. <https://hl7.org/fhir/R4/encounter.html>
use super::course::Course;
use super::standing::Step;
use fhir::datetime;
use fhir::event::{Event, Trigger};
use serde_json::{Map, Value, json};

/// Marks an Encounter whose visit number was continued by another (MRG-5).
pub const CONTINUED_BY: &str = "urn:baton:continued-by";

/// An instant with the text its source gave it, so that the source's offset survives.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub at: i64,
    pub text: String,
}

impl Moment {
    pub fn parse(text: &str) -> Option<Moment> {
        datetime::parse_range(text).map(|range| Moment {
            at: range.low,
            text: text.to_owned(),
        })
    }

    /// When an event happened.
    pub fn of(event: &Event) -> Moment {
        let side = if event.trigger == Trigger::Discharge {
            "end"
        } else {
            "start"
        };
        let said = event
            .encounter
            .get("period")
            .and_then(|period| period.get(side))
            .and_then(Value::as_str);
        said.and_then(Moment::parse)
            .filter(|moment| moment.at == event.occurred)
            .unwrap_or_else(|| Moment {
                at: event.occurred,
                text: datetime::instant(event.occurred),
            })
    }

    /// A Period from here; an end before its start is left out (per-1).
    pub fn until(&self, end: Option<&Moment>) -> Value {
        match end.filter(|end| end.at >= self.at) {
            Some(end) => json!({"start": self.text, "end": end.text}),
            None => json!({"start": self.text}),
        }
    }
}

pub fn render(course: &Course, successor: Option<&str>) -> Value {
    let (closed, of_the_end) = course.ending();
    let end = closed.filter(|_| course.standing.is_finished());
    let steps = course.standing.steps(end.as_ref());
    let status = match (successor, steps.last()) {
        (Some(_), _) => "entered-in-error",
        (None, last) => last.map_or("unknown", |step| step.status),
    };
    let mut encounter = Map::new();
    let mut put = |name: &str, value: Value| {
        let empty =
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        if !empty {
            encounter.insert(name.to_owned(), value);
        }
    };
    put("resourceType", json!("Encounter"));
    put("id", json!(course.id));
    if let Some(successor) = successor {
        let by = json!({"reference": format!("Encounter/{successor}")});
        put("extension", json!([{"url": CONTINUED_BY, "valueReference": by}]));
    }
    put("identifier", Value::Array(course.identifiers.clone()));
    put("status", json!(status));
    put("statusHistory", Value::Array(history(&steps)));
    put("class", class(course));
    put("classHistory", Value::Array(class_history(course)));
    put(
        "subject",
        json!({"reference": format!("Patient/{}", course.subject)}),
    );
    put(
        "participant",
        course.participants.values().flatten().cloned().collect(),
    );
    put("period", period(course, end.as_ref()));
    put("diagnosis", diagnoses(course));
    put(
        "hospitalization",
        hospitalization(course, end.as_ref().map(|_| of_the_end)),
    );
    put(
        "location",
        Value::Array(course.places.render(place_status(status), end.as_ref())),
    );
    for (name, value) in &course.fields {
        if name != "period" && name != "hospitalization" {
            put(name, value.clone());
        }
    }
    Value::Object(encounter)
}

/// Every status but the present one, with the time it held.
fn history(steps: &[Step]) -> Vec<Value> {
    let held =
        |pair: &[Step]| json!({"status": pair[0].status, "period": pair[0].at.until(Some(&pair[1].at))});
    steps.windows(2).map(held).collect()
}

fn class(course: &Course) -> Value {
    let unknown = || json!({"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK", "display": "unknown"});
    course
        .classes
        .last()
        .map_or_else(unknown, |(class, _)| class.clone())
}

fn class_history(course: &Course) -> Vec<Value> {
    let held =
        |pair: &[(Value, Moment)]| json!({"class": pair[0].0, "period": pair[0].1.until(Some(&pair[1].1))});
    course.classes.windows(2).map(held).collect()
}

fn period(course: &Course, end: Option<&Moment>) -> Value {
    let stated = course
        .fields
        .get("period")
        .and_then(|period| period.get("start"))
        .and_then(Value::as_str);
    let start = stated
        .and_then(Moment::parse)
        .or_else(|| course.standing.began().cloned());
    match (start, end) {
        // Coordination counts from the end: of two that contradict, the start is left out.
        (Some(start), Some(end)) if start.at > end.at => json!({"end": end.text}),
        (Some(start), end) => start.until(end),
        (None, Some(end)) => json!({"end": end.text}),
        (None, None) => json!({}),
    }
}

fn hospitalization(course: &Course, of_the_end: Option<Map<String, Value>>) -> Value {
    let mut members = match course.fields.get("hospitalization") {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    };
    members.extend(of_the_end.into_iter().flatten());
    Value::Object(members)
}

/// Diagnoses told in the Encounter, then Conditions told beside it; none that was taken back.
fn diagnoses(course: &Course) -> Value {
    let mut listed = course.diagnoses.clone();
    for (id, resource) in &course.owned {
        let reference = format!("Condition/{id}");
        if resource.get("resourceType") != Some(&json!("Condition")) {
            continue;
        }
        if is_in_error(resource) {
            listed.remove(&reference);
        } else {
            listed
                .entry(reference.clone())
                .or_insert_with(|| json!({"condition": {"reference": reference}}));
        }
    }
    let mut listed: Vec<Value> = listed.into_values().collect();
    listed.sort_by_key(|diagnosis| diagnosis["rank"].as_i64().unwrap_or(i64::MAX));
    Value::Array(listed)
}

fn is_in_error(condition: &Map<String, Value>) -> bool {
    let status = condition
        .get("verificationStatus")
        .map(|status| &status["coding"][0]["code"]);
    status == Some(&json!("entered-in-error"))
}

fn place_status(stay: &str) -> &'static str {
    match stay {
        "planned" => "planned",
        "in-progress" | "unknown" => "active",
        _ => "completed",
    }
}
