//! What an encounter costs: a Claim and, five to eight KB long, its ExplanationOfBenefit.
use super::encounter::Visit;
use super::vocabulary::VISITS;
use super::{Code, Record, concept, instant, term};
use serde_json::{Value, json};

const ADJUDICATIONS: [(&str, &str); 4] = [
    ("line_coinsrnc_amt", "Line Beneficiary Coinsurance Amount"),
    ("line_prvdr_pmt_amt", "Line Provider Payment Amount"),
    ("line_sbmtd_chrg_amt", "Line Submitted Charge Amount"),
    ("line_alowd_chrg_amt", "Line Allowed Charge Amount"),
];

pub fn add(record: &mut Record, visit: &Visit) {
    let lines = record.random.between(1, 4);
    let amounts: Vec<f64> = (0..lines)
        .map(|_| record.random.between(4_000, 90_000) as f64 / 100.0)
        .collect();
    let claim = claim(record, visit, &amounts);
    let claim = record.add("Claim", claim);
    if record.random.chance(0.8) {
        let benefit = benefit(record, visit, &amounts, &claim);
        record.add("ExplanationOfBenefit", benefit);
    }
}

fn period(visit: &Visit) -> Value {
    json!({"start": instant(visit.start), "end": instant(visit.end)})
}

fn money(value: f64) -> Value {
    json!({"value": (value * 100.0).round() / 100.0, "currency": "USD"})
}

fn kind(visit: &Visit) -> Value {
    term(
        "claim-type",
        if visit.inpatient {
            "institutional"
        } else {
            "professional"
        },
    )
}

fn service(at: usize) -> Value {
    concept(&VISITS[at % VISITS.len()])
}

fn claim(record: &Record, visit: &Visit, amounts: &[f64]) -> Value {
    let items: Vec<Value> = amounts
        .iter()
        .enumerate()
        .map(|(at, amount)| {
            json!({
                "sequence": at + 1, "productOrService": service(at),
                "encounter": [visit.reference], "net": money(*amount),
            })
        })
        .collect();
    json!({
        "status": "active",
        "type": kind(visit),
        "use": "claim",
        "patient": {"reference": record.patient["reference"], "display": record.name},
        "billablePeriod": period(visit),
        "created": instant(visit.end),
        "provider": record.home.organization,
        "priority": term("processpriority", "normal"),
        "facility": record.home.location,
        "insurance": [{"sequence": 1, "focal": true, "coverage": {"display": "Medicare"}}],
        "item": items,
        "total": money(amounts.iter().sum()),
    })
}

fn benefit(record: &mut Record, visit: &Visit, amounts: &[f64], claim: &Value) -> Value {
    let number = record.random.uuid();
    let items: Vec<Value> = amounts
        .iter()
        .enumerate()
        .map(|(at, amount)| line(visit, at, *amount))
        .collect();
    json!({
        "contained": [
            {"resourceType": "ServiceRequest", "id": "referral", "status": "completed", "intent": "order",
             "subject": record.patient, "requester": record.home.practitioner, "performer": [record.home.practitioner]},
            {"resourceType": "Coverage", "id": "coverage", "status": "active", "type": {"text": "Medicare"},
             "beneficiary": record.patient, "payor": [{"display": "Medicare"}]},
        ],
        "identifier": [{"system": "https://bluebutton.cms.gov/resources/variables/clm_id", "value": number}],
        "status": "active",
        "type": kind(visit),
        "use": "claim",
        "patient": record.patient,
        "billablePeriod": period(visit),
        "created": instant(visit.end),
        "insurer": {"display": "Medicare"},
        "provider": record.home.practitioner,
        "referral": {"reference": "#referral"},
        "facility": record.home.location,
        "claim": claim,
        "outcome": "complete",
        "careTeam": [{"sequence": 1, "provider": record.home.practitioner, "role": term("claimcareteamrole", "primary")}],
        "insurance": [{"focal": true, "coverage": {"reference": "#coverage", "display": "Medicare"}}],
        "item": items,
        "total": [{"category": term("adjudication", "submitted"), "amount": money(amounts.iter().sum())}],
        "payment": {"amount": money(amounts.iter().sum::<f64>() * 0.8)},
    })
}

fn line(visit: &Visit, at: usize, amount: f64) -> Value {
    let adjudication: Vec<Value> = ADJUDICATIONS
        .iter()
        .map(|(code, display)| {
            let category = Code {
                system: "https://bluebutton.cms.gov/resources/codesystem/adjudication",
                code,
                display,
            };
            json!({"category": concept(&category), "amount": money(amount * 0.8)})
        })
        .collect();
    json!({
        "sequence": at + 1,
        "careTeamSequence": [1],
        "productOrService": service(at),
        "servicedPeriod": period(visit),
        "locationCodeableConcept": term("ex-serviceplace", "21"),
        "encounter": [visit.reference],
        "net": money(amount),
        "adjudication": adjudication,
    })
}
