//! A server with an organisation of its own and two others that may read everything but what
//! consents and labels withhold.
use crate::support::{Baton, Client, Database, Options};
use serde_json::{Value, json};
use std::sync::Arc;

pub const SETTINGS: &str = "[privacy]\nown = ['Organization/home']\nunaffiliated = 'own'\n\
                            break_glass = ['Practitioner']\n";
pub const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
pub const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

pub struct Town {
    pub baton: Baton,
    /// Our own.
    pub home: Client,
    /// Of `Organization/away`.
    pub away: Client,
    /// Of `Organization/far`.
    pub far: Client,
}

pub fn serve(database: &Arc<Database>, settings: &str) -> Baton {
    let file = database.folder().join("privacy.toml");
    std::fs::write(&file, settings).expect("the settings are written");
    let args = vec!["--config".to_string(), file.display().to_string()];
    let options = Options {
        args,
        ..Options::default()
    };
    Baton::on(database.clone(), &options)
}

/// With one patient, ann, and an observation of hers.
pub fn town(database: Database) -> Town {
    let baton = serve(&Arc::new(database), SETTINGS);
    let town = Town {
        home: baton.partner(),
        away: client_of(&baton, "Organization/away"),
        far: client_of(&baton, "Organization/far"),
        baton,
    };
    for id in ["home", "away", "far"] {
        town.put(&json!({"resourceType": "Organization", "id": id, "name": id}));
    }
    town.put(&json!({"resourceType": "Patient", "id": "ann", "name": [{"family": "Rivers"}]}));
    town.put(&observation("pulse", "ann", &[]));
    town
}

pub fn client_of(baton: &Baton, organization: &str) -> Client {
    client_with(baton, organization, "system/*.cruds")
}

pub fn client_with(baton: &Baton, organization: &str, scope: &str) -> Client {
    let add = ["client", "add", "--name", "scene", "--scope", scope, "--secret"];
    let of = ["--organization", organization];
    let added = baton.database.run_json(&[&add[..], &of].concat());
    assert_eq!(added["organization"], organization);
    let text = |name: &str| added[name].as_str().expect("a text").to_owned();
    Client::with_secret(&baton.base, &text("client_id"), &text("client_secret"))
}

impl Town {
    /// By our own.
    pub fn put(&self, resource: &Value) {
        let text = |name: &str| resource[name].as_str().expect("a text");
        let path = format!("{}/{}", text("resourceType"), text("id"));
        let reply = self.home.put(&path, resource);
        assert!(reply.status < 300, "{} {}", reply.status, reply.text);
    }

    /// Puts ann's consent in force.
    pub fn consent(&self, id: &str, provision: Value) {
        self.put(&consent(id, "ann", provision));
    }
}

pub fn consent(id: &str, patient: &str, provision: Value) -> Value {
    let coded = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let mut one = json!({
        "resourceType": "Consent", "id": id, "status": "active",
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")],
        "policyRule": coded(ACT_CODE, "OPTIN"),
        "patient": {"reference": format!("Patient/{patient}")},
    });
    if provision != json!({}) {
        one["provision"] = provision;
    }
    one
}

/// Whoever gets the data.
pub fn actor(reference: &str) -> Value {
    let role =
        json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"});
    json!({"role": {"coding": [role]}, "reference": {"reference": reference}})
}

pub fn label(system: &str, code: &str) -> Value {
    json!({"system": system, "code": code})
}

pub fn observation(id: &str, patient: &str, labels: &[Value]) -> Value {
    let mut one = json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": format!("Patient/{patient}")}, "effectiveDateTime": "2026-03-01",
    });
    if !labels.is_empty() {
        one["meta"] = json!({"security": labels});
    }
    one
}

/// The ids that a search finds, sorted.
pub fn ids(client: &Client, path: &str) -> Vec<String> {
    let found = client.find(path);
    let id = |one: &Value| one["id"].as_str().expect("an id").to_owned();
    let mut ids: Vec<String> = found.iter().map(id).collect();
    ids.sort();
    ids
}

/// Everything in a Bundle, as `Type/id`.
pub fn everything(client: &Client, path: &str) -> Vec<String> {
    let bundle = client.get(path).ok();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let name = |entry: &Value| {
        let text = |name: &str| entry["resource"][name].as_str().unwrap_or_default().to_owned();
        format!("{}/{}", text("resourceType"), text("id"))
    };
    let mut names: Vec<String> = entries.iter().map(name).collect();
    names.sort();
    names
}

pub fn total(client: &Client, path: &str) -> i64 {
    client.get(path).ok()["total"].as_i64().expect("a total")
}
