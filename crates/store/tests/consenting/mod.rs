//! Random Consents and what they say.
pub mod oracle;
pub mod world;
