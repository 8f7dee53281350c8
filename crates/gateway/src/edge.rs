//! The edge of the pure world: the only place that reads the clock or makes random ids.
#![allow(clippy::disallowed_methods)]

/// Now, in microseconds since 1970.
pub fn now() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

/// A fresh, time-ordered id for a resource or a request.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
