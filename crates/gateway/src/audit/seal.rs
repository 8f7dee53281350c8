//! The clock of the chain: what was recorded is sealed a moment later. What a seal is says
//! `store::audit`.
use crate::edge;
use crate::state::AppState;
use std::time::Duration;
use store::audit::Step;

/// Between two looks for what is old.
const HOUR: Duration = Duration::from_secs(3_600);
const PAUSE: Duration = Duration::from_millis(500);
const AFTER_FAILURE: Duration = Duration::from_secs(10);
const DAY: i64 = 86_400_000_000;

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

/// Removes what need not be kept any longer, if the settings say so; any number of gateways may run this.
pub async fn retain(state: AppState) {
    let Some(days) = state.config.audit.keep_days else {
        return;
    };
    loop {
        let now = edge::now();
        let before = now - i64::from(days) * DAY;
        match state.store.remove_audit(before, "baton", now).await {
            Ok(Step::Went(removed)) => {
                tracing::info!(seal = removed.head.number, "old rows of the audit were removed");
                continue;
            }
            Ok(Step::Done) => {}
            Ok(Step::Damaged(seal)) => {
                tracing::error!(
                    seal,
                    "old rows of the audit are not what was sealed, and stay; see `baton audit verify`"
                );
            }
            Err(error) => {
                tracing::error!(%error, "old rows of the audit could not be removed; tried again in an hour")
            }
        }
        tokio::time::sleep(HOUR).await;
    }
}

/// At the end: writes what was handed over.
pub async fn finish(state: &AppState) {
    state.audit.flush().await;
}
