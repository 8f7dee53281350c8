//! Typed views of the few resources coordination reads and writes, on fhir-sdk's R4B models.
//!
//! The models are strict about types but drop what they do not know and do not round-trip, so
//! they stay inside this crate: a resource is read into a small domain struct at the edge
//! (`from_json`), and what Baton itself derives is written from one (`to_json`). What a client
//! wrote is never re-serialised. Only single types are deserialised here, in one small crate,
//! because the models are slow to compile.
pub mod moment;
pub mod order;
pub mod parts;
pub mod plan;
pub mod read;
pub mod stay;
pub mod task;

pub use moment::Moment;
pub use order::Order;
pub use parts::{Code, Link};
pub use plan::Plan;
pub use read::MappingError;
pub use stay::{Stay, StayStatus};
pub use task::WorkTask;
