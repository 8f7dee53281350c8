//! ARCHITECTURE.md's invariants that a compiler does not check.
use std::fs;
use std::path::{Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Crates whose manifest names a dependency outside [dev-dependencies].
fn crates_with(dependency: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(workspace().join("crates"))
        .expect("crates")
        .flatten()
    {
        let manifest = fs::read_to_string(entry.path().join("Cargo.toml")).expect("a manifest");
        let normal = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        if normal
            .lines()
            .any(|line| line.split(['.', ' ', '=']).next() == Some(dependency))
        {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn each_heavy_library_has_one_home() {
    assert_eq!(crates_with("diesel"), ["store"]);
    assert_eq!(crates_with("fhir-sdk"), ["mapping"]);
    assert_eq!(crates_with("actix-web"), ["bench", "gateway"]);
}

#[test]
fn the_middle_crates_do_not_know_each_other() {
    for (one, others) in [
        ("coordination", ["hl7v2", "store"]),
        ("hl7v2", ["coordination", "store"]),
        ("store", ["coordination", "hl7v2"]),
    ] {
        for other in others {
            assert!(
                !crates_with(other).contains(&one.to_string()),
                "{one} depends on {other}"
            );
        }
    }
}

#[test]
fn only_the_store_writes_resource_rows() {
    let mut files = Vec::new();
    for name in ["gateway", "coordination", "hl7v2", "mapping", "fhir"] {
        sources(&workspace().join("crates").join(name).join("src"), &mut files);
    }
    assert!(files.len() > 50);
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file");
        for statement in ["INSERT INTO resource", "UPDATE resource", "DELETE FROM resource"] {
            assert!(!text.contains(statement), "{statement} in {}", file.display());
        }
    }
}

#[test]
fn only_the_edge_reads_the_clock() {
    let mut files = Vec::new();
    sources(&workspace().join("crates"), &mut files);
    let allowed = |path: &Path| {
        let text = path.to_string_lossy();
        text.ends_with("gateway/src/edge.rs") || text.contains("crates/bench/") || text.contains("/tests/")
    };
    for file in files.into_iter().filter(|file| !allowed(file)) {
        let text = fs::read_to_string(&file).expect("a source file");
        assert!(
            !text.contains("allow(clippy::disallowed_methods)"),
            "{} opts out of the ban",
            file.display()
        );
    }
}
