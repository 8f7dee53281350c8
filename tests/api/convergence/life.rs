//! Stories of patients as their hospitals and an exchange report them.
use crate::support::Client;
use crate::support::care::{encounter, iso, notification, patient, reference};
use crate::support::messages::{Adt, days_ago, unique};
use serde_json::{Value, json};

/// MSH-3 and MSH-4 of the second sender.
pub const OTHER: (&str, &str) = ("ADT2", "SOUTH");

#[derive(Clone)]
pub enum Message {
    Hl7(Box<Adt>),
    Fhir(Value),
}

impl Message {
    pub fn send(&self, client: &Client) {
        match self {
            Message::Hl7(adt) => client.taken(adt),
            Message::Fhir(bundle) => {
                let answer = client.post("$process-message", bundle);
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        }
    }
}

/// One story with patients and visits of its own.
pub struct Life {
    /// The first is the one that remains.
    pub patients: Vec<String>,
    pub visits: Vec<String>,
    /// What an EHR had written before any of the messages.
    pub before: Vec<Value>,
    pub messages: Vec<Message>,
    /// What the story must come to.
    pub check: fn(&Client, &Life),
}

impl Life {
    pub fn prepare(&self, client: &Client) {
        for resource in &self.before {
            client.put(&reference(resource), resource).ok();
        }
    }
}

/// Its name, and who writes it anew.
type Story = (&'static str, fn() -> Life);

pub const STORIES: [Story; 13] = [
    ("discharge taken back and given again", taken_back),
    ("discharge taken back", still_there),
    ("admission cancelled", cancelled),
    ("death after discharge", died),
    ("records merged in the middle", merged),
    ("readmission that stays and one that never was", readmitted),
    ("emergency visit turned inpatient", turned_inpatient),
    ("a month of one life", month),
    ("one person known by two numbers", two_numbers),
    ("two hospitals and an exchange report one stay", reported_twice),
    ("one stay under two visit numbers", two_visit_numbers),
    (
        "one stay under two visit numbers, taken back under one",
        one_number_taken_back,
    ),
    ("one stay of two records that are merged", two_records_of_one_stay),
];

struct Pen(Life);

impl Pen {
    fn new(patients: usize, visits: usize, check: fn(&Client, &Life)) -> Pen {
        Pen(Life {
            patients: (0..patients).map(|_| unique("CVP")).collect(),
            visits: (0..visits).map(|_| unique("CVV")).collect(),
            before: Vec::new(),
            messages: Vec::new(),
            check,
        })
    }

    /// An event of a patient and a visit so many tenths of a day ago.
    fn add(
        &mut self,
        event: &'static str,
        (who, visit): (usize, usize),
        ago: i64,
        change: impl FnOnce(&mut Adt),
    ) {
        let mut adt = Adt::new(event, &self.0.patients[who], &self.0.visits[visit]);
        let at = days_ago(0) - chrono::Duration::minutes(ago * 144);
        adt.occurred = at;
        adt.admitted = matches!(event, "A01" | "A04").then_some(at);
        adt.discharged = (event == "A03").then_some(at);
        adt.disposition = if event == "A03" { "01" } else { "" };
        change(&mut adt);
        self.0.messages.push(Message::Hl7(Box::new(adt)));
    }

    fn merge(&mut self, survivor: usize, loser: usize, ago: i64) {
        let loser = self.0.patients[loser].clone();
        self.add("A40", (survivor, 0), ago, |adt| {
            (adt.visit, adt.merged) = (None, Some(loser));
            adt.diagnoses.clear();
        });
    }
}

fn statuses(client: &Client, life: &Life, visit: usize) -> [String; 4] {
    client.course(&life.visits[visit]).statuses().map(str::to_owned)
}

const RUNNING: [&str; 4] = ["active", "active", "active", "requested"];
const STOPPED: [&str; 4] = ["cancelled", "revoked", "inactive", "cancelled"];
const ENDED: [&str; 4] = ["finished", "revoked", "inactive", "cancelled"];

fn taken_back() -> Life {
    let mut pen = Pen::new(1, 1, |client, life| {
        assert_eq!(statuses(client, life, 0), RUNNING)
    });
    pen.add("A05", (0, 0), 90, |_| {});
    pen.add("A01", (0, 0), 80, |_| {});
    pen.add("A02", (0, 0), 75, |adt| adt.location = "ICU^7^A");
    pen.add("A12", (0, 0), 74, |_| {});
    pen.add("A02", (0, 0), 60, |adt| adt.location = "5EAST^12^B");
    pen.add("A03", (0, 0), 40, |_| {});
    pen.add("A13", (0, 0), 38, |_| {});
    pen.add("A03", (0, 0), 20, |adt| adt.disposition = "06");
    pen.add("A08", (0, 0), 10, |adt| {
        adt.diagnoses = vec!["I50.9", "N18.4", "C78.7"]
    });
    // Entered days after it happened, about the middle of the stay.
    pen.add("A08", (0, 0), 70, |adt| {
        adt.recorded = Some(days_ago(0));
        adt.extra = vec!["PD1||||1700123455^Family^Fran^^^^MD^^NPI".into()];
    });
    pen.0
}

/// What the discharge began is cancelled with a reason, whether or not it was ever running.
fn still_there() -> Life {
    let mut pen = Pen::new(1, 1, |client, life| {
        assert_eq!(statuses(client, life, 0), STOPPED)
    });
    pen.add("A01", (0, 0), 80, |_| {});
    pen.add("A03", (0, 0), 40, |adt| adt.disposition = "");
    pen.add("A08", (0, 0), 39, |adt| adt.disposition = "01");
    pen.add("A13", (0, 0), 38, |_| {});
    pen.add("A08", (0, 0), 10, |adt| adt.diagnoses = vec!["I50.9", "N18.4"]);
    pen.0
}

fn cancelled() -> Life {
    let mut pen = Pen::new(1, 1, |client, life| {
        assert_eq!(statuses(client, life, 0), STOPPED)
    });
    pen.add("A01", (0, 0), 80, |_| {});
    pen.add("A03", (0, 0), 40, |_| {});
    pen.add("A08", (0, 0), 30, |_| {});
    pen.add("A11", (0, 0), 20, |_| {});
    pen.0
}

fn died() -> Life {
    let mut pen = Pen::new(1, 1, |client, life| assert_eq!(statuses(client, life, 0), ENDED));
    pen.add("A01", (0, 0), 80, |_| {});
    pen.add("A03", (0, 0), 40, |_| {});
    pen.add("A31", (0, 0), 10, |adt| {
        adt.visit = None;
        adt.diagnoses.clear();
        adt.died = Some(days_ago(2));
    });
    pen.add("A08", (0, 0), 5, |_| {});
    pen.0
}

fn merged() -> Life {
    let mut pen = Pen::new(3, 2, |client, life| {
        assert_eq!(statuses(client, life, 0), RUNNING);
        let stays = life
            .visits
            .iter()
            .map(|visit| client.stay(visit)["subject"].clone());
        let mut subjects: Vec<String> = stays.map(|subject| subject.to_string()).collect();
        subjects.dedup();
        assert_eq!(subjects.len(), 1, "one person");
    });
    pen.add("A01", (1, 0), 80, |_| {});
    pen.add("A04", (2, 1), 70, |adt| adt.class = "E");
    pen.add("A03", (2, 1), 69, |adt| adt.class = "E");
    pen.merge(0, 1, 50);
    pen.add("A03", (1, 0), 40, |_| {});
    pen.merge(1, 2, 30);
    pen.add("A08", (2, 0), 20, |adt| adt.location = "4WEST^402^A");
    pen.add("A31", (0, 0), 10, |adt| {
        adt.visit = None;
        adt.diagnoses.clear();
        adt.extra = vec!["PD1||||1700123455^Family^Fran^^^^MD^^NPI".into()];
    });
    pen.0
}

fn readmitted() -> Life {
    let mut pen = Pen::new(1, 3, |client, life| {
        assert_eq!(statuses(client, life, 0), ENDED);
        assert_eq!(statuses(client, life, 2), RUNNING);
    });
    pen.add("A01", (0, 0), 190, |_| {});
    pen.add("A03", (0, 0), 150, |_| {});
    pen.add("A01", (0, 1), 120, |_| {});
    pen.add("A11", (0, 1), 119, |_| {});
    pen.add("A01", (0, 2), 30, |_| {});
    pen.add("A03", (0, 2), 10, |_| {});
    pen.0
}

fn turned_inpatient() -> Life {
    let mut pen = Pen::new(1, 2, |client, life| {
        assert_eq!(statuses(client, life, 1), RUNNING);
        let course = client.course(&life.visits[1]);
        let told = course.stay["diagnosis"].as_array().map(Vec::len);
        assert_eq!(told, Some(2), "told under both numbers: {:#}", course.stay);
        assert_eq!(course.plan["addresses"].as_array().map(Vec::len), Some(2));
    });
    let emergency = pen.0.visits[0].clone();
    let patient = pen.0.patients[0].clone();
    let breathless = |adt: &mut Adt| (adt.class, adt.diagnoses) = ("E", vec!["R06.02", "I50.9"]);
    pen.add("A04", (0, 0), 80, breathless);
    pen.add("A08", (0, 0), 79, breathless);
    pen.add("A06", (0, 1), 70, |adt| {
        adt.extra = vec![format!("MRG|{patient}^^^GENERAL^MR||||{emergency}")]
    });
    pen.add("A02", (0, 1), 60, |adt| adt.location = "5EAST^12^B");
    pen.add("A03", (0, 1), 20, |_| {});
    pen.0
}

/// All of it on one person: emergency, admission, merge, discharge twice, two returns, death.
fn month() -> Life {
    let mut pen = Pen::new(2, 3, |client, life| {
        assert_eq!(statuses(client, life, 0), ENDED);
        assert_eq!(client.stay(&life.visits[1])["status"], "cancelled");
        assert_eq!(client.stay(&life.visits[2])["status"], "finished");
    });
    let other = |adt: &mut Adt| (adt.application, adt.facility) = (OTHER.0.into(), OTHER.1.into());
    pen.add("A04", (1, 0), 200, |adt| adt.class = "E");
    pen.add("A06", (1, 0), 198, |_| {});
    pen.add("A02", (1, 0), 190, |adt| adt.location = "ICU^7^A");
    pen.merge(0, 1, 180);
    pen.add("A03", (1, 0), 150, |_| {});
    pen.add("A13", (0, 0), 148, |_| {});
    pen.add("A03", (0, 0), 130, |adt| adt.disposition = "06");
    pen.add("A08", (0, 0), 120, |adt| adt.diagnoses = vec!["I50.9", "J44.1"]);
    pen.add("A01", (0, 1), 90, |_| {});
    pen.add("A11", (0, 1), 89, |_| {});
    pen.add("A01", (0, 2), 40, |_| {});
    pen.add("A31", (0, 2), 30, |adt| {
        other(adt);
        adt.visit = None;
        adt.diagnoses.clear();
    });
    pen.add("A03", (0, 2), 10, |adt| {
        adt.disposition = "20";
        adt.died = Some(adt.occurred);
    });
    pen.0
}

/// The EHR's own record has both numbers; each hospital uses one of them.
fn two_numbers() -> Life {
    let mut pen = Pen::new(2, 2, |client, life| {
        assert_eq!(statuses(client, life, 0), RUNNING);
        let numbers = life.patients.join(",");
        let person = client.only(&format!("Patient?identifier={numbers}"));
        assert_eq!(
            person["generalPractitioner"][0]["identifier"],
            Value::Null,
            "{person:#}"
        );
        let doctor = person["generalPractitioner"][0]["reference"]
            .as_str()
            .expect("a doctor");
        let doctor = client.get(doctor).ok();
        assert_eq!(
            doctor["identifier"][0]["value"], "1700123455",
            "who was named last"
        );
        let own = reference(&person);
        for visit in &life.visits {
            assert_eq!(client.stay(visit)["subject"]["reference"], own.as_str());
        }
    });
    let doctor = |npi: &str| vec![format!("PD1||||{npi}^Family^Fran^^^^MD^^NPI")];
    let mut person = patient(&unique("own"));
    let identifier = |number: &String| json!({"system": "urn:baton:authority:GENERAL", "value": number});
    person["identifier"] = pen.0.patients.iter().map(identifier).collect();
    pen.0.before.push(person);
    pen.add("A01", (0, 0), 80, |adt| adt.extra = doctor("1548291027"));
    pen.add("A04", (1, 1), 70, |adt| adt.class = "E");
    pen.add("A03", (1, 1), 69, |adt| adt.class = "E");
    pen.add("A31", (1, 0), 60, |adt| {
        adt.visit = None;
        adt.diagnoses.clear();
        adt.extra = doctor("1234567893");
    });
    pen.add("A03", (0, 0), 40, |_| {});
    pen.add("A31", (0, 0), 30, |adt| {
        adt.visit = None;
        adt.diagnoses.clear();
        adt.extra = doctor("1700123455");
    });
    pen.add("A08", (1, 0), 20, |adt| adt.location = "4WEST^402^A");
    pen.0
}

/// Visits numbered by an authority with an OID, patients by one both senders name alike.
fn reported_twice() -> Life {
    let mut pen = Pen::new(1, 1, |client, life| {
        assert_eq!(statuses(client, life, 0), RUNNING);
        assert_eq!(
            client
                .find(&format!("Encounter?identifier={}", life.visits[0]))
                .len(),
            1
        );
    });
    let number = format!("{}^^^VN&2.16.840.1.113883.3.9999.1&ISO", pen.0.visits[0]);
    let named = |adt: &mut Adt| adt.visit = Some(number.clone());
    let other = |adt: &mut Adt| {
        named(adt);
        (adt.application, adt.facility) = (OTHER.0.into(), OTHER.1.into());
    };
    pen.add("A01", (0, 0), 80, named);
    pen.add("A01", (0, 0), 80, other);
    pen.add("A02", (0, 0), 60, |adt| {
        other(adt);
        adt.location = "ICU^7^A";
    });
    pen.add("A03", (0, 0), 20, named);
    pen.add("A03", (0, 0), 20, other);
    pen.add("A08", (0, 0), 10, |adt| {
        other(adt);
        adt.diagnoses = vec!["I50.9", "N18.4"];
    });
    let exchange = notified(&pen.0);
    pen.0.messages.extend(exchange);
    pen.0
}

/// Nothing but the patient and the times says that it is one stay.
fn under_two_numbers(check: fn(&Client, &Life)) -> Pen {
    let mut pen = Pen::new(1, 2, check);
    let other = |adt: &mut Adt| (adt.application, adt.facility) = (OTHER.0.into(), OTHER.1.into());
    pen.add("A01", (0, 0), 80, |_| {});
    pen.add("A01", (0, 1), 79, other);
    pen.add("A03", (0, 0), 20, |_| {});
    // A second apart, so that what follows can be told apart.
    pen.add("A03", (0, 1), 20, |adt| {
        other(adt);
        adt.occurred += chrono::Duration::seconds(1);
        adt.discharged = Some(adt.occurred);
    });
    pen.add("A08", (0, 1), 10, |adt| {
        other(adt);
        adt.diagnoses = vec!["I50.9", "N18.4"];
    });
    pen
}

fn plans(client: &Client, life: &Life) -> usize {
    client
        .find(&format!("CarePlan?patient.identifier={}", life.patients[0]))
        .len()
}

fn two_visit_numbers() -> Life {
    under_two_numbers(|client, life| {
        assert_eq!(statuses(client, life, 0), RUNNING);
        assert_eq!(plans(client, life), 1);
        let told = client.course(&life.visits[0]).plan["supportingInfo"].to_string();
        let other = client.stay(&life.visits[1]);
        assert!(told.contains(&reference(&other)), "{told}");
    })
    .0
}

fn one_number_taken_back() -> Life {
    let mut pen = under_two_numbers(|client, life| {
        assert_eq!(statuses(client, life, 0), STOPPED);
        assert_eq!(statuses(client, life, 1), RUNNING);
    });
    pen.add("A13", (0, 0), 15, |_| {});
    pen.0
}

fn two_records_of_one_stay() -> Life {
    let mut pen = Pen::new(2, 2, |client, life| {
        assert_eq!(statuses(client, life, 0), RUNNING);
        let numbers = life.patients.join(",");
        let plans = client.find(&format!("CarePlan?patient.identifier={numbers}"));
        assert_eq!(plans.len(), 1, "{plans:#?}");
    });
    let other = |adt: &mut Adt| (adt.application, adt.facility) = (OTHER.0.into(), OTHER.1.into());
    pen.add("A01", (0, 0), 80, |_| {});
    pen.add("A01", (1, 1), 79, other);
    pen.add("A03", (0, 0), 20, |_| {});
    pen.add("A03", (1, 1), 18, other);
    pen.merge(0, 1, 10);
    pen.0
}

fn notified(life: &Life) -> [Message; 2] {
    let at = |tenths: i64| iso(days_ago(0) - chrono::Duration::minutes(tenths * 144));
    let mut person = patient(&life.patients[0]);
    person["identifier"] = json!([{"system": "urn:baton:authority:GENERAL", "value": life.patients[0]}]);
    person
        .as_object_mut()
        .expect("an object")
        .remove("generalPractitioner");
    let mut stay = encounter(&life.patients[0], &at(80), &at(20));
    stay["identifier"][0]["value"] = json!(life.visits[0]);
    stay.as_object_mut().expect("an object").remove("participant");
    let mut begun = stay.clone();
    begun["status"] = json!("in-progress");
    begun["period"] = json!({"start": at(80)});
    begun
        .as_object_mut()
        .expect("an object")
        .remove("hospitalization");
    [("notification-discharge", &stay), ("notification-admit", &begun)]
        .map(|(code, stay)| Message::Fhir(notification(code, stay, &person)))
}
