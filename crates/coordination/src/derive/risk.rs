//! The LACE RiskAssessment with its inputs shown. <https://hl7.org/fhir/R4/riskassessment.html>
use super::{Derivation, reason_concept};
use crate::calendar::Calendar;
use crate::codes::{extension, system};
use crate::course::Course;
use crate::facts::{Diagnosis, Facts};
use crate::lace::{Level, Observed};
use chrono::Months;
use mapping::{Link, Stay, StayStatus};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000_000;

/// The inputs as far as the facts show them.
pub(super) fn observe(facts: &Facts, course: &Course, calendar: &Calendar) -> Observed {
    let admitted = course
        .basis
        .admitted
        .as_ref()
        .and_then(|moment| calendar.instant(moment));
    let days = admitted.map(|admitted| (course.discharge.day - calendar.date(admitted)).num_days());
    let codes: Vec<String> = known_diagnoses(facts, course, calendar)
        .into_iter()
        .flat_map(|diagnosis| diagnosis.icd10.clone())
        .collect();
    Observed {
        days: days.and_then(|days| u32::try_from(days).ok()),
        emergent: emergent(course.basis),
        diagnoses: (!codes.is_empty()).then_some(codes),
        emergency_visits: admitted.map(|admitted| emergency_visits(facts, course, calendar, admitted)),
    }
}

/// Coded diagnoses, without those of stays that began after this discharge.
fn known_diagnoses<'a>(facts: &'a Facts, course: &Course, calendar: &Calendar) -> Vec<&'a Diagnosis> {
    let later = |encounter: &str| {
        facts.stays.iter().any(|other| {
            let began = other
                .stay
                .admitted
                .as_ref()
                .and_then(|moment| calendar.instant(moment));
            other.stay.id == encounter && began.is_some_and(|began| began > course.discharge.instant)
        })
    };
    let coded = facts
        .diagnoses
        .iter()
        .filter(|diagnosis| !diagnosis.icd10.is_empty());
    let mut known: Vec<&Diagnosis> = coded
        .filter(|diagnosis| !diagnosis.encounter.as_deref().is_some_and(later))
        .collect();
    known.sort_by(|a, b| a.link.cmp(&b.link));
    known
}

/// Emergent, as priority, admission type, admit source or an emergency beginning say it.
fn emergent(stay: &Stay) -> Option<bool> {
    let urgent = stay
        .priority
        .iter()
        .filter(|code| code.system == system::ACT_PRIORITY);
    let by_priority = urgent.map(|code| matches!(code.code.as_str(), "EM" | "UR" | "S"));
    let typed = stay
        .types
        .iter()
        .filter(|code| code.system == system::ADMISSION_TYPE);
    let by_type = typed.map(|code| matches!(code.code.as_str(), "A" | "E" | "U"));
    let said = by_priority.chain(by_type).reduce(|a, b| a || b);
    let came_by_emergency = stay
        .admit_source
        .iter()
        .any(|code| code.is(system::ADMIT_SOURCE, "emd") || code.is(system::ADMIT_SOURCE_V2, "7"))
        || stay
            .earlier_classes
            .iter()
            .any(|class| class.is(system::ACT_CODE, "EMER"));
    if came_by_emergency { Some(true) } else { said }
}

/// Emergency visits in the six months before, without the one that led to this admission.
fn emergency_visits(facts: &Facts, course: &Course, calendar: &Calendar, admitted: i64) -> u32 {
    let from = calendar.date(admitted) - Months::new(6);
    let counts = |stay: &Stay| {
        let emergency = stay
            .class
            .as_ref()
            .is_some_and(|class| class.is(system::ACT_CODE, "EMER"));
        let began = stay.admitted.as_ref().and_then(|moment| calendar.instant(moment));
        let ended = stay
            .discharged
            .as_ref()
            .and_then(|moment| calendar.instant(moment))
            .or(began);
        emergency
            && matches!(stay.status, StayStatus::Underway | StayStatus::Finished)
            && began.is_some_and(|began| calendar.date(began) >= from && began < admitted)
            && ended.is_some_and(|ended| ended < admitted - DAY)
    };
    let visits = facts
        .stays
        .iter()
        .filter(|other| other.stay.id != course.basis.id && counts(&other.stay));
    u32::try_from(visits.count()).unwrap_or(u32::MAX)
}

impl Derivation<'_> {
    pub(super) fn risk(&self) -> Value {
        let (_, id) = self.identity.risk();
        let mut risk = json!({
            "resourceType": "RiskAssessment",
            "id": id,
            "extension": self.risk_marks(),
            "status": if self.lace.is_complete() { "final" } else { "preliminary" },
            "method": { "coding": [{ "system": "urn:baton:method", "code": "lace" }], "text": "LACE index" },
            "subject": self.patient().to_json(),
            "encounter": self.encounter().to_json(),
            "occurrenceDateTime": self.discharged(),
            "basis": self.basis(),
            "prediction": [self.prediction()],
        });
        if self
            .course
            .standing
            .reason()
            .is_some_and(|reason| !reason.ends_a_real_transition())
        {
            risk["status"] = json!("cancelled");
        }
        risk
    }

    fn risk_marks(&self) -> Vec<Value> {
        let mut marks = self.marks("risk");
        let reason = self
            .course
            .standing
            .reason()
            .filter(|reason| !reason.ends_a_real_transition());
        if let Some(reason) = reason {
            marks.push(json!({ "url": extension::REASON, "valueCodeableConcept": reason_concept(reason) }));
        }
        let inputs = self.lace.inputs.iter().map(|input| match &input.found {
            Some((points, found)) => json!({ "url": input.name, "extension": [
                { "url": "points", "valueInteger": points },
                { "url": "found", "valueString": found },
            ] }),
            None => {
                json!({ "url": input.name, "extension": [{ "url": "incomplete", "valueBoolean": true }] })
            }
        });
        let mut parts = vec![json!({ "url": "points", "valueInteger": self.lace.points() })];
        parts.push(json!({ "url": "complete", "valueBoolean": self.lace.is_complete() }));
        parts.extend(inputs);
        marks.push(json!({ "url": extension::LACE, "extension": parts }));
        marks
    }

    fn basis(&self) -> Vec<Value> {
        let diagnoses = known_diagnoses(self.facts, self.course, self.calendar());
        let links = diagnoses.into_iter().map(|diagnosis| diagnosis.link.clone());
        std::iter::once(self.encounter())
            .chain(links)
            .map(|link: Link| link.to_json())
            .collect()
    }

    fn prediction(&self) -> Value {
        let mut prediction = json!({
            "outcome": { "text": "Death or unplanned readmission within 30 days of discharge" },
            "rationale": self.shown(),
        });
        let level = match self.lace.level() {
            Some(Level::Low) => Some("low"),
            Some(Level::Moderate) => Some("moderate"),
            Some(Level::High) => Some("high"),
            None => None,
        };
        if let Some(level) = level {
            prediction["qualitativeRisk"] =
                json!({ "coding": [{ "system": system::RISK_PROBABILITY, "code": level }] });
        }
        prediction
    }

    /// The sum as a person would write it down.
    fn shown(&self) -> String {
        let letters = ["L", "A", "C", "E"].iter().zip(&self.lace.inputs);
        let terms: Vec<String> = letters
            .map(|(letter, input)| match &input.found {
                Some((points, found)) => format!("{letter} {points} ({found})"),
                None => format!("{letter} incomplete"),
            })
            .collect();
        let least = if self.lace.is_complete() { "" } else { "at least " };
        format!("LACE {least}{} = {}", self.lace.points(), terms.join(" + "))
    }
}
