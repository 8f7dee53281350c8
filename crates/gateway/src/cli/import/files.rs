//! Which files, and in which order: what is referred to comes first.
use crate::cli::Failure;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Json,
    Ndjson,
}

#[derive(Debug)]
pub struct Input {
    pub path: PathBuf,
    pub form: Form,
    pub rank: usize,
    pub bytes: u64,
}

/// Starts of file names, in the order of loading: bundles of synthetic data find their
/// practitioners by conditional reference, exports name a file after its type.
const FIRST: [&[&str]; 3] = [
    &["hospital", "organization", "location"],
    &["practitioner"],
    &["patient.", "patient_", "group"],
];

pub fn find(paths: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        let failed = |e: std::io::Error| Failure::usage(format!("{}: {e}", path.display()));
        match path.is_dir() {
            true => walk(path, &mut found).map_err(failed)?,
            false => {
                found.push(input(path).map_err(failed)?.ok_or_else(|| {
                    Failure::usage(format!("{}: neither .json nor .ndjson", path.display()))
                })?)
            }
        }
    }
    found.sort_by(|a, b| (a.rank, &a.path).cmp(&(b.rank, &b.path)));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<Input>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => walk(&path, found)?,
            false => found.extend(input(&path)?),
        }
    }
    Ok(())
}

fn input(path: &Path) -> std::io::Result<Option<Input>> {
    let form = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => Form::Json,
        Some("ndjson") => Form::Ndjson,
        _ => return Ok(None),
    };
    let bytes = std::fs::metadata(path)?.len();
    Ok(Some(Input {
        path: path.to_owned(),
        form,
        rank: rank(path),
        bytes,
    }))
}

fn rank(path: &Path) -> usize {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    // Some generators number their files to be read in order: `0-hospitalInformation.json`.
    let name = name.trim_start_matches(|c: char| !c.is_alphabetic());
    let starts = |starts: &&[&str]| starts.iter().any(|start| name.starts_with(start));
    FIRST.iter().position(starts).unwrap_or(FIRST.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_referred_to_comes_first() {
        let folder = std::env::temp_dir().join(format!("baton-order-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("more")).unwrap();
        for name in [
            "Zoe.json",
            "practitionerInformation1.json",
            "more/0-hospitalInformation1.json",
            "a.txt",
        ] {
            std::fs::write(folder.join(name), "{}").unwrap();
        }
        std::fs::write(folder.join("Patient.ndjson"), "").unwrap();
        let found = find(std::slice::from_ref(&folder)).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|i| i.path.file_name().unwrap().to_str().unwrap())
            .collect();
        let expected = [
            "0-hospitalInformation1.json",
            "practitionerInformation1.json",
            "Patient.ndjson",
            "Zoe.json",
        ];
        assert_eq!(names, expected);
        assert!(find(&[folder.join("a.txt")]).is_err() && find(&[folder.join("missing.json")]).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
