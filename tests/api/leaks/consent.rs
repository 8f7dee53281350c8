//! The same for somebody of another organisation, from whom consents and labels withhold some.
use super::rule::{belongs, of};
use super::shapes::{Shape, of_another};
use super::twin::{self, Twins};
use super::{asks, judge, sqlite};
use crate::consent::town::{CONFIDENTIALITY, SETTINGS, consent, label};
use crate::oracle::setting;
use crate::oracle::world::{Held, World, recombined};
use crate::support::{Baton, Database};
use fhir::consent::label::hidden;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::sync::Arc;

/// Denies everything, denies observations, and permits what is restricted.
const PATIENTS: [usize; 3] = [1, 2, 0];

fn serve(database: Database) -> Baton {
    crate::consent::town::serve(&Arc::new(database), SETTINGS)
}

/// Every fifth resource is restricted, and three patients have consents.
fn world(rng: &mut StdRng) -> Vec<Value> {
    let mut resources = asks::world(recombined(rng));
    resources.retain(|one| one["resourceType"] != "Consent");
    for one in resources.iter_mut().skip(2).step_by(5) {
        one["meta"]["security"] = json!([label(CONFIDENTIALITY, "R")]);
    }
    let ids: Vec<String> = resources
        .iter()
        .filter(|one| one["resourceType"] == "Patient")
        .map(|one| one["id"].as_str().expect("an id").to_string())
        .collect();
    let class = json!([label("http://hl7.org/fhir/resource-types", "Observation")]);
    let provisions = [
        json!({"type": "deny"}),
        json!({"type": "deny", "class": class}),
        json!({"type": "permit", "securityLabel": [label(CONFIDENTIALITY, "R")]}),
    ];
    let consents = PATIENTS.iter().zip(provisions).enumerate();
    resources.extend(
        consents
            .map(|(at, (patient, provision))| consent(&format!("consent-{at}"), &ids[*patient], provision)),
    );
    resources
}

/// What is withheld, said once more.
fn withheld(one: &Held, world: &World) -> bool {
    let patients = belongs(one);
    let has = |at: usize| {
        let patient = world.of(of("Patient")).nth(PATIENTS[at]).expect("a patient");
        patients.contains(&patient.id)
    };
    let denied = has(0) || (has(1) && one.on == of("Observation"));
    let labels = one.value["meta"]["security"].as_array().into_iter().flatten();
    let mut hiding = labels.filter(|borne| {
        hidden().any(|label| {
            borne["code"] == label.code && (borne["system"] == label.system || borne["system"].is_null())
        })
    });
    denied || hiding.any(|borne| borne["code"] != "R" || !has(2) || patients.len() > 1)
}

fn matrix(database: fn() -> Option<Database>) {
    let mut rng = StdRng::seed_from_u64(setting("BATON_ORACLE_SEED").unwrap_or(20_261_130));
    let resources = world(&mut rng);
    let Some(everything) = database().map(serve) else {
        return;
    };
    let partner = everything.partner();
    assert!(twin::in_order(&partner, &resources) > 0);
    let world = World::load(&partner, &resources);
    let mut failures = Vec::new();
    let shapes: Vec<Shape> = of_another(&world, withheld);
    for shape in shapes {
        let some = world
            .types
            .iter()
            .flat_map(|on| world.of(*on))
            .filter(|one| withheld(one, &world));
        assert!(some.count() > 20, "little is withheld");
        let Some(twin) = database().map(serve) else { return };
        let twins = Twins::new(&everything, twin, &world, &resources, &shape);
        failures.extend(judge(&twins, &world, &shape, &mut rng));
    }
    assert!(
        failures.is_empty(),
        "{} leaks:\n{}",
        failures.len(),
        failures.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn nothing_withheld_shows_on_sqlite() {
    matrix(sqlite);
}

#[test]
fn nothing_withheld_shows_on_postgres() {
    matrix(Database::postgres);
}
