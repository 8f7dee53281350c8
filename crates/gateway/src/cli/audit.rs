//! `baton audit`: whether the record of who did what is whole, and a copy of it.
use super::{Failure, data};
use crate::audit::render::audit_event;
use crate::edge;
use fhir::datetime::parse_range;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use store::audit::{Damage, Event, Head, PREFIX, Range, Recorded, Removed, Step};
use store::{Store, StoreError};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Follow the chain of seals through all rows; exit code 1 and where, if anything was changed or removed
    Verify {
        /// A head printed earlier, as NUMBER:HASH: what it covers must still be the same
        #[arg(long, value_name = "HEAD")]
        anchor: Option<Anchor>,
        #[command(flatten)]
        data: data::Args,
    },
    /// Remove what was recorded before an instant, and record that; what is damaged stays. See also audit.keep_days
    Remove {
        /// Such as 2020-11-29
        #[arg(long, value_name = "TIME")]
        before: String,
        #[command(flatten)]
        data: data::Args,
    },
    /// Write AuditEvents to standard output, oldest first, one per line
    Export {
        /// Only what happened at or after this instant or day, such as 2026-11-29
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// One AuditEvent per line is the only form there is
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
        #[command(flatten)]
        data: data::Args,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Ndjson,
}

/// Where a chain stood once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    number: i64,
    hash: String,
}

/// Whether the chain is the one that an anchor was taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    Yes,
    No,
    /// The seal went with its rows, so nobody can tell.
    Removed,
}

impl std::str::FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Anchor, String> {
        let form = || "an anchor is NUMBER:HASH as `baton audit verify` prints it".to_owned();
        let (number, hash) = text.split_once(':').ok_or_else(form)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        match number.parse() {
            Ok(number) if number > 0 && is_hash => Ok(Anchor {
                number,
                hash: hash.to_ascii_lowercase(),
            }),
            _ => Err(form()),
        }
    }
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Verify { anchor, data } => verify(anchor, &data),
        Command::Remove { before, data } => remove(&before, &data),
        Command::Export { since, data, .. } => export(since.as_deref(), &data),
    }
}

/// What following the chain came to.
#[derive(Default)]
struct Report {
    head: Head,
    rows: usize,
    unsealed: i64,
    damage: Vec<Damage>,
    /// Rows that are gone by right.
    removed: Option<Removed>,
    /// Where there is an anchor.
    met: Option<Met>,
}

fn verify(anchor: Option<Anchor>, data: &data::Args) -> Result<(), Failure> {
    let report = data.run(async |store| follow(store, anchor.as_ref()).await)?;
    data::print(&report.told());
    let whole = report.damage.is_empty() && matches!(report.met, None | Some(Met::Yes));
    match whole {
        true => Ok(()),
        false => Err(Failure::of("the audit is not what was sealed")),
    }
}

async fn follow(store: &Store, anchor: Option<&Anchor>) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut is_met = false;
    while let Some(seal) = store.verify(report.head.clone()).await? {
        is_met |= anchor.is_some_and(|anchor| anchor.is_of(&seal.head));
        report.head = seal.head;
        report.rows += seal.rows;
        report.damage.extend(seal.damage);
    }
    report.removed = store.removed_audit().await?;
    report.met = anchor.map(|anchor| match is_met {
        true => Met::Yes,
        false => anchor.unmet(report.removed.as_ref()),
    });
    report.unsealed = store.unsealed(report.head.clone()).await?;
    Ok(report)
}

impl Anchor {
    fn is_of(&self, head: &Head) -> bool {
        head.to_string() == format!("{}:{}", self.number, self.hash)
    }

    fn unmet(&self, removed: Option<&Removed>) -> Met {
        match removed.is_some_and(|removed| self.number < removed.head.number) {
            true => Met::Removed,
            false => Met::No,
        }
    }
}

impl Report {
    fn told(&self) -> Value {
        let mut told = json!({
            "head": self.head.to_string(),
            "seals": self.head.number,
            "rows": self.rows,
            "unsealed": self.unsealed,
            "damage": self.damage.iter().map(damage).collect::<Vec<_>>(),
        });
        if let Some(removed) = &self.removed {
            told["removed"] = removal(removed);
        }
        if let Some(met) = self.met {
            told["anchor"] = json!(match met {
                Met::Yes => "met",
                Met::No => "not met",
                Met::Removed => "removed",
            });
        }
        told
    }
}

