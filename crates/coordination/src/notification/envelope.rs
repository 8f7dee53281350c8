//! The message Bundle: profile rules and look-up inside it.
//! <https://hl7.org/fhir/us/davinci-alerts/STU1.1/StructureDefinition-notifications-bundle.html>,
//! <https://hl7.org/fhir/R4/bundle.html#references>
use fhir::event::Key;
use fhir::{Issue, IssueCode, datetime};
use serde_json::{Map, Value};

pub const EVENT_SYSTEM: &str = "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Admit,
    Discharge,
    Transfer,
}

impl Kind {
    pub fn of(code: &str) -> Option<Kind> {
        match code {
            "notification-admit" => Some(Kind::Admit),
            "notification-discharge" => Some(Kind::Discharge),
            "notification-transfer" => Some(Kind::Transfer),
            _ => None,
        }
    }
}

/// A notification that keeps the profile.
#[derive(Debug)]
pub struct Envelope<'a> {
    pub bundle_id: &'a str,
    pub header_id: &'a str,
    pub event_code: &'a str,
    pub kind: Kind,
    /// Bundle.timestamp in microseconds.
    pub timestamp: i64,
    endpoint: &'a str,
    focus: Vec<&'a str>,
    entries: Vec<(Option<&'a str>, &'a Map<String, Value>)>,
}

impl<'a> Envelope<'a> {
    /// Opens a Bundle that is valid FHIR. All faults are reported at once.
    pub fn open(bundle: &'a Value) -> Result<Envelope<'a>, Vec<Issue>> {
        let mut faults = Faults::default();
        faults.check_bundle(bundle);
        let header = &bundle["entry"][0]["resource"];
        faults.check_header(header);
        let timestamp = bundle["timestamp"].as_str().and_then(datetime::parse_range);
        if timestamp.is_none() {
            faults.required("Bundle.timestamp", "an instant is required");
        }
        let event_code = header["eventCoding"]["code"].as_str().unwrap_or_default();
        let kind = faults.kind(header, event_code);
        let envelope = Envelope {
            bundle_id: bundle["id"].as_str().unwrap_or_default(),
            header_id: header["id"].as_str().unwrap_or_default(),
            event_code,
            kind: kind.unwrap_or(Kind::Admit),
            timestamp: timestamp.map_or(0, |range| range.low),
            endpoint: header["source"]["endpoint"].as_str().unwrap_or_default(),
            focus: references(&header["focus"]),
            entries: entries(bundle),
        };
        faults.check_focus(&envelope);
        if faults.0.is_empty() {
            Ok(envelope)
        } else {
            Err(faults.0)
        }
    }

    /// Entry number and resource of the Encounters in focus.
    pub fn encounters(&self) -> Vec<(usize, &'a Map<String, Value>)> {
        let in_focus = |entry: &Map<String, Value>| self.focus.iter().any(|it| self.find(it) == Some(entry));
        let encounter =
            |entry: &Map<String, Value>| entry.get("resourceType") == Some(&Value::from("Encounter"));
        let entries = self
            .entries
            .iter()
            .enumerate()
            .map(|(at, (_, entry))| (at, *entry));
        entries
            .filter(|(_, entry)| encounter(entry) && in_focus(entry))
            .collect()
    }

    /// The resource a reference leads to inside the Bundle.
    pub fn find(&self, reference: &str) -> Option<&'a Map<String, Value>> {
        self.entries
            .iter()
            .find(|(url, entry)| leads_to(reference, *url, entry))
            .map(|(_, entry)| *entry)
    }

    pub fn resources(&self) -> impl Iterator<Item = &'a Map<String, Value>> {
        self.entries.iter().map(|(_, entry)| *entry)
    }

    /// For what has no identifier: the id its source knows it by.
    pub fn local_key(&self, resource: &Map<String, Value>) -> Key {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        Key {
            system: self.endpoint.to_owned(),
            value: format!("{}/{}", text("resourceType"), text("id")),
        }
    }
}

