//! Secrets that have to come back as they were lie sealed in the database: whoever reads a dump or a
//! replica gets none of them. How they are sealed is the gateway's to say; where, is said here.
use crate::{StoreError, Tx};

/// Seals and opens short texts. What is sealed for one place does not open in another: `place` names it.
pub trait Seal: Send + Sync {
    /// None where there is no key, so that secrets lie open.
    fn seal(&self, place: &str, secret: &str) -> Result<Option<String>, String>;

    /// The error says which key is missing, and nothing of the secret.
    fn open(&self, place: &str, sealed: &str) -> Result<String, String>;
}

/// No key: for stores that hold no secrets, such as those of tests.
pub struct Unsealed;

impl Seal for Unsealed {
    fn seal(&self, _: &str, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn open(&self, place: &str, _: &str) -> Result<String, String> {
        Err(format!("{place} is sealed, and there is no key to open it"))
    }
}

/// What a sealed text begins with; no secret does.
pub const SEALED: &str = "sealed:";

impl Tx<'_> {
    /// The text to store in place of the secret.
    pub fn sealed(&self, place: &str, secret: &str) -> Result<String, StoreError> {
        let sealed = self.seal().seal(place, secret).map_err(StoreError::Database)?;
        Ok(sealed.unwrap_or_else(|| secret.to_owned()))
    }

    /// The secret behind a stored text; those of databases that had no key yet lie open.
    pub fn opened(&self, place: &str, stored: String) -> Result<String, StoreError> {
        match stored.starts_with(SEALED) {
            true => self.seal().open(place, &stored).map_err(StoreError::Database),
            false => Ok(stored),
        }
    }

    fn seal(&self) -> &dyn Seal {
        self.shared.seal.get().map_or(&Unsealed, |seal| &**seal)
    }
}
