//! Ten years of encounters, each with what was found, done and billed in it.
use super::vocabulary::{CONDITIONS, Code, VISITS};
use super::{Record, billing, clinical, concept, instant, now, profile, term};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

/// Days of care that are recorded.
const SPAN: usize = 3_650;
/// Discharges younger than this would still be followed up.
const SETTLED: usize = 60;

/// One encounter while it is filled.
pub struct Visit {
    pub reference: Value,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub reason: &'static Code,
    pub inpatient: bool,
}

pub fn years(record: &mut Record) {
    let visits = record.random.between(3, 13);
    // What they have, they come back with.
    let mine: Vec<&'static Code> = (0..3).map(|_| record.random.common(&CONDITIONS)).collect();
    for _ in 0..visits {
        let reason = *record.random.pick(&mine);
        let visit = open(record, reason);
        clinical::add(record, &visit);
        billing::add(record, &visit);
    }
}

fn open(record: &mut Record, reason: &'static Code) -> Visit {
    let random = &mut record.random;
    let (kind, inpatient) = (random.common(&VISITS), random.chance(0.06));
    let start = now()
        - Duration::days(random.between(SETTLED, SPAN) as i64)
        - Duration::minutes(random.below(1440) as i64);
    let lasts = if inpatient {
        random.between(1_440, 10_000)
    } else {
        random.between(15, 90)
    };
    let end = start + Duration::minutes(lasts as i64);
    let reference = {
        let content = content(record, kind, inpatient, (start, end), reason);
        record.add("Encounter", content)
    };
    Visit {
        reference,
        start,
        end,
        reason,
        inpatient,
    }
}

fn content(
    record: &mut Record,
    kind: &Code,
    inpatient: bool,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    reason: &Code,
) -> Value {
    let period = json!({"start": instant(start), "end": instant(end)});
    let number = record.random.uuid();
    let mut encounter = json!({
        "meta": profile("encounter"),
        "identifier": [{"use": "official", "system": "http://hospital.example.org/visit", "value": number}],
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": if inpatient { "IMP" } else { "AMB" }},
        "type": [concept(kind)],
        "subject": {"reference": record.patient["reference"], "display": record.name},
        "participant": [{
            "type": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                "code": "PPRF", "display": "primary performer"
            }], "text": "primary performer"}],
            "period": period,
            "individual": record.home.practitioner,
        }],
        "period": period,
        "reasonCode": [concept(reason)],
        "location": [{"location": record.home.location}],
        "serviceProvider": record.home.organization,
    });
    if inpatient {
        encounter["hospitalization"] = json!({"dischargeDisposition": term("discharge-disposition", "home")});
    }
    encounter
}
