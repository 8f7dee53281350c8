//! CarePlan as the plan of an episode. <https://hl7.org/fhir/R4/careplan.html>
use crate::{Code, Link, MappingError, read};
use fhir_sdk::r4b::resources::CarePlan;
use serde_json::{Value, json};

/// A derived CarePlan; also the view of a stored one.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub id: String,
    /// <https://hl7.org/fhir/R4/valueset-request-status.html>
    pub status: String,
    pub categories: Vec<Code>,
    pub title: String,
    /// Plain text; becomes the narrative US Core asks for.
    pub summary: String,
    /// `url|version` of the protocol.
    pub protocol: Option<String>,
    pub patient: Link,
    pub encounter: Option<Link>,
    /// FHIR dateTimes.
    pub start: Option<String>,
    pub end: Option<String>,
    pub created: Option<String>,
    pub team: Vec<Link>,
    pub addresses: Vec<Link>,
    pub supporting: Vec<Link>,
    pub activities: Vec<Link>,
}

impl Plan {
    pub fn from_json(value: &Value) -> Result<Plan, MappingError> {
        let plan: CarePlan = read::model("CarePlan", value)?;
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Ok(Plan {
            id: plan.id.clone().ok_or(MappingError {
                element: "CarePlan.id".into(),
            })?,
            status: plan.status.as_ref().to_owned(),
            categories: Code::each(&plan.category),
            title: plan.title.clone().unwrap_or_default(),
            summary: plan.description.clone().unwrap_or_default(),
            protocol: plan.instantiates_canonical.iter().flatten().next().cloned(),
            patient: Link::of(&plan.subject).ok_or(MappingError {
                element: "CarePlan.subject".into(),
            })?,
            encounter: plan.encounter.as_ref().and_then(Link::of),
            start: text("/period/start"),
            end: text("/period/end"),
            created: text("/created"),
            team: Link::each(&plan.care_team),
            addresses: Link::each(&plan.addresses),
            supporting: Link::each(&plan.supporting_info),
            activities: plan
                .activity
                .iter()
                .flatten()
                .filter_map(|activity| activity.reference.as_ref().and_then(Link::of))
                .collect(),
        })
    }

    /// The resource, refused if the R4 model would not read it back.
    pub fn to_json(&self) -> Result<Value, MappingError> {
        let mut plan = json!({
            "resourceType": "CarePlan",
            "id": self.id,
            "text": { "status": "generated", "div": narrative(&self.summary) },
            "status": self.status,
            "intent": "plan",
            "category": self.categories.iter().map(|code| json!({ "coding": [code.to_json()] })).collect::<Vec<_>>(),
            "title": self.title,
            "description": self.summary,
            "subject": self.patient.to_json(),
        });
        let links = |links: &[Link]| -> Option<Value> {
            (!links.is_empty()).then(|| links.iter().map(Link::to_json).collect())
        };
        let activities: Vec<Value> = self
            .activities
            .iter()
            .map(|link| json!({ "reference": link.to_json() }))
            .collect();
        let optional = [
            (
                "instantiatesCanonical",
                self.protocol.as_ref().map(|url| json!([url])),
            ),
            ("encounter", self.encounter.as_ref().map(Link::to_json)),
            ("period", period(self.start.as_deref(), self.end.as_deref())),
            ("created", self.created.as_ref().map(|created| json!(created))),
            ("careTeam", links(&self.team)),
            ("addresses", links(&self.addresses)),
            ("supportingInfo", links(&self.supporting)),
            (
                "activity",
                (!activities.is_empty()).then_some(Value::Array(activities)),
            ),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                plan[name] = value;
            }
        }
        read::model::<CarePlan>("CarePlan", &plan)?;
        Ok(plan)
    }
}

pub(crate) fn period(start: Option<&str>, end: Option<&str>) -> Option<Value> {
    let mut period = serde_json::Map::new();
    for (name, bound) in [("start", start), ("end", end)] {
        if let Some(bound) = bound {
            period.insert(name.to_owned(), json!(bound));
        }
    }
    (!period.is_empty()).then_some(Value::Object(period))
}

fn narrative(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{escaped}</p></div>")
}
