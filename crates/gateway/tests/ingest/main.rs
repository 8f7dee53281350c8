//! Inbound messages from the door to the stored resources, on SQLite.
mod convergence;
mod hl7;
mod messages;
mod mllp;
mod notification;
mod review;
mod world;
