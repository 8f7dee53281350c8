//! Synthea's bundles load: directory batches first, then one transaction per patient.
use crate::server::{Baton, send};
use reqwest::Method;
use std::path::PathBuf;

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("BATON_CORPUS").map(PathBuf::from).or_else(|| {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache =
            cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
        Some(cache.join("baton-corpus"))
    })?;
    let folder = root.join("synthea/blaze-2021");
    folder.is_dir().then_some(folder)
}

/// The directory's batches (their names begin with 0-) and the smallest patients.
fn files(folder: &PathBuf) -> Vec<PathBuf> {
    let mut all: Vec<(bool, u64, PathBuf)> = std::fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .filter(|file| {
            file.path()
                .extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|file| {
            let directory = file.file_name().to_string_lossy().starts_with("0-");
            (
                !directory,
                file.metadata().map_or(0, |meta| meta.len()),
                file.path(),
            )
        })
        .collect();
    all.sort();
    all.into_iter().take(8).map(|(_, _, path)| path).collect()
}

#[test]
fn synthea_loads() {
    let Some(folder) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let baton = Baton::start();
    for path in files(&folder) {
        let text = std::fs::read_to_string(&path).expect("a file");
        let request = baton
            .request(Method::POST, "")
            .header("content-type", "application/fhir+json")
            .body(text);
        let answer = send(request).expect(200).json();
        for entry in answer["entry"].as_array().expect("entries") {
            let status = entry["response"]["status"].as_str().unwrap_or_default();
            assert!(status.starts_with("20"), "{}: {entry}", path.display());
        }
    }
    let encounters = baton.get("/Encounter?_count=500").expect(200).text;
    assert!(
        !encounters.contains("\"reference\":\"urn:uuid:"),
        "links inside a bundle are resolved"
    );
    assert!(
        !encounters.contains("\"reference\":\"Practitioner?"),
        "conditional references are resolved"
    );
    let again = files(&folder)[0].clone();
    let text = std::fs::read_to_string(again).expect("a file");
    let organizations = || baton.get("/Organization?_summary=count").json()["total"].clone();
    let before = organizations();
    let request = baton
        .request(Method::POST, "")
        .header("content-type", "application/fhir+json")
        .body(text);
    send(request).expect(200);
    assert_eq!(organizations(), before, "conditional creates find what is there");
}
