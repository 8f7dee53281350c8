//! Web apps and services with stock libraries, from registration to data. The suite is the operator who
//! registers them, and the browser of their user.
use crate::launch::app::{BACK, PASSWORD, patient};
use crate::launch::browser::Browser;
use crate::on_both;
use crate::support::{Baton, Reply, tools};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

on_both!(
    web_apps_on_node_with_fhirclient,
    web_apps_in_python_with_fhirclient_and_authlib,
    a_service_in_python_with_authlib_and_fhirpy
);

const APP_SCOPE: &str = "openid fhirUser launch/patient patient/Patient.rs patient/Task.rs offline_access";

/// A program of `tests/tools`, with which one talks in lines of JSON.
struct Program {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// What it says first holds its public keys.
    fn start(interpreter: &Path, script: &str, argument: &Path) -> (Program, Value) {
        let mut process = Command::new(interpreter)
            .arg(tools::source(script))
            .arg(argument)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped")).lines();
        let mut program = Program {
            process,
            input,
            output,
        };
        let first = program.hear();
        (program, first)
    }

    /// What it complains of is on the suite's own standard error.
    fn hear(&mut self) -> Value {
        let line = self
            .output
            .next()
            .and_then(Result::ok)
            .expect("the program has ended");
        serde_json::from_str(&line).expect("JSON")
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("it reads");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// As the operator registers it, by its keys or with a secret; what to tell it.
fn registered(baton: &Baton, scope: &str, keys: Option<&Value>, back: Option<&str>) -> Value {
    let file = baton.database.folder().join("keys.json");
    let mut args = vec!["client", "add", "--name", "Stock App", "--scope", scope];
    args.extend(back.map(|back| ["--redirect-uri", back]).into_iter().flatten());
    match keys {
        None => args.push("--secret"),
        Some(keys) => {
            std::fs::write(&file, keys.to_string()).expect("a writable folder");
            args.extend(["--jwks", file.to_str().expect("UTF-8")]);
        }
    }
    let mut added = baton.database.run_json(&args);
    added["base"] = json!(baton.base);
    added["redirect_uri"] = json!(back);
    added
}

/// Ada, with an account and two tasks.
fn world(baton: &Baton) {
    patient(baton, "ada");
    for id in ["one", "two"] {
        let task = json!({
            "resourceType": "Task", "id": id, "status": "requested", "intent": "order",
            "for": {"reference": "Patient/ada"}
        });
        assert_eq!(baton.partner().put(&format!("Task/{id}"), &task).status, 201);
    }
}

/// Ada signs in and allows everything; the address that her browser is sent back to.
fn allowed(baton: &Baton, address: &str) -> String {
    let browser = Browser::new(baton);
    let shown = browser.sign_in(&browser.open(address), "ada", PASSWORD);
    browser.allow(&shown).url
}

fn get(url: &str) -> Reply {
    crate::support::Client::anonymous(url).get(url)
}

fn web_apps_on_node_with_fhirclient(baton: &Baton) {
    let Some(modules) = tools::modules_of_example() else {
        return;
    };
    world(baton);
    for by_key in [true, false] {
        let (mut app, said) = Program::start(Path::new("node"), "webapp.js", modules);
        let at = said["at"].as_str().expect("an address");
        let keys = by_key.then_some(&said["jwks"]);
        app.tell(&registered(baton, APP_SCOPE, keys, Some(&format!("{at}/back"))).to_string());
        app.hear();
        let launched = get(&format!("{at}/launch"));
        assert_eq!(launched.status, 302, "{}", launched.text);
        let shown = get(&allowed(baton, launched.header("location"))).ok();
        assert_eq!(
            shown,
            json!({ "user": "Patient/ada", "patient": "ada", "tasks": 2 })
        );
    }
}

fn web_apps_in_python_with_fhirclient_and_authlib(baton: &Baton) {
    let Some(python) = tools::python() else {
        return;
    };
    world(baton);
    for (library, by_key) in [("fhirclient", false), ("authlib", false), ("authlib", true)] {
        let (mut app, said) = Program::start(python, "webapp.py", Path::new(library));
        let keys = by_key.then_some(&said["jwks"]);
        app.tell(&registered(baton, APP_SCOPE, keys, Some(BACK)).to_string());
        let address = app.hear()["address"].as_str().expect("an address").to_owned();
        app.tell(&allowed(baton, &address));
        assert_eq!(
            app.hear(),
            json!({ "patient": "ada", "tasks": 2 }),
            "{library}, by key: {by_key}"
        );
    }
}

fn a_service_in_python_with_authlib_and_fhirpy(baton: &Baton) {
    let Some(python) = tools::python() else {
        return;
    };
    let (mut service, said) = Program::start(python, "service.py", Path::new("."));
    let registered = registered(baton, "system/Patient.crus", Some(&said["jwks"]), None);
    service.tell(&registered.to_string());
    let made = json!({ "first": "1970-01-02", "gender": "other", "total": 2, "pages": 2 });
    assert_eq!(service.hear(), made);
}
