//! Bundles into the same functions that answer `POST /fhir`.
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::bundle::{self, Also};
use crate::routes::call::Return;
use crate::state::AppState;
use bytes::Bytes;
use fhir::event::derived_id;
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

    pub fn is_batch(&self) -> bool {
        self.is_bundle() && self.kind == "batch"
    }

    /// With an id that follows from where the text stands, if it has none: loaded again it is
    /// the same resource.
    pub fn named(mut self, text: String, place: &[&str]) -> (Head, String) {
        if self.id.is_some() {
            return (self, text);
        }
        let id = derived_id(&[place, &[&text]].concat());
        let named = text.replacen('{', &format!("{{\"id\":\"{id}\","), 1);
        self.id = Some(id);
        (self, named)
    }
}

/// A Bundle of resources under the ids they have; those without get one.
pub fn wrap(resources: &[(&Head, &str)]) -> String {
    let size: usize = resources.iter().map(|(_, text)| text.len() + 160).sum();
    let mut bundle = String::with_capacity(size + 64);
    bundle.push_str("{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[");
    for (at, (head, text)) in resources.iter().enumerate() {
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

/// Why an entry, or the whole, was not loaded.
pub struct Refusal {
    pub entry: Option<usize>,
    pub reason: String,
}

/// Nothing besides.
pub fn nothing() -> Also {
    Box::new(|_| Ok(()))
}

/// All entries or none, and `also` with them; how many there were, or every reason.
pub async fn together(
    state: &AppState,
    request_id: &str,
    bytes: Bytes,
    also: Also,
) -> Result<u64, Vec<Refusal>> {
    let caller = Caller::internal("import");
    match bundle::load(state, &caller, request_id, bytes, also).await {
        Ok(done) => Ok(done.len() as u64),
        Err(error) => Err(refusals(&error)),
    }
}

/// Each entry for itself.
pub struct Batched {
    pub loaded: u64,
    pub refusals: Vec<Refusal>,
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

pub async fn batch(state: &AppState, request_id: &str, bytes: Bytes) -> Result<Batched, String> {
    let caller = Caller::internal("import");
    let call = bundle::called(request_id, Return::Outcome);
    let reply = bundle::process(state, &caller, &call, bytes, Return::Outcome)
        .await
        .map_err(|error| {
            let reasons: Vec<String> = refusals(&error).into_iter().map(|r| r.reason).collect();
            reasons.join("; ")
        })?;
    let answer: Answer =
        serde_json::from_str(&reply.body).map_err(|e| format!("the answer is no Bundle: {e}"))?;
    let numbered = answer.entry.iter().enumerate();
    let refusals: Vec<Refusal> = numbered
        .filter_map(|(at, entry)| {
            let reason = refused(&entry.response)?;
            Some(Refusal {
                entry: Some(at),
                reason,
            })
        })
        .collect();
    Ok(Batched {
        loaded: (answer.entry.len() - refusals.len()) as u64,
        refusals,
    })
}

fn refused(response: &Value) -> Option<String> {
    let status = response["status"].as_str().unwrap_or_default();
    if status.starts_with('2') {
        return None;
    }
    let issue = &response["outcome"]["issue"][0];
    let place = issue["expression"][0]
        .as_str()
        .map(|e| format!("{e}: "))
        .unwrap_or_default();
    let reason = issue["diagnostics"].as_str().unwrap_or(status);
    Some(format!("{place}{reason}"))
}

/// By the entries that their expressions name.
fn refusals(error: &ApiError) -> Vec<Refusal> {
    let mut all: Vec<Refusal> = Vec::new();
    for issue in error.issues.iter().filter(|issue| issue.is_error()) {
        let (entry, reason) = (issue.expression.as_deref().and_then(entry_of), issue.to_string());
        match all.last_mut().filter(|last| last.entry == entry) {
            Some(last) => last.reason += &format!("; {reason}"),
            None => all.push(Refusal { entry, reason }),
        }
    }
    if all.is_empty() {
        let (entry, reason) = (None, error.to_string());
        all.push(Refusal { entry, reason });
    }
    all
}

/// 3 of `Bundle.entry[3].resource.name`
fn entry_of(expression: &str) -> Option<usize> {
    let (number, _) = expression.strip_prefix("Bundle.entry[")?.split_once(']')?;
    number.parse().ok()
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
        let lines: Vec<(&Head, &str)> = heads.iter().zip(texts).collect();
        let text = wrap(&lines);
        let bundle: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bundle["entry"][0]["request"]["url"], "Patient/a");
        assert_eq!(bundle["entry"][1]["request"]["method"], "POST");
        assert!(text.contains("1.10"));
    }

    #[test]
    fn a_line_without_id_gets_the_same_one_each_time() {
        let text = || r#"{"resourceType":"Basic","code":{"text":"x"}}"#.to_owned();
        let named = |line| {
            Head::read(text().as_bytes())
                .unwrap()
                .named(text(), &["/f", line])
        };
        let (head, first) = named("1");
        assert_eq!(first, named("1").1);
        assert_ne!(first, named("2").1);
        assert_eq!(Head::read(first.as_bytes()).unwrap().id, head.id);
    }

    #[test]
    fn refusals_name_their_entry() {
        assert_eq!(entry_of("Bundle.entry[12].resource.status"), Some(12));
        assert_eq!(entry_of("Bundle.type"), None);
    }
}
