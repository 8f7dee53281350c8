//! How far each file is, in the database it is loaded into and in the very transactions that load
//! it: an import can be stopped at any moment.
use super::files::Input;
use crate::edge;
use crate::routes::bundle::Also;
use crate::state::AppState;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader};
use store::StoreError;
use store::admin::ImportFile;

/// A file with this content.
pub struct Mark {
    pub path: String,
    hash: String,
}

impl Mark {
    /// Of a file that is read as a whole.
    pub fn of_text(input: &Input, text: &[u8]) -> std::io::Result<Mark> {
        Mark::new(input, Sha256::digest(text).as_slice())
    }

    /// Of one that may be larger than memory.
    pub fn of(input: &Input) -> std::io::Result<Mark> {
        let mut reader = BufReader::with_capacity(1 << 16, File::open(&input.path)?);
        let mut hash = Sha256::new();
        loop {
            let part = reader.fill_buf()?;
            if part.is_empty() {
                break;
            }
            hash.update(part);
            let read = part.len();
            reader.consume(read);
        }
        Mark::new(input, hash.finalize().as_slice())
    }

    fn new(input: &Input, hash: &[u8]) -> std::io::Result<Mark> {
        let path = std::fs::canonicalize(&input.path)?.display().to_string();
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Mark { path, hash })
    }

    /// Under this id the audit has what the content brought.
    pub fn request_id(&self) -> String {
        format!("import-{}", &self.hash[..32])
    }

    /// Bundles or lines already loaded of this very content.
    pub async fn done(&self, state: &AppState) -> Result<u64, StoreError> {
        let path = self.path.clone();
        let known = state.store.read(move |tx| tx.import_file(&path)).await?;
        let same = known.filter(|known| known.hash == self.hash);
        Ok(same.map_or(0, |known| known.done.unsigned_abs()))
    }

    /// For the transaction that gets the file so far.
    pub fn at(&self, done: u64) -> Also {
        let row = self.row(done);
        Box::new(move |tx| tx.put_import_file(&row))
    }

    pub async fn save(&self, state: &AppState, done: u64) -> Result<(), StoreError> {
        let row = self.row(done);
        state.store.write(move |tx| tx.put_import_file(&row)).await
    }

    fn row(&self, done: u64) -> ImportFile {
        ImportFile {
            path: self.path.clone(),
            hash: self.hash.clone(),
            done: done.cast_signed(),
            updated: edge::now(),
        }
    }
}
