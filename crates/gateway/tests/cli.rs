//! The command line as scripts see it: exit codes, JSON on standard output, reasons on standard error.
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder with a database of its own.
struct Place(PathBuf);

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Place {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("baton-cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, args: &[&str]) -> Ran {
        let database = format!("sqlite://{}/baton.db", self.0.display());
        let output = Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(args)
            .env("BATON_DATABASE", database)
            .env_remove("BATON_CONFIG")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    /// Fails with the code and a reason that holds the words.
    fn fails(&self, args: &[&str], code: i32, words: &str) {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{words:?} in {:?}", ran.err);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, more].concat()
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in [
        "serve", "migrate", "client", "sender", "import", "demo", "openapi", "keys",
    ] {
        let ran = place.run(&[command, "--help"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("Usage: baton"), "{}", ran.out);
    }
    place.fails(&["nonsense"], 2, "nonsense");
}

#[test]
fn a_client_lives_and_its_secret_is_shown_once() {
    let place = Place::new();
    let added = place.json(&[
        "client",
        "add",
        "--name",
        "EHR",
        "--scope",
        "system/Patient.rs",
        "--secret",
    ]);
    let (id, secret) = (
        added["client_id"].as_str().unwrap(),
        added["client_secret"].as_str().unwrap(),
    );
    assert!(secret.len() >= 43);

    let listed = place.json(&["client", "list"]);
    assert_eq!(
        (&listed[0]["client_id"], &listed[0]["scope"]),
        (&json!(id), &json!("system/Patient.rs"))
    );
    assert!(!listed.to_string().contains(secret));

    let rotated = place.json(&["client", "rotate", id, "--secret"]);
    assert_eq!(rotated["client_id"], id);
    assert_ne!(rotated["client_secret"], secret);
    assert!(place.json(&["client", "disable", id])["disabled"].is_string());
    assert!(place.json(&["client", "list"])[0]["disabled"].is_string());
}

#[test]
fn a_client_that_makes_no_sense_is_refused() {
    let place = Place::new();
    let fails =
        |more: &[&str], words| place.fails(&with(&["client", "add", "--name", "EHR"], more), 2, words);
    fails(&[], "--secret");
    fails(
        &["--secret", "--jwks-url", "https://hie.example/jwks"],
        "cannot be used with",
    );
    fails(&["--secret", "--scope", "patient/*.rs"], "needs a user");
    fails(&["--jwks-url", "http://hie.example/jwks"], "https");
    fails(&["--jwks", "missing.json"], "missing.json");
    let private =
        json!({"keys": [{"kty": "EC", "crv": "P-384", "kid": "a", "x": "AA", "y": "AA", "d": "AA"}]});
    fails(
        &["--jwks", &place.file("private.json", &private.to_string())],
        "private",
    );
    fails(&["--jwks", &place.file("empty.json", "{\"keys\":[]}")], "no key");
    place.fails(&["client", "disable", "nobody"], 1, "nobody");
    assert_eq!(place.json(&["client", "list"]), json!([]));
}

const SENDER: [&str; 8] = [
    "sender",
    "add",
    "--application",
    "EPIC",
    "--facility",
    "GENERAL",
    "--timezone",
    "America/Chicago",
];

#[test]
fn a_sender_is_registered_changed_and_disabled() {
    let place = Place::new();
    let general = with(&SENDER, &["--name", "general"]);
    assert_eq!(place.json(&general)["timezone"], "America/Chicago");

    let map = place.file("map.toml", "[dispositions]\nHHC = '06'\n");
    assert_eq!(
        place.json(&with(&general, &["--map", &map]))["maps"]["dispositions"]["HHC"],
        "06"
    );
    assert_eq!(place.json(&["sender", "list"]).as_array().unwrap().len(), 1);
    place.fails(&with(&SENDER, &["--name", "other"]), 1, "general");

    assert!(place.json(&["sender", "disable", "general"])["disabled"].is_string());
    assert!(place.json(&general)["disabled"].is_null());
    place.fails(&["sender", "disable", "nobody"], 1, "nobody");
}

#[test]
fn a_map_that_is_wrong_is_named() {
    let place = Place::new();
    let fails =
        |map: &str, words| place.fails(&with(&SENDER, &["--name", "general", "--map", map]), 2, words);
    fails(
        &place.file("code.toml", "[dispositions]\nHHC = '666'\n"),
        "dispositions.HHC",
    );
    fails(&place.file("key.json", "{\"clases\": {}}"), "clases");
    fails("missing.toml", "missing.toml");
    place.fails(
        &with(&SENDER[..6], &["--timezone", "Mars/Olympus", "--name", "x"]),
        2,
        "Mars/Olympus",
    );
}

#[test]
fn keys_are_listed_and_rotated_without_showing_them() {
    let place = Place::new();
    assert_eq!(place.run(&["migrate"]).code, 0);
    assert_eq!(place.json(&["keys", "list"]), json!([]));
    let kid = place.json(&["keys", "rotate"])["kid"].clone();
    place.json(&["keys", "rotate"]);
    let keys = place.json(&["keys", "list"]);
    assert_eq!((keys.as_array().unwrap().len(), &keys[1]["kid"]), (2, &kid));
    assert!(keys[0]["retired"].is_null() && keys[1]["retired"].is_string());
    assert!(keys[0].get("private").is_none());
}

#[test]
fn settings_that_cannot_be_meant_stop_the_server() {
    let place = Place::new();
    place.fails(
        &["serve", "--auth", "disabled", "--listen", "0.0.0.0:0"],
        2,
        "loopback",
    );
    place.fails(&["serve", "--auth", "off"], 2, "off");
    let file = place.file("baton.toml", "[limits]\nboddy = 1\n");
    place.fails(&["serve", "--config", &file], 2, "boddy");
    place.fails(&["serve", "--listen", "nowhere"], 2, "listen");
    place.fails(&["migrate", "--database", "mysql://host/x"], 2, "database");
    place.fails(
        &["migrate", "--database", "sqlite:///no/such/folder/baton.db"],
        1,
        "database",
    );
}

#[test]
fn the_documents_can_be_written() {
    let place = Place::new();
    let folder = place.0.join("documents");
    assert_eq!(place.run(&["openapi", "--out", folder.to_str().unwrap()]).code, 0);
    assert!(std::fs::read_dir(folder).unwrap().count() >= 1);
    assert_eq!(
        place.json(&["openapi"])["openapi"].as_str().map(|v| &v[..2]),
        Some("3.")
    );
}

fn bundle() -> String {
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": [
        { "fullUrl": "urn:uuid:6f1f4a3c-6d1c-4a8e-9a4b-2f4d7a1c0b11",
          "resource": { "resourceType": "Patient", "active": true },
          "request": { "method": "POST", "url": "Patient" } },
        { "resource": { "resourceType": "Basic", "code": { "text": "x" },
            "subject": { "reference": "urn:uuid:6f1f4a3c-6d1c-4a8e-9a4b-2f4d7a1c0b11" } },
          "request": { "method": "POST", "url": "Basic" } },
    ] })
    .to_string()
}

