//! Query string to [`Query`]: strict, so that nothing asked for is ignored in silence.
use super::Query;
use crate::{Issue, TypeId};

/// Limits the caller decides.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub default_count: usize,
    pub max_count: usize,
}

/// `pairs` are decoded names and values in order. `base` is the FHIR base URL, so that absolute
/// references to this server are recognised as local. Every problem is reported, each naming
/// the parameter and what would be valid. With `lenient` (Prefer: handling=lenient) unknown
/// parameters are left out and returned as warnings.
pub fn parse(
    _on: TypeId,
    _pairs: &[(String, String)],
    _base: &str,
    _limits: Limits,
    _lenient: bool,
) -> Result<(Query, Vec<Issue>), Vec<Issue>> {
    unimplemented!()
}
