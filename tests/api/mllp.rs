//! HL7 v2 over MLLP as hospitals' interface engines speak it, well and badly.
//! HL7 v2.5.1 appendix C; issue's sections "HL7 v2 in" and "Bad input and faults".
mod answers;
mod framing;
mod limits;
mod line;
mod streams;

pub use line::{Line, framed};
