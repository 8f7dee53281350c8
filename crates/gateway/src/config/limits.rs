//! `[limits]`: how much and how often is taken from anybody. What is left out has the default of `Limits`.
use super::Limits;
use super::file::positive;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsTable {
    body: Option<usize>,
    bundle: Option<usize>,
    message: Option<usize>,
    bundle_entries: Option<usize>,
    conditional_delete: Option<usize>,
    search_seconds: Option<u64>,
    wait_seconds: Option<u64>,
    default_count: Option<usize>,
    max_count: Option<usize>,
    client_seconds: Option<u64>,
    connections: Option<usize>,
    mllp_connections: Option<usize>,
    mllp_idle_seconds: Option<u64>,
    requests_per_second: Option<u32>,
    burst: Option<u32>,
    anonymous_per_second: Option<u32>,
    login_failures: Option<u32>,
}

impl LimitsTable {
    pub(super) fn settings(self) -> Result<Limits, String> {
        let d = Limits::default();
        let requests_per_second = self.requests_per_second.unwrap_or(d.requests_per_second);
        let limits = Limits {
            requests_per_second,
            burst: self.burst.unwrap_or(requests_per_second.saturating_mul(2)),
            anonymous_per_second: self.anonymous_per_second.unwrap_or(d.anonymous_per_second),
            login_failures: self.login_failures.unwrap_or(d.login_failures),
            body: positive("limits.body", self.body, d.body)?,
            bundle: positive("limits.bundle", self.bundle, d.bundle)?,
            message: positive("limits.message", self.message, d.message)?,
            bundle_entries: positive("limits.bundle_entries", self.bundle_entries, d.bundle_entries)?,
            conditional_delete: positive(
                "limits.conditional_delete",
                self.conditional_delete,
                d.conditional_delete,
            )?,
            search_seconds: positive("limits.search_seconds", self.search_seconds, d.search_seconds)?,
            wait_seconds: positive("limits.wait_seconds", self.wait_seconds, d.wait_seconds)?,
            default_count: positive("limits.default_count", self.default_count, d.default_count)?,
            max_count: positive("limits.max_count", self.max_count, d.max_count)?,
            client_seconds: positive("limits.client_seconds", self.client_seconds, d.client_seconds)?,
            connections: positive("limits.connections", self.connections, d.connections)?,
            mllp_connections: positive(
                "limits.mllp_connections",
                self.mllp_connections,
                d.mllp_connections,
            )?,
            mllp_idle_seconds: positive(
                "limits.mllp_idle_seconds",
                self.mllp_idle_seconds,
                d.mllp_idle_seconds,
            )?,
        };
        if limits.conditional_delete > limits.max_count {
            return Err("limits.conditional_delete must not be above limits.max_count".into());
        }
        if limits.default_count > limits.max_count {
            return Err("limits.default_count must not be above limits.max_count".into());
        }
        Ok(limits)
    }
}
