//! Task as a piece of coordination work. <https://hl7.org/fhir/R4/task.html>
use crate::plan::period;
use crate::{Code, Link, MappingError, read};
use fhir_sdk::r4b::resources::Task;
use serde_json::{Value, json};

/// A derived Task; also the view of a stored one.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkTask {
    pub id: String,
    /// <https://hl7.org/fhir/R4/valueset-task-status.html>
    pub status: String,
    pub status_reasons: Vec<Code>,
    pub priority: String,
    pub code: Option<Code>,
    pub title: String,
    pub description: String,
    /// `url|version` of the protocol.
    pub protocol: Option<String>,
    pub plan: Option<Link>,
    pub patient: Option<Link>,
    pub encounter: Option<Link>,
    /// The instant the work follows from, as FHIR dateTime.
    pub authored: Option<String>,
    pub requester: Option<Link>,
    pub performer: Option<Code>,
    pub owner: Option<Link>,
    pub reason: String,
    /// FHIR dateTimes; `due` is the deadline.
    pub not_before: Option<String>,
    pub due: Option<String>,
}

impl WorkTask {
    pub fn from_json(value: &Value) -> Result<WorkTask, MappingError> {
        let task: Task = read::model("Task", value)?;
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Ok(WorkTask {
            id: task.id.clone().ok_or(MappingError {
                element: "Task.id".into(),
            })?,
            status: task.status.as_ref().to_owned(),
            status_reasons: task.status_reason.as_ref().map(Code::all).unwrap_or_default(),
            priority: task.priority.as_ref().map_or("routine", AsRef::as_ref).to_owned(),
            code: task
                .code
                .as_ref()
                .and_then(|code| Code::all(code).into_iter().next()),
            title: text("/code/text").unwrap_or_default(),
            description: task.description.clone().unwrap_or_default(),
            protocol: task.instantiates_canonical.clone(),
            plan: Link::each(&task.based_on).into_iter().next(),
            patient: task.r#for.as_ref().and_then(Link::of),
            encounter: task.encounter.as_ref().and_then(Link::of),
            authored: text("/authoredOn"),
            requester: task.requester.as_ref().and_then(Link::of),
            performer: Code::each(&task.performer_type).into_iter().next(),
            owner: task.owner.as_ref().and_then(Link::of),
            reason: text("/reasonCode/text").unwrap_or_default(),
            not_before: text("/restriction/period/start"),
            due: text("/restriction/period/end"),
        })
    }

    /// The resource, refused if the R4 model would not read it back.
    pub fn to_json(&self) -> Result<Value, MappingError> {
        let mut task = json!({
            "resourceType": "Task",
            "id": self.id,
            "status": self.status,
            "intent": "order",
            "priority": self.priority,
            "description": self.description,
            "reasonCode": { "text": self.reason },
        });
        let concept = |code: &Code, text: Option<&str>| {
            let mut concept = json!({ "coding": [code.to_json()] });
            if let Some(text) = text {
                concept["text"] = json!(text);
            }
            concept
        };
        let due = period(self.not_before.as_deref(), self.due.as_deref());
        let optional = [
            (
                "instantiatesCanonical",
                self.protocol.as_ref().map(|url| json!(url)),
            ),
            ("basedOn", self.plan.as_ref().map(|plan| json!([plan.to_json()]))),
            (
                "statusReason",
                self.status_reasons.first().map(|code| concept(code, None)),
            ),
            (
                "code",
                self.code.as_ref().map(|code| concept(code, Some(&self.title))),
            ),
            ("for", self.patient.as_ref().map(Link::to_json)),
            ("encounter", self.encounter.as_ref().map(Link::to_json)),
            (
                "authoredOn",
                self.authored.as_ref().map(|authored| json!(authored)),
            ),
            ("requester", self.requester.as_ref().map(Link::to_json)),
            (
                "performerType",
                self.performer.as_ref().map(|role| json!([concept(role, None)])),
            ),
            ("owner", self.owner.as_ref().map(Link::to_json)),
            ("restriction", due.map(|period| json!({ "period": period }))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                task[name] = value;
            }
        }
        read::model::<Task>("Task", &task)?;
        Ok(task)
    }
}
