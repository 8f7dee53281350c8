//! Tokens already checked, by hash: a signature costs far more than a look-up.
use super::token::Verified;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

const CAPACITY: usize = 8_192;

type Digested = [u8; 32];

#[derive(Default)]
pub struct VerifiedTokens {
    tokens: RwLock<HashMap<Digested, Arc<Verified>>>,
}

impl VerifiedTokens {
    pub fn get(&self, digest: &Digested) -> Option<Arc<Verified>> {
        self.tokens
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .cloned()
    }

    /// When full, what has expired goes; if that frees nothing, everything does: it only costs
    /// one signature check per token to come back.
    pub fn keep(&self, digest: Digested, token: Arc<Verified>, now: i64) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= CAPACITY {
            tokens.retain(|_, held| held.claims.exp > now);
        }
        if tokens.len() >= CAPACITY {
            tokens.clear();
        }
        tokens.insert(digest, token);
    }
}

pub fn digest(token: &str) -> Digested {
    Sha256::digest(token.as_bytes()).into()
}
