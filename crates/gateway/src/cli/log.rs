//! Logs go to standard error, so that standard output stays for what scripts read.
use crate::config::Log;
use tracing_subscriber::EnvFilter;

use super::Failure;

pub fn start(log: &Log) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|e| Failure::usage(format!("log.filter: `{}`: {e}", log.filter)))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match log.json {
        true => subscriber.json().flatten_event(true).try_init(),
        false => subscriber
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
    };
    started.map_err(|e| Failure::of(format!("logging: {e}")))
}
