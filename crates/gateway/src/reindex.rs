//! The background work of search parameters, a turn at a time. Every gateway asks; who holds the
//! lease works, and the others learn what changed.
use crate::edge;
use crate::state::AppState;
use fhir::registry::Standing;
use std::time::Duration;
use store::Turn;

/// How long another gateway's change may stay unknown here.
const IDLE: Duration = Duration::from_secs(1);
const WAITING: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

pub async fn tend(state: AppState) {
    let name = edge::new_id();
    loop {
        let began = edge::now();
        let pause = match state.store.tend(&name, began).await {
            Ok(Turn::Idle) => IDLE,
            Ok(Turn::Waiting) => WAITING,
            // As long as it worked: writers of requests get the other half of the time.
            Ok(Turn::Worked) => {
                let worked = u64::try_from(edge::now() - began).unwrap_or_default();
                Duration::from_micros(worked).min(LONGEST_PAUSE)
            }
            Err(error) => {
                tracing::error!(%error, "search parameters could not be tended; tried again in a second");
                IDLE
            }
        };
        measure(&state);
        tokio::time::sleep(pause).await;
    }
}

fn measure(state: &AppState) {
    let (mut serving, mut building, mut left) = (0.0, 0.0, 0.0);
    for custom in state.store.custom().all() {
        match custom.standing {
            Standing::Serving => serving += 1.0,
            Standing::Building { done, total } => {
                building += 1.0;
                left += (total - done).max(0) as f64;
            }
        }
    }
    metrics::gauge!("baton_search_params", "state" => "serving").set(serving);
    metrics::gauge!("baton_search_params", "state" => "indexing").set(building);
    metrics::gauge!("baton_reindex_resources_left").set(left);
}
