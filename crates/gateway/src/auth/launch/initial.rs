//! Tokens that let one app each register itself. <https://www.rfc-editor.org/rfc/rfc7591#section-1.2>
use super::handles::{self, Kept, Once, hash};
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx};

#[derive(Serialize, Deserialize)]
pub struct InitialToken {}

impl Kept for InitialToken {
    const KIND: &'static str = "initial-token";
}

impl InitialToken {
    pub fn hash(token: &str) -> String {
        hash(token)
    }
}

pub fn make_initial(tx: &mut Tx, token: &str, expires: i64) -> Result<(), StoreError> {
    handles::keep(tx, &hash(token), &InitialToken {}, expires)
}

pub fn is_unused(tx: &mut Tx, key: &str, now: i64) -> Result<bool, StoreError> {
    Ok(handles::find::<InitialToken>(tx, key, now)?.is_some())
}

/// False when somebody was faster.
pub fn use_up(tx: &mut Tx, key: &str, now: i64) -> Result<bool, StoreError> {
    Ok(matches!(
        handles::once::<InitialToken>(tx, key, now)?,
        Once::First(_)
    ))
}
