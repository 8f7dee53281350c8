//! The clock of the chain: what was recorded is sealed a moment later. What a seal is says
//! `store::audit`.
use crate::edge;
use crate::state::AppState;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(500);
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Any number of gateways may run this.
pub async fn tend(state: AppState) {
    let name = edge::new_id();
    loop {
        let pause = match state.store.seal_audit(&name, edge::now()).await {
            Ok(true) => continue,
            Ok(false) => PAUSE,
            Err(error) => {
                tracing::error!(%error, "the audit could not be sealed; tried again in ten seconds");
                AFTER_FAILURE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// At the end: writes what was handed over.
pub async fn finish(state: &AppState) {
    state.audit.flush().await;
}
