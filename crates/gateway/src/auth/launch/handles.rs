//! Unguessable texts given to browsers and apps, and what the database keeps behind their hashes.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use store::admin::{Handle, Use};
use store::{StoreError, Tx};

/// What may stand behind a handle; the kind keeps a code from being used as a session.
pub trait Kept: Serialize + DeserializeOwned {
    const KIND: &'static str;
}

/// What using one that works once has shown.
pub enum Once<T> {
    First(T),
    Again(T),
    Unknown,
}

/// Secrets have 256 random bits, so a plain hash cannot be turned around.
pub fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

pub fn keep<T: Kept>(tx: &mut Tx, hash: &str, what: &T, expires: i64) -> Result<(), StoreError> {
    tx.insert_handle(&Handle {
        hash: hash.to_owned(),
        kind: T::KIND.to_owned(),
        body: text(what)?,
        expires,
        used: None,
    })
}

/// One that is neither over nor used.
pub fn find<T: Kept>(tx: &mut Tx, hash: &str, now: i64) -> Result<Option<T>, StoreError> {
    let handle = tx.handle(T::KIND, hash, now)?;
    let unused = handle.filter(|handle| handle.used.is_none());
    unused.map(|handle| read(&handle)).transpose()
}

/// The same, used or not.
pub fn held<T: Kept>(tx: &mut Tx, hash: &str, now: i64) -> Result<Option<T>, StoreError> {
    let handle = tx.handle(T::KIND, hash, now)?;
    handle.map(|handle| read(&handle)).transpose()
}

pub fn once<T: Kept>(tx: &mut Tx, hash: &str, now: i64) -> Result<Once<T>, StoreError> {
    Ok(match tx.use_handle(T::KIND, hash, now)? {
        Use::First(handle) => Once::First(read(&handle)?),
        Use::Again(handle) => Once::Again(read(&handle)?),
        Use::Unknown => Once::Unknown,
    })
}

/// False when it is gone.
pub fn change<T: Kept>(tx: &mut Tx, hash: &str, what: &T, expires: i64) -> Result<bool, StoreError> {
    tx.change_handle(hash, &text(what)?, expires)
}

pub fn text<T: Serialize>(what: &T) -> Result<String, StoreError> {
    serde_json::to_string(what).map_err(damaged)
}

pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(damaged)
}

fn read<T: Kept>(handle: &Handle) -> Result<T, StoreError> {
    parse(&handle.body)
}

/// Without serde's text, which may quote the value.
fn damaged(error: serde_json::Error) -> StoreError {
    StoreError::Database(format!(
        "what is kept of a sign-in is damaged ({:?})",
        error.classify()
    ))
}
