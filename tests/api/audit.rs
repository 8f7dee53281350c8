//! Who did what: every access and every refusal is an event, and nobody can take one back unseen.
mod book;
mod chain;
mod door;
mod provenance;
mod searching;
mod shapes;
