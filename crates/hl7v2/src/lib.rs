//! HL7 v2: text to message to FHIR. Pure: no IO, no clock.
//!
//! `message` parses, `batch` takes batches apart, `ack` answers, `mllp` frames, `map` turns ADT into events. What differs from
//! one hospital to the next (time zone, code maps, who assigns numbers) is a `sender::Sender`.
//! <https://www.hl7.eu/HL7v2x/v28/hl7v28.htm>
pub mod ack;
mod batch;
mod codes;
mod fault;
pub mod map;
pub mod message;
pub mod mllp;
pub mod sender;
pub mod time;

pub use batch::Batch;
pub use codes::DISPOSITION_SYSTEM;
pub use fault::{Fault, Place, Reject, Severity};
pub use message::Message;
pub use sender::Sender;
