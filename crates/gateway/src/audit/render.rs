//! A recorded event as the AuditEvent that it is served as, in the shapes of IHE BALP.
//! <https://hl7.org/fhir/R4/auditevent.html> <https://profiles.ihe.net/ITI/BALP/>
use super::kinds::{Coding, Kind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::consent::purpose;
use serde_json::{Value, json};
use store::audit::{Event, PREFIX, Recorded};

const BALP: &str = "https://profiles.ihe.net/ITI/BALP";
const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const SOURCE_TYPE: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
/// `agent.network.type`: an IP address, a URI.
const ADDRESS: &str = "2";
const URI: &str = "5";
const CLIENT: &str = "urn:baton:client";
/// Between an issuer and what it calls somebody.
const OF: char = '|';
/// Whoever looks after privacy finds these.
const BROKEN_GLASS: Coding = ("urn:baton:audit", "break-the-glass", "Break the glass");
pub const REQUEST: &str = "urn:baton:request";

/// The id under which an event is served.
pub fn id(recorded: &Recorded) -> String {
    match recorded.number() {
        None => format!("{PREFIX}{}", recorded.place.row),
        Some(nth) => format!("{PREFIX}{}-{nth}", recorded.place.row),
    }
}

/// The row of such an id, and the place in it.
pub fn place(id: &str) -> Option<(i64, Option<u32>)> {
    let (row, nth) = match id.strip_prefix(PREFIX)?.split_once('-') {
        Some((row, nth)) => (row, Some(nth.parse().ok()?)),
        None => (id.strip_prefix(PREFIX)?, None),
    };
    Some((row.parse().ok()?, nth))
}

/// `base` is that of the FHIR service.
pub fn audit_event(recorded: &Recorded, base: &str) -> Value {
    let event = &recorded.event;
    let kind = Kind::of(&event.action);
    let mut resource = json!({
        "resourceType": "AuditEvent",
        "id": id(recorded),
        "meta": {
            "versionId": "1",
            "lastUpdated": fhir::datetime::instant(event.at),
            "source": "urn:baton:audit",
        },
        "type": coding(kind.event),
        "action": kind.letter,
        "recorded": fhir::datetime::instant(event.at),
        "outcome": outcome(event.status),
        "agent": agents(event, kind, base),
        "source": source(base),
    });
    if let Some(profile) = profile(event, kind) {
        resource["meta"]["profile"] = json!([profile]);
    }
    if let Some(subtype) = kind.subtype {
        resource["subtype"] = json!([coding(subtype)]);
    }
    if event.status >= 300 {
        resource["outcomeDesc"] = json!(format!("HTTP {}", event.status));
    }
    if !event.origin.purpose.is_empty() {
        let purpose = json!({"system": REASON, "code": event.origin.purpose});
        resource["purposeOfEvent"] = json!([{"coding": [purpose]}]);
    }
    if purpose::breaks_glass(&event.origin.purpose) {
        resource["meta"]["tag"] = json!([coding(BROKEN_GLASS)]);
    }
    let entities = entities(event, base);
    if !entities.is_empty() {
        resource["entity"] = Value::Array(entities);
    }
    resource
}

fn coding((system, code, display): Coding) -> Value {
    json!({"system": system, "code": code, "display": display})
}

/// Success, minor failure (the request was at fault), serious failure (the server was).
fn outcome(status: u16) -> &'static str {
    match status {
        0..400 => "0",
        400..500 => "4",
        _ => "8",
    }
}

/// Patterns are of what went well; those of queries want a query, the others a resource.
fn profile(event: &Event, kind: &Kind) -> Option<String> {
    let name = kind.profile.filter(|_| event.status < 400)?;
    let whole = match name {
        "Query" => event.query.is_some(),
        _ => event.on.is_some() && event.id.is_some(),
    };
    let patient = if event.patients.is_empty() { "" } else { "Patient" };
    whole.then(|| format!("{BALP}/StructureDefinition/IHE.BasicAudit.{patient}{name}"))
}

fn agents(event: &Event, kind: &Kind, base: &str) -> Vec<Value> {
    let [client, server, person_role] = kind.roles;
    let person = person(event).map(|who| (person_role, who));
    let name = match event.actor.as_str() {
        "" => "unknown",
        actor => actor,
    };
    let (system, name) = name.split_once(OF).unwrap_or((CLIENT, name));
    let mut calling = json!({
        "type": {"coding": [coding(client)]},
        "who": {"identifier": {"system": system, "value": name}, "display": name},
        "name": name,
        "requestor": person.is_none(),
    });
    if let Some(peer) = event.origin.peer {
        calling["network"] = json!({"address": peer.to_string(), "type": ADDRESS});
    }
    let mut agents = vec![
        calling,
        json!({
            "type": {"coding": [coding(server)]},
            "who": observer(base),
            "requestor": false,
            "network": {"address": base, "type": URI},
        }),
    ];
    agents.extend(
        person.map(|(role, who)| json!({"type": {"coding": [coding(role)]}, "who": who, "requestor": true})),
    );
    agents
}

/// The person who acts: by our reference, and as another issuer calls them. A system that acts for itself
/// is told as the client.
fn person(event: &Event) -> Option<Value> {
    let origin = &event.origin;
    let subject = origin
        .subject
        .split_once(OF)
        .filter(|_| origin.subject != event.actor);
    let mut who = json!({});
    if !origin.person.is_empty() {
        who["reference"] = origin.person.as_str().into();
    }
    if let Some((issuer, subject)) = subject {
        who["identifier"] = json!({"system": issuer, "value": subject});
    }
    who.as_object().is_some_and(|who| !who.is_empty()).then_some(who)
}

