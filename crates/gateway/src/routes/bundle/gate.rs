//! Room for large Bundles: what is worked off at a time is bounded together, so that several cannot
//! take the memory that one may. Small ones never wait.
use crate::error::ApiError;
use tokio::sync::{Semaphore, SemaphorePermit};

const SMALL: usize = 1 << 20;

pub struct Gate {
    room: Semaphore,
    kibibytes: u32,
}

impl Gate {
    /// For so many bytes of bodies.
    pub fn new(bytes: usize) -> Gate {
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        Gate {
            room: Semaphore::new(usize::try_from(kibibytes).unwrap_or(Semaphore::MAX_PERMITS)),
            kibibytes,
        }
    }

    /// In the order of asking.
    pub async fn place(&self, bytes: usize) -> Result<Option<SemaphorePermit<'_>>, ApiError> {
        if bytes < SMALL {
            return Ok(None);
        }
        let wanted = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        match self.room.acquire_many(wanted.min(self.kibibytes)).await {
            Ok(permit) => Ok(Some(permit)),
            Err(_) => Err(super::overloaded()),
        }
    }
}
