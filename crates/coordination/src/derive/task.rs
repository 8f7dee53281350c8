//! The tasks of a plan: one for each action of the protocol that applies.
use super::{Derivation, reason_concept};
use crate::codes::{extension, system};
use crate::deadline::{Deadline, Rule};
use crate::facts::Key;
use crate::progress::{self, Hand};
use crate::protocol::Action;
use fhir::datetime::parse_range;
use fhir::path::Env;
use mapping::{Code, Link, MappingError, WorkTask};
use serde_json::{Value, json};

impl Derivation<'_> {
    pub(super) fn tasks(&self, env: &Env<'_>) -> Result<Vec<(Key, Value)>, MappingError> {
        let applies = |action: &&Action| {
            action
                .conditions
                .iter()
                .all(|condition| condition.holds(self.course.encounter, env))
        };
        self.protocol
            .actions
            .iter()
            .filter(applies)
            .map(|action| self.task(action, env))
            .collect()
    }

    fn task(&self, action: &Action, env: &Env<'_>) -> Result<(Key, Value), MappingError> {
        let key = self.identity_of(action);
        let deadline = self.deadline(action, env);
        let reason = self.course.standing.reason();
        let owner = self.owner(&action.role);
        let (kind, plan) = self.identity.plan();
        let work = WorkTask {
            id: key.1.clone(),
            status: self.statuses().task.to_owned(),
            status_reasons: reason.map(|reason| reason.as_code()).into_iter().collect(),
            priority: action.priority.clone(),
            code: Some(action.code.clone()),
            title: action.title.clone(),
            description: described(action),
            protocol: Some(self.protocol.canonical()),
            plan: Some(Link::to(kind, &plan)),
            patient: Some(self.patient()),
            encounter: Some(self.encounter()),
            authored: Some(self.discharged()),
            requester: self.course.basis.provider.clone(),
            performer: performer(&action.role),
            owner: owner.clone(),
            reason: format!("{}: discharge", self.protocol.title),
            not_before: deadline
                .as_ref()
                .and_then(|deadline| deadline.start)
                .map(|start| self.date_time(start)),
            due: deadline.as_ref().map(|deadline| self.date_time(deadline.end)),
        };
        let mut task = work.to_json()?;
        let mut marks = self.marks(&action.id);
        if let Some(owner) = owner {
            marks.push(json!({ "url": extension::ASSIGNED, "valueReference": owner.to_json() }));
        }
        task["extension"] = Value::Array(marks);
        if let Some(reason) = reason {
            task["statusReason"] = reason_concept(reason);
        }
        if let Some(deadline) = deadline {
            task["restriction"]["period"]["extension"] = json!([self.shown_deadline(&deadline)]);
        }
        Ok((key, task))
    }

    /// The action's own task, or its successor when a person ended that one before a discharge
    /// that came later.
    fn identity_of(&self, action: &Action) -> Key {
        let own = self.identity.task(&action.id);
        let successor = self.identity.successor(&action.id, self.course.discharge.instant);
        let belongs_to_earlier = |task: &Value| {
            progress::hand(task) == Hand::Done
                && instant(task, "/authoredOn").is_some_and(|then| then != self.course.discharge.instant)
                && ended(task).is_some_and(|ended| ended < self.course.discharge.instant)
        };
        let repeated = self.facts.existing.contains_key(&successor)
            || self.facts.existing.get(&own).is_some_and(belongs_to_earlier);
        if repeated { successor } else { own }
    }

    /// Tasks of this plan that people ended and that no action stands for any more.
    pub(super) fn finished_earlier(&self, tasks: &[(Key, Value)]) -> Vec<Link> {
        let (_, plan) = self.identity.plan();
        let plan = format!("CarePlan/{plan}");
        let ours = |task: &Value| {
            task.pointer("/basedOn/0/reference")
                .is_some_and(|link| *link == plan.as_str())
        };
        let earlier = self
            .facts
            .existing
            .iter()
            .filter(|(key, task)| key.0 == "Task" && ours(task) && progress::hand(task) == Hand::Done);
        earlier
            .filter(|(key, _)| !tasks.iter().any(|(other, _)| other == *key))
            .map(|((kind, id), _)| Link::to(kind, id))
            .collect()
    }

    fn deadline(&self, action: &Action, env: &Env<'_>) -> Option<Deadline> {
        let holds = |when: &fhir::path::Expr| when.holds(self.course.encounter, env);
        let case = action
            .deadlines
            .iter()
            .find(|case| case.when.as_ref().is_none_or(holds))?;
        match &case.rule {
            Rule::By(other) => {
                let other = self.protocol.actions.iter().find(|action| action.id == *other)?;
                let own_date = |case: &&crate::protocol::DeadlineCase| !matches!(case.rule, Rule::By(_));
                let case = other
                    .deadlines
                    .iter()
                    .filter(own_date)
                    .find(|case| case.when.as_ref().is_none_or(holds))?;
                let deadline = case.rule.deadline(self.course.discharge, self.calendar())?;
                let rule = format!("by {}, {}", other.id, deadline.rule);
                Some(Deadline {
                    start: None,
                    rule,
                    ..deadline
                })
            }
            rule => rule.deadline(self.course.discharge, self.calendar()),
        }
    }

    fn shown_deadline(&self, deadline: &Deadline) -> Value {
        json!({ "url": extension::DEADLINE, "extension": [
            { "url": "rule", "valueString": deadline.rule },
            { "url": "calendar", "valueString": self.calendar().name() },
            { "url": "zone", "valueString": self.calendar().zone.name() },
            { "url": "arithmetic", "valueString": deadline.arithmetic },
        ] })
    }

    /// Whoever holds the role, else the nearest who can see to it.
    fn owner(&self, role: &str) -> Option<Link> {
        let coordinator = self.practice.coordinator.clone();
        let pcp = self.facts.person.pcp.clone();
        match role {
            "pcp" => pcp.or(coordinator),
            _ => coordinator.or(pcp),
        }
    }
}

fn described(action: &Action) -> String {
    match &action.completion {
        Some(completion) => format!("{} Done when: {completion}", action.description),
        None => action.description.clone(),
    }
}

/// SNOMED CT: care coordinator, primary care provider.
fn performer(role: &str) -> Option<Code> {
    match role {
        "coordinator" => Some(Code::new(system::SNOMED, "768820003")),
        "pcp" => Some(Code::new(system::SNOMED, "446050000")),
        other => Some(Code::new(system::ROLE, other)),
    }
}

fn instant(task: &Value, pointer: &str) -> Option<i64> {
    parse_range(task.pointer(pointer)?.as_str()?).map(|range| range.low)
}

/// When a person ended a task: as they say, else when it was last written.
fn ended(task: &Value) -> Option<i64> {
    ["/executionPeriod/end", "/lastModified", "/meta/lastUpdated"]
        .iter()
        .find_map(|pointer| instant(task, pointer))
}
