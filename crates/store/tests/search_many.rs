//! Searches of which every filter holds for many, against what each resource says, page by page.
mod finding;
mod support;

use finding::{save, turn};
use serde_json::{Value, json};
use store::Store;
use support::each_engine;

/// More than a look counts.
const OBSERVATIONS: usize = 3_600;
const PATIENTS: usize = 60;

/// One measurement: whose, what, and the values beside the codes of its components.
struct Said {
    id: String,
    patient: usize,
    code: &'static str,
    systolic: u64,
    diastolic: u64,
}

/// The same numbers each time, without an order that an index could share.
fn scattered(n: usize, salt: u64) -> u64 {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}

fn said(n: usize) -> Said {
    let any = scattered(n, 1) as usize;
    Said {
        id: format!("o{n}"),
        // Some have a few, the first has very many, the last two come late.
        patient: match any % 4 {
            0 => 0,
            _ if n > OBSERVATIONS - 500 => PATIENTS - 1 - any % 2,
            _ => any / 4 % (PATIENTS - 2),
        },
        code: if scattered(n, 2).is_multiple_of(3) {
            "rare"
        } else {
            "usual"
        },
        systolic: 100 + scattered(n, 3) % 80,
        diastolic: 60 + scattered(n, 4) % 40,
    }
}

fn resource(said: &Said) -> Value {
    let part = |code: &str, value: u64| {
        json!({"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}})
    };
    json!({
        "resourceType": "Observation", "id": said.id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": said.code}]},
        "subject": {"reference": format!("Patient/p{}", said.patient)},
        "component": [part("8480-6", said.systolic), part("8462-4", said.diastolic)],
    })
}

async fn fill(store: &Store) -> Vec<Said> {
    let all: Vec<Said> = (0..OBSERVATIONS).map(said).collect();
    for (second, part) in all.chunks(1_000).enumerate() {
        let second = i64::try_from(second).expect("small");
        save(store, second, part.iter().map(resource).collect()).await;
    }
    all
}

/// References to every patient whose number passes.
fn of(may: impl Fn(usize) -> bool) -> String {
    let ids = (0..PATIENTS).filter(|n| may(*n)).map(|n| format!("Patient/p{n}"));
    ids.collect::<Vec<_>>().join(",")
}

/// One search, and whom it is to find.
type Case = (String, fn(&Said) -> bool);

fn cases() -> [Case; 8] {
    let quantity = "component-value-quantity";
    [
        (format!("subject={}", of(|_| true)), |_| true),
        (format!("subject={}", of(|n| n > 0)), |it| it.patient > 0),
        (format!("patient={}", of(|n| n % 2 == 1)), |it| {
            it.patient % 2 == 1
        }),
        (format!("subject={}&code=rare", of(|n| n != 3)), |it| {
            it.patient != 3 && it.code == "rare"
        }),
        (format!("code=usual&patient={}", of(|n| n >= 5)), |it| {
            it.patient >= 5 && it.code == "usual"
        }),
        (
            format!(
                "code=usual&subject={}&{quantity}=gt130|http://unitsofmeasure.org|mm[Hg]",
                of(|n| n != 7)
            ),
            |it| it.patient != 7 && it.code == "usual" && it.systolic > 130,
        ),
        (
            format!("{quantity}=gt170|http://unitsofmeasure.org|mm[Hg]"),
            |it| it.systolic > 170,
        ),
        (
            format!("{quantity}=gt98|http://unitsofmeasure.org|mm[Hg]&code=rare"),
            |it| (it.systolic > 98 || it.diastolic > 98) && it.code == "rare",
        ),
    ]
}

#[test]
fn pages_hold_what_the_resources_say() {
    each_engine(|store| async move {
        let all = fill(&store).await;
        for (asked, holds) in cases() {
            let wanted: Vec<String> = all
                .iter()
                .filter(|it| holds(it))
                .map(|it| it.id.clone())
                .collect();
            assert!(wanted.len() > 200, "{asked}: {}", wanted.len());
            let (forth, back) = turn(&store, &format!("Observation?{asked}&_count=97")).await;
            assert_eq!(forth, wanted, "{asked}");
            assert_eq!(back, wanted, "{asked}");
        }
    });
}
