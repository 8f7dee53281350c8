//! HL7 v2: text to message to FHIR. Pure: no IO, no clock.
//!
//! `message` parses, `ack` answers, `mllp` frames, `map` turns ADT into an event.
