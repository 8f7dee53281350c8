//! Current versions that were read lately, in memory, where a look-up, a page and a body to unpack cost
//! more than all else about a read by id. A read must see what was committed before it began, here or
//! in another process; how that is known differs:
//! - SQLite tells how often the file was changed at the price of a system call (`counted.rs`).
//! - PostgreSQL has to be asked, so those that read together ask once, and for what they lack in the
//!   same statement (`followed.rs`).
mod counted;
mod entry;
mod followed;
mod generations;

pub(crate) use counted::Kept;
pub(crate) use entry::Entry;
pub(crate) use followed::Followed;
