//! Whose records a person may use is the operator's to say. `[access]` in the settings file.
use super::*;
use crate::on_both_databases;
use crate::support::{Database, Options};

on_both_databases!(the_settings_say_whose_records_a_person_uses);

fn the_settings_say_whose_records_a_person_uses(database: Database) {
    let file = database.folder().join("access.toml");
    let text = "[access]\nPractitioner = [\"organization._has:PractitionerRole:organization:practitioner=Practitioner/{id}\"]\n";
    std::fs::write(&file, text).expect("a settings file");
    let options = Options {
        args: vec!["--config".to_string(), file.display().to_string()],
        ..Options::default()
    };
    let baton = Baton::start(database, options);
    let partner = world(&baton);
    let doctor = doctor(&baton, "user/*.cruds");
    assert!(
        doctor.find("Task").is_empty(),
        "being the general practitioner is not enough"
    );
    complete(&doctor, "Task/ann").refused(404, "There is no Task");
    partner
        .put(
            "Organization/ward",
            &json!({"resourceType": "Organization", "id": "ward", "name": "Ward"}),
        )
        .ok();
    let role = json!({
        "resourceType": "PractitionerRole", "practitioner": {"reference": "Practitioner/dora"},
        "organization": {"reference": "Organization/ward"},
    });
    assert_eq!(partner.post("PractitionerRole", &role).status, 201);
    let mut ben = partner.get("Patient/ben").ok();
    ben["managingOrganization"] = json!({"reference": "Organization/ward"});
    partner.put("Patient/ben", &ben).ok();
    assert_eq!(doctor.only("Task")["id"], "ben");
    assert_eq!(complete(&doctor, "Task/ben").status, 200);
}
