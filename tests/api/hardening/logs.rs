//! No log repeats a token, a secret or what is said about a person. Every server of this suite is held to
//! it when it ends (`support/witness.rs`); here is shown that this would notice.
use crate::auth::partner::register_secret;
use crate::on_both;
use crate::support::messages::{Adt, unique};
use crate::support::{Baton, Client, witness};
use serde_json::json;

on_both!(
    what_passes_by_is_noticed_in_a_log,
    words_of_people_and_searches_are_not_logged
);

fn what_passes_by_is_noticed_in_a_log(baton: &Baton) {
    let (id, secret) = register_secret(&baton.database, "system/*.cruds");
    let client = Client::with_secret(&baton.base, &id, &secret);
    let family = unique("Featherstone");
    let identifier = unique("identifier-");
    let patient = json!({
        "resourceType": "Patient", "name": [{"family": family, "given": ["Wilhelmina"]}],
        "identifier": [{"system": "urn:x", "value": identifier}],
    });
    client.post("Patient", &patient).ok();
    let searched = unique("Searched-for");
    client.get(&format!("Patient?name={searched}"));
    baton.sender();
    let number = unique("MEDICAL-RECORD-");
    client.taken(&Adt::new("A01", &number, &unique("V")));
    let token = client.token.as_deref().expect("a token");
    let said = [
        &family,
        "Wilhelmina",
        &identifier,
        &searched,
        &number,
        token,
        &secret,
        "Springfield",
    ];
    for word in said {
        let log = format!("{}INFO a line that says {word} in passing\n", baton.log());
        let noticed = witness::leaks(&baton.base, &log);
        assert!(
            noticed.len() == 1 && word.ends_with(&noticed[0]),
            "{word}: {noticed:?}"
        );
    }
    assert!(witness::leaks(&baton.base, &baton.log()).is_empty());
    assert!(baton.log().contains(&id), "who called is logged");
}

/// Where errors come from what was sent, which is where logs like to repeat it.
fn words_of_people_and_searches_are_not_logged(baton: &Baton) {
    let partner = baton.partner();
    let word = unique("Featherstone");
    partner.put(
        "Patient/featherstone",
        &json!({"resourceType": "Patient", "id": word, "name": [{"family": word}]}),
    );
    partner.post(
        "Patient",
        &json!({"resourceType": "Patient", "gender": word, "birthDate": word}),
    );
    partner.send_text(
        "POST",
        "Patient",
        "application/fhir+json",
        format!("{{\"resourceType\":\"Patient\",\"{word}"),
    );
    partner.get(&format!("Patient?birthdate={word}"));
    partner.get(&format!("Patient?_filter=name eq {word} and"));
    partner.get(&format!("Patient/{word}"));
    partner.get(&format!("/{word}"));
    partner.hl7(&format!(
        "MSH|^~\\&|{word}|x|BATON|BATON|||ADT^A01|1|P|2.5.1\rPID|1||{word}^^^GENERAL^MR||{word}^Robin"
    ));
    partner.send(
        "PATCH",
        &format!("Patient/{word}"),
        &json!([{"op": "add", "path": "/name", "value": word}]),
    );
    let log = baton.log();
    assert!(
        log.lines().filter(|line| line.contains("baton::access")).count() >= 9,
        "{log}"
    );
    assert!(!log.contains(&word), "{log}");
}
