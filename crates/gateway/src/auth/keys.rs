//! Baton's own signing keys: which one signs, which ones still verify, what `/oauth/jwks` shows.
//!
//! A new key is published [`LEAD`] before it signs, so that every gateway on the same database
//! knows it by then; an old one verifies until the last token it signed has expired.
use super::Authority;
use crate::edge;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::Value;
use store::admin::SigningKey;
use store::{StoreError, Tx};

/// Of access tokens, which nobody but us has to read.
pub const ALGORITHM: Algorithm = Algorithm::ES256;
/// Of id_tokens: what every relying party must understand.
const IDENTITY: Algorithm = Algorithm::RS256;
const SECOND: i64 = 1_000_000;
/// From publication to first use, in microseconds.
pub const LEAD: i64 = 10 * SECOND;
/// Above any configurable token lifetime, in microseconds.
const LONGEST_TOKEN: i64 = 3_600 * SECOND;

/// A key ready for use.
pub struct Key {
    pub kid: String,
    algorithm: Algorithm,
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
    add_first(tx, &edge::signing_key(), ALGORITHM, now)
}

/// The same for id_tokens. Such a key takes longer to make, so it is made when somebody signs in.
pub async fn ensure_identity(authority: &Authority, now: i64) -> Result<(), StoreError> {
    if authority.standing().keys.signer_of(IDENTITY, now).is_some() {
        return Ok(());
    }
    let made = actix_web::web::block(edge::identity_key).await;
    let private = made.map_err(|e| StoreError::Database(format!("no key could be made: {e}")))?;
    let first = move |tx: &mut Tx| add_first(tx, &private, IDENTITY, now);
    authority.store.write(first).await?;
    authority.refresh(now).await
}

fn add_first(tx: &mut Tx, private: &[u8], algorithm: Algorithm, now: i64) -> Result<(), StoreError> {
    tx.lock("signing-key")?;
    let held = tx.signing_keys()?;
    match held
        .iter()
        .any(|key| key.retired.is_none() && key.algorithm == name_of(algorithm))
    {
        true => Ok(()),
        false => add(tx, private, algorithm, now).map(drop),
    }
}

/// New keys of each kind in use; the current ones sign no more once they do. Returns the id of the
/// one for access tokens.
pub fn rotate(tx: &mut Tx, now: i64) -> Result<String, StoreError> {
    tx.lock("signing-key")?;
    let identity = tx
        .signing_keys()?
        .iter()
        .any(|key| key.algorithm == name_of(IDENTITY));
    tx.forget_signing_keys(now - LEAD - LONGEST_TOKEN)?;
    tx.retire_signing_keys(now)?;
    if identity {
        add(tx, &edge::identity_key(), IDENTITY, now)?;
    }
    add(tx, &edge::signing_key(), ALGORITHM, now)
}

fn add(tx: &mut Tx, private: &[u8], algorithm: Algorithm, now: i64) -> Result<String, StoreError> {
    let kid = encoding_of(private, algorithm)
        .and_then(|key| Jwk::from_encoding_key(&key, algorithm))
        .and_then(|public| public.thumbprint(ThumbprintHash::SHA256))
        .map_err(|e| StoreError::Database(format!("a new signing key is unusable: {e}")))?;
    tx.insert_signing_key(&SigningKey {
        kid: kid.clone(),
        algorithm: name_of(algorithm).into(),
        private: STANDARD.encode(private),
        created: now,
        retired: None,
    })?;
    Ok(kid)
}

fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        IDENTITY => "RS256",
        _ => "ES256",
    }
}

fn encoding_of(private: &[u8], algorithm: Algorithm) -> jsonwebtoken::errors::Result<EncodingKey> {
    if algorithm != IDENTITY {
        return Ok(EncodingKey::from_ec_der(private));
    }
    // As text, because only that is read as PKCS#8.
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(private)
    );
    EncodingKey::from_rsa_pem(pem.as_bytes())
}

/// An id_token; None when there is no key for it.
pub fn sign_identity(keys: &KeyRing, claims: &Value, now: i64) -> Option<String> {
    let key = keys.signer_of(IDENTITY, now)?;
    let mut header = Header::new(IDENTITY);
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.encoding).ok()
}

impl Key {
    fn open(row: &SigningKey) -> Result<Key, String> {
        let algorithm = if row.algorithm == name_of(IDENTITY) {
            IDENTITY
        } else {
            ALGORITHM
        };
        let private = STANDARD.decode(&row.private).map_err(|e| e.to_string())?;
        let encoding = encoding_of(&private, algorithm).map_err(|e| e.to_string())?;
        let mut public = Jwk::from_encoding_key(&encoding, algorithm).map_err(|e| e.to_string())?;
        let decoding = DecodingKey::from_jwk(&public).map_err(|e| e.to_string())?;
        public.common.key_id = Some(row.kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Key {
            kid: row.kid.clone(),
            algorithm,
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

    /// The key for access tokens.
    pub fn signer(&self, now: i64) -> Option<&Key> {
        self.signer_of(ALGORITHM, now)
    }

    /// The newest key that has been public for long enough; the very first one at once.
    fn signer_of(&self, algorithm: Algorithm, now: i64) -> Option<&Key> {
        let mut keys = self.keys.iter().filter(|key| key.algorithm == algorithm);
        keys.clone()
            .find(|key| key.created + LEAD <= now)
            .or(keys.next_back())
    }

    /// One for access tokens.
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.kid == kid && key.algorithm == ALGORITHM)
    }

    pub fn public(&self) -> JwkSet {
        JwkSet {
            keys: self.keys.iter().map(|key| key.public.clone()).collect(),
        }
    }
}
