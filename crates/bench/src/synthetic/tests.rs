use super::{Item, PER_PATIENT, Population};
use fhir::Resource;
use std::collections::{HashMap, HashSet};

const POPULATION: Population = Population {
    seed: 7,
    patients: 60,
};

fn all(population: &Population) -> Vec<Item> {
    let patients = (0..population.patients).flat_map(|n| population.patient(n));
    population.places().flatten().chain(patients).collect()
}

#[test]
fn a_seed_decides_everything() {
    let text = |seed| -> Vec<String> {
        let population = Population { seed, ..POPULATION };
        population
            .patient(3)
            .iter()
            .map(|item| item.body.to_string())
            .collect()
    };
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn all_of_it_is_valid_and_refers_to_what_is_there() {
    let items = all(&POPULATION);
    let names: HashSet<_> = items
        .iter()
        .map(|item| format!("{}/{}", item.resource_type, item.id))
        .collect();
    assert_eq!(names.len(), items.len(), "no id twice");
    for item in &items {
        let text = item.body.to_string();
        let resource = Resource::parse(text.as_bytes()).expect(&text);
        let issues = fhir::validate::validate(&resource);
        assert!(
            issues.iter().all(|issue| issue.severity < fhir::Severity::Error),
            "{text}\n{issues:?}"
        );
        for part in text.split("\"reference\":\"").skip(1) {
            let target = part.split('"').next().unwrap_or_default();
            assert!(
                target.starts_with('#') || names.contains(target),
                "{target} of {text}"
            );
        }
    }
}

#[test]
fn sizes_and_proportions_are_those_of_records() {
    let items = all(&POPULATION);
    let mut count: HashMap<&str, usize> = HashMap::new();
    let mut bytes = 0;
    for item in &items {
        *count.entry(item.resource_type).or_default() += 1;
        bytes += item.body.to_string().len();
    }
    let per_patient = items.len() / POPULATION.patients;
    assert!(
        per_patient.abs_diff(PER_PATIENT) < 13,
        "{per_patient} per patient {count:?}"
    );
    let average = bytes / items.len();
    assert!((1_000..2_500).contains(&average), "{average} bytes on average");
    let observations = count["Observation"] as f64 / items.len() as f64;
    assert!(
        (0.4..0.65).contains(&observations),
        "{observations} are Observations"
    );
    assert!(count.len() > 18, "{count:?}");
}
