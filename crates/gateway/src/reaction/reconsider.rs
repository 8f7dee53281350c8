//! What an edited protocol means for what already runs: every patient it may concern is
//! reconciled again, in the background.
//!
//! The work is a setting, written with the edit itself, that says how far it got. A page is one
//! transaction with its mark, so a gateway that dies loses nothing and repeats nothing; any number
//! of gateways may run this, one page at a time.
use super::listing::PROTOCOLS;
use super::records::page;
use super::{Affected, Coordination, add};
use coordination::codes::extension;
use coordination::progress::extension_of;
use coordination::protocol::Protocol;
use fhir::datetime::instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Context, DERIVED, Store, StoreError, Tx};

/// Name of the setting, and of the lock of who works on it.
const WORK: &str = "protocols-reconsider";
/// Resources looked at in one transaction.
const PAGE: usize = 20;
const DAY: i64 = 86_400_000_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Work {
    /// When the protocol was edited.
    since: i64,
    stage: Stage,
    /// Where the next page begins.
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// What runs.
    Episodes,
    /// Stays that ended so lately that they may start something.
    Stays,
}

/// How to go on where a page failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Page,
    /// One resource, to find out which cannot be done.
    One,
    /// Past that one.
    Skip,
}

/// Asks for everything to be looked at again, from the beginning. The caller holds [`PROTOCOLS`].
pub(super) fn ask(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    let work = Work {
        since: now,
        stage: Stage::Episodes,
        after: None,
    };
    work.write(tx)
}

/// Does one page; false when there was nothing to do. Call again until then.
pub async fn reconsider_page(
    store: &Store,
    coordination: &std::sync::Arc<Coordination>,
    now: i64,
) -> Result<bool, StoreError> {
    if store.read(|tx| tx.setting(WORK)).await?.is_none() {
        return Ok(false);
    }
    for step in [Step::Page, Step::One, Step::Skip] {
        let coordination = coordination.clone();
        let done = store.write(move |tx| work_on(tx, &coordination, step, now)).await;
        match done {
            Ok(goes_on) => return Ok(goes_on),
            Err(error @ (StoreError::Database(_) | StoreError::Rejected { .. })) if step != Step::Skip => {
                tracing::error!(%error, ?step, "running episodes could not be reconsidered");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn work_on(tx: &mut Tx, coordination: &Coordination, step: Step, now: i64) -> Result<bool, StoreError> {
    let listed = tx.lock_all_reading(&[WORK], PROTOCOLS)?;
    let Some(work) = Work::read(tx)? else {
        return Ok(false);
    };
    let protocols = coordination.protocols.listed(tx, listed)?;
    let count = if step == Step::Page { PAGE } else { 1 };
    let (found, next) = match work.page(tx, &protocols, count) {
        // A release that pages otherwise does not know the mark of the one before.
        Err(StoreError::BadCursor) => {
            Work { after: None, ..work }.write(tx)?;
            return Ok(true);
        }
        page => page?,
    };
    if step != Step::Skip {
        let mut affected = Affected::new();
        for patient in found.iter().filter_map(|it| work.patient(it)) {
            add(&mut affected, patient);
        }
        let ctx = Context {
            now,
            actor: DERIVED.into(),
            request_id: WORK.into(),
            origin: None,
            provenance: None,
            within: None,
        };
        let changes = coordination.follow(tx, affected, now)?;
        tx.apply(changes, &ctx)?;
    }
    work.mark(tx, next)
}

impl Work {
    fn read(tx: &mut Tx) -> Result<Option<Work>, StoreError> {
        let text = tx.setting(WORK)?;
        let read = |text: String| serde_json::from_str(&text);
        text.map(read)
            .transpose()
            .map_err(|e| StoreError::Database(format!("{WORK}: {e}")))
    }

    fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).map_err(|e| StoreError::Database(e.to_string()))?;
        tx.put_setting(WORK, &text)
    }

    fn page(
        &self,
        tx: &mut Tx,
        protocols: &[Protocol],
        count: usize,
    ) -> Result<(Vec<Value>, Option<String>), StoreError> {
        match self.stage {
            Stage::Episodes => {
                let programs = tokens(protocols.iter().map(|protocol| &protocol.program));
                let running = [("status", "active"), ("type", programs.as_str())];
                page_unless_empty(tx, "EpisodeOfCare", &running, count, self.after.clone())
            }
            Stage::Stays => {
                let classes = tokens(protocols.iter().flat_map(|it| &it.eligible_classes));
                let window = protocols.iter().map(|it| i64::from(it.window_days)).max();
                let from = format!("ge{}", instant(self.since - (window.unwrap_or(0) + 1) * DAY));
                let ended = [("status", "finished"), ("date", &from), ("class", &classes)];
                page_unless_empty(tx, "Encounter", &ended, count, self.after.clone())
            }
        }
    }

    fn patient<'a>(&self, found: &'a Value) -> Option<&'a str> {
        let reference = match self.stage {
            Stage::Episodes => {
                extension_of(found, extension::PROTOCOL)?;
                found.pointer("/patient/reference")
            }
            Stage::Stays => found.pointer("/subject/reference"),
        };
        reference?.as_str()?.strip_prefix("Patient/")
    }

    /// Notes how far it got; false when that was all.
    fn mark(self, tx: &mut Tx, next: Option<String>) -> Result<bool, StoreError> {
        let (stage, after) = match (self.stage, next) {
            (stage, Some(next)) => (stage, Some(next)),
            (Stage::Episodes, None) => (Stage::Stays, None),
            (Stage::Stays, None) => {
                tx.remove_setting(WORK)?;
                return Ok(false);
            }
        };
        Work { stage, after, ..self }.write(tx)?;
        Ok(true)
    }
}

/// No protocols name no codes, and then nothing is asked for.
fn page_unless_empty(
    tx: &mut Tx,
    kind: &str,
    pairs: &[(&str, &str)],
    count: usize,
    after: Option<String>,
) -> Result<(Vec<Value>, Option<String>), StoreError> {
    match pairs.iter().any(|(_, value)| value.is_empty()) {
        true => Ok((Vec::new(), None)),
        false => page(tx, kind, pairs, count, after),
    }
}

/// Codes as the value of a token parameter, each once.
pub(super) fn tokens<'a>(codes: impl Iterator<Item = &'a coordination::Code>) -> String {
    let escape = |text: &str| {
        text.replace('\\', "\\\\")
            .replace(',', "\\,")
            .replace('|', "\\|")
            .replace('$', "\\$")
    };
    let mut tokens: Vec<String> = codes
        .map(|code| format!("{}|{}", escape(&code.system), escape(&code.code)))
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens.join(",")
}
