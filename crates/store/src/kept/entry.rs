//! A version as it was read.
use crate::point::Packed;
use crate::{StoreError, Stored, body};
use std::sync::OnceLock;

/// What a version takes besides its texts.
const AROUND: usize = 256;

pub(crate) struct Entry {
    pub(super) packed: Packed,
    /// Once somebody needed it.
    text: OnceLock<String>,
}

impl Entry {
    /// To be unpacked by who needs it, on another thread.
    pub(crate) fn packed(packed: Packed) -> Entry {
        Entry {
            packed,
            text: OnceLock::new(),
        }
    }

    /// Needed now.
    pub(crate) fn unpacked(mut packed: Packed) -> Result<Entry, StoreError> {
        let text = OnceLock::from(packed.text()?);
        packed.body = Vec::new();
        Ok(Entry { packed, text })
    }

    pub(crate) fn stored(&self) -> Result<Stored, StoreError> {
        let body = match self.text.get() {
            Some(text) => text.clone(),
            None => self.unpack()?,
        };
        Ok(Stored {
            type_id: self.packed.type_id,
            id: self.packed.id.clone(),
            version: self.packed.version,
            updated: self.packed.updated,
            deleted: self.packed.deleted,
            body,
        })
    }

    fn unpack(&self) -> Result<String, StoreError> {
        let text = self.packed.text()?;
        // Another may have been faster.
        let _ = self.text.set(text.clone());
        Ok(text)
    }

    /// In memory, at most.
    pub(super) fn size(&self) -> usize {
        let text = match self.text.get() {
            Some(text) => text.len(),
            None => body::size(&self.packed.body),
        };
        self.packed.body.len() + text + self.packed.id.len() * 2 + AROUND
    }
}
