//! Where what Baton derives comes from: told from the audit row of the write, so that deriving
//! costs nothing more. <https://hl7.org/fhir/R4/provenance.html>
use super::render;
use serde_json::{Value, json};
use store::DERIVED;
use store::audit::Recorded;

const OPERATION: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";
const PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";

/// Writes that Baton did by itself.
pub fn is_derived(recorded: &Recorded) -> bool {
    recorded.event.actor == DERIVED && recorded.number().is_none()
}

/// Only of writes that Baton did by itself. By which protocol and rule, the resource says.
pub fn derived(recorded: &Recorded, base: &str) -> Option<Value> {
    let event = &recorded.event;
    let (on, id, version) = (event.on.as_ref()?, event.id.as_ref()?, event.version?);
    let activity = match event.action.as_ref() {
        "create" => "CREATE",
        "update" => "UPDATE",
        "delete" => "DELETE",
        _ => return None,
    };
    if !is_derived(recorded) {
        return None;
    }
    let recorded_at = fhir::datetime::instant(event.at);
    let mut resource = json!({
        "resourceType": "Provenance",
        "id": render::id(recorded),
        "meta": {"versionId": "1", "lastUpdated": recorded_at, "source": "urn:baton:audit"},
        "target": [{"reference": format!("{on}/{id}/_history/{version}")}],
        "recorded": recorded_at,
        "activity": {"coding": [{"system": OPERATION, "code": activity}]},
        "agent": [{
            "type": {"coding": [{"system": PARTICIPANT, "code": "assembler", "display": "Assembler"}]},
            "who": render::observer(base),
        }],
    });
    // The request or the message from which it follows; what Baton does by the clock follows from none.
    if !event.request.is_empty() {
        let what = json!({"identifier": {"system": render::REQUEST, "value": event.request}});
        resource["entity"] = json!([{"role": "derivation", "what": what}]);
    }
    Some(resource)
}