pub fn observer(base: &str) -> Value {
    json!({"identifier": {"system": "urn:ietf:rfc:3986", "value": base}, "display": "Baton"})
}

fn source(base: &str) -> Value {
    json!({
        "site": base,
        "observer": observer(base),
        "type": [coding((SOURCE_TYPE, "4", "Application Server"))],
    })
}

fn entities(event: &Event, base: &str) -> Vec<Value> {
    let mut entities = Vec::new();
    if !event.request.is_empty() {
        entities.push(json!({
            "what": {"identifier": {"system": REQUEST, "value": event.request}},
            "type": {
                "system": format!("{BALP}/CodeSystem/BasicAuditEntityType"),
                "code": "XrequestId",
                "display": "The value of X-Request-Id",
            },
        }));
    }
    if let (Some(on), Some(id)) = (&event.on, &event.id) {
        let version = event.version.map(|version| format!("/_history/{version}"));
        let reference = format!("{on}/{id}{}", version.unwrap_or_default());
        entities.push(entity(
            json!({"what": {"reference": reference}}),
            ("2", "System Object"),
            ("4", "Domain Resource"),
        ));
    }
    if let (None, Some(id)) = (&event.on, &event.id) {
        let what = json!({"what": {"identifier": {"system": system_of(&event.action), "value": id}}});
        entities.push(entity(
            what,
            ("2", "System Object"),
            ("11", "Security User Entity"),
        ));
    }
    if let Some(query) = &event.query {
        let request = format!("{base}/{}", query.trim_end_matches('?'));
        entities.push(entity(
            json!({"query": STANDARD.encode(request)}),
            ("2", "System Object"),
            ("24", "Query"),
        ));
    }
    entities.extend(event.patients.iter().map(|id| {
        let what = json!({"what": {"reference": format!("Patient/{id}")}});
        entity(what, ("1", "Person"), ("1", "Patient"))
    }));
    entities
}

/// Of what an event is about that is no resource.
fn system_of(action: &str) -> String {
    match action {
        "login" | "logout" => "urn:baton:account".to_owned(),
        "withdraw" => "urn:baton:client".to_owned(),
        other => format!("urn:baton:{other}"),
    }
}

fn entity(mut what: Value, of_type: (&str, &str), role: (&str, &str)) -> Value {
    what["type"] = json!({"system": ENTITY_TYPE, "code": of_type.0, "display": of_type.1});
    what["role"] = json!({"system": ROLE, "code": role.0, "display": role.1});
    what
}

#[cfg(test)]
mod tests {
    use super::super::kinds::KINDS;
    use super::*;
    use fhir::validate::validate;
    use store::audit::{Origin, Place};

    fn recorded(action: &'static str, status: u16) -> Recorded {
        Recorded {
            place: Place {
                at: 1_700_000_000_000_000,
                row: 7,
                nth: 3,
            },
            is_one_of_several: true,
            event: Event {
                at: 1_700_000_000_000_000,
                actor: "client".into(),
                origin: Origin {
                    person: "Practitioner/1".into(),
                    peer: "10.0.0.1".parse().ok(),
                    purpose: "TREAT".into(),
                    ..Origin::default()
                },
                request: "r-1".into(),
                action: action.into(),
                status,
                on: Some("Task".into()),
                id: Some("t".into()),
                version: Some(2),
                patients: vec!["p".into()],
                query: Some("Task?patient=p".into()),
            },
        }
    }

    #[test]
    fn every_kind_is_a_valid_audit_event() {
        for kind in &KINDS {
            for status in [200, 404, 500] {
                let resource = audit_event(&recorded(kind.action, status), "http://x/fhir");
                let resource = fhir::Resource::from_value(resource).expect("a resource");
                let errors: Vec<_> = validate(&resource)
                    .into_iter()
                    .filter(|issue| issue.severity == fhir::Severity::Error)
                    .collect();
                assert!(errors.is_empty(), "{} {errors:?}", kind.action);
            }
        }
        let bare = Recorded {
            event: Event {
                at: 1,
                action: "read".into(),
                status: 401,
                ..Event::default()
            },
            ..recorded("read", 401)
        };
        let resource = audit_event(&bare, "http://x/fhir");
        assert_eq!(resource["agent"][0]["who"]["display"], "unknown");
        assert_eq!(resource["outcome"], "4");
    }

    #[test]
    fn who_another_issuer_speaks_of_is_told_as_it_calls_them() {
        let told = |actor: &str, person: &str, subject: &str| {
            let mut recorded = recorded("read", 200);
            recorded.event.actor = actor.into();
            recorded.event.origin.person = person.into();
            recorded.event.origin.subject = subject.into();
            audit_event(&recorded, "http://x/fhir")["agent"].clone()
        };
        let agents = told("https://l.example|app", "Practitioner/d", "https://l.example|7");
        let identifier = |value: &str| json!({"system": "https://l.example", "value": value});
        assert_eq!(agents[0]["who"]["identifier"], identifier("app"));
        assert_eq!(agents[2]["who"]["identifier"], identifier("7"));
        assert_eq!(agents[2]["who"]["reference"], "Practitioner/d");
        let system = told("https://l.example|app", "", "https://l.example|app");
        assert_eq!((&system[0]["requestor"], system.get(2)), (&json!(true), None));
    }

    #[test]
    fn ids_lead_back() {
        assert_eq!(id(&recorded("read", 200)), "baton-7-3");
        assert_eq!(place("baton-7-3"), Some((7, Some(3))));
        assert_eq!(place("baton-7"), Some((7, None)));
        assert_eq!(place("baton-x"), None);
        assert_eq!(place("7"), None);
    }
}
