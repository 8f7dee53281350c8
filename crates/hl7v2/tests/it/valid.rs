//! Everything the mapping makes is structurally valid R4.