/// Up to which seal, until when, and by which event.
fn removal(removed: &Removed) -> Value {
    json!({
        "head": removed.head.to_string(),
        "sealed_until": fhir::datetime::instant(removed.until),
        "event": format!("{PREFIX}{}-0", removed.row),
    })
}

fn remove(before: &str, data: &data::Args) -> Result<(), Failure> {
    let before = past(before)?;
    let gone = data.run(async |store| {
        loop {
            match store.remove_audit(before, "operator", edge::now()).await? {
                Step::Went(_) => {}
                Step::Done => return Ok(Ok(store.removed_audit().await?)),
                Step::Damaged(seal) => return Ok(Err(seal)),
            }
        }
    })?;
    let stay =
        |seal| format!("the rows of seal {seal} are not what was sealed, and stay; see `baton audit verify`");
    let gone = gone.map_err(|seal| Failure::of(stay(seal)))?;
    data::print(&json!({ "removed": gone.as_ref().map(removal) }));
    Ok(())
}

fn damage(damage: &Damage) -> Value {
    match damage {
        Damage::Changed { row } => json!({"what": "changed", "row": row}),
        Damage::Added { row } => json!({"what": "added", "row": row}),
        Damage::Missing { count, after, before } => {
            json!({"what": "missing", "rows": count, "after": after, "before": before})
        }
        Damage::Seal { number } => json!({"what": "seal changed", "seal": number}),
        Damage::SealsMissing { first, last } => {
            json!({"what": "seals missing", "first": first, "last": last})
        }
    }
}

/// Events per reading.
const PAGE: usize = 10_000;

fn export(since: Option<&str>, data: &data::Args) -> Result<(), Failure> {
    let from = since.map_or(Ok(0), instant)?;
    let base = data.settings()?.fhir_base();
    let exported = Event {
        at: edge::now(),
        actor: "operator".into(),
        request: edge::new_id(),
        action: "export".into(),
        status: 200,
        on: Some("AuditEvent".into()),
        ..Event::default()
    };
    // Before the first line leaves, so that no copy goes unrecorded.
    let until = exported.at - 1;
    data.write(move |tx| tx.record(std::slice::from_ref(&exported)))?;
    let written = data.run(async |store| {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let mut beyond = None;
        loop {
            let range = Range {
                from,
                until,
                beyond,
                ..Range::all()
            };
            let page = store.read(move |tx| page(tx, &range)).await?;
            for recorded in &page {
                if let Err(error) = writeln!(out, "{}", audit_event(recorded, &base)) {
                    return Ok(Err(error));
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => beyond = Some(last.place),
                _ => return Ok(out.flush()),
            }
        }
    })?;
    Ok(written?)
}

fn page(tx: &mut store::Tx, range: &Range) -> Result<Vec<Recorded>, StoreError> {
    let mut page = Vec::new();
    tx.recorded(range, &mut |recorded| {
        page.push(recorded);
        match page.len() < PAGE {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    })?;
    Ok(page)
}

fn instant(text: &str) -> Result<i64, Failure> {
    let wrong = || Failure::usage("it takes a day or an instant, such as 2026-11-29 or 2026-11-29T08:00:00Z");
    parse_range(text).map(|range| range.low).ok_or_else(wrong)
}

/// What is still to happen cannot be asked to go: who writes the wrong year would lose everything.
fn past(text: &str) -> Result<i64, Failure> {
    let future = "--before lies in the future: all that was recorded until now would be removed; name a day or an instant that is over";
    match instant(text)? {
        at if at > edge::now() => Err(Failure::usage(future)),
        at => Ok(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_a_number_and_a_hash() {
        let hash = "AB".repeat(32);
        let anchor: Anchor = format!("12:{hash}").parse().expect("an anchor");
        assert_eq!((anchor.number, anchor.hash), (12, hash.to_lowercase()));
        for wrong in ["", "12", "x:ab", "0:ab", &format!("-1:{hash}")] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }
}
