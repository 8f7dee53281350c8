//! What the demo prints, for a person to read.
use super::Credentials;
use super::app::Registered;
use super::people::Person;
use super::stories::Story;
use crate::cli::serve::Server;
use crate::edge;
use chrono::DateTime;
use chrono_tz::Tz;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Where things are and when it is.
pub struct Facts {
    pub base: String,
    pub client_id: String,
    pub secret: String,
    /// Tells this run's patients from another's.
    pub run: String,
    mllp: Option<SocketAddr>,
    zone: Tz,
    ready: String,
    /// How this very program is called.
    program: String,
    database: String,
}

impl Facts {
    pub fn of(server: &Server, credentials: &Credentials) -> Facts {
        let config = &server.state.config;
        Facts {
            base: config.public_url.clone(),
            client_id: credentials.client_id.clone(),
            secret: credentials.secret.clone(),
            run: (edge::now() / 1_000_000 % 1_000_000).to_string(),
            mllp: server.mllp(),
            zone: config.practice.timezone,
            ready: server.ready_line(),
            program: std::env::current_exe()
                .map_or_else(|_| "baton".to_owned(), |path| path.display().to_string()),
            // Another's address may hold a password.
            database: match config.database.starts_with("sqlite:") {
                true => config.database.clone(),
                false => "…".to_owned(),
            },
        }
    }
}

pub fn coordinator() -> Value {
    json!({
        "resourceType": "Practitioner", "id": "demo-coordinator", "active": true,
        "name": [{"family": "Rivera", "given": ["Casey"], "text": "Casey Rivera, care coordinator"}]
    })
}

pub fn title(text: &str) {
    println!("\n\x1b[1m{text}\x1b[0m");
}

/// The text at a JSON pointer, or nothing.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub fn story(story: &Story, acknowledgements: &[String]) {
    let codes: Vec<&str> = acknowledgements.iter().map(|ack| code_of(ack)).collect();
    println!("  {:<68} {}", story.title, codes.join(" "));
    println!("    → {}", story.outcome);
}

/// MSA-1 with the control id: `AA hf-1`.
fn code_of(acknowledgement: &str) -> &str {
    let msa = acknowledgement
        .split(['\r', '\n'])
        .find(|segment| segment.starts_with("MSA|"));
    msa.and_then(|segment| segment.split('|').nth(1))
        .unwrap_or("no MSA")
}

pub fn plan(patient: &Value, plan: &Value, risk: &[Value], tasks: &[Value], facts: &Facts) {
    println!("  {}, {}", name(patient), text(plan, "/title"));
    println!(
        "  {} to {}",
        deadline(text(plan, "/period/start"), facts),
        deadline(text(plan, "/period/end"), facts)
    );
    for assessment in risk {
        let prediction = &assessment["prediction"][0];
        println!(
            "  risk: {} ({})",
            text(prediction, "/qualitativeRisk/coding/0/code"),
            text(prediction, "/rationale")
        );
    }
    for task in tasks {
        line(task, "", facts);
    }
}

pub fn worklist(bundle: &Value, facts: &Facts) {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let resources = || entries.iter().map(|entry| &entry["resource"]);
    for task in resources().filter(|resource| resource["resourceType"] == "Task") {
        let reference = text(task, "/for/reference");
        let id = reference.strip_prefix("Patient/").unwrap_or(reference);
        let patient =
            resources().find(|resource| resource["resourceType"] == "Patient" && resource["id"] == id);
        line(task, &patient.map(name).unwrap_or_default(), facts);
    }
}

fn line(task: &Value, whose: &str, facts: &Facts) {
    let due = deadline(text(task, "/restriction/period/end"), facts);
    println!(
        "  {due:<22} {:<28} {:<10} {whose}",
        text(task, "/code/coding/0/code"),
        text(task, "/status")
    );
}

fn name(patient: &Value) -> String {
    format!(
        "{} {}",
        text(patient, "/name/0/given/0"),
        text(patient, "/name/0/family")
    )
}

/// In the practice's own time.
fn deadline(instant: &str, facts: &Facts) -> String {
    DateTime::parse_from_rfc3339(instant).map_or_else(
        |_| instant.to_owned(),
        |instant| {
            instant
                .with_timezone(&facts.zone)
                .format("%a %d %b %Y %H:%M")
                .to_string()
        },
    )
}

pub fn try_next(facts: &Facts, plan: &str) {
    let base = &facts.base;
    title("Try it");
    println!("  {}", facts.ready);
    println!("  Documentation, without internet: {base}/docs\n");
    println!("  TOKEN=$(curl -s {base}/oauth/token -d grant_type=client_credentials \\");
    println!(
        "    -d client_id={} -d client_secret={} | sed 's/.*\"access_token\" *: *\"\\([^\"]*\\)\".*/\\1/')",
        facts.client_id, facts.secret
    );
    println!(
        "  curl -s -H \"Authorization: Bearer $TOKEN\" '{base}/fhir/Task?status=requested&_sort=due&_include=Task:patient'"
    );
    println!("  curl -s -H \"Authorization: Bearer $TOKEN\" '{base}/fhir/CarePlan/{plan}'");
    println!(
        "  curl -s -H \"Authorization: Bearer $TOKEN\" '{base}/fhir/Encounter?status=finished&_include=Encounter:patient'"
    );
    println!("\n  TOKEN=$TOKEN BATON={base} examples/hie-http.sh      # a discharge of your own");
    if let Some(mllp) = facts.mllp {
        println!("  examples/hie-mllp.sh {mllp}                   # the same over MLLP");
    }
    println!("  TOKEN=$TOKEN BATON={base} examples/ehr-worklist.sh  # the worklist");
    println!(
        "\n  Commands on this sandbox (client, account, sender, audit, …) end in --database {}:",
        facts.database
    );
    println!(
        "  printf %s \"$TOKEN\" | {} token explain - --database {}",
        facts.program, facts.database
    );
}

/// The app, and as whom to sign in to it.
pub fn app(facts: &Facts, app: Option<&Registered>, people: &[Person]) {
    title("Sign in to an app, as a person");
    match app {
        None => println!(
            "  baton demo --app FOLDER|URL   serves or registers yours; `make demo` has the one of examples/smart-app"
        ),
        Some(app) => println!("  Open {}", app.url()),
    }
    if let Some(app) = app.filter(|app| app.is_elsewhere()) {
        println!(
            "  Its settings: iss {}/fhir, client_id {}, a public client",
            facts.base, app.client_id
        );
    }
    for person in people {
        let who = match person.name {
            "grace" => "the patient of the first story: her own plan",
            _ => "her care coordinator: choose a patient, such as Okafor",
        };
        println!("  name {}  password {}  {who}", person.name, person.password);
    }
    println!("\n  Ctrl-C ends the sandbox.");
}
