//! What a course of transitional care should look like: the desired resources, all of them.
//!
//! A pure function of facts, protocol and calendar; `progress` lays it over what is stored.
mod plan;
mod risk;
mod task;

use crate::calendar::Calendar;
use crate::codes::extension;
use crate::course::{Course, Standing};
use crate::facts::{Facts, Key, Practice};
use crate::identity::Identity;
use crate::lace::Lace;
use crate::protocol::Protocol;
use crate::reason::Reason;
use fhir::path::Env;
use mapping::{Link, MappingError};
use serde_json::{Value, json};

/// Everything the builders read.
pub(crate) struct Derivation<'a> {
    pub protocol: &'a Protocol,
    pub practice: &'a Practice,
    pub facts: &'a Facts,
    pub course: &'a Course<'a>,
    pub identity: Identity<'a>,
    pub lace: Lace,
}

/// The statuses of an episode's parts, which always move together.
struct Statuses {
    episode: &'static str,
    plan: &'static str,
    team: &'static str,
    task: &'static str,
}

impl Statuses {
    fn of(standing: Standing) -> Statuses {
        let all = |episode, plan, team, task| Statuses {
            episode,
            plan,
            team,
            task,
        };
        match standing.reason() {
            None => all("active", "active", "active", "requested"),
            Some(Reason::PeriodEnded) => all("finished", "completed", "inactive", "failed"),
            Some(reason) if reason.ends_a_real_transition() => {
                all("finished", "revoked", "inactive", "cancelled")
            }
            Some(_) => all("cancelled", "revoked", "inactive", "cancelled"),
        }
    }
}

/// The status each type is closed with, for resources that can only be closed where they stand.
pub(crate) fn closing_status(kind: &str, reason: Reason) -> &'static str {
    let statuses = Statuses::of(Standing::Closed { reason, at: None });
    match kind {
        "EpisodeOfCare" => statuses.episode,
        "CarePlan" => statuses.plan,
        "CareTeam" => statuses.team,
        "RiskAssessment" => "cancelled",
        _ => statuses.task,
    }
}

pub(crate) fn reason_concept(reason: Reason) -> Value {
    json!({ "coding": [reason.as_code().to_json()], "text": reason.text() })
}

/// All desired resources. `kept`: earlier tasks that stay part of the plan.
pub(crate) fn desired(
    protocol: &Protocol,
    practice: &Practice,
    facts: &Facts,
    course: &Course,
) -> Result<Vec<(Key, Value)>, MappingError> {
    let identity = Identity {
        protocol: &protocol.url,
        encounter: &course.basis.id,
    };
    let lace = Lace::score(&risk::observe(facts, course, &practice.calendar));
    let derivation = Derivation {
        protocol,
        practice,
        facts,
        course,
        identity,
        lace,
    };
    let risk = derivation.risk();
    let pending = derivation.pending();
    let env = derivation.environment(&risk, &pending);
    let stays_away = |key: &Key| facts.was_deleted(key, course.discharge.instant);
    let mut tasks = derivation.tasks(&env)?;
    tasks.retain(|(key, _)| !stays_away(key));
    let mut activities: Vec<Link> = tasks.iter().map(|((kind, id), _)| Link::to(kind, id)).collect();
    activities.extend(derivation.finished_earlier(&tasks));
    let plan = derivation.plan(activities)?;
    let mut all = vec![
        (identity.episode(), derivation.episode()),
        (identity.plan(), plan),
        (identity.team(), derivation.team()),
        (identity.risk(), risk.clone()),
    ];
    all.retain(|(key, _)| !stays_away(key));
    all.extend(tasks);
    Ok(all)
}

impl Derivation<'_> {
    fn calendar(&self) -> &Calendar {
        &self.practice.calendar
    }

    fn statuses(&self) -> Statuses {
        Statuses::of(self.course.standing)
    }

    fn patient(&self) -> Link {
        Link::to("Patient", &self.facts.person.id)
    }

    fn encounter(&self) -> Link {
        Link::to("Encounter", &self.course.basis.id)
    }

    fn date_time(&self, micros: i64) -> String {
        self.calendar().date_time(micros)
    }

    fn discharged(&self) -> String {
        self.date_time(self.course.discharge.instant)
    }

    /// The last moment of the episode: as planned, or when it was cut short.
    fn ends(&self) -> i64 {
        match self.course.standing {
            Standing::Closed { at: Some(at), .. } => at,
            _ => self.course.planned_end,
        }
    }

    /// Protocol, rule and, where closed, the reason.
    fn marks(&self, rule: &str) -> Vec<Value> {
        vec![
            json!({ "url": extension::PROTOCOL, "valueCanonical": self.protocol.canonical() }),
            json!({ "url": extension::RULE, "valueString": rule }),
        ]
    }

    fn marks_with_reason(&self, rule: &str) -> Vec<Value> {
        let mut marks = self.marks(rule);
        if let Some(reason) = self.course.standing.reason() {
            marks.push(json!({ "url": extension::REASON, "valueCodeableConcept": reason_concept(reason) }));
        }
        marks
    }

    /// What conditions of the protocol may speak of.
    fn environment<'v>(&'v self, risk: &'v Value, pending: &'v Value) -> Env<'v> {
        Env::default()
            .with("risk", risk)
            .with("encounter", self.course.encounter)
            .with("patient", &self.facts.person.resource)
            .with("pending", pending)
    }

    /// Open results and orders of the stay, as a Bundle.
    fn pending(&self) -> Value {
        let mut pending = json!({ "resourceType": "Bundle", "type": "collection" });
        if !self.course.facts.pending.is_empty() {
            let entry = |link: &Link| json!({ "fullUrl": link.0 });
            pending["entry"] = self.course.facts.pending.iter().map(entry).collect();
        }
        pending
    }
}
