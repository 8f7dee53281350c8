//! The key that seals secrets in the database: AES-256-GCM, never stored beside what it seals in the
//! same file. <https://csrc.nist.gov/pubs/sp/800/38/d/final>
//!
//! It is given by the operator, or lies in a file beside a SQLite database. A sealed text is
//! `sealed:1:KEY:…`: the first characters of the key's hash, so that a wrong key is told as such, then
//! nonce, ciphertext and tag in base64url. Its place in the database is authenticated with it.
use crate::config::SecretKey;
use crate::edge;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use store::Seal;

const KEY_LENGTH: usize = 32;
const VERSION: &str = "sealed:1";
const LOST: &str = "`baton keys replace` makes new signing keys where that key is lost";

/// Read when it is first needed, and made then where it may be.
pub struct Sealer {
    source: SecretKey,
    key: Mutex<Option<Arc<Key>>>,
}

struct Key {
    aead: LessSafeKey,
    id: String,
}

impl Sealer {
    pub fn new(source: &SecretKey) -> Arc<Sealer> {
        Arc::new(Sealer {
            source: source.clone(),
            key: Mutex::default(),
        })
    }

    /// `make` is whether a missing file is written. None where no key is meant to be.
    fn key(&self, make: bool) -> Result<Option<Arc<Key>>, String> {
        let mut held = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = match &self.source {
                SecretKey::None => None,
                SecretKey::Given(text) => Some(Arc::new(Key::parse(text)?)),
                SecretKey::File(path) => Some(Arc::new(read(path)?)),
                SecretKey::Beside(path) if make || path.exists() => Some(Arc::new(read_or_make(path)?)),
                SecretKey::Beside(_) => None,
            };
        }
        Ok(held.clone())
    }

    /// The key of that id; the file is read again, since it may have been replaced.
    fn key_of(&self, place: &str, id: &str) -> Result<Arc<Key>, String> {
        let missing = || self.missing(place, id);
        let held = self.key(false)?.ok_or_else(missing)?;
        if held.id == id {
            return Ok(held);
        }
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let read = self.key(false)?.ok_or_else(missing)?;
        match read.id == id {
            true => Ok(read),
            false => Err(format!(
                "{place} is sealed with the key {id}, and the one given is {}. {LOST}",
                read.id
            )),
        }
    }

    fn missing(&self, place: &str, id: &str) -> String {
        let wanted = match &self.source {
            SecretKey::Beside(path) => format!("{} is missing; bring it back", path.display()),
            _ => "none is given; set BATON_SECRET_KEY or secret_key_file".to_owned(),
        };
        format!("{place} is sealed with the key {id}, and {wanted}. {LOST}")
    }
}

impl Seal for Sealer {
    fn seal(&self, place: &str, secret: &str) -> Result<Option<String>, String> {
        self.key(true)?.map(|key| key.seal(place, secret)).transpose()
    }

    fn open(&self, place: &str, sealed: &str) -> Result<String, String> {
        let damaged = || format!("{place} is damaged: what was sealed does not open");
        let rest = sealed
            .strip_prefix(VERSION)
            .and_then(|rest| rest.strip_prefix(':'));
        let (id, text) = rest.and_then(|rest| rest.split_once(':')).ok_or_else(damaged)?;
        let key = self.key_of(place, id)?;
        key.open(place, text).ok_or_else(damaged)
    }
}

impl Key {
    fn parse(text: &str) -> Result<Key, String> {
        let text = text.trim();
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
        let bytes = engines.iter().find_map(|engine| engine.decode(text).ok());
        let bytes = bytes.filter(|bytes| bytes.len() == KEY_LENGTH);
        bytes.and_then(|bytes| Key::new(&bytes)).ok_or_else(|| {
            "secret_key: it must be 32 random bytes in base64, as of `openssl rand -base64 32`".into()
        })
    }

