//! Who calls and what they may do. SMART v2 `system/` scopes; tokens from `/oauth/token`.
pub mod caller;

pub use caller::{Access, Caller};
