//! `baton import`, stopped at any moment and told what it cannot load.
use super::{entries, total};
use crate::on_both_databases;
use crate::support::{Baton, Database, Options};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

on_both_databases!(a_killed_import_goes_on, refusals_name_file_and_entry);

const FILES: usize = 24;
const PATIENTS: usize = 40;
const LINES: usize = 3_000;

/// Bundles that would make other resources each time, and lines without ids.
fn folder(database: &Database) -> String {
    let folder = database.folder().join("in");
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in 0..FILES {
        let mut all = entries(PATIENTS, &format!("f{file}"));
        for entry in &mut all {
            entry["request"]
                .as_object_mut()
                .expect("a request")
                .remove("ifNoneExist");
        }
        // Half as batches, which have no links between entries.
        let kind = if file % 2 == 0 { "transaction" } else { "batch" };
        if kind == "batch" {
            all.retain(|entry| entry["resource"]["resourceType"] == "Patient");
        }
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": all});
        write(&folder, &format!("zoe{file}.json"), &bundle.to_string());
    }
    let lines: Vec<String> = (0..LINES)
        .map(|n| json!({"resourceType": "Basic", "code": {"text": format!("line {}", n % 7)}}).to_string())
        .collect();
    write(&folder, "Basic.ndjson", &lines.join("\n"));
    folder.display().to_string()
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
}

fn a_killed_import_goes_on(database: Database) {
    let folder = folder(&database);
    let import = |patience: Duration| {
        let mut process = Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(["import", &folder, "--database", database.url()])
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        std::thread::sleep(patience);
        process.kill().expect("there or ended");
        process.wait().expect("it ended");
    };
    for _ in 0..5 {
        import(Duration::from_millis(rand::random_range(50..700)));
    }
    let output = database.run(&["import", &folder]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let again = database.run(&["import", &folder]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        again.status.success() && said.contains(" 0 resources loaded"),
        "{said}"
    );
    let baton = Baton::start(database, Options::default());
    let partner = baton.partner();
    let count =
        |path: &str| usize::try_from(total(&partner, &format!("{path}?_summary=count"))).expect("small");
    assert_eq!(count("Patient"), FILES * PATIENTS);
    assert_eq!(count("Observation"), FILES / 2 * PATIENTS);
    assert_eq!(count("Basic"), LINES);
}

fn refusals_name_file_and_entry(database: Database) {
    let folder = database.folder().join("in");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut bad = entries(2, "r");
    bad[3]["resource"]["status"] = json!("finished");
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": bad});
    write(&folder, "bad.json", &bundle.to_string());
    let good = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries(2, "r")});
    write(&folder, "good.json", &good.to_string());
    let line =
        |id: &str, gender: &str| json!({"resourceType": "Patient", "id": id, "gender": gender}).to_string();
    let lines = [
        line("a", "male"),
        line("b", "x"),
        line("c", "female"),
        line("d", "y"),
    ];
    write(&folder, "Patient.ndjson", &lines.join("\n"));
    let folder = folder.display().to_string();
    let output = database.run(&["import", &folder]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in [
        "bad.json Bundle.entry[3]: ",
        "Bundle.entry[3].resource.status",
        "Patient.ndjson:2: ",
        "Patient.ndjson:4: ",
        "6 resources loaded, 3 refused",
    ] {
        assert!(said.contains(words), "{words:?} in {said}");
    }
    // Corrected, only what was refused is loaded.
    let corrected = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries(2, "s")});
    write(Path::new(&folder), "bad.json", &corrected.to_string());
    write(
        Path::new(&folder),
        "Patient.ndjson",
        &lines
            .join("\n")
            .replace("\"x\"", "\"other\"")
            .replace("\"y\"", "\"other\""),
    );
    let output = database.run(&["import", &folder]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let baton = Baton::start(database, Options::default());
    let partner = baton.partner();
    assert_eq!(total(&partner, "Patient?_summary=count"), 2 + 2 + 4);
    assert_eq!(total(&partner, "Observation?_summary=count"), 4);
}
