//! What need not be kept any longer goes, seal by seal, with the seals. The last seal without rows stays: it is where
//! the chain begins from then on. An event that is part of the chain names it and its hash, so what is missing up
//! to there is gone by right, and whatever else is missing is damage. What is damaged already is not removed, or
//! removing would be a way to hide it.
use super::row;
use super::seal::Seal;
use super::verify::{compare, head_of};
use super::{Event, Head};
use crate::schema::{audit, audit_seal};
use crate::{Store, StoreError, Tx};
use diesel::prelude::*;

/// The row and the number in it of the event that says what is gone.
const SETTING: &str = "audit-removed";
const ACTION: &str = "retention";
/// Seals of one transaction, and about how many rows.
const SEALS: i64 = 256;
const ROWS: i64 = 16_384;

/// How far rows are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// The last seal whose rows are: where the chain begins.
    pub head: Head,
    /// When it was sealed.
    pub until: i64,
    /// The row whose first event says so.
    pub row: i64,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more.
    Went(Removed),
    Done,
    /// The rows of this seal are not what was sealed.
    Damaged(i64),
}

impl Store {
    /// Removes rows that were sealed before that instant, some seals at a time.
    pub async fn remove_audit(&self, before: i64, by: &'static str, now: i64) -> Result<Step, StoreError> {
        self.write(move |tx| remove(tx, before, by, now)).await
    }

    pub async fn removed_audit(&self) -> Result<Option<Removed>, StoreError> {
        self.read(removed).await
    }
}

fn remove(tx: &mut Tx, before: i64, by: &'static str, now: i64) -> Result<Step, StoreError> {
    tx.lock(SETTING)?;
    let start = removed(tx)?.map(|removed| removed.head).unwrap_or_default();
    let old = old(tx, &start, before)?;
    let whole = whole(tx, &start, &old)?;
    let Some(last) = old[..whole].last() else {
        return Ok(old.first().map_or(Step::Done, |seal| Step::Damaged(seal.number)));
    };
    // First, so that there is a row behind those that go: SQLite gives the highest id and one more.
    let row = say(tx, &head_of(last), by, now)?;
    let rows = audit::table.filter(audit::id.le(last.last_id));
    diesel::delete(rows.filter(audit::id.gt(lowest(&start)))).execute(&mut *tx.conn)?;
    diesel::delete(audit_seal::table.filter(audit_seal::number.lt(last.number))).execute(&mut *tx.conn)?;
    tx.put_setting(SETTING, &row.to_string())?;
    Ok(Step::Went(Removed {
        head: head_of(last),
        until: last.at,
        row,
    }))
}

/// The next seals that are old enough, with no more rows than one transaction should take.
fn old(tx: &mut Tx, start: &Head, before: i64) -> Result<Vec<Seal>, StoreError> {
    let old = audit_seal::table
        .filter(audit_seal::number.gt(start.number))
        .filter(audit_seal::at.lt(before))
        .order(audit_seal::number)
        .limit(SEALS);
    let mut old: Vec<Seal> = old.select(Seal::as_select()).load(&mut *tx.conn)?;
    let mut rows = 0;
    let few = old.iter().take_while(|seal| {
        rows += seal.entries;
        rows <= ROWS
    });
    let few = few.count().max(1);
    old.truncate(few);
    Ok(old)
}

/// How many of these, from the first on, are as they were sealed.
fn whole(tx: &mut Tx, start: &Head, seals: &[Seal]) -> Result<usize, StoreError> {
    let mut head = start.clone();
    for (nth, seal) in seals.iter().enumerate() {
        let rows = row::between(
            &mut tx.conn,
            lowest(&head).saturating_add(1),
            seal.last_id,
            i64::MAX,
        )?;
        if !compare(&head, seal, &rows).is_empty() {
            return Ok(nth);
        }
        head = head_of(seal);
    }
    Ok(seals.len())
}

/// No row behind a head has this id or a lower one. Rows before the first seal are covered by none.
pub(super) fn lowest(head: &Head) -> i64 {
    match head.number {
        0 => i64::MIN,
        _ => head.row,
    }
}

/// The row of the event.
fn say(tx: &mut Tx, head: &Head, by: &'static str, now: i64) -> Result<i64, StoreError> {
    let event = Event {
        at: now,
        actor: by.to_owned(),
        action: ACTION.into(),
        status: 200,
        id: Some(head.to_string()),
        ..Event::default()
    };
    let rows = tx.record(std::slice::from_ref(&event))?;
    let unsaid = || StoreError::Database("the removal of audit rows could not be recorded".into());
    rows.first().copied().ok_or_else(unsaid)
}

/// None where nothing was removed, or where the event that must say so does not speak of the seal that is there.
pub(super) fn removed(tx: &mut Tx) -> Result<Option<Removed>, StoreError> {
    let row = tx.setting(SETTING)?.and_then(|row| row.parse().ok());
    let Some(row) = row else { return Ok(None) };
    let told = tx.recorded_in(row, Some(0))?.map(|recorded| recorded.event);
    let Some(told) = told
        .filter(|event| event.action == ACTION)
        .and_then(|event| event.id)
    else {
        return Ok(None);
    };
    let first = audit_seal::table.order(audit_seal::number).limit(1);
    let first: Option<Seal> = first
        .select(Seal::as_select())
        .get_result(&mut *tx.conn)
        .optional()?;
    let named = first.filter(|seal| head_of(seal).to_string() == told);
    Ok(named.map(|seal| Removed {
        head: head_of(&seal),
        until: seal.at,
        row,
    }))
}
