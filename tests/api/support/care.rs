//! What scenes ask about a transition of care, and stays as other systems write them over FHIR.
use super::messages::unique;
use super::{Baton, Client};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// Everything derived from one stay.
#[derive(Debug)]
pub struct Course {
    pub stay: Value,
    pub episode: Value,
    pub plan: Value,
    pub team: Value,
    pub risk: Value,
    pub tasks: Vec<Value>,
}

impl Course {
    /// The only task of that code.
    pub fn task(&self, code: &str) -> &Value {
        let mut found = self.tasks.iter().filter(|task| coded(task, code));
        let task = found
            .next()
            .unwrap_or_else(|| panic!("{code} in {:#?}", self.tasks));
        assert!(found.next().is_none(), "{code} twice in {:#?}", self.tasks);
        task
    }

    pub fn has(&self, code: &str) -> bool {
        self.tasks.iter().any(|task| coded(task, code))
    }

    pub fn due(&self, code: &str) -> &str {
        self.task(code)["restriction"]["period"]["end"]
            .as_str()
            .expect("a deadline")
    }

    /// Statuses of episode, plan and team, then the one all tasks have.
    pub fn statuses(&self) -> [&str; 4] {
        let task = &self.tasks[0];
        assert!(
            self.tasks.iter().all(|other| other["status"] == task["status"]),
            "{:#?}",
            self.tasks
        );
        [&self.episode, &self.plan, &self.team, task].map(|it| it["status"].as_str().unwrap_or_default())
    }

    pub fn all(&self) -> impl Iterator<Item = &Value> {
        [&self.episode, &self.plan, &self.team, &self.risk]
            .into_iter()
            .chain(&self.tasks)
    }
}

fn coded(task: &Value, code: &str) -> bool {
    task["code"]["coding"][0]["system"] == "urn:baton:task" && task["code"]["coding"][0]["code"] == code
}

/// `Type/id`.
pub fn reference(resource: &Value) -> String {
    let text = |name: &str| resource[name].as_str().expect("a stored resource").to_owned();
    format!("{}/{}", text("resourceType"), text("id"))
}

/// Why Baton closed it.
pub fn reason(resource: &Value) -> &str {
    let of_extension = resource["extension"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|extension| extension["url"] == "urn:baton:reason")
        .map(|extension| &extension["valueCodeableConcept"]);
    let concept = of_extension.unwrap_or(&resource["statusReason"]);
    concept["coding"][0]["code"].as_str().unwrap_or_default()
}

impl Client {
    pub fn stay(&self, visit: &str) -> Value {
        self.only(&format!("Encounter?identifier={visit}"))
    }

    /// What came of the stay with that visit number.
    pub fn course(&self, visit: &str) -> Course {
        self.course_of(self.stay(visit))
    }

    pub fn course_of(&self, stay: Value) -> Course {
        let encounter = reference(&stay);
        let plan = self.only(&format!("CarePlan?encounter={encounter}"));
        let episode = plan["supportingInfo"][0]["reference"]
            .as_str()
            .expect("the episode")
            .to_owned();
        Course {
            episode: self.get(&episode).ok(),
            team: self.only(&format!("CareTeam?encounter={encounter}")),
            risk: self.only(&format!("RiskAssessment?encounter={encounter}")),
            tasks: self.find(&format!("Task?encounter={encounter}&_sort=due")),
            plan,
            stay,
        }
    }

    /// Whether the stay opened nothing at all.
    pub fn uneventful(&self, visit: &str) -> bool {
        let stay = self.stay(visit);
        let encounter = reference(&stay);
        let subject = stay["subject"]["reference"].as_str().expect("a patient");
        let searches = [
            format!("EpisodeOfCare?patient={subject}"),
            format!("CarePlan?encounter={encounter}"),
            format!("CareTeam?encounter={encounter}"),
            format!("RiskAssessment?encounter={encounter}"),
            format!("Task?encounter={encounter}"),
        ];
        searches.iter().all(|search| self.find(search).is_empty())
    }

    /// Sends one message and expects it to be taken.
    pub fn taken(&self, message: &super::messages::Adt) {
        let answer = self.hl7(&message.text());
        assert!(answer.text.contains("MSA|AA|"), "{}", answer.text);
    }
}

pub fn iso(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A Patient with a doctor, as an EHR keeps it.
pub fn patient(id: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "gender": "female", "birthDate": "1950-02-14",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.9999.2", "value": id}],
        "name": [{"family": "Sample", "given": ["Robin"]}],
        "generalPractitioner": [{"reference": "Practitioner/family-doctor"}],
    })
}

/// A finished stay through the emergency department, home, under a visit number of its own.
pub fn encounter(patient: &str, start: &str, end: &str) -> Value {
    let id = unique("stay");
    json!({
        "resourceType": "Encounter", "id": id, "status": "finished",
        "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.9999.1", "value": id}],
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "priority": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActPriority", "code": "EM"}]},
        "subject": {"reference": format!("Patient/{patient}")},
        "participant": [{
            "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "ATND"}]}],
            "individual": {"reference": "Practitioner/attending"},
        }],
        "period": {"start": start, "end": end},
        "hospitalization": {"dischargeDisposition": {"coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/nubc-UB92", "code": "01"},
        ]}},
    })
}

/// A Da Vinci notification about that Encounter of that Patient.
pub fn notification(code: &str, encounter: &Value, patient: &Value) -> Value {
    const URL: &str = "https://general.example.org/fhir";
    let entry =
        |resource: &Value| json!({"fullUrl": format!("{URL}/{}", reference(resource)), "resource": resource});
    let header = json!({
        "resourceType": "MessageHeader", "id": unique("header"),
        "eventCoding": {"system": "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event", "code": code},
        "source": {"name": "General Hospital", "endpoint": URL},
        "focus": [{"reference": reference(encounter)}],
    });
    let timestamp = encounter["period"]["end"]
        .as_str()
        .or(encounter["period"]["start"].as_str());
    json!({
        "resourceType": "Bundle", "id": unique("bundle"), "type": "message",
        "timestamp": timestamp.expect("a timed stay"),
        "entry": [entry(&header), entry(encounter), entry(patient)],
    })
}

impl Baton {
    pub fn sender_in(&self, name: &str, application: &str, facility: &str, zone: &str) {
        self.register(name, application, facility, &["--timezone", zone]);
    }

    /// The sender that `messages` speak as, with a map file.
    pub fn sender_mapped(&self, name: &str, map: &str) {
        let file = self.database.folder().join(format!("{name}.toml"));
        std::fs::write(&file, map).expect("written");
        let file = file.to_str().expect("UTF-8");
        let (application, facility) = (super::messages::APPLICATION, super::messages::FACILITY);
        self.register(
            name,
            application,
            facility,
            &["--timezone", "America/New_York", "--map", file],
        );
    }

    fn register(&self, name: &str, application: &str, facility: &str, more: &[&str]) {
        let names = [
            "sender",
            "add",
            "--name",
            name,
            "--application",
            application,
            "--facility",
            facility,
        ];
        let output = self.database.run(&[&names[..], more].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
