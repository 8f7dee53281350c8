use crate::{ADMIT, event, with};
use serde_json::{Value, json};

fn person(segment: &str, field: usize, value: &str) -> serde_json::Map<String, Value> {
    event(&with(ADMIT, segment, field, value)).person
}

#[test]
fn demographics() {
    let person = event(ADMIT).person;
    assert_eq!(
        person["name"][0],
        json!({"use": "official", "family": "Quintero", "given": ["Marisol", "Ines"], "prefix": ["Ms."]})
    );
    assert_eq!(person["name"][1]["use"], "nickname");
    assert_eq!(person["gender"], "female");
    assert_eq!(person["birthDate"], "1948-11-30");
    assert_eq!(
        person["address"][0],
        json!({"use": "home", "line": ["12 Harbor Way", "Apt 4"], "city": "Salem", "district": "Essex", "state": "MA",
            "postalCode": "01970", "country": "USA"})
    );
    assert_eq!(
        person["telecom"],
        json!([
            {"system": "phone", "value": "+1 978 5550142", "use": "home"},
            {"system": "email", "value": "marisol@example.org", "use": "home"},
            {"system": "phone", "value": "978 5550199", "use": "work"},
        ])
    );
    assert_eq!(person["communication"][0]["language"]["coding"][0]["code"], "es");
    assert_eq!(person["maritalStatus"]["coding"][0]["code"], "W");
    assert_eq!(person["identifier"][0]["type"]["coding"][0]["code"], "MR");
    assert_eq!(person["multipleBirthInteger"], 2);
}

#[test]
fn race_and_ethnicity_by_known_codes_only() {
    let extensions = event(ADMIT).person["extension"].clone();
    assert_eq!(extensions[0]["extension"][0]["valueCoding"]["code"], "2106-3");
    assert_eq!(extensions[1]["extension"][0]["valueCoding"]["code"], "2135-2");
    let local = person("PID", 10, "W^Caucasian^L")["extension"].clone();
    assert_eq!(
        local[0]["extension"],
        json!([{"url": "text", "valueString": "Caucasian"}])
    );
}

#[test]
fn death_and_its_revocation() {
    let dead = person("PID", 29, "20260305");
    assert_eq!(dead["deceasedBoolean"], false, "PID-30 N revokes");
    let dead = event(&with(
        &with(ADMIT, "PID", 29, "20260305041500-0500"),
        "PID",
        30,
        "Y",
    ))
    .person;
    assert_eq!(dead["deceasedDateTime"], "2026-03-05T04:15:00-05:00");
    assert!(!dead.contains_key("deceasedBoolean"));
    let undated = person("PID", 30, "Y");
    assert_eq!(undated["deceasedBoolean"], true);
    let alive = person("PID", 30, "N");
    assert_eq!(
        (&alive["deceasedBoolean"], &alive["deceasedDateTime"]),
        (&json!(false), &Value::Null)
    );
    assert!(!person("PID", 30, "").contains_key("deceasedBoolean"));
}

#[test]
fn deleted_is_null_and_unsaid_is_absent() {
    let deleted = person("PID", 11, "\"\"");
    assert_eq!(deleted["address"], Value::Null);
    assert!(!person("PID", 11, "").contains_key("address"));
    assert_eq!(person("PID", 16, "\"\"")["maritalStatus"], Value::Null);
}

#[test]
fn a_birth_time_is_kept_beside_the_date() {
    let person = person("PID", 7, "194811302330");
    assert_eq!(person["birthDate"], "1948-11-30");
    assert_eq!(
        person["_birthDate"]["extension"][0]["valueDateTime"],
        "1948-11-30T23:30:00-05:00"
    );
}

#[test]
fn next_of_kin_and_primary_care() {
    let person = event(ADMIT).person;
    let kin = &person["contact"][0];
    assert_eq!(kin["relationship"][0]["coding"][0]["code"], "CHILD");
    assert_eq!(kin["relationship"][1]["coding"][0]["code"], "C");
    assert_eq!(
        kin["telecom"][0],
        json!({"system": "phone", "value": "+1 978 5550177", "use": "mobile"})
    );
    assert_eq!(person["generalPractitioner"][0]["display"], "Dr. Chidi Okafor");
    let role = "ROL|1|AD|PP|1457382916^Okafor^Chidi^^^Dr.^MD^^NPI^^^^NPI~44^Ames^Jo";
    let both = event(&ADMIT.replace("PV1|", &format!("{role}\nPV1|"))).person;
    assert_eq!(both["generalPractitioner"].as_array().unwrap().len(), 2);
    let ended = event(&ADMIT.replace("PV1|", "ROL|1|DE|PP|44^Ames^Jo\nPV1|")).person;
    assert_eq!(ended["generalPractitioner"].as_array().unwrap().len(), 1);
}
