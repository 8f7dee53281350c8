//! The bases under which a database is served, which all its gateways share as a setting, and the
//! index rows of references to a base that came later than they: until a page of [`Store::follow_bases`]
//! adds where they lead, they are found as URLs only. See `fhir::base`.
use crate::conn::Conn;
use crate::rows::{IndexRows, type_column};
use crate::schema::{idx_reference, resource, setting};
use crate::{Store, StoreError, Tx, consent, write_sql};
use diesel::dsl::min;
use diesel::prelude::*;
use fhir::ParamId;
use fhir::base::Bases;
use fhir::search::index::{Entry, EntryValue, parse_reference};
use serde::{Deserialize, Serialize};

const BASES: &str = "bases";
const BEHIND: &str = "bases-behind";
/// Index rows of one transaction.
const PAGE: i64 = 500;
/// Until then every gateway knows a new base, so that none writes rows without it any more.
const KNOWN_AFTER: i64 = 3_000_000;

/// A base to which earlier references are to be found, and how far that got.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Behind {
    base: String,
    since: i64,
    /// The row looked at last: parameter, target, key.
    after: (i32, String, i64),
}

type Row = (i32, String, i64);

/// What was known when the database was last served, before anything is indexed.
pub(crate) fn load(conn: &mut Conn, own: &Bases) -> Result<(), StoreError> {
    let known = setting::table.find(BASES).select(setting::value);
    let known: Option<String> = known.get_result(conn).optional()?;
    own.adopt(read(known)?);
    Ok(())
}

impl Store {
    /// From now on references to this base lead here.
    pub async fn serve_under(&self, own: &str, now: i64) -> Result<(), StoreError> {
        let (announced, bases) = (own.to_owned(), self.custom().bases.clone());
        let known = self.write(move |tx| announce(tx, &announced, now)).await?;
        let is_new = !bases.all().iter().any(|base| base == own);
        bases.adopt(known);
        match is_new {
            // Their patients and actors may be here, now.
            true => self.write(rebuild_consents).await,
            false => Ok(()),
        }
    }

    /// Learns of bases that other gateways announced, and indexes a page of earlier references to a
    /// new one; false when nothing was left to do. Any number of gateways may run this.
    pub async fn follow_bases(&self, now: i64) -> Result<bool, StoreError> {
        let (known, behind) = self
            .read(|tx| Ok((tx.setting(BASES)?, tx.setting(BEHIND)?)))
            .await?;
        self.custom().bases.adopt(read(known)?);
        let due = |behind: &Behind| behind.since + KNOWN_AFTER <= now;
        match read(behind)?.first().is_some_and(due) {
            true => self.write(page).await,
            false => Ok(false),
        }
    }
}

fn rebuild_consents(tx: &mut Tx) -> Result<(), StoreError> {
    let bases = tx.bases();
    consent::rebuild(&mut tx.conn, &bases)
}

fn announce(tx: &mut Tx, own: &str, now: i64) -> Result<Vec<String>, StoreError> {
    tx.lock(BASES)?;
    let mut known: Vec<String> = read(tx.setting(BASES)?)?;
    if known.iter().any(|base| base == own) {
        return Ok(known);
    }
    known.push(own.to_owned());
    put(tx, BASES, &known)?;
    let mut behind: Vec<Behind> = read(tx.setting(BEHIND)?)?;
    behind.push(Behind {
        base: own.to_owned(),
        since: now,
        after: (i32::MIN, String::new(), 0),
    });
    put(tx, BEHIND, &behind)?;
    Ok(known)
}

fn page(tx: &mut Tx) -> Result<bool, StoreError> {
    tx.lock(BASES)?;
    let mut behind: Vec<Behind> = read(tx.setting(BEHIND)?)?;
    let Some(work) = behind.first_mut() else {
        return Ok(false);
    };
    let rows = next(&mut tx.conn, work)?;
    match rows.last() {
        Some(last) => {
            work.after = last.clone();
            lead_here(tx, rows)?;
        }
        None => {
            tracing::info!("references to a new base are indexed");
            behind.remove(0);
        }
    }
    put(tx, BEHIND, &behind)?;
    Ok(!behind.is_empty())
}

