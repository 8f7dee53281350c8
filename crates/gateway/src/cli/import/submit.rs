//! Bundles into the same function that answers `POST /fhir`.
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::bundle;
use crate::routes::call::Return;
use crate::state::AppState;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

/// What decides how a JSON text is loaded; everything else is left unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    pub resource_type: String,
    pub id: Option<String>,
    #[serde(rename = "type", default)]
    kind: Value,
}

impl Head {
    pub fn read(text: &[u8]) -> Result<Head, String> {
        serde_json::from_slice(text).map_err(|e| format!("not a FHIR resource in JSON: {e}"))
    }

    pub fn is_bundle(&self) -> bool {
        self.resource_type == "Bundle"
    }

    pub fn is_transaction(&self) -> bool {
        self.is_bundle() && self.kind == "transaction"
    }
}

#[derive(Clone, Copy)]
pub enum Mode {
    /// All or nothing.
    Transaction,
    /// Each for itself.
    Batch,
}

/// A Bundle of resources under the ids they have; those without get one.
pub fn wrap<'a>(mode: Mode, resources: impl Iterator<Item = (&'a Head, &'a str)>) -> String {
    let kind = match mode {
        Mode::Transaction => "transaction",
        Mode::Batch => "batch",
    };
    let mut bundle = format!("{{\"resourceType\":\"Bundle\",\"type\":\"{kind}\",\"entry\":[");
    for (at, (head, text)) in resources.enumerate() {
        let gap = if at == 0 { "" } else { "," };
        let request = match &head.id {
            Some(id) => serde_json::json!({ "method": "PUT", "url": format!("{}/{id}", head.resource_type) }),
            None => serde_json::json!({ "method": "POST", "url": head.resource_type }),
        };
        bundle.push_str(&format!("{gap}{{\"resource\":{text},\"request\":{request}}}"));
    }
    bundle.push_str("]}");
    bundle
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    entry: Vec<AnswerEntry>,
}

#[derive(Deserialize)]
struct AnswerEntry {
    response: Value,
}

/// One verdict per entry, or why the whole was refused.
pub async fn submit(
    state: &AppState,
    request_id: &str,
    bytes: Bytes,
) -> Result<Vec<Result<(), String>>, String> {
    let caller = Caller::internal("import");
    let reply = bundle::process(state, &caller, request_id, bytes, Return::Outcome)
        .await
        .map_err(|e| reasons(&e))?;
    let answer: Answer =
        serde_json::from_str(&reply.body).map_err(|e| format!("the answer is no Bundle: {e}"))?;
    Ok(answer
        .entry
        .iter()
        .map(|entry| verdict(&entry.response))
        .collect())
}

fn verdict(response: &Value) -> Result<(), String> {
    let status = response["status"].as_str().unwrap_or_default();
    match status.starts_with('2') {
        true => Ok(()),
        false => {
            let issue = &response["outcome"]["issue"][0];
            let place = issue["expression"][0]
                .as_str()
                .map(|e| format!("{e}: "))
                .unwrap_or_default();
            Err(format!(
                "{place}{}",
                issue["diagnostics"].as_str().unwrap_or(status)
            ))
        }
    }
}

fn reasons(error: &ApiError) -> String {
    let mut reasons: Vec<String> = error
        .issues
        .iter()
        .filter(|issue| issue.is_error())
        .map(ToString::to_string)
        .take(5)
        .collect();
    if reasons.is_empty() {
        reasons.push(error.to_string());
    }
    reasons.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_keep_their_text_and_their_ids() {
        let texts = [
            r#"{"resourceType":"Patient","id":"a"}"#,
            r#"{"resourceType":"Observation","valueQuantity":{"value":1.10}}"#,
        ];
        let heads: Vec<Head> = texts
            .iter()
            .map(|text| Head::read(text.as_bytes()).unwrap())
            .collect();
        let text = wrap(Mode::Batch, heads.iter().zip(texts));
        let bundle: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bundle["entry"][0]["request"]["url"], "Patient/a");
        assert_eq!(bundle["entry"][1]["request"]["method"], "POST");
        assert!(text.contains("1.10"));
    }
}
