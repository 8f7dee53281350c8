//! Synthetic patients come in by `baton import`.
use super::{corpus, files};
use crate::on_both_databases;
use crate::support::{Baton, Database, Options};
use std::path::{Path, PathBuf};
use std::sync::Arc;

on_both_databases!(synthetic_patients_are_imported);

/// The seeds (hospitals and practitioners), and the smallest patients.
fn synthea(folder: &Path, patients: usize) -> Vec<PathBuf> {
    let mut all: Vec<(bool, u64, PathBuf)> = files(folder)
        .into_iter()
        .map(|(name, text)| (!name.starts_with("0-"), text.len() as u64, folder.join(name)))
        .collect();
    all.sort();
    let seeds = all.iter().filter(|(patient, ..)| !patient).count();
    all.into_iter()
        .take(seeds + patients)
        .map(|(_, _, path)| path)
        .collect()
}

fn synthetic_patients_are_imported(database: Database) {
    let Some(folder) = corpus("synthea/blaze-2021") else {
        return;
    };
    let paths = synthea(&folder, 3);
    let args: Vec<&str> = std::iter::once("import")
        .chain(paths.iter().filter_map(|path| path.to_str()))
        .collect();
    let import = || {
        let output = database.run(&args);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    import();
    let database = Arc::new(database);
    let baton = Baton::on(database.clone(), &Options::default());
    let partner = baton.partner();
    let count = |path: &str| {
        partner.get(&format!("{path}?_summary=count")).ok()["total"]
            .as_u64()
            .expect("a total")
    };
    assert_eq!(count("Patient"), 3);
    let kinds = [
        "Organization",
        "Practitioner",
        "Encounter",
        "Observation",
        "Condition",
        "Claim",
    ];
    let before: Vec<u64> = kinds.iter().map(|kind| count(kind)).collect();
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    for encounter in partner.find("Encounter?_count=500") {
        let text = encounter.to_string();
        assert!(
            !text.contains("\"urn:uuid:") && !text.contains("Practitioner?"),
            "links are resolved: {text}"
        );
        let subject = encounter["subject"]["reference"].as_str().expect("a subject");
        assert_eq!(partner.get(subject).status, 200, "{subject}");
    }
    let again = database.run(&args);
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert_eq!(
        kinds.iter().map(|kind| count(kind)).collect::<Vec<u64>>(),
        before,
        "nothing comes twice"
    );
}