fn entries(bundle: &Value) -> Vec<(Option<&str>, &Map<String, Value>)> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries
        .filter_map(|entry| Some((entry["fullUrl"].as_str(), entry["resource"].as_object()?)))
        .collect()
}

fn references(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["reference"].as_str())
        .collect()
}

fn leads_to(reference: &str, full_url: Option<&str>, resource: &Map<String, Value>) -> bool {
    let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
    let relative = reference
        .split_once('/')
        .is_some_and(|(kind, id)| kind == text("resourceType") && id == text("id"));
    full_url == Some(reference) || relative
}

#[derive(Default)]
struct Faults(Vec<Issue>);

impl Faults {
    fn required(&mut self, at: &str, rule: &str) {
        self.0
            .push(Issue::error(IssueCode::Required, format!("{at}: {rule}")).at(at));
    }

    fn check_bundle(&mut self, bundle: &Value) {
        if bundle["resourceType"] != "Bundle" || bundle["type"] != "message" {
            self.0
                .push(Issue::error(IssueCode::Value, "send a Bundle of type message").at("Bundle.type"));
        }
        if bundle["id"].as_str().is_none() {
            self.required("Bundle.id", "identifies the message for repeats");
        }
        if !bundle["total"].is_null() {
            self.0
                .push(Issue::error(IssueCode::Structure, "a message has no total").at("Bundle.total"));
        }
        let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
        if entries.len() < 2 {
            self.required("Bundle.entry", "a header and at least one focus are required");
        }
        for (at, entry) in entries.iter().enumerate() {
            for member in ["search", "request", "response"]
                .iter()
                .filter(|it| !entry[**it].is_null())
            {
                let path = format!("Bundle.entry[{at}].{member}");
                self.0
                    .push(Issue::error(IssueCode::Structure, "prohibited in a notification").at(path));
            }
        }
    }

    fn check_header(&mut self, header: &Value) {
        let at = "Bundle.entry[0].resource";
        if header["resourceType"] != "MessageHeader" {
            self.required(at, "the first entry is the MessageHeader");
            return;
        }
        if header["id"].as_str().is_none() {
            self.required(&format!("{at}.id"), "identifies the notification for repeats");
        }
        if !header["response"].is_null() {
            let issue = Issue::error(IssueCode::Structure, "a notification is not a response");
            self.0.push(issue.at(format!("{at}.response")));
        }
        if header["destination"]
            .as_array()
            .is_some_and(|list| list.len() > 1)
        {
            let issue = Issue::error(IssueCode::Structure, "at most one destination");
            self.0.push(issue.at(format!("{at}.destination")));
        }
    }

    fn kind(&mut self, header: &Value, code: &str) -> Option<Kind> {
        let at = "Bundle.entry[0].resource.eventCoding";
        let kind = Kind::of(code).filter(|_| header["eventCoding"]["system"] == EVENT_SYSTEM);
        if kind.is_none() {
            let text = format!(
                "supported: notification-admit, notification-discharge and notification-transfer of {EVENT_SYSTEM}"
            );
            self.0.push(Issue::error(IssueCode::NotSupported, text).at(at));
        }
        kind
    }

    fn check_focus(&mut self, envelope: &Envelope) {
        let at = "Bundle.entry[0].resource.focus";
        if envelope.focus.is_empty() {
            self.required(at, "a reference to the Encounter is required");
        } else if envelope.encounters().is_empty() {
            self.required(at, "must lead to an Encounter in this Bundle");
        }
        let mut subjects: Vec<&Value> = envelope
            .encounters()
            .iter()
            .filter_map(|(_, it)| it.get("subject"))
            .map(|it| &it["reference"])
            .collect();
        subjects.dedup();
        if subjects.len() > 1 {
            let issue = Issue::error(IssueCode::BusinessRule, "one notification speaks of one patient");
            self.0.push(issue.at(at));
        }
    }
}
