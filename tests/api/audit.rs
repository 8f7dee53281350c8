//! Who did what: every access and every refusal is an event, and nobody can take one back unseen.
pub mod book;
mod chain;
mod door;
mod ending;
mod provenance;
mod retention;
mod searching;
mod shapes;
mod signing;