/// References below the base, in the order of the index, behind the mark.
fn next(conn: &mut Conn, work: &Behind) -> Result<Vec<Row>, StoreError> {
    // '0' follows '/'.
    let (from, to) = (format!("{}/", work.base), format!("{}0", work.base));
    let (mut param, mut target, mut key) = work.after.clone();
    loop {
        let rows: Vec<Row> = idx_reference::table
            .filter(idx_reference::param.eq(param))
            .filter(idx_reference::target.ge(&from).and(idx_reference::target.lt(&to)))
            .filter(
                idx_reference::target
                    .gt(&target)
                    .or(idx_reference::target.eq(&target).and(idx_reference::key.gt(key))),
            )
            .order((idx_reference::param, idx_reference::target, idx_reference::key))
            .select((idx_reference::param, idx_reference::target, idx_reference::key))
            .limit(PAGE)
            .load(conn)?;
        let later = idx_reference::table.filter(idx_reference::param.gt(param));
        let following: Option<i32> = match rows.is_empty() {
            true => later.select(min(idx_reference::param)).get_result(conn)?,
            false => None,
        };
        match following {
            Some(following) => (param, target, key) = (following, String::new(), 0),
            None => return Ok(rows),
        }
    }
}

/// Adds where they lead. The resources are locked first, as they may be changed meanwhile.
fn lead_here(tx: &mut Tx, rows: Vec<Row>) -> Result<(), StoreError> {
    if let Conn::Postgres(conn) = &mut *tx.conn {
        let keys: Vec<i64> = rows.iter().map(|(.., key)| *key).collect();
        let referring = resource::table.filter(resource::key.eq_any(keys));
        let locked = referring.order(resource::key).select(resource::key).for_update();
        let _locked: Vec<i64> = locked.load(conn)?;
    }
    let mut missing = Vec::new();
    for row in rows {
        if let Some(entry) = missing_entry(&mut tx.conn, &row, &tx.params.bases)? {
            missing.push((row.2, IndexRows::of(vec![entry])));
        }
    }
    write_sql::index(&mut tx.conn, &missing)
}

/// None where the reference is no more, leads to no resource, or was indexed since.
fn missing_entry(
    conn: &mut Conn,
    (param, url, key): &Row,
    bases: &Bases,
) -> Result<Option<Entry>, StoreError> {
    let Some((type_id, id)) = bases.relative(url).and_then(parse_reference) else {
        return Ok(None);
    };
    let found: Vec<i16> = idx_reference::table
        .filter(idx_reference::param.eq(param).and(idx_reference::key.eq(key)))
        .filter(
            idx_reference::target
                .eq(url)
                .and(idx_reference::target_type.eq(-1))
                .or(idx_reference::target
                    .eq(id)
                    .and(idx_reference::target_type.eq(type_column(type_id)))),
        )
        .select(idx_reference::target_type)
        .load(conn)?;
    let id = id.to_owned();
    Ok((found == [-1]).then_some(Entry {
        param: ParamId(*param),
        value: EntryValue::Local { type_id, id },
    }))
}

fn read<T: for<'a> Deserialize<'a>>(setting: Option<String>) -> Result<Vec<T>, StoreError> {
    let text = setting.unwrap_or_else(|| "[]".to_owned());
    serde_json::from_str(&text).map_err(|error| StoreError::Database(format!("{BASES}: {error}")))
}

fn put<T: Serialize>(tx: &mut Tx, name: &str, list: &[T]) -> Result<(), StoreError> {
    let text = serde_json::to_string(list).map_err(|e| StoreError::Database(e.to_string()))?;
    tx.put_setting(name, &text)
}
