//! Running it: probes, metrics, logs without patients, a graceful end.
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Database, Options};
use crate::{on_both, on_both_databases};
use serde_json::json;
use std::sync::Arc;

on_both!(probes_and_metrics, logs_hold_no_patient);
on_both_databases!(finishes_what_is_in_flight, a_restart_finds_everything);

fn probes_and_metrics(baton: &Baton) {
    let anyone = baton.anonymous();
    assert_eq!(anyone.get("/healthz").status, 200);
    assert_eq!(anyone.get("/readyz").status, 200);
    baton.partner().get("Patient?family=Nobody").ok();
    let metrics = anyone.get("/metrics").text;
    assert!(
        metrics.contains("# TYPE") && metrics.contains("/fhir/{type}"),
        "{metrics}"
    );
    assert!(!metrics.contains("Nobody"));
}

fn logs_hold_no_patient(baton: &Baton) {
    baton.sender();
    let partner = baton.partner();
    let (patient, visit) = (unique("LOGP"), unique("LOGV"));
    partner.hl7(&Adt::new("A01", &patient, &visit).text());
    partner.hl7(
        &Adt::new("A03", &patient, &visit)
            .discharged(days_ago(1), "01")
            .text(),
    );
    partner.hl7("MSH|^~\\&|NOBODY|NOWHERE|||20260101||ADT^A01|1|P|2.5\rPID|1||SECRETMRN||Secretname^Ann\r");
    partner.post(
        "Patient",
        &json!({"resourceType": "Patient", "name": [{"family": "Secretname"}], "nonsense": 1}),
    );
    partner.get(&format!("Patient?identifier={patient}&family=Secretname"));
    partner.get("Patient?bogus=Secretname");
    let log = baton.log();
    assert!(log.contains("status"), "requests are logged: {log}");
    for secret in [
        patient.as_str(),
        visit.as_str(),
        "Secretname",
        "SECRETMRN",
        "Robin",
        "Springfield",
    ] {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
    assert!(!log.contains(partner.token.as_deref().expect("a token")));
}

fn finishes_what_is_in_flight(database: Database) {
    let baton = Baton::start(database, Options::default());
    let partner = baton.partner();
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let partner = partner.clone();
            std::thread::spawn(move || {
                let mut created = Vec::new();
                // Until the server stops answering; a refused connection is the end, not a failure.
                while let Ok(response) = partner
                    .request("POST", "Basic")
                    .header("content-type", "application/fhir+json")
                    .body(json!({"resourceType": "Basic", "code": {"text": "x"}}).to_string())
                    .send()
                {
                    assert!(
                        matches!(response.status().as_u16(), 201 | 503),
                        "{}",
                        response.status()
                    );
                    if response.status() == 201 {
                        created.push(
                            response.headers()["location"]
                                .to_str()
                                .expect("ASCII")
                                .to_string(),
                        );
                    }
                }
                created
            })
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(baton.terminate().success());
    let created: Vec<String> = writers
        .into_iter()
        .flat_map(|w| w.join().expect("a writer"))
        .collect();
    assert!(!created.is_empty());
    let again = Baton::on(baton.database.clone(), &Options::default());
    let partner = again.partner();
    for location in created {
        let (_, path) = location.split_once("/fhir/").expect("an absolute location");
        assert_eq!(partner.get(path).status, 200, "{path}");
    }
}

fn a_restart_finds_everything(database: Database) {
    let database = Arc::new(database);
    let first = Baton::on(database.clone(), &Options::default());
    first.sender();
    let (patient, visit) = (unique("P"), unique("V"));
    let discharge = Adt::new("A03", &patient, &visit)
        .discharged(days_ago(1), "01")
        .text();
    assert!(first.partner().hl7(&discharge).text.contains("MSA|AA|"));
    drop(first);
    let second = Baton::on(database, &Options::default());
    let partner = second.partner();
    let stay = partner.only(&format!("Encounter?identifier={visit}"));
    let version = stay["meta"]["versionId"].clone();
    assert!(
        partner.hl7(&discharge).text.contains("MSA|AA|"),
        "a repeat is acknowledged again"
    );
    assert_eq!(
        partner.only(&format!("Encounter?identifier={visit}"))["meta"]["versionId"],
        version
    );
    let subject = stay["subject"]["reference"].as_str().expect("a subject");
    assert_eq!(partner.find(&format!("EpisodeOfCare?patient={subject}")).len(), 1);
}
