//! Recorded events that pass, in the order of time, as many as a page wants.
use super::refused;
use super::sieve::Sieve;
use std::ops::ControlFlow;
use store::audit::Place;
use store::{StoreError, Stored, Tx};

/// Events that one page looks at, and of these as resources.
const MOST_LOOKED: usize = 500_000;
const MOST_SHOWN: usize = 20_000;

#[derive(Default)]
pub struct Found {
    pub matches: Vec<(Place, Stored)>,
    /// Where the look ended, when there may be more behind it.
    pub reached: Option<Place>,
    /// It ended because enough was looked at.
    pub is_cut: bool,
}

pub fn find(
    tx: &mut Tx,
    sieve: &Sieve,
    descending: bool,
    beyond: Option<Place>,
    count: usize,
) -> Result<Found, StoreError> {
    let range = store::audit::Range {
        beyond,
        ..sieve.range(descending)
    };
    let mut found = Found::default();
    let (mut looked, mut shown, mut failed) = (0, 0, None);
    tx.recorded(&range, &mut |recorded| {
        // One more than fits tells that there is more.
        if found.matches.len() == count {
            found.reached = found.matches.last().map(|(place, _)| *place).or(beyond);
            found.is_cut = false;
            return ControlFlow::Break(());
        }
        looked += 1;
        if sieve.may_pass(&recorded) {
            shown += 1;
            match sieve.pass(&recorded) {
                Ok(Some(stored)) => found.matches.push((recorded.place, stored)),
                Ok(None) => {}
                Err(error) => failed = Some(error),
            }
        }
        if looked == MOST_LOOKED || shown == MOST_SHOWN || failed.is_some() {
            (found.reached, found.is_cut) = (Some(recorded.place), true);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    failed.map_or(Ok(found), Err)
}

/// How many pass.
pub fn count(tx: &mut Tx, sieve: &Sieve) -> Result<i64, StoreError> {
    let found = find(tx, sieve, true, None, usize::MAX)?;
    match found.is_cut {
        true => Err(refused(
            "A total of this search would read too many recorded events; narrow it, by date for instance",
        )),
        false => Ok(found.matches.len() as i64),
    }
}
