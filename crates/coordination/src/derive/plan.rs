//! EpisodeOfCare, CarePlan and CareTeam of a course.
//! <https://hl7.org/fhir/R4/episodeofcare.html> <https://hl7.org/fhir/R4/careteam.html>
use super::Derivation;
use crate::codes::{extension, system};
use crate::course::Readmission;
use mapping::{Code, Link, MappingError, Plan};
use serde_json::{Value, json};

impl Derivation<'_> {
    pub(super) fn episode(&self) -> Value {
        let (_, id) = self.identity.episode();
        let mut marks = self.marks_with_reason("episode");
        marks.extend(self.course.readmission.as_ref().map(readmission));
        let mut episode = json!({
            "resourceType": "EpisodeOfCare",
            "id": id,
            "extension": marks,
            "status": self.statuses().episode,
            "type": [{ "coding": [self.protocol.program.to_json()], "text": self.protocol.title }],
            "patient": self.patient().to_json(),
            "period": { "start": self.discharged(), "end": self.date_time(self.ends()) },
            "team": listed([self.team_link()]),
        });
        let manages = |link: &&Link| matches!(link.kind(), "Practitioner" | "PractitionerRole");
        if let Some(coordinator) = self.practice.coordinator.as_ref().filter(manages) {
            episode["careManager"] = coordinator.to_json();
        }
        episode
    }

    pub(super) fn plan(&self, activities: Vec<Link>) -> Result<Value, MappingError> {
        let (_, id) = self.identity.plan();
        let (episode_kind, episode) = self.identity.episode();
        let (risk_kind, risk) = self.identity.risk();
        let conditions = self
            .course
            .basis
            .diagnoses
            .iter()
            .filter(|link| link.kind() == "Condition");
        let mut supporting = vec![Link::to(episode_kind, &episode), Link::to(risk_kind, &risk)];
        let doubles = self.course.doubles.iter();
        supporting.extend(doubles.map(|double| Link::to("Encounter", double)));
        let plan = Plan {
            id,
            status: self.statuses().plan.to_owned(),
            categories: vec![
                self.protocol.program.clone(),
                Code::new(system::CARE_PLAN_CATEGORY, "assess-plan"),
            ],
            title: self.protocol.title.clone(),
            summary: self.summary(activities.len()),
            protocol: Some(self.protocol.canonical()),
            patient: self.patient(),
            encounter: Some(self.encounter()),
            start: Some(self.discharged()),
            end: Some(self.date_time(self.ends())),
            created: Some(self.discharged()),
            team: vec![self.team_link()],
            addresses: conditions.cloned().collect(),
            supporting,
            activities,
        };
        let mut plan = plan.to_json()?;
        plan["extension"] = Value::Array(self.marks_with_reason("plan"));
        for list in ["activity", "addresses", "careTeam", "supportingInfo", "category"] {
            if let Some(Value::Array(entries)) = plan.get_mut(list) {
                number(entries);
            }
        }
        Ok(plan)
    }

    fn summary(&self, tasks: usize) -> String {
        let title = &self.protocol.title;
        let ends = self.calendar().date(self.ends());
        match self.course.standing.reason() {
            None => {
                let last = ends.format("%Y-%m-%d");
                format!(
                    "{title}: discharged {}, {tasks} tasks, through {last}.",
                    self.course.discharge.day
                )
            }
            Some(reason) => format!(
                "{title}: discharged {}. {}.",
                self.course.discharge.day,
                reason.text()
            ),
        }
    }

    pub(super) fn team(&self) -> Value {
        let (_, id) = self.identity.team();
        let mut participants = vec![member("116154003", "Patient", &self.patient())];
        let pcp = self.facts.person.pcp.iter();
        participants.extend(pcp.map(|pcp| member("446050000", "Primary care provider", pcp)));
        let coordinator = self.practice.coordinator.iter();
        participants.extend(coordinator.map(|link| member("768820003", "Care coordinator", link)));
        let attending = self.course.basis.attending.iter();
        participants.extend(attending.map(|link| member("405279007", "Hospital attending physician", link)));
        number(&mut participants);
        json!({
            "resourceType": "CareTeam",
            "id": id,
            "extension": self.marks_with_reason("team"),
            "status": self.statuses().team,
            "category": [{ "coding": [self.protocol.program.to_json()], "id": "derived-1" }],
            "name": format!("{} team", self.protocol.title),
            "subject": self.patient().to_json(),
            "encounter": self.encounter().to_json(),
            "period": { "start": self.discharged(), "end": self.date_time(self.ends()) },
            "participant": participants,
        })
    }

    fn team_link(&self) -> Link {
        let (kind, id) = self.identity.team();
        Link::to(kind, &id)
    }
}

/// Baton's own entries of a list people may add to.
fn number(entries: &mut [Value]) {
    for (i, entry) in entries.iter_mut().enumerate() {
        entry["id"] = json!(format!("derived-{}", i + 1));
    }
}

fn listed<const N: usize>(links: [Link; N]) -> Value {
    let mut entries: Vec<Value> = links.iter().map(Link::to_json).collect();
    number(&mut entries);
    Value::Array(entries)
}

/// Roles are SNOMED CT.
fn member(code: &str, text: &str, link: &Link) -> Value {
    json!({
        "role": [{ "coding": [{ "system": system::SNOMED, "code": code }], "text": text }],
        "member": link.to_json(),
    })
}

fn readmission(readmission: &Readmission) -> Value {
    json!({ "url": extension::READMISSION, "extension": [
        { "url": "after", "valueReference": { "reference": format!("Encounter/{}", readmission.after) } },
        { "url": "days", "valueInteger": readmission.days },
        { "url": "planned", "valueBoolean": readmission.planned },
        { "url": "count", "valueInteger": readmission.count },
    ] })
}
