//! Two patients, what is recorded of them, and Consents of every kind that can be followed.
use fhir::base::Bases;
use fhir::consent::{Recipient, compile};
use serde_json::{Value, json};

pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
pub const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ACTORS: [&str; 4] = [
    "Organization/x",
    "Organization/y",
    "Practitioner/p",
    "RelatedPerson/r",
];
const DATES: [&str; 3] = ["2024-06-01", "2025", "2026-02"];
const PATIENTS: [&str; 2] = ["a", "b"];

/// A xorshift: worlds are the same on every run.
pub struct Random(pub u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn some<T: Clone>(&mut self, items: &[T], most: usize) -> Vec<T> {
        (0..=self.below(most)).map(|_| self.of(items)).collect()
    }

    pub fn recipient(&mut self, now: i64) -> Recipient {
        let purposes = [None, Some("TREAT"), Some("BTG"), Some("HLEGAL"), Some("HRESCH")];
        let most = self.below(3);
        let actors = (0..most).map(|_| self.of(&ACTORS).to_owned());
        Recipient {
            actors: actors.collect(),
            purpose: self.of(&purposes),
            now,
        }
    }
}

#[derive(Debug)]
pub struct World {
    pub resources: Vec<Value>,
    pub consents: Vec<Value>,
}

impl World {
    pub fn random(random: &mut Random) -> World {
        let mut resources: Vec<Value> = (0..14).map(|at| observation(random, at)).collect();
        resources.extend(PATIENTS.map(|id| {
            json!({"resourceType": "Patient", "id": id, "meta": labels(random), "birthDate": "1960-02-03"})
        }));
        resources.extend(
            [0, 1].map(
                |at| json!({"resourceType": "Location", "id": format!("l{at}"), "meta": labels(random)}),
            ),
        );
        World {
            resources,
            consents: (0..5).map(|at| consent(random, at)).collect(),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &Value> {
        self.resources.iter().chain(&self.consents)
    }
}

fn coding(system: &str, code: &str) -> Value {
    json!({"system": system, "code": code})
}

/// One of confidentiality at most, as is usual.
fn labels(random: &mut Random) -> Value {
    let mut all = Vec::new();
    if random.one_in(2) {
        all.push(coding(CONFIDENTIALITY, random.of(&["L", "N", "R", "V"])));
    }
    if random.one_in(3) {
        all.extend(random.some(
            &[
                coding(ACT_CODE, "SUD"),
                coding(ACT_CODE, "OPIOIDUD"),
                coding("urn:study", "x"),
                json!({"code": "HIV"}),
            ],
            2,
        ));
    }
    json!({"security": all})
}

fn observation(random: &mut Random, at: usize) -> Value {
    let mut one = json!({
        "resourceType": "Observation", "id": format!("o{at}"), "status": "final", "meta": labels(random),
        "code": {"coding": [coding("urn:c", random.of(&["1", "2"]))]},
    });
    if random.one_in(6) {
        one["component"] = json!([{"code": {"coding": [coding("urn:c", "2")]}}]);
    }
    if !random.one_in(8) {
        one["subject"] = json!({"reference": format!("Patient/{}", random.of(&PATIENTS))});
    }
    if random.one_in(5) {
        one["performer"] = json!([{"reference": format!("Patient/{}", random.of(&PATIENTS))}]);
    }
    if !random.one_in(4) {
        one["effectiveDateTime"] = json!(random.of(&DATES));
    }
    one
}

/// One that is followed exactly, found by trying.
fn consent(random: &mut Random, at: usize) -> Value {
    loop {
        let mut provision = provision(random, 0);
        let policy = random.of(&["OPTIN", "OPTOUT", "other"]);
        if random.one_in(2) {
            provision.as_object_mut().expect("an object").remove("type");
        }
        let status = if random.one_in(6) { "inactive" } else { "active" };
        let one = json!({
            "resourceType": "Consent", "id": format!("c{at}"), "status": status,
            "scope": {"coding": [coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")]},
            "category": [{"text": "privacy"}], "policyRule": {"coding": [coding(ACT_CODE, policy)]},
            "patient": {"reference": format!("Patient/{}", random.of(&PATIENTS))}, "provision": provision,
        });
        if compile(&one, &Bases::default()).issues.is_empty() {
            return one;
        }
    }
}

fn provision(random: &mut Random, depth: usize) -> Value {
    let mut one = json!({"type": random.of(&["permit", "deny"])});
    if random.one_in(2) {
        let actors = random.some(&ACTORS, 2);
        let role =
            json!({"coding": [coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP")]});
        let actor = |of: &&str| json!({"role": role, "reference": {"reference": of}});
        one["actor"] = actors.iter().map(actor).collect();
    }
    if random.one_in(3) {
        let purpose = |code: &&str| coding(REASON, code);
        one["purpose"] = random
            .some(&["TREAT", "ETREAT", "HOPERAT", "HRESCH"], 2)
            .iter()
            .map(purpose)
            .collect();
    }
    if random.one_in(4) {
        let class = |on: &&str| coding("http://hl7.org/fhir/resource-types", on);
        one["class"] = random
            .some(&["Observation", "Patient", "Location"], 2)
            .iter()
            .map(class)
            .collect();
    }
    if random.one_in(5) {
        one["code"] = json!([{"coding": [coding("urn:c", random.of(&["1", "2"]))]}]);
    }
    if random.one_in(6) {
        let reference = json!({"reference": format!("Observation/o{}", random.below(14))});
        one["data"] = json!([{"meaning": "instance", "reference": reference}]);
    }
    if random.one_in(2) {
        let labels = ["N", "R", "V"].map(|code| coding(CONFIDENTIALITY, code));
        let others = [
            coding(ACT_CODE, "SUD"),
            coding(ACT_CODE, "HIV"),
            coding("urn:study", "x"),
        ];
        one["securityLabel"] = json!(random.some(&[&labels[..], &others[..]].concat(), 2));
    }
    if random.one_in(5) {
        one["dataPeriod"] = json!({"start": random.of(&DATES)});
    }
    if random.one_in(6) {
        one["period"] = random.of(&[
            json!({"end": "2026-01"}),
            json!({"start": "2026"}),
            json!({"start": "2027"}),
        ]);
    }
    if random.one_in(9) {
        let code = random.of(&["access", "correct"]);
        one["action"] =
            json!([{"coding": [coding("http://terminology.hl7.org/CodeSystem/consentaction", code)]}]);
    }
    if depth < 3 && random.one_in(2) {
        one["provision"] = (0..=random.below(2))
            .map(|_| provision(random, depth + 1))
            .collect();
    }
    one
}
