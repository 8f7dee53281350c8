//! The tables of inbound messages: inbox and event.
