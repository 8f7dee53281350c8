//! Baton's own signing keys: which one signs, which ones still verify, what `/oauth/jwks` shows.
//!
//! A new key is published [`LEAD`] before it signs, so that every gateway on the same database
//! knows it by then; an old one verifies until the last token it signed has expired.
use crate::edge;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use store::admin::SigningKey;
use store::{StoreError, Tx};

pub const ALGORITHM: Algorithm = Algorithm::ES256;
const SECOND: i64 = 1_000_000;
/// From publication to first use, in microseconds.
pub const LEAD: i64 = 10 * SECOND;
/// Above any configurable token lifetime, in microseconds.
const LONGEST_TOKEN: i64 = 3_600 * SECOND;

/// A key ready for use.
pub struct Key {
    pub kid: String,
    pub encoding: EncodingKey,
    pub decoding: DecodingKey,
    public: Jwk,
    created: i64,
}

/// All keys that still verify, newest first.
#[derive(Default)]
pub struct KeyRing {
    keys: Vec<Key>,
}

/// Makes the first key when there is none. Several gateways may start at once: one wins.
pub fn ensure(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    tx.lock("signing-key")?;
    match tx.signing_keys()?.iter().any(|key| key.retired.is_none()) {
        true => Ok(()),
        false => add(tx, now).map(drop),
    }
}

/// A new key; the current ones sign no more once it does. Returns its id.
pub fn rotate(tx: &mut Tx, now: i64) -> Result<String, StoreError> {
    tx.lock("signing-key")?;
    tx.forget_signing_keys(now - LEAD - LONGEST_TOKEN)?;
    tx.retire_signing_keys(now)?;
    add(tx, now)
}

fn add(tx: &mut Tx, now: i64) -> Result<String, StoreError> {
    let private = edge::signing_key();
    let kid = public_of(&private)
        .and_then(|public| public.thumbprint(ThumbprintHash::SHA256))
        .map_err(|e| StoreError::Database(format!("a new signing key is unusable: {e}")))?;
    tx.insert_signing_key(&SigningKey {
        kid: kid.clone(),
        algorithm: "ES256".into(),
        private: STANDARD.encode(&private),
        created: now,
        retired: None,
    })?;
    Ok(kid)
}

fn public_of(private: &[u8]) -> jsonwebtoken::errors::Result<Jwk> {
    Jwk::from_encoding_key(&EncodingKey::from_ec_der(private), ALGORITHM)
}

impl Key {
    fn open(row: &SigningKey) -> Result<Key, String> {
        let private = STANDARD.decode(&row.private).map_err(|e| e.to_string())?;
        let mut public = public_of(&private).map_err(|e| e.to_string())?;
        let decoding = DecodingKey::from_jwk(&public).map_err(|e| e.to_string())?;
        public.common.key_id = Some(row.kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let encoding = EncodingKey::from_ec_der(&private);
        Ok(Key {
            kid: row.kid.clone(),
            encoding,
            decoding,
            public,
            created: row.created,
        })
    }
}

impl KeyRing {
    pub fn open(rows: &[SigningKey], now: i64) -> Result<KeyRing, StoreError> {
        let verifies = |row: &&SigningKey| row.retired.is_none_or(|at| at + LEAD + LONGEST_TOKEN > now);
        let opened = rows
            .iter()
            .filter(verifies)
            .map(Key::open)
            .collect::<Result<Vec<_>, _>>();
        let mut keys = opened.map_err(|e| StoreError::Database(format!("a signing key is damaged: {e}")))?;
        keys.sort_by_key(|key| std::cmp::Reverse(key.created));
        Ok(KeyRing { keys })
    }

    /// The newest key that has been public for long enough; the very first one at once.
    pub fn signer(&self, now: i64) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.created + LEAD <= now)
            .or(self.keys.last())
    }

    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    pub fn public(&self) -> JwkSet {
        JwkSet {
            keys: self.keys.iter().map(|key| key.public.clone()).collect(),
        }
    }
}