#[test]
fn files_are_imported_once_and_the_rest_is_caught_up() {
    let place = Place::new();
    let first = place.file("zoe.json", &bundle());
    let lines = place.file(
        "Patient.ndjson",
        "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\n{\"resourceType\":\"Patient\",\"id\":\"b\"}\n",
    );
    let ran = place.run(&["import", &first, &lines]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("4 resources loaded, 0 refused"), "{}", ran.err);
    assert!(
        place
            .run(&["import", &first, &lines])
            .err
            .contains("0 resources loaded, 0 refused")
    );

    let more = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\n{\"resourceType\":\"Patient\",\"id\":\"b\"}\n{\"resourceType\":\"Patient\",\"id\":\"c\"}\n";
    let lines = place.file("Patient.ndjson", more);
    assert!(
        place
            .run(&["import", &lines])
            .err
            .contains("3 resources loaded, 0 refused")
    );
}

#[test]
fn refused_lines_are_named_and_the_good_ones_get_in() {
    let place = Place::new();
    let lines = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n{\"resourceType\":\"Patient\",\"id\":\"b\",\"colour\":\"red\"}\nnonsense\n";
    let lines = place.file("Patient.ndjson", lines);
    let ran = place.run(&["import", &lines]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("1 resources loaded, 2 refused"), "{}", ran.err);
    assert!(
        ran.err.contains(":2: ") && ran.err.contains("colour") && ran.err.contains(":3: "),
        "{}",
        ran.err
    );
    place.fails(&["import", "missing.json"], 2, "missing.json");
}
