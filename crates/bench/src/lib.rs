//! What others may use of the benchmarks: the synthetic population.
pub mod synthetic;
