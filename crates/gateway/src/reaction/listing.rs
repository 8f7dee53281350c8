//! Which PlanDefinitions are protocols: a setting that every edit keeps, so that a reaction knows
//! them all, whichever gateway edited them, by one look.
use coordination::codes::extension::PROTOCOL;
use coordination::protocol::Protocol;
use fhir::search::index::hash;
use fhir::{Issue, IssueCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use store::{Changed, StoreError, Tx};

/// Name of the setting, and of the lock its readers share and its editors hold alone.
pub(super) const PROTOCOLS: &str = "protocols";
/// Each reconciliation looks at every protocol.
const MOST: usize = 32;
/// How long what a protocol at rest had opened may still change.
const SETTLED: i64 = 400 * 86_400_000_000;

/// Protocols by the id of their PlanDefinition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Listing(pub BTreeMap<String, Listed>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Listed {
    /// The version to follow: the present one, or the last before it was deleted.
    pub version: i64,
    /// Of its text: a version number that was rolled back comes again with another text.
    pub hash: i64,
    pub url: String,
    /// Since when it opens nothing any more: retired, or deleted.
    pub resting: Option<i64>,
}

impl Listing {
    pub fn read(text: &str) -> Result<Listing, StoreError> {
        match text {
            "" => Ok(Listing::default()),
            text => serde_json::from_str(text).map_err(|e| StoreError::Database(format!("protocols: {e}"))),
        }
    }

    pub fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).map_err(|e| StoreError::Database(e.to_string()))?;
        tx.put_setting(PROTOCOLS, &text)
    }

    /// Whether an edit may concern this list.
    pub fn concerns(change: &Changed) -> bool {
        let versions = change.before.as_ref().into_iter().chain(change.after);
        change.type_id.name() == "PlanDefinition" && versions.into_iter().any(Protocol::is_meant)
    }

    /// Takes in an edit, or refuses one that makes no sense, with every problem named.
    pub fn take(&mut self, change: &Changed, now: i64) -> Result<(), StoreError> {
        let meant = change.after.filter(|after| Protocol::is_meant(after));
        match (meant, self.0.get_mut(change.id)) {
            (Some(definition), known) => {
                if known.is_some() || definition["status"] == "active" {
                    let listed = self.listed(change.id, definition, now)?;
                    self.0.insert(change.id.to_owned(), listed);
                }
            }
            (None, Some(_)) if change.after.is_some_and(|after| after["status"] == "active") => {
                let text = format!(
                    "This is a protocol: it needs the extension {PROTOCOL}. To end it, set its status to retired; \
                     what it opened is then followed to its end"
                );
                return Err(refused("PlanDefinition.extension", &text));
            }
            (None, Some(known)) => known.resting = known.resting.or(Some(now)),
            (None, None) => {}
        }
        Ok(())
    }

    fn listed(&mut self, id: &str, definition: &Value, now: i64) -> Result<Listed, StoreError> {
        let rejected = |issues| StoreError::Rejected { status: 422, issues };
        let protocol = Protocol::from_json(definition).map_err(rejected)?;
        let known = self.0.get(id);
        if known.is_some_and(|known| known.url != protocol.url) {
            let text = "The url of a protocol is the identity of what it opened and cannot change; \
                        retire this one and create another";
            return Err(refused("PlanDefinition.url", text));
        }
        let resting = match protocol.opens {
            true => None,
            false => known.and_then(|known| known.resting).or(Some(now)),
        };
        self.make_room(id, &protocol)?;
        Ok(Listed {
            version: version_of(definition),
            hash: hash(Some(&definition.to_string())),
            url: protocol.url,
            resting,
        })
    }

    /// Who takes over the url of one at rest takes over what that one opened.
    fn make_room(&mut self, id: &str, protocol: &Protocol) -> Result<(), StoreError> {
        let same = |other: &str, listed: &Listed| other != id && listed.url == protocol.url;
        if protocol.opens {
            self.0
                .retain(|other, listed| !(same(other, listed) && listed.resting.is_some()));
        }
        if let Some((other, _)) = self.0.iter().find(|(other, listed)| same(other, listed)) {
            let text = format!("PlanDefinition/{other} is a protocol of the same url, which is an identity");
            return Err(refused("PlanDefinition.url", &text));
        }
        let active = self
            .0
            .iter()
            .filter(|(other, it)| *other != id && it.resting.is_none());
        if protocol.opens && active.count() >= MOST {
            let text = format!("No more than {MOST} protocols may be active; retire one first");
            return Err(refused("PlanDefinition.status", &text));
        }
        Ok(())
    }

    /// Without those that came to rest so long ago that nothing of theirs can change.
    pub fn forget_settled(&mut self, now: i64) {
        self.0
            .retain(|_, listed| listed.resting.is_none_or(|since| since > now - SETTLED));
    }
}

fn version_of(definition: &Value) -> i64 {
    let version = definition.pointer("/meta/versionId").and_then(Value::as_str);
    version.and_then(|version| version.parse().ok()).unwrap_or(1)
}

fn refused(at: &str, text: &str) -> StoreError {
    StoreError::Rejected {
        status: 422,
        issues: vec![Issue::error(IssueCode::BusinessRule, text).at(at)],
    }
}
