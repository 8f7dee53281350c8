//! The scripts under `examples/` and `baton demo` do what they say.
use crate::on_both;
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

on_both!(
    senders_over_http_and_mllp,
    a_fhir_message_sender,
    an_ehr_polls_its_worklist,
    the_scopes_of_the_readme_are_enough,
    a_sender_with_a_map,
);

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

/// The scripts use curl; a machine without it says so.
fn curl() -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok();
    assert!(found || std::env::var("CI").is_err(), "curl must be there on CI");
    if !found {
        println!("skipped: no curl");
    }
    found
}

fn run(name: &str, args: &[&str], baton: &Baton, token: &str) -> String {
    let output = Command::new(script(name))
        .args(args)
        .env("BATON", &baton.base)
        .env("TOKEN", token)
        .output()
        .expect("the script runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{name}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn token(client: &Client) -> &str {
    client.token.as_deref().expect("a token")
}

fn senders_over_http_and_mllp(baton: &Baton) {
    if !curl() {
        return;
    }
    baton.sender();
    let partner = baton.partner();
    for (name, first) in [("hie-http.sh", None), ("hie-mllp.sh", Some(baton.mllp.as_str()))] {
        let visit = unique("EX");
        let args: Vec<&str> = first.into_iter().chain([visit.as_str()]).collect();
        let answers = run(name, &args, baton, token(&partner));
        assert_eq!(answers.matches("MSA|AA|").count(), 2, "{name}: {answers}");
        let stay = partner.only(&format!("Encounter?identifier={visit}"));
        let id = stay["id"].as_str().expect("an id");
        assert_eq!(
            partner.only(&format!("CarePlan?encounter=Encounter/{id}"))["status"],
            "active",
            "{name}"
        );
    }
}

fn a_fhir_message_sender(baton: &Baton) {
    if !curl() {
        return;
    }
    let partner = baton.partner();
    let visit = unique("EX");
    for _ in 0..2 {
        assert_eq!(
            run("fhir-message.sh", &[&visit], baton, token(&partner)).trim(),
            "200"
        );
    }
    let stay = partner.only(&format!("Encounter?identifier={visit}"));
    assert_eq!(stay["status"], "finished");
    let id = stay["id"].as_str().expect("an id");
    assert_eq!(
        partner.only(&format!(
            "EpisodeOfCare?patient={}",
            stay["subject"]["reference"].as_str().expect("a subject")
        ))["status"],
        "active"
    );
    assert_eq!(
        partner.find(&format!("CarePlan?encounter=Encounter/{id}")).len(),
        1
    );
}

fn an_ehr_polls_its_worklist(baton: &Baton) {
    if !curl() {
        return;
    }
    baton.sender();
    let partner = baton.partner();
    run("hie-http.sh", &[&unique("EX")], baton, token(&partner));
    let bundle: Value =
        serde_json::from_str(&run("ehr-worklist.sh", &[], baton, token(&partner))).expect("a bundle");
    let entries = bundle["entry"].as_array().expect("entries");
    let modes = |mode: &str| {
        entries
            .iter()
            .filter(|entry| entry["search"]["mode"] == mode)
            .count()
    };
    assert!(modes("match") >= 3 && modes("include") >= 2, "{bundle:#}");
    let due: Vec<&str> = entries
        .iter()
        .filter_map(|e| e["resource"]["restriction"]["period"]["end"].as_str())
        .collect();
    assert!(due.is_sorted(), "{due:?}");
}

/// Whoever follows the README to the letter gets through, and is told where not.
fn the_scopes_of_the_readme_are_enough(baton: &Baton) {
    if !curl() {
        return;
    }
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).expect("the README");
    let client = |name: &str| {
        let line = readme
            .lines()
            .find(|line| line.contains(&format!("client add --name {name}")));
        let scope = line.and_then(|line| line.split('"').nth(1));
        baton.client(scope.unwrap_or_else(|| panic!("the scope of {name} in the README")))
    };
    let (exchange, ehr) = (client("hie"), client("ehr"));
    baton.sender();
    for name in ["hie-http.sh", "fhir-message.sh"] {
        run(name, &[&unique("EX")], baton, token(&exchange));
    }
    assert!(run("ehr-worklist.sh", &[], baton, token(&ehr)).contains("tcm-contact"));
    let task = &ehr.find("Task?code=urn:baton:task|tcm-contact")[0];
    let mut done = task.clone();
    done["status"] = "completed".into();
    ehr.put(&crate::support::care::reference(task), &done).ok();
    for name in ["hie-http.sh", "fhir-message.sh"] {
        let refused = Command::new(script(name))
            .env("BATON", &baton.base)
            .env("TOKEN", token(&ehr))
            .output()
            .expect("the script runs");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(
            !refused.status.success() && told.contains("MessageHeader"),
            "{name}: {told}"
        );
    }
    let wrong = Command::new(script("token.sh"))
        .envs([
            ("BATON", baton.base.as_str()),
            ("CLIENT_ID", "nobody"),
            ("CLIENT_SECRET", "x"),
        ])
        .output()
        .expect("the script runs");
    let told = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        !wrong.status.success() && told.contains("invalid_client"),
        "{told}"
    );
}

fn a_sender_with_a_map(baton: &Baton) {
    let map = std::fs::read_to_string(script("sender.toml")).expect("the example");
    // Also with everything it offers.
    let offered = map.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.contains(" = ") || setting.starts_with('[') => setting,
        _ => line,
    });
    for map in [map.clone(), offered.collect::<Vec<_>>().join("\n")] {
        baton.sender_mapped("general", &map);
    }
    let partner = baton.partner();
    let visit = unique("V");
    let mut message = Adt::new("A03", &unique("P"), &visit).discharged(days_ago(1), "HHC");
    message.class = "24H";
    partner.taken(&message);
    let stay = partner.stay(&visit);
    assert_eq!(stay["class"]["code"], "OBSENC");
    assert_eq!(stay["serviceProvider"]["display"], "General Hospital");
    assert_eq!(
        stay["identifier"][0]["system"],
        "urn:oid:2.16.840.1.113883.3.9999.1"
    );
    assert_eq!(partner.course(&visit).episode["status"], "active");
}

#[test]
fn the_demo_shows_a_plan_and_a_worklist() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_baton"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(demo.stdout.take().expect("piped")).lines();
    let shown: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.contains("Ctrl-C ends"))
        .collect();
    let text = shown.join("\n");
    let pid = demo.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(told.is_ok_and(|status| status.success()) && demo.wait().expect("it ends").success());
    let database = text
        .split("sqlite://")
        .nth(1)
        .and_then(|rest| rest.split(['\n', ' ', ':']).next());
    let database = Path::new(database.expect("its database"));
    assert!(
        database.is_absolute() && !database.exists(),
        "a sandbox leaves nothing"
    );
    for expected in [
        "tcm-contact",
        "follow-up-visit",
        "medication-reconciliation",
        "Grace Okafor",
        "AA AA AA AA",
        "/docs",
    ] {
        assert!(text.contains(expected), "{expected} in\n{text}");
    }
    assert!(
        !text.contains("no MSA") && !text.contains(" AE ") && !text.contains(" AR "),
        "{text}"
    );
}
