//! How far each file is, in the database it is loaded into: an import can be stopped at any moment.
use super::files::Input;
use crate::edge;
use crate::state::AppState;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufRead, BufReader};
use store::StoreError;
use store::admin::ImportFile;

/// A file with this content.
pub struct Mark {
    path: String,
    hash: String,
}

impl Mark {
    pub fn of(input: &Input) -> std::io::Result<Mark> {
        let path = std::fs::canonicalize(&input.path)?.display().to_string();
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
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Mark { path, hash })
    }

    /// Under this id the audit knows the commit of the content.
    pub fn request_id(&self) -> String {
        format!("import-{}", &self.hash[..32])
    }

    /// Bundles or lines already loaded of this very content; None when it was never begun.
    pub async fn done(&self, state: &AppState) -> Result<Option<u64>, StoreError> {
        let path = self.path.clone();
        let known = state.store.read(move |tx| tx.import_file(&path)).await?;
        let same = known.filter(|known| known.hash == self.hash);
        Ok(same.map(|known| known.done.unsigned_abs()))
    }

    /// Whether the content was committed although nobody lived to write it down.
    pub async fn was_committed(&self, state: &AppState) -> Result<bool, StoreError> {
        let request = self.request_id();
        state.store.read(move |tx| tx.was_audited(&request)).await
    }

    pub async fn save(&self, state: &AppState, done: u64) -> Result<(), StoreError> {
        let row = ImportFile {
            path: self.path.clone(),
            hash: self.hash.clone(),
            done: done.cast_signed(),
            updated: edge::now(),
        };
        state.store.write(move |tx| tx.put_import_file(&row)).await
    }
}