    fn new(bytes: &[u8]) -> Option<Key> {
        let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..6]);
        let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).ok()?);
        Some(Key { aead, id })
    }

    fn seal(&self, place: &str, secret: &str) -> Result<String, String> {
        let nonce = edge::nonce();
        let mut text = secret.as_bytes().to_vec();
        self.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut text,
            )
            .map_err(|_| format!("{place} could not be sealed"))?;
        let text = URL_SAFE_NO_PAD.encode([&nonce[..], &text].concat());
        Ok(format!("{VERSION}:{}:{text}", self.id))
    }

    fn open(&self, place: &str, text: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self
            .aead
            .open_in_place(nonce, Aad::from(place.as_bytes()), sealed)
            .ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

fn read(path: &Path) -> Result<Key, String> {
    let text =
        std::fs::read_to_string(path).map_err(|e| format!("secret_key_file: {}: {e}", path.display()))?;
    warn_if_open(path);
    Key::parse(&text).map_err(|why| format!("{}: {why}", path.display()))
}

/// Several processes may start at once: one file wins, whole from its first moment.
fn read_or_make(path: &Path) -> Result<Key, String> {
    if !path.exists() {
        let failed = |e: std::io::Error| format!("secret_key_file: {}: {e}", path.display());
        let fresh = PathBuf::from(format!("{}.{}", path.display(), edge::new_id()));
        write_private(&fresh, &edge::secret()).map_err(failed)?;
        let linked = std::fs::hard_link(&fresh, path);
        std::fs::remove_file(&fresh).map_err(failed)?;
        match linked {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(e)),
            _ => {}
        }
    }
    read(path)
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

#[cfg(unix)]
fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0);
    if open {
        tracing::warn!(file = %path.display(), "others may read the secret key; only its owner should");
    }
}

#[cfg(not(unix))]
fn warn_if_open(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(byte: u8) -> Arc<Sealer> {
        Sealer::new(&SecretKey::Given(STANDARD.encode([byte; KEY_LENGTH])))
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_alone() {
        let sealer = given(1);
        let sealed = sealer.seal("here", "secret").unwrap().unwrap();
        assert!(sealed.starts_with(store::seal::SEALED) && !sealed.contains("secret"));
        assert_eq!(sealer.open("here", &sealed).unwrap(), "secret");
        assert_ne!(sealer.seal("here", "secret").unwrap().unwrap(), sealed);
        assert!(
            sealer
                .open("there", &sealed)
                .unwrap_err()
                .contains("does not open")
        );
        assert!(
            given(2)
                .open("here", &sealed)
                .unwrap_err()
                .contains("the one given is")
        );
        let none = Sealer::new(&SecretKey::None);
        assert!(
            none.open("here", &sealed)
                .unwrap_err()
                .contains("BATON_SECRET_KEY")
        );
        assert_eq!(none.seal("here", "secret"), Ok(None));
    }

    #[test]
    fn a_replaced_file_is_noticed() {
        let path = std::env::temp_dir().join(format!("baton-{}.key", edge::new_id()));
        let sealer = |path: &PathBuf| Sealer::new(&SecretKey::Beside(path.clone()));
        let running = sealer(&path);
        let old = running.seal("here", "old").unwrap().unwrap();
        std::fs::remove_file(&path).unwrap();
        let new = sealer(&path).seal("here", "new").unwrap().unwrap();
        assert_eq!(running.open("here", &new).unwrap(), "new");
        assert!(running.open("here", &old).is_err());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn damage_is_told() {
        let sealer = given(1);
        let sealed = sealer.seal("here", "secret").unwrap().unwrap();
        let (head, tail) = sealed.split_at(sealed.len() - 5);
        let flipped = if tail.starts_with('A') { "B" } else { "A" };
        for bad in [
            format!("{head}{flipped}{}", &tail[1..]),
            head.into(),
            "sealed:1:x".into(),
            "sealed:".into(),
        ] {
            assert!(sealer.open("here", &bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_32_bytes() {
        for bad in [
            "",
            "short",
            &STANDARD.encode([1; 31]),
            &STANDARD.encode([1; 33]),
            &"f".repeat(64),
        ] {
            let refused = Sealer::new(&SecretKey::Given(bad.into())).seal("here", "x");
            assert!(refused.unwrap_err().contains("32 random bytes"), "{bad}");
        }
        let padded = format!("{}\n", STANDARD.encode([7; KEY_LENGTH]));
        assert!(Key::parse(&padded).is_ok());
    }

    #[test]
    fn a_file_is_made_once_and_for_its_owner_alone() {
        let path = std::env::temp_dir().join(format!("baton-{}.key", edge::new_id()));
        let beside = || Sealer::new(&SecretKey::Beside(path.clone()));
        assert!(!path.exists());
        let opened = beside().open("here", "sealed:1:x:y").unwrap_err();
        assert!(opened.contains("is missing") && !path.exists(), "{opened}");
        let sealed: Vec<String> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| beside().seal("here", "secret").unwrap().unwrap()))
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        for text in sealed {
            assert_eq!(beside().open("here", &text).unwrap(), "secret");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        std::fs::remove_file(path).unwrap();
    }
}
